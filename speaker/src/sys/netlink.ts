/* eslint-disable no-bitwise */
import { formatAddress } from './socket-address';

/**
 * Codec of rtnetlink (netlink(7), rtnetlink(7)): asks for the tables of links and addresses, and reads the answers and notifications.
 *
 * ```
 * message    0 length  4 type  6 flags  8 sequence  12 port  16 body, padded to 4 bytes
 * attribute  0 length  2 type  4 value, padded to 4 bytes
 * ```
 * All numbers are in the byte order of the machine, which is little-endian on all that we run on.
 */

export const NLMSG_NOOP = 1;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLMSG_OVERRUN = 4;
export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;
export const RTM_NEWADDR = 20;
export const RTM_DELADDR = 21;
export const RTM_GETADDR = 22;

const NLM_F_REQUEST = 0x01;
const NLM_F_DUMP_INTR = 0x10;
const NLM_F_DUMP = 0x300;
const NLA_TYPE_MASK = 0x3fff;

const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MASTER = 10;
const IFLA_WIRELESS = 11;
const IFLA_OPERSTATE = 16;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;

const AF_UNSPEC = 0;
const AF_INET = 2;
const AF_INET6 = 10;

export const IFF_UP = 0x1;
export const IFF_BROADCAST = 0x2;
export const IFF_LOOPBACK = 0x8;
export const IFF_RUNNING = 0x40;
export const IFF_NOARP = 0x80;
export const IFF_LOWER_UP = 0x10000;

/** `ifi_type` of Ethernet and of whatever has Ethernet's frames: bridges, bonds, VLANs, WiFi (ARPHRD_ETHER). */
export const ARPHRD_ETHER = 1;

/** Operational state of a link (RFC 2863), by the kernel's numbers. */
export const OPERATIONAL_STATES = ['unknown', 'not-present', 'down', 'lower-layer-down', 'testing', 'dormant', 'up'] as const;
export type OperationalState = typeof OPERATIONAL_STATES[number];

/** What one `RTM_NEWLINK` says. */
export interface LinkRecord {
  readonly index: number;
  /** `ARPHRD_ETHER` and others. */
  readonly type: number;
  /** `IFF_UP` and others. */
  readonly flags: number;
  readonly name: string;
  /** Link-layer address: 6 bytes on Ethernet, none on some tunnels. */
  readonly mac: Uint8Array;
  /** Index of the bridge or bond that this link is a port of; 0: none. */
  readonly master: number;
  readonly operationalState: OperationalState;
}

/** What one `RTM_NEWADDR` says. */
export interface AddressRecord {
  readonly index: number;
  readonly address: string;
  readonly prefixLength: number;
}

interface Common {
  /** Sequence number of the request that this answers; 0 in a notification. */
  readonly sequence: number;
  /** A table changed while the kernel was listing it, so the list is not to be trusted. */
  readonly interrupted: boolean;
}

export type RouteMessage = Common & (
  | { readonly kind: 'link'; readonly removed: boolean; readonly link: LinkRecord }
  | { readonly kind: 'address'; readonly removed: boolean; readonly address: AddressRecord }
  | { readonly kind: 'done'; readonly errno: number }
  | { readonly kind: 'error'; readonly errno: number }
  | { readonly kind: 'overrun' }
);

/** A netlink message that is shorter than it says, or than its type needs. */
export class NetlinkError extends Error {
  public readonly name = 'NetlinkError';
  public readonly code = 'NETLINK_MALFORMED';

  constructor(public readonly offset: number, problem: string) {
    super(`malformed netlink message at byte ${offset}: ${problem}; report it with the version of the kernel (\`uname -r\`)`);
  }
}

/** A request for a whole table: `RTM_GETLINK` or `RTM_GETADDR`. */
export function encodeDumpRequest(type: typeof RTM_GETLINK | typeof RTM_GETADDR, sequence: number): Buffer {
  const bodySize = type === RTM_GETLINK ? 16 : 8; // struct ifinfomsg, struct ifaddrmsg; all zero: everything
  const message = Buffer.alloc(16 + bodySize);
  message.writeUInt32LE(message.length, 0);
  message.writeUInt16LE(type, 4);
  message.writeUInt16LE(NLM_F_REQUEST | NLM_F_DUMP, 6);
  message.writeUInt32LE(sequence, 8);
  return message;
}

/**
 * The messages of one datagram that speak of links and addresses; others are left out.
 *
 * @throws NetlinkError when a length does not fit
 */
export function decodeMessages(datagram: Uint8Array): RouteMessage[] {
  const bytes = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.length);
  const messages: RouteMessage[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    if (bytes.length - offset < 16) throw new NetlinkError(offset, `a header has 16 bytes, there are ${bytes.length - offset}`);
    const length = bytes.readUInt32LE(offset);
    if (length < 16 || length > bytes.length - offset) {
      throw new NetlinkError(offset, `length ${length} is not between 16 and the ${bytes.length - offset} bytes that there are`);
    }
    const message = decodeMessage(bytes, offset, offset + length);
    if (message) messages.push(message);
    offset += align(length);
  }
  return messages;
}

