import { addressBits, IpAddress, IpFamily } from './ip-address';

/** A CIDR prefix: a network address and a length in bits. Immutable. */
export class IpPrefix {
  /**
   * The prefix of this length that holds the address; host bits are masked off.
   * @param length 0 to 32 for IPv4, 0 to 128 for IPv6
   * @throws RangeError outside of it
   */
  static of(address: IpAddress, length: number): IpPrefix {
    const bits = addressBits(address.family);
    if (!Number.isInteger(length) || length < 0 || length > bits) throw new RangeError(`${length} is no prefix length of ${address.family}`);
    const size = 2n ** BigInt(bits - length);
    return new IpPrefix(IpAddress.of(address.family, address.value - address.value % size), length);
  }

  private constructor(readonly address: IpAddress, readonly length: number) {}

  get family(): IpFamily {
    return this.address.family;
  }

  /** How many addresses it holds: 1 to 2¹²⁸. */
  get size(): bigint {
    return 2n ** BigInt(addressBits(this.family) - this.length);
  }

  get first(): IpAddress {
    return this.address;
  }

  get last(): IpAddress {
    return IpAddress.of(this.family, this.address.value + this.size - 1n);
  }

  contains(address: IpAddress): boolean {
    return address.family === this.family && address.value >= this.address.value && address.value < this.address.value + this.size;
  }

  equals(other: IpPrefix): boolean {
    return this.length === other.length && this.address.equals(other.address);
  }

  /** `93.5.22.0/24`, canonical. */
  toString(): string {
    return `${this.address}/${this.length}`;
  }

  toJSON(): string {
    return this.toString();
  }
}
