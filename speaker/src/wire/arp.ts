/**
 * The Address Resolution Protocol for IPv4 over Ethernet: RFC 826 (format), RFC 5227 (probes and announcements).
 *
 *    0..5  destination   6..11 source   12..13 EtherType 0x0806                                (Ethernet)
 *   14..15 hardware type 1   16..17 protocol type 0x0800   18 length 6   19 length 4   20..21 operation
 *   22..27 sender hardware   28..31 sender protocol   32..37 target hardware   38..41 target protocol address
 */
import { ETHER_TYPE_ARP, ETHERNET_HEADER_LENGTH, HARDWARE_ADDRESS_LENGTH } from './ethernet';
import { readIpv4, writeIpv4 } from './ipv4';

/** Length of an ARP packet with its Ethernet header, without padding. */
export const ARP_FRAME_LENGTH = ETHERNET_HEADER_LENGTH + 28;

/** `ar$op` REQUEST (RFC 826). */
export const ARP_REQUEST = 1;
/** `ar$op` REPLY (RFC 826). */
export const ARP_REPLY = 2;

const HARDWARE_TYPE_ETHERNET = 1;
const PROTOCOL_TYPE_IPV4 = 0x0800;

/**
 * Why a frame is not an ARP packet for IPv4 over Ethernet: shorter than 42 octets; another EtherType (a VLAN tag included);
 * another hardware or protocol type; lengths other than 6 and 4.
 */
export type ArpProblem = 'truncated' | 'notArp' | 'hardwareType' | 'protocolType' | 'addressLength';

/** One ARP packet with its Ethernet addresses. Reused from packet to packet, so that decoding allocates nothing. */
export class ArpFrame {
  /** Ethernet destination. */
  readonly destination = new Uint8Array(HARDWARE_ADDRESS_LENGTH);
  /** Ethernet source. */
  readonly source = new Uint8Array(HARDWARE_ADDRESS_LENGTH);
  /** `ar$op`: 1 request, 2 reply; others exist (RARP, InARP) and are kept as they are. */
  operation = 0;
  /** `ar$sha`. */
  readonly senderHardwareAddress = new Uint8Array(HARDWARE_ADDRESS_LENGTH);
  /** `ar$spa`, a signed 32-bit integer. */
  senderProtocolAddress = 0;
  /** `ar$tha`. */
  readonly targetHardwareAddress = new Uint8Array(HARDWARE_ADDRESS_LENGTH);
  /** `ar$tpa`, a signed 32-bit integer. */
  targetProtocolAddress = 0;
}

/**
 * What a packet is for.
 *  - `probe`: request from 0.0.0.0, "does anybody use the target?" (RFC 5227 §1.1, §2.1.1)
 *  - `announcement`: request whose sender is its target, the usual gratuitous ARP (RFC 5227 §1.1, §3)
 *  - `gratuitousReply`: reply whose sender is its target (RFC 5944 §4.6)
 */
export type ArpKind = 'request' | 'reply' | 'probe' | 'announcement' | 'gratuitousReply' | 'other';

/** Tells what a packet is for; see {@link ArpKind}. */
export function classifyArp(arp: ArpFrame): ArpKind {
  const own = arp.senderProtocolAddress === arp.targetProtocolAddress;
  if (arp.operation === ARP_REQUEST) {
    if (arp.senderProtocolAddress === 0) return 'probe';
    return own ? 'announcement' : 'request';
  }
  if (arp.operation === ARP_REPLY) return own ? 'gratuitousReply' : 'reply';
  return 'other';
}

/**
 * Reads the first `length` octets of `frame` into `into`. Returns undefined, or why it is no ARP packet; `into` is then unchanged.
 * Octets after the packet are padding (the minimum Ethernet frame has 60) and ignored.
 */
export function decodeArp(frame: Uint8Array, length: number, into: ArpFrame): ArpProblem | undefined {
  if (length < ETHERNET_HEADER_LENGTH || length > frame.length) return 'truncated';
  if (frame[12] * 256 + frame[13] !== ETHER_TYPE_ARP) return 'notArp';
  if (length < ARP_FRAME_LENGTH) return 'truncated';
  if (frame[14] * 256 + frame[15] !== HARDWARE_TYPE_ETHERNET) return 'hardwareType';
  if (frame[16] * 256 + frame[17] !== PROTOCOL_TYPE_IPV4) return 'protocolType';
  if (frame[18] !== 6 || frame[19] !== 4) return 'addressLength';
  for (let i = 0; i < HARDWARE_ADDRESS_LENGTH; i++) {
    into.destination[i] = frame[i];
    into.source[i] = frame[6 + i];
    into.senderHardwareAddress[i] = frame[22 + i];
    into.targetHardwareAddress[i] = frame[32 + i];
  }
  into.operation = frame[20] * 256 + frame[21];
  into.senderProtocolAddress = readIpv4(frame, 28);
  into.targetProtocolAddress = readIpv4(frame, 38);
  return undefined;
}

/** Writes a packet with its Ethernet header at the start of `into`, which has room for 42 octets; returns the length, 42. */
export function encodeArp(into: Uint8Array, arp: ArpFrame): number {
  for (let i = 0; i < HARDWARE_ADDRESS_LENGTH; i++) {
    into[i] = arp.destination[i];
    into[6 + i] = arp.source[i];
    into[22 + i] = arp.senderHardwareAddress[i];
    into[32 + i] = arp.targetHardwareAddress[i];
  }
  writeIpv4(into, 28, arp.senderProtocolAddress);
  writeIpv4(into, 38, arp.targetProtocolAddress);
  return encodeHeader(into, arp.operation);
}

/**
 * Writes the reply to a request: to its sender alone, the target at `hardwareAddress` (RFC 826 "Packet Reception": swap the fields). The same as
 * {@link encodeArp} of such a packet, which answers need not be put together for.
 */
export function encodeArpReply(into: Uint8Array, request: ArpFrame, hardwareAddress: Uint8Array): number {
  for (let i = 0; i < HARDWARE_ADDRESS_LENGTH; i++) {
    into[i] = into[32 + i] = request.senderHardwareAddress[i];
    into[6 + i] = into[22 + i] = hardwareAddress[i];
  }
  writeIpv4(into, 28, request.targetProtocolAddress);
  writeIpv4(into, 38, request.senderProtocolAddress);
  return encodeHeader(into, ARP_REPLY);
}

function encodeHeader(into: Uint8Array, operation: number): number {
  into[12] = 0x08;
  into[13] = 0x06;
  into[14] = 0;
  into[15] = HARDWARE_TYPE_ETHERNET;
  into[16] = 0x08;
  into[17] = 0x00;
  into[18] = 6;
  into[19] = 4;
  into[20] = Math.floor(operation / 256);
  into[21] = operation;
  return ARP_FRAME_LENGTH;
}
