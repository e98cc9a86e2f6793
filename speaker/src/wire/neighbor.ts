/**
 * Neighbor Solicitations and Advertisements over Ethernet: RFC 4861 §4.3, §4.4 (format), §7.1 (which are valid), RFC 2464 (Ethernet).
 *
 *    0..5  destination   6..11 source   12..13 EtherType 0x86dd                                        (Ethernet)
 *   14..17 version 6, traffic class, flow label   18..19 payload length   20 next header 58   21 hop limit 255
 *   22..37 source   38..53 destination                                                                 (IPv6, RFC 8200 §3)
 *      54  type 135 or 136   55 code 0   56..57 checksum   58..61 flags or reserved   62..77 target    (ICMPv6)
 *   78..   options, each: type, length in units of 8 octets, value                                     (RFC 4861 §4.6)
 *
 * With extension headers it is none of ours: nobody sends such, and fragments are forbidden (RFC 6980).
 */
import { ETHER_TYPE_IPV6, ETHERNET_HEADER_LENGTH, HARDWARE_ADDRESS_LENGTH } from './ethernet';
import { IPV6_LENGTH, isMulticast, isSolicitedNode, isUnspecified } from './ipv6';
import { readUint16, writeUint16 } from './numbers';

/** ICMPv6 type of a Neighbor Solicitation (RFC 4861 §4.3). */
export const NEIGHBOR_SOLICITATION = 135;
/** ICMPv6 type of a Neighbor Advertisement (RFC 4861 §4.4). */
export const NEIGHBOR_ADVERTISEMENT = 136;

/** Length of a message with its Ethernet header, and without options. */
export const NEIGHBOR_FRAME_MIN_LENGTH = 78;
/** Length of what {@link encodeNeighbor} writes at most: with a link-layer address option. */
export const NEIGHBOR_FRAME_LENGTH = 86;

const IP = ETHERNET_HEADER_LENGTH;
const SOURCE = IP + 8;
const DESTINATION = IP + 24;
const ICMP = IP + 40;
const TARGET = ICMP + 8;
const OPTIONS = TARGET + IPV6_LENGTH;

const VERSION = 6;
const NEXT_HEADER_ICMPV6 = 58;
/** A router would have lowered it, so the sender is on this link (RFC 4861 §7.1). */
const HOP_LIMIT = 255;
/** Of the ICMPv6 message without options. */
const MIN_MESSAGE_LENGTH = 24;
const OPTION_UNIT = 8;
/** Option types (RFC 4861 §4.6.1). */
const SOURCE_LINK_LAYER_ADDRESS = 1;
const TARGET_LINK_LAYER_ADDRESS = 2;
const ROUTER = 0x80;
const SOLICITED = 0x40;
const OVERRIDE = 0x20;

/**
 * Why a frame is no valid Neighbor Solicitation or Advertisement (RFC 4861 §7.1.1, §7.1.2). `truncated` and `notIpv6` are the frame's;
 * `notNeighborDiscovery`: another protocol or another ICMPv6 type. The others are the rules of the RFC: `hopLimit` not 255, `checksum`,
 * `messageCode` not 0, `messageLength` below 24 octets, `targetMulticast`, `optionLength` 0, beyond the end, or not that of an Ethernet
 * address; `unspecifiedSource`: a solicitation from :: that is not sent to a solicited-node address, or has a source link-layer address;
 * `solicitedMulticast`: an advertisement to a group that says it is solicited.
 */
export type NeighborProblem =
  'truncated' | 'notIpv6' | 'notNeighborDiscovery' | 'hopLimit' | 'messageCode' | 'messageLength' | 'checksum' | 'targetMulticast'
  | 'optionLength' | 'unspecifiedSource' | 'solicitedMulticast';

