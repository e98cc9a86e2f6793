/**
 * The heartbeat: what speakers tell each other over UDP, ten times a second by default. A protocol of our own, version 1.
 * All numbers are big-endian.
 *
 * ```
 *    0  magic 'HLBH'                      8  incarnation of the sender, 64 bits
 *    4  version 1                        16  sequence, 64 bits, below 2^53
 *    5  type: 1 hello, 2 goodbye, ...    24  plan revision, 64 bits, below 2^53
 *    6  flags, 16 bits                   32  length of the sender's name, then the name (RFC 1123 subdomain, at most 253 octets)
 *
 *   then sections, each: type (8 bits), length of its body (16 bits), body
 *    1 interfaces   hardware addresses the sender announces with, 6 octets each
 *    2 echoes       { incarnation 64, sequence 64 }: the latest datagram the sender has had of each peer
 *    3 addresses    { generation 32, total 16 } { IPv4 address 32, state 8, candidates digest 16 } ...
 *    4 addresses6   { total 16 } { IPv6 address 128, state 8, candidates digest 16 } ...; not there when the total is 0
 *
 *    state: bit 0 held, bits 1 and 2 reach, bits 3 and 4 to whom it would be given
 *
 *   then 16 octets: HMAC-SHA-256 (RFC 2104, RFC 4231) over everything before, truncated (RFC 2104 §5)
 * ```
 *
 * A receiver passes over sections it does not know, and bits of flags and state it does not know, so that they may be added.
 * A list too long for one datagram goes out in several; each has its own sequence. The totals tell when the addresses of one
 * generation, which is that of both families, are all there. A speaker that does not know section 4 has all of IPv4 nevertheless. What the fields are used for is told in lan/membership.ts.
 */
import { HARDWARE_ADDRESS_LENGTH } from './ethernet';
import { HEARTBEAT_TAG_LENGTH } from './heartbeat-key';
import { AddressKey, IPV6_LENGTH } from './ipv6';

/** An encoded heartbeat is never longer: with IPv6 and UDP headers it fits the minimum MTU of IPv6, 1280 octets (RFC 8200 §5). */
export const HEARTBEAT_MAX_LENGTH = 1232;
/** What one datagram has room for, whatever the length of the name. */
export const HEARTBEAT_MAX_INTERFACES = 12;
export const HEARTBEAT_MAX_ECHOES = 24;
/** Octets for addresses of both families together; see {@link heartbeatAddressLength}. Enough for 61 of IPv4, or 22 of IPv6. */
export const HEARTBEAT_ADDRESSES_LENGTH = 427;
/** A key is changed by accepting two for a while. */
export const HEARTBEAT_MAX_KEYS = 2;

/** @internal Lengths and names of the layout, for the two codecs. */
export const LAYOUT = {
  magic: 0x484c4248,
  version: 1,
  fixedLength: 33,
  sectionHeaderLength: 3,
  echoLength: 16,
  addressLength: 7,
  address6Length: IPV6_LENGTH + 3,
  idLength: 4,
  trailerLength: 4 + HEARTBEAT_TAG_LENGTH,
} as const;
const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** @internal */
export enum Section { INTERFACES = 1, ECHOES = 2, ADDRESSES = 3, ADDRESSES6 = 4, KEYS = 5, RELAYED = 6, LINKS = 7, VIEW = 8 }

export enum HeartbeatType {
  HELLO = 1,
  /** The sender stops: it is silent from now on, and holds nothing. */
  GOODBYE = 2,
  /** To one of two speakers that have one name: its echo is of the receiver. It is not about the sender's own state. */
  DUPLICATE = 3,
  /** Passes on what other nodes have said; see lan/mesh.ts. It is not about the sender's own state. */
  RELAY = 4,
}

/** The sender listens (it has just started, or was stalled) and takes no further address for now. */
export const HEARTBEAT_FLAG_LISTENING = 1;
/** The sender answers questions at once, and asks its peers before it goes on after a pause: it may be suspected, see lan/suspicion.ts. */
export const HEARTBEAT_FLAG_PROMPT = 4;
/** Of a HELLO: a question, to be answered at once with a HELLO that is none. */
export const HEARTBEAT_FLAG_QUESTION = 8;
/** Of a DUPLICATE: the other speaker of that name is believed, this one is not. */
export const HEARTBEAT_FLAG_REFUSED = 2;

