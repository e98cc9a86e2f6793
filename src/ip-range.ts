import { Address, formatAddress, parseAddress } from './_address';
import { ConstructError } from './_errors';
import { Interval } from './_ranges';
import { show } from './_values';

/**
 * The two families of IP addresses, spelled as in the `ipFamilies` of a Service.
 */
export enum IpFamily {
  /** Internet Protocol version 4. */
  IPV4 = 'IPv4',
  /** Internet Protocol version 6. */
  IPV6 = 'IPv6',
}

/**
 * One or more consecutive IP addresses.
 *
 * A value: it is checked when it is made, and does not change.
 */
export class IpRange {
  /**
   * The range that a text writes, in any of the notations of an IPAddressPool.
   *
   * @param text An address (`192.168.1.200`), a CIDR block (`192.168.1.192/28`), or a first and a last address
   * (`192.168.1.200-192.168.1.220`); blanks around the parts are allowed.
   */
  public static parse(text: string): IpRange {
    const trimmed = typeof text === 'string' ? text.trim() : '';
    if (trimmed.includes('/')) return IpRange.cidr(trimmed);
    const dash = trimmed.indexOf('-');
    if (dash >= 0) return IpRange.between(trimmed.slice(0, dash).trim(), trimmed.slice(dash + 1).trim());
    return IpRange.address(trimmed);
  }

  /**
   * A single address.
   *
   * @param ip The address, such as `192.168.1.200` or `fd00::c8`.
   */
  public static address(ip: string): IpRange {
    const address = addressIn(ip, ip);
    return new IpRange(ip, address.bits, address.value, address.value);
  }

  /**
   * All addresses of a CIDR block, its first and last included: no network or broadcast address is set aside.
   *
   * @param block A network and the length of its prefix, such as `192.168.1.192/28` or `fd00:1::/120`. The bits after the prefix must be
   * zero, because `192.168.1.200/24` may mean one address or a whole network.
   */
  public static cidr(block: string): IpRange {
    const [ip, length, ...rest] = typeof block === 'string' ? block.split('/') : [];
    if (length === undefined || rest.length > 0) throw notARange(block);
    const { bits, value } = addressIn(ip, block);
    if (!/^\d{1,3}$/.test(length) || Number(length) > bits) {
      throw new ConstructError('INVALID_IP_RANGE', `'${block}' has the prefix length '${length}': ` +
        `expected 0 to ${bits} for ${familyOf(bits)}`);
    }
    const size = 2n ** BigInt(bits - Number(length));
    const network = value - value % size;
    if (network !== value) {
      throw new ConstructError('INVALID_IP_RANGE', `'${block}' is an address inside a block, not a block: ` +
        `did you mean the one address ${ip}/${bits}, or the whole block ${formatAddress({ bits, value: network })}/${length}?`);
    }
    return new IpRange(block, bits, network, network + size - 1n);
  }

  /**
   * All addresses from a first to a last one, both included.
   *
   * @param first The lowest address.
   * @param last The highest address, of the same family.
   */
  public static between(first: string, last: string): IpRange {
    const notation = `${first}-${last}`;
    const low = addressIn(first, notation);
    const high = addressIn(last, notation);
    if (low.bits !== high.bits) {
      throw new ConstructError('INVALID_IP_RANGE', `'${notation}' mixes IPv4 and IPv6: ` +
        'both ends must be of one family, so write one range for each');
    }
    if (low.value > high.value) {
      throw new ConstructError('INVALID_IP_RANGE', `'${notation}' is backwards: ` +
        `the first address must not be after the last one, so write ${last}-${first}`);
    }
    return new IpRange(notation, low.bits, low.value, high.value);
  }

  /**
   * A value that is known only when the app is synthesized (a `Lazy` or another token). It contains nothing, so that no check can reject it.
   *
   * @internal
   */
  public static _opaque(token: any): IpRange {
    return new IpRange(token, 32, 1n, 0n);
  }

  /** The family of all addresses in the range. */
  public readonly family: IpFamily;

  /** The lowest address, in its canonical form (RFC 5952 for IPv6). */
  public readonly first: string;

  /** The highest address, in its canonical form. */
  public readonly last: string;

  private constructor(private readonly notation: any, private readonly bits: 32 | 128, private readonly low: bigint, private readonly high: bigint) {
    this.family = familyOf(bits);
    this.first = formatAddress({ bits, value: low });
    this.last = formatAddress({ bits, value: high });
  }

  /**
   * Whether an address is in the range; false for one of the other family.
   *
   * @param address The address to look for.
   */
  public contains(address: string): boolean {
    const { bits, value } = addressIn(address, address);
    return bits === this.bits && this.low <= value && value <= this.high;
  }

  /**
   * Whether the two ranges have an address in common.
   *
   * @param other The range to compare with.
   */
  public overlaps(other: IpRange): boolean {
    return this.bits === other.bits && this.low <= other.high && other.low <= this.high && this._known && other._known;
  }

  /**
   * The range as it was written, without blanks.
   */
  public toString(): string {
    return String(this.notation);
  }

  /**
   * False for a token, of which nothing can be said before synthesis.
   *
   * @internal
   */
  public get _known(): boolean {
    return this.low <= this.high;
  }

  /**
   * The range as numbers.
   *
   * @internal
   */
  public get _interval(): Interval {
    return { text: this.toString(), bits: this.bits, low: this.low, high: this.high };
  }

  /**
   * The entry of `spec.addresses`. A bare address is given its prefix length, because MetalLB accepts no other form.
   *
   * @internal
   */
  public _toManifest(): any {
    return this._known && !/[-/]/.test(this.notation) ? `${this.notation}/${this.bits}` : this.notation;
  }
}

function familyOf(bits: 32 | 128): IpFamily {
  return bits === 32 ? IpFamily.IPV4 : IpFamily.IPV6;
}

function addressIn(ip: string, notation: string): Address {
  const address = typeof ip === 'string' ? parseAddress(ip) : undefined;
  if (!address) throw notARange(notation);
  return address;
}

function notARange(notation: unknown): ConstructError {
  return new ConstructError('INVALID_IP_RANGE', `${show(notation)} is not an IP range: ` +
    'expected an address (192.168.1.200), a CIDR block (192.168.1.192/28), or a first and last address (192.168.1.200-192.168.1.220)');
}
