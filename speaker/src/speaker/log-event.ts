import type { DuplicateNodeEvent, InterfacesMissingEvent, LanEvent, PeerKernelEvent, PeerReason } from '../lan';
import type { Logger } from '../observability';
import { originOf } from './hardware-origin';

/** Writes what the data plane reports as a line for people, with the level that it deserves. */
export function logLanEvent(log: Logger, event: LanEvent): void {
  const fields = { event: event.code, ...event, code: undefined };
  switch (event.code) {
    case 'addressAcquired':
      return log.info(fields, `answering for ${event.address} on ${event.interfaces.join(', ')} (${event.reason}${event.found ? `: ${inWords(event.found)}` : ''}`
        + `${event.from ? `, before: ${event.from}` : ''}${event.darkMs === undefined ? '' : `, dark for ${Math.round(event.darkMs)} ms at most`})`
        + `${event.offLink ? '; none of these has an address in its subnet, so only hosts that have one there, or a route, look for it here' : ''}`);
    case 'addressLost':
      return log.info(fields, `no longer answering for ${event.address}${event.to ? `, which ${event.to} has now` : ''}`);
    case 'peerUp':
      return log.info(fields, `speaker of ${event.node} is up`);
    case 'peerDown':
      return log.warn(fields, `speaker of ${event.node} is down (${inWords(event.reason)})`);
    case 'addressConflict':
      return log.error(fields, `${event.mac} (${originOf(event.mac)}) on ${event.interface} uses ${event.address}${event.held ? ' too' : ', so it is not announced'}: `
        + 'give that device another address, or take this one out of the pool');
    case 'addressUncontested':
      return log.info(fields, `no foreign host uses ${event.address}`);
    case 'interfacesMissing':
      return log.warn(fields, `cannot announce ${event.address}: this node ${withoutInterfaces(event)}`);
    case 'interfacesChanged':
      return log.info(fields, `answering for ${event.address} on ${event.interfaces.join(', ')} from now on`);
    case 'authorityLost':
      return log.warn(fields, `this node stood still for ${Math.round(event.gapMs)} ms: answering nothing until the other speakers are heard again`);
    case 'authorityRegained':
      return log.info(fields, 'answering again after the pause');
    case 'heartbeatRejected':
      return log.warn(fields, event.reason === 'unknownKey'
        ? `heartbeat from ${event.from}${event.node ? `, which says it is ${event.node},` : ''} refused: its key is not the one of this node; one of the two has not read the Secret`
        : `heartbeat from ${event.from} refused: ${event.reason}`);
    case 'kernelAnswers':
      return log.warn(fields, peerKernel(event));
    case 'kernelSilent':
      return log.info(fields, `the kernel of ${event.node} no longer answers for ${event.address}`);
    case 'heartbeatKeyRetired':
      return log.info(fields, 'all use the new heartbeat key, or had an hour to: the former one is not accepted any more');
    case 'duplicateNode':
      return log.error(fields, duplicateNode(event));
    case 'heartbeatKeyMissing':
      return log.warn(fields, 'there is no heartbeat key yet, so each address stays with its first candidate: is the controller running?');
  }
}

/** How a peer was found to be down. */
function inWords(reason: PeerReason): string {
  switch (reason) {
    case 'offLan': return 'off the LAN';
    case 'oneWay': return 'heard, but not hearing this node';
    case 'timeout': return 'silent for the detection time';
    default: return reason;
  }
}

function duplicateNode({ node, from, refused }: DuplicateNodeEvent): string {
  return `two speakers have the node name ${node}${refused ? ', and this one is not believed: it answers for nothing' : ''}. `
    + `Told by, or sent from, ${from}: give each machine a name of its own (a clone keeps its host name), or correct METALLB_NODE_NAME`;
}

/** So many interfaces are named of those that a node has: one full of pods has hundreds, if their pattern was changed. */
const MOST_NAMED = 10;

/** What is said of a node that has none of the interfaces that an address is to be announced on, and what to do. */
export function withoutInterfaces({ address, wanted, present }: InterfacesMissingEvent): string {
  const some = [...present.slice(0, MOST_NAMED), ...present.length > MOST_NAMED ? [`${present.length - MOST_NAMED} more`] : []].join(', ');
  return `has none of the interfaces ${wanted.join(', ')} on which ${address} is to be announced; it has ${some || 'none'}, not counting those that --exclude-interfaces names: `
    + 'correct interfaces of the L2Advertisement, or leave them out for all';
}

/** What the kernel of another node does, as far as that is seen from here. */
export function peerKernel({ node, address, mac, interface: name }: PeerKernelEvent): string {
  return `the kernel of ${node} (${mac} on ${name}) answers for ${address} too, though its speaker does not: kube-proxy in IPVS mode without strictARP, or the address was left on an interface of ${node}. `
    + `Events and log of ${node} itself say which, and what to change: kubectl describe node ${node}`;
}
