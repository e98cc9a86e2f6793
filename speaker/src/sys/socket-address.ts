import * as ipaddr from 'ipaddr.js';
import { Errno, SysError } from './error';

const AF_INET = 2;
const AF_INET6 = 10;
const AF_PACKET = 17;

/** Longest address of the families that we use (`struct sockaddr_in6`). */
export const SOCKET_ADDRESS_MAXIMUM = 28;
export const LINK_LAYER_ADDRESS_SIZE = 20;
/** Where the protocol is in it, two bytes in network order. */
export const LINK_LAYER_PROTOCOL = 2;
/** Where the interface's index is in it, counted in 32-bit words. */
export const LINK_LAYER_INTERFACE_WORD = 1;

/**
 * `struct sockaddr_in` or `sockaddr_in6`.
 *
 * ```
 * in   0 family  2 port (network order)  4 address                              16 bytes
 * in6  0 family  2 port (network order)  4 flow  8 address              24 scope  28 bytes
 * ```
 */
export function encodeInternetAddress(address: string, port: number): Uint8Array {
  if (!ipaddr.isValid(address) || address.includes('%')) {
    throw new SysError('sendto', Errno.EINVAL, { subject: `address '${address}'`, fix: 'write an IPv4 or IPv6 address without zone' });
  }
  const bytes = ipaddr.parse(address).toByteArray();
  const result = Buffer.alloc(bytes.length === 4 ? 16 : 28);
  result.writeUInt16LE(bytes.length === 4 ? AF_INET : AF_INET6, 0);
  result.writeUInt16BE(port, 2);
  result.set(bytes, bytes.length === 4 ? 4 : 8);
  return result;
}

/** The address within a `struct sockaddr_in` or `sockaddr_in6` that the kernel wrote: canonical text (RFC 5952). */
export function decodeInternetAddress(bytes: Buffer): string {
  const start = bytes.readUInt16LE(0) === AF_INET ? 4 : 8;
  return formatAddress(bytes.subarray(start, start === 4 ? 8 : 24));
}

export function decodePort(bytes: Buffer): number {
  return bytes.readUInt16BE(2);
}

/** Canonical text (RFC 5952) of 4 or 16 bytes. */
export function formatAddress(bytes: Uint8Array): string {
  return ipaddr.fromByteArray([...bytes]).toString();
}

/**
 * `struct sockaddr_ll`: `0 family  2 protocol (network order)  4 interface  8 hardware type  10 packet type  11 length  12 address`.
 */
export function encodeLinkLayerAddress(protocol: number, interfaceIndex: number): Buffer {
  const result = Buffer.alloc(LINK_LAYER_ADDRESS_SIZE);
  result.writeUInt16LE(AF_PACKET, 0);
  result.writeUInt16BE(protocol, 2);
  result.writeInt32LE(interfaceIndex, 4);
  return result;
}
