/**
 * IPv6 addresses as the data plane keeps them: 16 octets on the path of a packet, where nothing may allocate, and one BigInt everywhere else.
 * Their multicast groups and how these are mapped to Ethernet: RFC 4291 §2.7.1, RFC 2464 §7.
 */
import { IpAddress } from '../ip';
import { parseIpv4 } from './ipv4';
import { readUint32, writeUint32 } from './numbers';

/** Length of an IPv6 address in octets. */
export const IPV6_LENGTH = 16;

/**
 * An address of either family as a key of a Map: IPv4 is a signed 32-bit number (see ipv4.ts), IPv6 a BigInt. The type tells the family.
 */
export type AddressKey = number | bigint;

/** ff02::1, all nodes on the link (RFC 4291 §2.7.1). */
export const ALL_NODES: Uint8Array = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

/** ff02::1:ff00:0/104: the solicited-node multicast addresses (RFC 4291 §2.7.1), without their last 24 bits. */
const SOLICITED_NODE_PREFIX = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff);

const WORD = 0x100000000n;

/** Reads 16 octets; the caller has checked that they are there. */
export function readIpv6(bytes: Uint8Array, offset: number): bigint {
  let address = 0n;
  for (let i = 0; i < IPV6_LENGTH; i += 4) address = address * WORD + BigInt(readUint32(bytes, offset + i));
  return address;
}

/** The inverse of {@link readIpv6}. */
export function writeIpv6(into: Uint8Array, offset: number, address: bigint): void {
  let rest = address;
  for (let i = IPV6_LENGTH - 4; i >= 0; i -= 4) {
    writeUint32(into, offset + i, Number(rest % WORD));
    rest /= WORD;
  }
}

/** The 16 octets of an address, a fresh array. */
export function ipv6Octets(address: bigint): Uint8Array {
  const octets = new Uint8Array(IPV6_LENGTH);
  writeIpv6(octets, 0, address);
  return octets;
}

/** Parses canonical text of either family (RFC 5952 for IPv6); undefined for anything else, an IPv4-mapped address included. */
export function parseAddress(text: string): AddressKey | undefined {
  const ipv4 = parseIpv4(text);
  if (ipv4 !== undefined) return ipv4;
  const address = IpAddress.tryParse(text);
  return address?.family === 'IPv6' && address.toString() === text ? address.value : undefined;
}

/** Copies the 16 octets of an address; as {@link copyHardwareAddress}. */
export function copyIpv6(into: Uint8Array, from: Uint8Array): void {
  for (let i = 0; i < IPV6_LENGTH; i++) into[i] = from[i];
}

/** Whether the 16 octets at `offset` are ::, the unspecified address (RFC 4291 §2.5.2). */
export function isUnspecified(bytes: Uint8Array, offset = 0): boolean {
  for (let i = 0; i < IPV6_LENGTH; i++) {
    if (bytes[offset + i] !== 0) return false;
  }
  return true;
}

/** Whether the 16 octets at `offset` are in ff00::/8 (RFC 4291 §2.7). */
export function isMulticast(bytes: Uint8Array, offset = 0): boolean {
  return bytes[offset] === 0xff;
}

/** Whether the 16 octets at `offset` are in ff02::1:ff00:0/104. */
export function isSolicitedNode(bytes: Uint8Array, offset = 0): boolean {
  for (let i = 0; i < SOLICITED_NODE_PREFIX.length; i++) {
    if (bytes[offset + i] !== SOLICITED_NODE_PREFIX[i]) return false;
  }
  return true;
}

/** Whether two addresses, or the 16 octets of each at its offset, are the same. */
export function sameIpv6(a: Uint8Array, b: Uint8Array, aOffset = 0, bOffset = 0): boolean {
  for (let i = 0; i < IPV6_LENGTH; i++) {
    if (a[aOffset + i] !== b[bOffset + i]) return false;
  }
  return true;
}

/** Writes the solicited-node multicast address of a unicast address: ff02::1:ff and its last 24 bits. */
export function writeSolicitedNode(into: Uint8Array, address: Uint8Array): void {
  into.set(SOLICITED_NODE_PREFIX);
  for (let i = SOLICITED_NODE_PREFIX.length; i < IPV6_LENGTH; i++) into[i] = address[i];
}

/** Writes the Ethernet address of an IPv6 multicast address: 33:33 and its last 32 bits (RFC 2464 §7). */
export function writeMulticastHardwareAddress(into: Uint8Array, group: Uint8Array): void {
  into[0] = 0x33;
  into[1] = 0x33;
  for (let i = 0; i < 4; i++) into[2 + i] = group[IPV6_LENGTH - 4 + i];
}
