import { AddressKey, IPV6_LENGTH, ipv6Octets, readIpv4, sameIpv6 } from '../wire';

interface Entry<T> {
  readonly octets: Uint8Array;
  readonly value: T;
}

/**
 * Something for each of some addresses of both families. It is filled when the plan or the links change, and looked up at each frame:
 * by the number of an IPv4 address, or by the octets of an IPv6 address where they lie in the frame. Neither allocates.
 *
 * There is no Map by 16 octets, so IPv6 addresses are kept in short lists by a number made of them. The addresses are the plan's and the
 * Nodes', so nobody on the LAN can make a list long.
 */
export class AddressMap<T> {
  private readonly ipv4 = new Map<number, T>();
  private readonly ipv6 = new Map<number, Entry<T>[]>();

  clear(): void {
    this.ipv4.clear();
    this.ipv6.clear();
  }

  /** Adds an address, or replaces what is kept for it. */
  set(key: AddressKey, value: T): void {
    if (typeof key === 'number') {
      this.ipv4.set(key, value);
      return;
    }
    const octets = ipv6Octets(key);
    const bucket = bucketOf(octets, 0);
    const others = (this.ipv6.get(bucket) ?? []).filter((entry) => !sameIpv6(entry.octets, octets));
    this.ipv6.set(bucket, [...others, { octets, value }]);
  }

  delete(key: AddressKey): void {
    if (typeof key === 'number') {
      this.ipv4.delete(key);
      return;
    }
    const octets = ipv6Octets(key), bucket = bucketOf(octets, 0);
    const others = (this.ipv6.get(bucket) ?? []).filter((entry) => !sameIpv6(entry.octets, octets));
    if (others.length > 0) this.ipv6.set(bucket, others);
    else this.ipv6.delete(bucket);
  }

  get(key: AddressKey): T | undefined {
    return typeof key === 'number' ? this.ipv4.get(key) : this.ofIpv6(ipv6Octets(key));
  }

  ofIpv4(address: number): T | undefined {
    return this.ipv4.get(address);
  }

  /** By the 16 octets at `offset`. */
  ofIpv6(bytes: Uint8Array, offset = 0): T | undefined {
    const entries = this.ipv6.get(bucketOf(bytes, offset));
    if (entries === undefined) return undefined;
    for (const { octets, value } of entries) {
      if (sameIpv6(octets, bytes, 0, offset)) return value;
    }
    return undefined;
  }
}

/** A signed 32-bit number, which V8 keeps without allocating; different also for addresses that differ in their prefix alone. */
function bucketOf(bytes: Uint8Array, offset: number): number {
  let bucket = 0;
  for (let i = 0; i < IPV6_LENGTH; i += 4) bucket = Math.imul(bucket + readIpv4(bytes, offset + i), 31);
  return bucket;
}
