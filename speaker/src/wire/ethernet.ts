/** Ethernet II framing (IEEE 802.3 §3.1, RFC 894): destination, source, EtherType. */

/** Length of the header in octets: two addresses and the EtherType. */
export const ETHERNET_HEADER_LENGTH = 14;

/** Length of a hardware (MAC) address in octets. */
export const HARDWARE_ADDRESS_LENGTH = 6;

/** EtherType of ARP (IANA EtherTypes). */
export const ETHER_TYPE_ARP = 0x0806;

/** EtherType of IPv6 (IANA EtherTypes, RFC 2464 §3). */
export const ETHER_TYPE_IPV6 = 0x86dd;

/** Whether the six octets at `offset` are ff:ff:ff:ff:ff:ff; the caller has checked that they are there. */
export function isBroadcast(bytes: Uint8Array, offset = 0): boolean {
  for (let i = 0; i < HARDWARE_ADDRESS_LENGTH; i++) {
    if (bytes[offset + i] !== 0xff) return false;
  }
  return true;
}

/** Whether two hardware addresses are the same. */
export function sameHardwareAddress(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < HARDWARE_ADDRESS_LENGTH; i++) {
    if (a[i] !== b[i]) return false;
  }
  return true;
}

/** Copies a hardware address; for six octets that is faster than `set`, which is made for many. */
export function copyHardwareAddress(into: Uint8Array, from: Uint8Array): void {
  for (let i = 0; i < HARDWARE_ADDRESS_LENGTH; i++) into[i] = from[i];
}

/** A hardware address as a number below 2^48, to be used as a key of a Map. */
export function hardwareAddressKey(bytes: Uint8Array, offset = 0): number {
  let key = 0;
  for (let i = 0; i < HARDWARE_ADDRESS_LENGTH; i++) key = key * 256 + bytes[offset + i];
  return key;
}

/** The inverse of {@link hardwareAddressKey}. */
export function writeHardwareAddressKey(into: Uint8Array, offset: number, key: number): void {
  let rest = key;
  for (let i = HARDWARE_ADDRESS_LENGTH - 1; i >= 0; i--) {
    into[offset + i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

/** `02:00:5d:05:16:2c`: lower case, colons. */
export function formatHardwareAddress(bytes: Uint8Array): string {
  return Array.from(bytes.subarray(0, HARDWARE_ADDRESS_LENGTH), (octet) => octet.toString(16).padStart(2, '0')).join(':');
}