function decodeMessage(bytes: Buffer, start: number, end: number): RouteMessage | undefined {
  const type = bytes.readUInt16LE(start + 4);
  const common = {
    sequence: bytes.readUInt32LE(start + 8),
    interrupted: (bytes.readUInt16LE(start + 6) & NLM_F_DUMP_INTR) !== 0,
  };
  const body = start + 16;
  switch (type) {
    case NLMSG_DONE: // carries 0 or the negated error of the dump; old kernels send nothing
      return { ...common, kind: 'done', errno: end - body < 4 ? 0 : 0 - bytes.readInt32LE(body) };
    case NLMSG_ERROR:
      need(4, body, end);
      return { ...common, kind: 'error', errno: 0 - bytes.readInt32LE(body) };
    case NLMSG_OVERRUN:
      return { ...common, kind: 'overrun' };
    case RTM_NEWLINK:
    case RTM_DELLINK: {
      const link = decodeLink(bytes, body, end);
      return link && { ...common, kind: 'link', removed: type === RTM_DELLINK, link };
    }
    case RTM_NEWADDR:
    case RTM_DELADDR: {
      const address = decodeAddress(bytes, body, end);
      return address && { ...common, kind: 'address', removed: type === RTM_DELADDR, address };
    }
    default:
      return undefined;
  }
}

/** `struct ifinfomsg`: `0 family  2 type  4 index  8 flags  12 change`. */
function decodeLink(bytes: Buffer, start: number, end: number): LinkRecord | undefined {
  need(16, start, end);
  // A bridge tells of its ports in messages of family AF_BRIDGE; there DELLINK means that a port left the bridge, not that the link is gone.
  if (bytes.readUInt8(start) !== AF_UNSPEC) return undefined;
  let name = '', mac: Uint8Array = new Uint8Array(0), master = 0, state = 0, partial = false;
  attributes(bytes, start + 16, end, (type, from, to) => {
    switch (type) {
      case IFLA_IFNAME: name = text(bytes, from, to); break;
      case IFLA_ADDRESS: mac = Uint8Array.prototype.slice.call(bytes, from, to); break;
      case IFLA_MASTER: need(4, from, to); master = bytes.readUInt32LE(from); break;
      case IFLA_OPERSTATE: need(1, from, to); state = bytes.readUInt8(from); break;
      case IFLA_WIRELESS: partial = true; break; // an event of a WiFi driver in the clothes of NEWLINK, without address and master
    }
  });
  if (partial) return undefined;
  return {
    index: bytes.readInt32LE(start + 4),
    type: bytes.readUInt16LE(start + 2),
    flags: bytes.readUInt32LE(start + 8),
    name,
    mac,
    master,
    operationalState: OPERATIONAL_STATES[state] ?? 'unknown',
  };
}

/** `struct ifaddrmsg`: `0 family  1 prefix length  2 flags  3 scope  4 index`. */
function decodeAddress(bytes: Buffer, start: number, end: number): AddressRecord | undefined {
  need(8, start, end);
  const family = bytes.readUInt8(start);
  if (family !== AF_INET && family !== AF_INET6) return undefined;
  const size = family === AF_INET ? 4 : 16;
  // On a point-to-point link IFA_ADDRESS is the other end; IFA_LOCAL is always ours, but IPv6 has it on such links only.
  let address = '', local = '';
  attributes(bytes, start + 8, end, (type, from, to) => {
    if (type !== IFA_ADDRESS && type !== IFA_LOCAL) return;
    need(size, from, to);
    const value = formatAddress(bytes.subarray(from, from + size));
    if (type === IFA_LOCAL) local = value; else address = value;
  });
  if (!local && !address) throw new NetlinkError(start, 'an address message has neither IFA_LOCAL nor IFA_ADDRESS');
  return { index: bytes.readUInt32LE(start + 4), address: local || address, prefixLength: bytes.readUInt8(start + 1) };
}

function attributes(bytes: Buffer, start: number, end: number, visit: (type: number, from: number, to: number) => void): void {
  let offset = start;
  while (end - offset >= 4) {
    const length = bytes.readUInt16LE(offset);
    if (length < 4 || length > end - offset) {
      throw new NetlinkError(offset, `attribute length ${length} is not between 4 and the ${end - offset} bytes that there are`);
    }
    visit(bytes.readUInt16LE(offset + 2) & NLA_TYPE_MASK, offset + 4, offset + length);
    offset += align(length);
  }
  if (offset < end) throw new NetlinkError(offset, `an attribute has 4 bytes at least, there are ${end - offset}`);
}

function need(size: number, from: number, to: number): void {
  if (to - from < size) throw new NetlinkError(from, `${size} bytes are needed, there are ${to - from}`);
}

function text(bytes: Buffer, from: number, to: number): string {
  const end = bytes.indexOf(0, from);
  return bytes.toString('utf8', from, end < 0 || end > to ? to : end);
}

function align(length: number): number {
  return (length + 3) & ~3;
}