/** One message with its Ethernet and IPv6 addresses. Reused from packet to packet, so that decoding allocates nothing. */
export class NeighborFrame {
  /** Ethernet destination. */
  readonly destination = new Uint8Array(HARDWARE_ADDRESS_LENGTH);
  /** Ethernet source. */
  readonly source = new Uint8Array(HARDWARE_ADDRESS_LENGTH);
  readonly sourceAddress = new Uint8Array(IPV6_LENGTH);
  readonly destinationAddress = new Uint8Array(IPV6_LENGTH);
  /** 135 solicitation, 136 advertisement. */
  type = NEIGHBOR_SOLICITATION;
  /** Flags of an advertisement (RFC 4861 §4.4); false in a solicitation. */
  router = false;
  solicited = false;
  override = false;
  /** The address asked for, or advertised. */
  readonly target = new Uint8Array(IPV6_LENGTH);
  /** Whether there is an option with a link-layer address: of the source in a solicitation, of the target in an advertisement. */
  hasLinkLayerAddress = false;
  readonly linkLayerAddress = new Uint8Array(HARDWARE_ADDRESS_LENGTH);
}

/**
 * Reads the first `length` octets of `frame` into `into`. Returns undefined, or why it is no valid message; `into` is then unchanged.
 * Options of other types are passed over (RFC 4861 §7.1), and so is padding after the IPv6 packet.
 */
export function decodeNeighbor(frame: Uint8Array, length: number, into: NeighborFrame): NeighborProblem | undefined {
  if (length < ETHERNET_HEADER_LENGTH || length > frame.length) return 'truncated';
  if (readUint16(frame, 12) !== ETHER_TYPE_IPV6) return 'notIpv6';
  if (length < ICMP) return 'truncated';
  if (Math.floor(frame[IP] / 16) !== VERSION) return 'notIpv6';
  if (frame[IP + 6] !== NEXT_HEADER_ICMPV6) return 'notNeighborDiscovery';
  const messageLength = readUint16(frame, IP + 4);
  const end = ICMP + messageLength;
  if (end > length) return 'truncated';
  if (messageLength < 1) return 'messageLength';
  const type = frame[ICMP];
  if (type !== NEIGHBOR_SOLICITATION && type !== NEIGHBOR_ADVERTISEMENT) return 'notNeighborDiscovery';
  if (messageLength < MIN_MESSAGE_LENGTH) return 'messageLength';
  if (frame[IP + 7] !== HOP_LIMIT) return 'hopLimit';
  if (frame[ICMP + 1] !== 0) return 'messageCode';
  // The sum over a message with its own checksum in place is all ones (RFC 1071 §1).
  if (sumOf(frame, messageLength) !== 0xffff) return 'checksum';
  if (isMulticast(frame, TARGET)) return 'targetMulticast';
  const option = findLinkLayerAddress(frame, end, type === NEIGHBOR_SOLICITATION ? SOURCE_LINK_LAYER_ADDRESS : TARGET_LINK_LAYER_ADDRESS);
  if (option < 0) return 'optionLength';
  const flags = frame[ICMP + 4];
  const solicited = type === NEIGHBOR_ADVERTISEMENT && Math.floor(flags / SOLICITED) % 2 === 1;
  if (solicited && isMulticast(frame, DESTINATION)) return 'solicitedMulticast';
  if (type === NEIGHBOR_SOLICITATION && isUnspecified(frame, SOURCE) && (option > 0 || !isSolicitedNode(frame, DESTINATION))) return 'unspecifiedSource';

  into.type = type;
  into.router = type === NEIGHBOR_ADVERTISEMENT && flags >= ROUTER;
  into.solicited = solicited;
  into.override = type === NEIGHBOR_ADVERTISEMENT && Math.floor(flags / OVERRIDE) % 2 === 1;
  into.hasLinkLayerAddress = option > 0;
  for (let i = 0; i < HARDWARE_ADDRESS_LENGTH; i++) {
    into.destination[i] = frame[i];
    into.source[i] = frame[6 + i];
    into.linkLayerAddress[i] = option > 0 ? frame[option + 2 + i] : 0;
  }
  for (let i = 0; i < IPV6_LENGTH; i++) {
    into.sourceAddress[i] = frame[SOURCE + i];
    into.destinationAddress[i] = frame[DESTINATION + i];
    into.target[i] = frame[TARGET + i];
  }
  return undefined;
}

