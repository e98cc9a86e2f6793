/** Big-endian unsigned numbers in octets. Callers have checked that the octets are there. */

export function readUint16(bytes: Uint8Array, at: number): number {
  return bytes[at] * 0x100 + bytes[at + 1];
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return readUint16(bytes, at) * 0x10000 + readUint16(bytes, at + 2);
}

/** Reads eight octets. Exact below 2^53; above, the result is no safe integer (Number.isSafeInteger), which is how a caller tells. */
export function readUint53(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at) * 0x100000000 + readUint32(bytes, at + 4);
}

export function writeUint16(into: Uint8Array, at: number, value: number): void {
  into[at] = Math.floor(value / 0x100);
  into[at + 1] = value;
}

export function writeUint32(into: Uint8Array, at: number, value: number): void {
  into[at] = Math.floor(value / 0x1000000);
  into[at + 1] = Math.floor(value / 0x10000);
  into[at + 2] = Math.floor(value / 0x100);
  into[at + 3] = value;
}

/** Writes a safe integer as eight octets. */
export function writeUint53(into: Uint8Array, at: number, value: number): void {
  writeUint32(into, at, Math.floor(value / 0x100000000));
  writeUint32(into, at + 4, value % 0x100000000);
}
