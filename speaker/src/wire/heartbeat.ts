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
import { HARDWARE_ADDRESS_LENGTH, hardwareAddressKey, writeHardwareAddressKey } from './ethernet';
import { HEARTBEAT_TAG_LENGTH, HeartbeatKey, heartbeatTag, verifyHeartbeatTag } from './heartbeat-key';
import { readIpv4, writeIpv4 } from './ipv4';
import { AddressKey, IPV6_LENGTH, readIpv6, writeIpv6 } from './ipv6';
import { readUint16, readUint32, readUint53, writeUint16, writeUint32, writeUint53 } from './numbers';

/** An encoded heartbeat is never longer: with IPv6 and UDP headers it fits the minimum MTU of IPv6, 1280 octets (RFC 8200 §5). */
export const HEARTBEAT_MAX_LENGTH = 1232;
/** What one datagram has room for, whatever the length of the name. */
export const HEARTBEAT_MAX_INTERFACES = 12;
export const HEARTBEAT_MAX_ECHOES = 24;
/** Octets for addresses of both families together; see {@link heartbeatAddressLength}. Enough for 61 of IPv4, or 22 of IPv6. */
export const HEARTBEAT_ADDRESSES_LENGTH = 427;
/** A key is changed by accepting two for a while. */
export const HEARTBEAT_MAX_KEYS = 2;

const MAGIC = 0x484c4248;
const VERSION = 1;
const FIXED_LENGTH = 33;
const SECTION_HEADER_LENGTH = 3;
const ECHO_LENGTH = 16;
const ADDRESS_LENGTH = 7;
const ADDRESS6_LENGTH = IPV6_LENGTH + 3;
const ID_LENGTH = 4;
const TRAILER_LENGTH = ID_LENGTH + HEARTBEAT_TAG_LENGTH;
const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

enum Section { INTERFACES = 1, ECHOES = 2, ADDRESSES = 3, ADDRESSES6 = 4, KEYS = 5, RELAYED = 6, LINKS = 7, VIEW = 8 }

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
/** Of a DUPLICATE: the other speaker of that name is believed, this one is not. */
export const HEARTBEAT_FLAG_REFUSED = 2;

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
  return typeof address === 'number' ? ADDRESS_LENGTH : ADDRESS6_LENGTH;
}

/** Octets that what is relayed of a node takes in a heartbeat. */
export function relayedLength({ node, interfaces, addresses, total6, links }: Heartbeat): number {
  const states = addresses.reduce((sum, { address }) => sum + heartbeatAddressLength(address), 0);
  const lists = interfaces.length * HARDWARE_ADDRESS_LENGTH + 6 + states + (total6 > 0 ? 5 : 0) + links.length * ID_LENGTH;
  return SECTION_HEADER_LENGTH * 5 + FIXED_LENGTH + node.length + lists;
}

/** Whether a node name can be written into a heartbeat: an RFC 1123 subdomain, as Kubernetes demands of Nodes. */
export function isHeartbeatName(name: string): boolean {
  return NAME.test(name);
}

/**
 * Writes and signs a heartbeat; returns its length. `into` has room for {@link HEARTBEAT_MAX_LENGTH} octets, the lists are within
 * their maxima, and the name passes {@link isHeartbeatName}: the caller, not the wire, decides these.
 */
export function encodeHeartbeat(into: Uint8Array, heartbeat: Heartbeat, key: HeartbeatKey): number {
  let at = writeBody(into, 0, heartbeat);
  writeUint32(into, at, key.id);
  at += ID_LENGTH;
  into.set(heartbeatTag(into.subarray(0, at), key), at);
  return at + HEARTBEAT_TAG_LENGTH;
}

function writeBody(into: Uint8Array, start: number, heartbeat: Heartbeat): number {
  writeUint32(into, start, MAGIC);
  into[start + 4] = VERSION;
  into[start + 5] = heartbeat.type;
  writeUint16(into, start + 6, heartbeat.flags);
  writeUint64(into, start + 8, heartbeat.incarnation);
  writeUint53(into, start + 16, heartbeat.sequence);
  writeUint53(into, start + 24, heartbeat.revision);
  into[start + 32] = heartbeat.node.length;
  let at = start + FIXED_LENGTH;
  for (let i = 0; i < heartbeat.node.length; i++) into[at++] = heartbeat.node.charCodeAt(i);

  at = writeSection(into, at, Section.INTERFACES, heartbeat.interfaces.length * HARDWARE_ADDRESS_LENGTH);
  for (const key48 of heartbeat.interfaces) {
    writeHardwareAddressKey(into, at, key48);
    at += HARDWARE_ADDRESS_LENGTH;
  }
  at = writeSection(into, at, Section.ECHOES, heartbeat.echoes.length * ECHO_LENGTH);
  for (const { incarnation, sequence } of heartbeat.echoes) {
    writeUint64(into, at, incarnation);
    writeUint53(into, at + 8, sequence);
    at += ECHO_LENGTH;
  }
  at = writeAddresses(into, at, heartbeat);
  at = writeIds(into, at, Section.KEYS, heartbeat.keys);
  for (const other of heartbeat.relayed) {
    const end = writeBody(into, at + SECTION_HEADER_LENGTH, other);
    writeSection(into, at, Section.RELAYED, end - at - SECTION_HEADER_LENGTH);
    at = end;
  }
  at = writeIds(into, at, Section.LINKS, heartbeat.links);
  return writeIds(into, at, Section.VIEW, heartbeat.view === 0 ? [] : [heartbeat.view]);
}

