/**
 * IPv4 addresses as the data plane keeps them: one signed 32-bit integer.
 *
 * Signed, because V8 on 64-bit keeps a signed 32-bit integer inside the pointer itself, while a number above 2^31 may be
 * boxed on the heap: a lookup by 192.168.1.1 would then allocate, and one by 10.0.0.1 would not.
 */

/** Length of an IPv4 address in octets. */
export const IPV4_LENGTH = 4;

/** Reads four octets as a signed 32-bit integer; the caller has checked that they are there. */
export function readIpv4(bytes: Uint8Array, offset: number): number {
  const first = bytes[offset];
  return (first > 127 ? first - 256 : first) * 0x1000000 + bytes[offset + 1] * 0x10000 + bytes[offset + 2] * 0x100 + bytes[offset + 3];
}

/** Writes a signed 32-bit integer as four octets. */
export function writeIpv4(into: Uint8Array, offset: number, address: number): void {
  const unsigned = address < 0 ? address + 0x100000000 : address;
  // A Uint8Array keeps the low eight bits of what it is given, so only the division is needed.
  into[offset] = Math.floor(unsigned / 0x1000000);
  into[offset + 1] = Math.floor(unsigned / 0x10000);
  into[offset + 2] = Math.floor(unsigned / 0x100);
  into[offset + 3] = unsigned;
}

const DOTTED_QUAD = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;

/** Parses canonical dotted-quad text (`93.5.22.100`); undefined for anything else, an IPv6 address included. */
export function parseIpv4(text: string): number | undefined {
  const match = DOTTED_QUAD.exec(text);
  if (match === null) return undefined;
  const octets = new Uint8Array(IPV4_LENGTH);
  for (let i = 0; i < IPV4_LENGTH; i++) {
    const octet = Number(match[i + 1]);
    if (octet > 255) return undefined;
    octets[i] = octet;
  }
  return readIpv4(octets, 0);
}

/** Canonical dotted-quad text of an address. */
export function formatIpv4(address: number): string {
  const octets = new Uint8Array(IPV4_LENGTH);
  writeIpv4(octets, 0, address);
  return octets.join('.');
}