/** Whether a flag is among those of a heartbeat. */
export function hasHeartbeatFlag({ flags }: Pick<Heartbeat, 'flags'>, flag: number): boolean {
  return Math.floor(flags / flag) % 2 === 1;
}

/** How well a node can announce an address. */
export enum Reach {
  /** No interface to announce it on is up. */
  NONE = 0,
  /** It can, but none of the interfaces has a subnet that contains the address. */
  OFF_LINK = 1,
  /** An interface whose subnet contains the address is up. */
  ON_LINK = 2,
}

/** The latest datagram the sender has had of a peer. */
export interface HeartbeatEcho {
  incarnation: bigint;
  sequence: number;
}

/** To whom the holder of an address would give it; it answers until somebody has taken it. */
export enum Handover {
  /** It keeps it. */
  NONE = 0,
  /** To a candidate that comes before it. */
  TO_BETTER = 1,
  /** To any other candidate: it stops, or is none itself. */
  TO_ANY = 2,
}

/** State of an address at the sender. One that is not listed is not held, and its reach is ON_LINK. */
export interface HeartbeatAddress {
  address: AddressKey;
  held: boolean;
  reach: Reach;
  /** @default Handover.NONE */
  handover?: Handover;
  /** Digest of the candidate list in the sender's plan, 16 bits. */
  candidatesDigest: number;
}

/** A heartbeat, decoded. */
export interface Heartbeat {
  type: HeartbeatType;
  flags: number;
  node: string;
  incarnation: bigint;
  sequence: number;
  revision: number;
  /** Hardware addresses, as keys (`hardwareAddressKey`). */
  interfaces: number[];
  echoes: HeartbeatEcho[];
  /** Changes with the list of addresses. */
  generation: number;
  /** How many IPv4 addresses this generation has in all. */
  total: number;
  /** How many IPv6 addresses it has in all. */
  total6: number;
  /** Some of them, or all; decoded in the order IPv4, IPv6. */
  addresses: HeartbeatAddress[];
  /** Ids of the keys that the sender accepts, the one it prefers first. */
  keys: number[];
  /** Of other nodes. */
  relayed: Heartbeat[];
  /** Ids of nodes, as `nodeId` of lan/mesh.ts makes them. */
  links: number[];
  /** 0 when it is not told. */
  view: number;
}

/**
 * Why a datagram is no heartbeat: too short to be one; another protocol; a version this program does not know; signed with
 * a key that is none of ours (its `node` is then what it says, unproved, or empty); not signed by the holder of the key that it names; a field that contradicts its
 * length or its allowed values (it did come from somebody with the key).
 */
export type HeartbeatProblem = 'truncated' | 'magic' | 'version' | 'unknownKey' | 'unauthenticated' | 'malformed';

/** A heartbeat with nothing in it, to be filled. */
export function emptyHeartbeat(): Heartbeat {
  return {
    type: HeartbeatType.HELLO,
    flags: 0,
    node: '',
    incarnation: 0n,
    sequence: 0,
    revision: 0,
    interfaces: [],
    echoes: [],
    generation: 0,
    total: 0,
    total6: 0,
    addresses: [],
    keys: [],
    relayed: [],
    links: [],
    view: 0,
  };
}

/** Octets that an address takes in a heartbeat. */
export function heartbeatAddressLength(address: AddressKey): number {
  return typeof address === 'number' ? LAYOUT.addressLength : LAYOUT.address6Length;
}

/** Octets that what is relayed of a node takes in a heartbeat. */
export function relayedLength({ node, interfaces, addresses, total6, links }: Heartbeat): number {
  const states = addresses.reduce((sum, { address }) => sum + heartbeatAddressLength(address), 0);
  const lists = interfaces.length * HARDWARE_ADDRESS_LENGTH + 6 + states + (total6 > 0 ? 5 : 0) + links.length * LAYOUT.idLength;
  return LAYOUT.sectionHeaderLength * 5 + LAYOUT.fixedLength + node.length + lists;
}

/** Whether a node name can be written into a heartbeat: an RFC 1123 subdomain, as Kubernetes demands of Nodes. */
export function isHeartbeatName(name: string): boolean {
  return NAME.test(name);
}
