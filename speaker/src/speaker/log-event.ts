import type { DuplicateNodeEvent, LanEvent } from '../lan';
import type { Logger } from '../observability';
import { originOf } from './conflict-condition';

/** Writes what the data plane reports as a line for people, with the level that it deserves. */
export function logLanEvent(log: Logger, event: LanEvent): void {
  const fields = { event: event.code, ...event, code: undefined };
  switch (event.code) {
    case 'addressAcquired':
      return log.info(fields, `answering for ${event.address} on ${event.interfaces.join(', ')} (${event.reason}${event.from ? `, before: ${event.from}` : ''}`
        + `${event.darkMs === undefined ? '' : `, dark for ${Math.round(event.darkMs)} ms at most`})`);
    case 'addressLost':
      return log.info(fields, `no longer answering for ${event.address}${event.to ? `, which ${event.to} has now` : ''}`);
    case 'peerUp':
      return log.info(fields, `speaker of ${event.node} is up`);
    case 'peerDown':
      return log.warn(fields, `speaker of ${event.node} is down`);
    case 'addressConflict':
      return log.error(fields, `${event.mac} (${originOf(event.mac)}) on ${event.interface} uses ${event.address}${event.held ? ' too' : ', so it is not announced'}: `
        + 'give that device another address, or take this one out of the pool');
    case 'addressUncontested':
      return log.info(fields, `no foreign host uses ${event.address}`);
    case 'interfacesMissing':
      return log.warn(fields, `cannot announce ${event.address}: this node has none of the interfaces ${event.wanted.join(', ')}; correct the L2Advertisement`);
    case 'authorityLost':
      return log.warn(fields, `this node stood still for ${Math.round(event.gapMs)} ms: answering nothing until the other speakers are heard again`);
    case 'authorityRegained':
      return log.info(fields, 'answering again after the pause');
    case 'heartbeatRejected':
      return log.warn(fields, event.reason === 'unknownKey'
        ? `heartbeat from ${event.from}${event.node ? `, which says it is ${event.node},` : ''} refused: its key is not the one of this node; one of the two has not read the Secret`
        : `heartbeat from ${event.from} refused: ${event.reason}`);
    case 'heartbeatKeyRetired':
      return log.info(fields, 'all use the new heartbeat key, or had an hour to: the former one is not accepted any more');
    case 'duplicateNode':
      return log.error(fields, duplicateNode(event));
    case 'heartbeatKeyMissing':
      return log.warn(fields, 'there is no heartbeat key yet, so each address stays with its first candidate: is the controller running?');
  }
}

function duplicateNode({ node, from, refused }: DuplicateNodeEvent): string {
  return `two speakers have the node name ${node}${refused ? ', and this one is not believed: it answers for nothing' : ''}. `
    + `Told by, or sent from, ${from}: give each machine a name of its own (a clone keeps its host name), or correct METALLB_NODE_NAME`;
}