/** Writes a message with its headers at the start of `into`, which has room for 86 octets; returns the length, 78 or 86. */
export function encodeNeighbor(into: Uint8Array, neighbor: NeighborFrame): number {
  const messageLength = MIN_MESSAGE_LENGTH + (neighbor.hasLinkLayerAddress ? OPTION_UNIT : 0);
  const advertisement = neighbor.type === NEIGHBOR_ADVERTISEMENT;
  for (let i = 0; i < HARDWARE_ADDRESS_LENGTH; i++) {
    into[i] = neighbor.destination[i];
    into[6 + i] = neighbor.source[i];
  }
  writeUint16(into, 12, ETHER_TYPE_IPV6);
  into[IP] = VERSION * 16;
  into[IP + 1] = into[IP + 2] = into[IP + 3] = 0;
  writeUint16(into, IP + 4, messageLength);
  into[IP + 6] = NEXT_HEADER_ICMPV6;
  into[IP + 7] = HOP_LIMIT;
  for (let i = 0; i < IPV6_LENGTH; i++) {
    into[SOURCE + i] = neighbor.sourceAddress[i];
    into[DESTINATION + i] = neighbor.destinationAddress[i];
    into[TARGET + i] = neighbor.target[i];
  }
  into[ICMP] = neighbor.type;
  into[ICMP + 1] = into[ICMP + 2] = into[ICMP + 3] = 0;
  into[ICMP + 4] = advertisement ? (neighbor.router ? ROUTER : 0) + (neighbor.solicited ? SOLICITED : 0) + (neighbor.override ? OVERRIDE : 0) : 0;
  into[ICMP + 5] = into[ICMP + 6] = into[ICMP + 7] = 0;
  if (neighbor.hasLinkLayerAddress) {
    into[OPTIONS] = advertisement ? TARGET_LINK_LAYER_ADDRESS : SOURCE_LINK_LAYER_ADDRESS;
    into[OPTIONS + 1] = 1;
    for (let i = 0; i < HARDWARE_ADDRESS_LENGTH; i++) into[OPTIONS + 2 + i] = neighbor.linkLayerAddress[i];
  }
  writeUint16(into, ICMP + 2, 0xffff - sumOf(into, messageLength));
  return ICMP + messageLength;
}

/** Where the option of a type begins; 0 when there is none, -1 when the options cannot be read. The first one counts. */
function findLinkLayerAddress(frame: Uint8Array, end: number, type: number): number {
  let found = 0;
  let at = OPTIONS;
  while (at < end) {
    if (at + 2 > end) return -1;
    const length = frame[at + 1] * OPTION_UNIT;
    if (length === 0 || at + length > end) return -1;
    if (frame[at] === type && found === 0) {
      // On Ethernet the option is one unit long (RFC 2464 §6).
      if (length !== OPTION_UNIT) return -1;
      found = at;
    }
    at += length;
  }
  return found;
}

/** One's complement sum over the pseudo-header and the message (RFC 8200 §8.1, RFC 1071). */
function sumOf(frame: Uint8Array, messageLength: number): number {
  let sum = messageLength + NEXT_HEADER_ICMPV6;
  for (let i = SOURCE; i < ICMP; i += 2) sum += readUint16(frame, i);
  const end = ICMP + messageLength;
  for (let i = ICMP; i + 1 < end; i += 2) sum += readUint16(frame, i);
  if (messageLength % 2 === 1) sum += frame[end - 1] * 0x100;
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000);
  return sum;
}
