import { IpAddress } from '../../src/ip';
import { Link, LanCore, LanCoreOptions, LanEvent, LanPlan, Outbox } from '../../src/lan';
import {
  ALL_NODES, ArpFrame, ARP_REPLY, ARP_REQUEST, decodeArp, decodeNeighbor, encodeArp, encodeNeighbor, formatHardwareAddress, formatIpv4,
  NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION, NeighborFrame, parseIpv4, writeMulticastHardwareAddress, writeSolicitedNode,
} from '../../src/wire';

export const VIP = '93.5.22.100';
export const VIP6 = 'fd93:5:22::100';
export const BROADCAST = 'ff:ff:ff:ff:ff:ff';
export const CLIENT_MAC = '02:00:00:00:00:99';
export const CLIENT_IP = '93.5.22.9';
export const CLIENT_IP6 = 'fd93:5:22::9';
/** Ethernet address of ff02::1. */
export const ALL_NODES_MAC = '33:33:00:00:00:01';
export const KEY = new Uint8Array(32).fill(7);

export const macOf = (text: string): Uint8Array => Uint8Array.from(text.split(':'), (octet) => parseInt(octet, 16));

/** The node .44, .45, .46 ... of the home LAN: its hardware address ends in the same number. */
export const nodeMac = (last: number): string => `02:00:5d:05:16:${last.toString(16).padStart(2, '0')}`;

/** Its IPv6 addresses end in it too, as digits. */
export const linkLocal = (last: number): string => `fe80::${last}`;

export function link(last: number, overrides: Partial<Link> = {}): Link {
  return {
    index: 2,
    name: 'eth0',
    mac: macOf(nodeMac(last)),
    up: true,
    broadcast: true,
    noArp: false,
    enslaved: false,
    loopback: false,
    addresses: [`93.5.22.${last}/24`, `${linkLocal(last)}/64`, `fd93:5:22::${last}/64`],
    ...overrides,
  };
}

export function core(node: string, options: Partial<LanCoreOptions> = {}): LanCore {
  return new LanCore({ node, incarnation: 1n, random: () => 0.5, heartbeat: { intervalMs: 100, multiplier: 3 }, ...options });
}

export function planFor(node: string, overrides: Partial<LanPlan> = {}): LanPlan {
  return { node, addresses: [{ address: VIP, candidates: [node] }], peers: [], ...overrides };
}

/** A packet in words, as tcpdump would show it. */
export interface Packet {
  readonly operation: number;
  readonly spa: string;
  readonly tpa: string;
  readonly sha: string;
  readonly tha?: string;
  readonly source?: string;
  readonly destination?: string;
}

export function frameOf(packet: Packet): Uint8Array {
  const arp = new ArpFrame();
  arp.operation = packet.operation;
  arp.senderProtocolAddress = parseIpv4(packet.spa)!;
  arp.targetProtocolAddress = parseIpv4(packet.tpa)!;
  arp.senderHardwareAddress.set(macOf(packet.sha));
  arp.targetHardwareAddress.set(macOf(packet.tha ?? '00:00:00:00:00:00'));
  arp.source.set(macOf(packet.source ?? packet.sha));
  arp.destination.set(macOf(packet.destination ?? BROADCAST));
  const bytes = new Uint8Array(60);
  encodeArp(bytes, arp);
  return bytes;
}

export const whoHas = (tpa: string, overrides: Partial<Packet> = {}): Uint8Array =>
  frameOf({ operation: ARP_REQUEST, spa: CLIENT_IP, tpa, sha: CLIENT_MAC, ...overrides });

export const gratuitous = (address: string, sha: string, operation = ARP_REPLY): Uint8Array =>
  frameOf({ operation, spa: address, tpa: address, sha, tha: BROADCAST });

const octetsOf = (address: string): Uint8Array => IpAddress.parse(address).toBytes();

/** A Neighbor Solicitation or Advertisement in words. */
export interface Message {
  readonly target: string;
  readonly from: string;
  /** Hardware address of the sender. */
  readonly mac: string;
  /** Undefined: the solicited-node address of the target, or all nodes. */
  readonly to?: string;
  readonly destination?: string;
  /** Without the option with the hardware address. */
  readonly bare?: boolean;
  readonly solicited?: boolean;
  readonly override?: boolean;
}