/**
 * Reads the first `length` octets of a datagram into `into` if one of the keys verifies it. Returns undefined, or why it is no
 * heartbeat; what `into` holds then is undefined, but for the name with `unknownKey`. Nothing but magic, version and key is looked at before the tag has been verified.
 */
export function decodeHeartbeat(datagram: Uint8Array, length: number, keys: readonly HeartbeatKey[], into: Heartbeat): HeartbeatProblem | undefined {
  if (length > datagram.length || length < FIXED_LENGTH + TRAILER_LENGTH) return 'truncated';
  if (readUint32(datagram, 0) !== MAGIC) return 'magic';
  if (datagram[4] !== VERSION) return 'version';
  const end = length - TRAILER_LENGTH;
  const tagAt = length - HEARTBEAT_TAG_LENGTH;
  const id = readUint32(datagram, end);
  const key = keys.find((each) => each.id === id);
  const nameEnd = FIXED_LENGTH + datagram[32];
  if (key === undefined) {
    into.node = nameEnd <= end ? readName(datagram, 0, nameEnd) : '';
    return 'unknownKey';
  }
  if (!verifyHeartbeatTag(datagram.subarray(0, tagAt), datagram.subarray(tagAt, length), key)) return 'unauthenticated';

  return readBody(datagram, 0, end, into) ? undefined : 'malformed';
}

/** All between the magic and the key. */
function readBody(datagram: Uint8Array, start: number, end: number, into: Heartbeat): boolean {
  const type = datagram[start + 5];
  if (type < HeartbeatType.HELLO || type > HeartbeatType.RELAY) return false;
  into.type = type;
  into.flags = readUint16(datagram, start + 6);
  into.incarnation = readUint64(datagram, start + 8);
  into.sequence = readUint53(datagram, start + 16);
  into.revision = readUint53(datagram, start + 24);
  if (!Number.isSafeInteger(into.sequence) || !Number.isSafeInteger(into.revision)) return false;
  const nameEnd = start + FIXED_LENGTH + datagram[start + 32];
  if (nameEnd > end) return false;
  into.node = readName(datagram, start, nameEnd);
  return into.node !== '' && decodeSections(datagram, nameEnd, end, into);
}

/** What is known of another node. It holds nothing relayed itself, so nobody can make a reader descend for ever. */
function readRelayed(datagram: Uint8Array, start: number, end: number): Heartbeat | undefined {
  if (end - start < FIXED_LENGTH || readUint32(datagram, start) !== MAGIC || datagram[start + 4] !== VERSION) return undefined;
  const other = emptyHeartbeat();
  return readBody(datagram, start, end, other) && other.type === HeartbeatType.HELLO && other.relayed.length === 0 ? other : undefined;
}

/** The sender's name; empty if Kubernetes does not allow it. */
function readName(datagram: Uint8Array, start: number, end: number): string {
  const name = String.fromCharCode(...datagram.subarray(start + FIXED_LENGTH, end));
  return NAME.test(name) ? name : '';
}

