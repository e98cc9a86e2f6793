import { Link, LanCore, LanCoreOptions, LanEvent, LanPlan, Outbox } from '../../src/lan';
import { ArpFrame, ARP_REPLY, ARP_REQUEST, decodeArp, encodeArp, formatHardwareAddress, formatIpv4, parseIpv4 } from '../../src/wire';

export const VIP = '93.5.22.100';
export const BROADCAST = 'ff:ff:ff:ff:ff:ff';
export const CLIENT_MAC = '02:00:00:00:00:99';
export const CLIENT_IP = '93.5.22.9';
export const KEY = new Uint8Array(32).fill(7);

export const macOf = (text: string): Uint8Array => Uint8Array.from(text.split(':'), (octet) => parseInt(octet, 16));

/** The node .44, .45, .46 ... of the home LAN: its hardware address ends in the same number. */
export const nodeMac = (last: number): string => `02:00:5d:05:16:${last.toString(16).padStart(2, '0')}`;

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
    addresses: [`93.5.22.${last}/24`],
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

/** One line for a frame: `eth 2 to ff:..: request 93.5.22.100 (02:..) -> 93.5.22.100`. */
export function describeFrame(ifindex: number, bytes: Uint8Array, length: number): string {
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