function messageOf(type: number, { target, from, mac, to, destination, bare = false, solicited = false, override = false }: Message): Uint8Array {
  const neighbor = new NeighborFrame();
  Object.assign(neighbor, { type, solicited, override, hasLinkLayerAddress: !bare });
  neighbor.target.set(octetsOf(target));
  neighbor.sourceAddress.set(octetsOf(from));
  if (to !== undefined) neighbor.destinationAddress.set(octetsOf(to));
  else if (type === NEIGHBOR_SOLICITATION) writeSolicitedNode(neighbor.destinationAddress, neighbor.target);
  else neighbor.destinationAddress.set(ALL_NODES);
  neighbor.source.set(macOf(mac));
  neighbor.linkLayerAddress.set(bare ? [] : macOf(mac));
  if (destination !== undefined) neighbor.destination.set(macOf(destination));
  else writeMulticastHardwareAddress(neighbor.destination, neighbor.destinationAddress);
  const bytes = new Uint8Array(86);
  return bytes.subarray(0, encodeNeighbor(bytes, neighbor));
}

export const solicitation = (target: string, overrides: Partial<Message> = {}): Uint8Array =>
  messageOf(NEIGHBOR_SOLICITATION, { target, from: CLIENT_IP6, mac: CLIENT_MAC, ...overrides });

/** What somebody who is about to use an address asks (RFC 4862 §5.4.2). */
export const duplicateAddressDetection = (target: string, overrides: Partial<Message> = {}): Uint8Array =>
  solicitation(target, { from: '::', bare: true, ...overrides });

/** Unsolicited, unless it says otherwise. */
export const advertisement = (target: string, mac: string, overrides: Partial<Message> = {}): Uint8Array =>
  messageOf(NEIGHBOR_ADVERTISEMENT, { target, from: target, mac, override: true, ...overrides });

/** A question for an address of either family. */
export const question = (address: string): Uint8Array => address.includes(':') ? solicitation(address) : whoHas(address);

/** `advertisement of fd93:5:22::100 at 02:... from fd93:5:22::100 to fd93:5:22::9 [solicited]`. */
function describeNeighbor(neighbor: NeighborFrame): string {
  const text = (octets: Uint8Array) => IpAddress.fromBytes(octets).toString();
  const what = neighbor.type === NEIGHBOR_ADVERTISEMENT ? 'advertisement of' : 'solicitation for';
  const mac = neighbor.hasLinkLayerAddress ? formatHardwareAddress(neighbor.linkLayerAddress) : 'nowhere';
  const flags = ['router', 'solicited', 'override'].filter((flag) => neighbor[flag as 'router']);
  return `${what} ${text(neighbor.target)} at ${mac} from ${text(neighbor.sourceAddress)} to ${text(neighbor.destinationAddress)} [${flags.join(' ')}]`;
}

/** One line for a frame: `eth 2 to ff:..: request 93.5.22.100 (02:..) -> 93.5.22.100`. */
export function describeFrame(ifindex: number, bytes: Uint8Array, length: number): string {
  const neighbor = new NeighborFrame();
  if (decodeNeighbor(bytes, length, neighbor) === undefined) {
    return `if${ifindex} to ${formatHardwareAddress(neighbor.destination)}: ${describeNeighbor(neighbor)}`;
  }
  const arp = new ArpFrame();
  const problem = decodeArp(bytes, length, arp);
  if (problem !== undefined) return `if${ifindex} ${problem}`;
  const operation = arp.operation === ARP_REQUEST ? 'request' : 'reply';
  const from = `${formatIpv4(arp.senderProtocolAddress)} at ${formatHardwareAddress(arp.senderHardwareAddress)}`;
  return `if${ifindex} to ${formatHardwareAddress(arp.destination)}: ${operation} ${from} for ${formatIpv4(arp.targetProtocolAddress)}`;
}

export const framesOf = (outbox: Outbox): string[] =>
  outbox.frames.slice(0, outbox.frameCount).map(({ ifindex, bytes, length }) => describeFrame(ifindex, bytes, length));

export const codesOf = (outbox: Outbox): string[] =>
  outbox.events.map((event: LanEvent) => 'reason' in event ? `${event.code} ${event.reason}` : event.code);

export function receive(target: LanCore, now: number, frame: Uint8Array, ifindex = 2): string[] {
  return framesOf(target.receiveFrame(now, ifindex, frame, frame.length));
}

/** A holder whose peers are not heard; node-45's hardware address is known from a frame of its kernel. */
export function holder(candidates: readonly string[]): LanCore {
  const speaker = core('node-44');
  speaker.setLinks(0, [link(0x2c)]);
  speaker.setKeys(0, [KEY]);
  speaker.setPlan(0, planFor('node-44', { addresses: [{ address: VIP, candidates }], peers: [{ node: 'node-45', addresses: ['93.5.22.45'] }] }));
  receive(speaker, 10, frameOf({ operation: ARP_REQUEST, spa: '93.5.22.45', tpa: CLIENT_IP, sha: nodeMac(0x2d) }));
  runTo(speaker, 0, 2000);
  return speaker;
}

export function runTo(speaker: LanCore, from: number, to: number): void {
  for (let now = from; now <= to; now += 10) speaker.tick(now);
}