function decodeSections(datagram: Uint8Array, start: number, end: number, into: Heartbeat): boolean {
  into.interfaces.length = 0;
  into.echoes.length = 0;
  into.addresses.length = 0;
  into.keys.length = 0;
  into.relayed.length = 0;
  into.links.length = 0;
  into.view = 0;
  into.generation = 0;
  into.total = 0;
  into.total6 = 0;
  let at = start;
  while (at < end) {
    if (at + SECTION_HEADER_LENGTH > end) return false;
    const type = datagram[at];
    const length = readUint16(datagram, at + 1);
    const body = at + SECTION_HEADER_LENGTH;
    at = body + length;
    if (at > end) return false;
    if (type === Section.INTERFACES) {
      if (length % HARDWARE_ADDRESS_LENGTH !== 0) return false;
      for (let i = body; i < at; i += HARDWARE_ADDRESS_LENGTH) into.interfaces.push(hardwareAddressKey(datagram, i));
    } else if (type === Section.ECHOES) {
      if (length % ECHO_LENGTH !== 0) return false;
      for (let i = body; i < at; i += ECHO_LENGTH) into.echoes.push({ incarnation: readUint64(datagram, i), sequence: readUint53(datagram, i + 8) });
    } else if (type === Section.ADDRESSES) {
      if (length < 6 || (length - 6) % ADDRESS_LENGTH !== 0) return false;
      into.generation = readUint32(datagram, body);
      into.total = readUint16(datagram, body + 4);
      for (let i = body + 6; i < at; i += ADDRESS_LENGTH) {
        if (!readState(datagram, i + 4, readIpv4(datagram, i), into)) return false;
      }
    } else if (type === Section.ADDRESSES6) {
      if (length < 2 || (length - 2) % ADDRESS6_LENGTH !== 0) return false;
      into.total6 = readUint16(datagram, body);
      for (let i = body + 2; i < at; i += ADDRESS6_LENGTH) {
        if (!readState(datagram, i + IPV6_LENGTH, readIpv6(datagram, i), into)) return false;
      }
    } else if (type === Section.KEYS || type === Section.LINKS) {
      if (length % ID_LENGTH !== 0) return false;
      const ids = type === Section.KEYS ? into.keys : into.links;
      for (let i = body; i < at; i += ID_LENGTH) ids.push(readUint32(datagram, i));
    } else if (type === Section.VIEW) {
      if (length !== ID_LENGTH) return false;
      into.view = readUint32(datagram, body);
    } else if (type === Section.RELAYED) {
      const other = into.type === HeartbeatType.RELAY ? readRelayed(datagram, body, at) : undefined;
      if (other === undefined) return false;
      into.relayed.push(other);
    }
  }
  return true;
}

/** State and digest of one address; false if they are not allowed. */
function readState(datagram: Uint8Array, at: number, address: AddressKey, into: Heartbeat): boolean {
  const state = datagram[at];
  const reach = Math.floor(state / 2) % 4;
  const handover = Math.floor(state / 8) % 4;
  if (reach > Reach.ON_LINK || handover > Handover.TO_ANY) return false;
  const entry: HeartbeatAddress = { address, held: state % 2 === 1, reach, candidatesDigest: readUint16(datagram, at + 1) };
  if (handover !== Handover.NONE) entry.handover = handover;
  into.addresses.push(entry);
  return true;
}

function writeAddresses(into: Uint8Array, start: number, { generation, total, total6, addresses }: Heartbeat): number {
  const ipv4 = addresses.filter(({ address }) => typeof address === 'number');
  let at = writeSection(into, start, Section.ADDRESSES, 6 + ipv4.length * ADDRESS_LENGTH);
  writeUint32(into, at, generation);
  writeUint16(into, at + 4, total);
  at += 6;
  for (const entry of ipv4) {
    writeIpv4(into, at, entry.address as number);
    at = writeState(into, at + 4, entry);
  }
  if (total6 === 0) return at;
  at = writeSection(into, at, Section.ADDRESSES6, 2 + (addresses.length - ipv4.length) * ADDRESS6_LENGTH);
  writeUint16(into, at, total6);
  at += 2;
  for (const entry of addresses) {
    if (typeof entry.address === 'number') continue;
    writeIpv6(into, at, entry.address);
    at = writeState(into, at + IPV6_LENGTH, entry);
  }
  return at;
}

function writeState(into: Uint8Array, at: number, { held, reach, handover = Handover.NONE, candidatesDigest }: HeartbeatAddress): number {
  into[at] = (held ? 1 : 0) + reach * 2 + handover * 8;
  writeUint16(into, at + 1, candidatesDigest);
  return at + 3;
}

/** A section of numbers of 32 bits; none when there are none. */
function writeIds(into: Uint8Array, start: number, section: Section, ids: readonly number[]): number {
  if (ids.length === 0) return start;
  let at = writeSection(into, start, section, ids.length * ID_LENGTH);
  for (const id of ids) {
    writeUint32(into, at, id);
    at += ID_LENGTH;
  }
  return at;
}

function writeSection(into: Uint8Array, at: number, type: Section, length: number): number {
  into[at] = type;
  writeUint16(into, at + 1, length);
  return at + SECTION_HEADER_LENGTH;
}

function readUint64(bytes: Uint8Array, at: number): bigint {
  return BigInt(readUint32(bytes, at)) * 0x100000000n + BigInt(readUint32(bytes, at + 4));
}

function writeUint64(into: Uint8Array, at: number, value: bigint): void {
  writeUint32(into, at, Number(value / 0x100000000n));
  writeUint32(into, at + 4, Number(value % 0x100000000n));
}
