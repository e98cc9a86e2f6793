import { addressBits, IpAddress, IpFamily } from './ip-address';
import { IpError } from './ip-error';
import { IpPrefix } from './ip-prefix';

/**
 * A run of consecutive addresses of one family, both ends included. Immutable.
 *
 * What one entry of `spec.addresses` of an IPAddressPool means.
 */
export class IpRange {
  /**
   * Reads one entry of `spec.addresses`:
   *
   * - `93.5.22.0/24`: a CIDR; host bits are masked off, so `93.5.22.40/24` is the same
   * - `93.5.22.100-93.5.22.110`: first and last, blanks around either side are ignored
   * - `93.5.22.100`: one address
   *
   * @throws IpError `InvalidCidr`, `InvalidStartAddress`, `InvalidEndAddress`, `StartAfterEnd`, `MixedFamilies`
   */
  static parse(text: string): IpRange {
    const [first, last] = text.includes('-') ? parseEnds(text) : parseCidr(text);
    return new IpRange(first, last, text);
  }

  /**
   * The range from `first` to `last`.
   * @throws RangeError when the families differ or `first` is after `last`
   */
  static of(first: IpAddress, last: IpAddress): IpRange {
    if (first.family !== last.family || first.value > last.value) throw new RangeError(`${first}-${last} is no range`);
    return new IpRange(first, last);
  }

  private prefixes?: readonly IpPrefix[];

  private constructor(readonly first: IpAddress, readonly last: IpAddress, private readonly written?: string) {}

  /** The text it was read from, as written; canonical when it was not read. */
  get text(): string {
    return this.written ?? this.toString();
  }

  get family(): IpFamily {
    return this.first.family;
  }

  /** How many addresses it holds: 1 to 2¹²⁸. */
  get size(): bigint {
    return this.last.value - this.first.value + 1n;
  }

  contains(address: IpAddress): boolean {
    return address.family === this.family && address.value >= this.first.value && address.value <= this.last.value;
  }

  overlaps(other: IpRange): boolean {
    return other.family === this.family && other.first.value <= this.last.value && other.last.value >= this.first.value;
  }

  /** Same first and last address, however written. */
  equals(other: IpRange): boolean {
    return this.first.equals(other.first) && this.last.equals(other.last);
  }

  /** The fewest prefixes that together are this range, ascending: 1 to 254 of them. */
  cidrs(): readonly IpPrefix[] {
    this.prefixes ??= summarize(this.first, this.last);
    return this.prefixes;
  }

  /** Canonical text: `a/n` when it is one prefix, else `first-last`. */
  toString(): string {
    const [prefix, ...others] = this.cidrs();
    return others.length === 0 ? prefix.toString() : `${this.first}-${this.last}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

function parseCidr(text: string): [IpAddress, IpAddress] {
  const [addressText, lengthText, ...more] = text.split('/');
  const address = IpAddress.tryParse(addressText);
  const bits = address ? addressBits(address.family) : 0;
  const length = lengthText === undefined ? bits : /^(?:0|[1-9][0-9]{0,2})$/.test(lengthText) ? Number(lengthText) : Infinity;
  if (!address || length > bits || more.length > 0) {
    throw new IpError('InvalidCidr', text, `invalid CIDR ${JSON.stringify(text)}`, cidrFix(text, address));
  }
  const prefix = IpPrefix.of(address, length);
  return [prefix.first, prefix.last];
}

function cidrFix(text: string, address: IpAddress | undefined): string {
  if (text !== text.trim() && text.trim() !== '') return `remove the blanks around it: ${JSON.stringify(text.trim())}`;
  if (address) return `end it with a prefix length from /0 to /${addressBits(address.family)}, or with nothing for this one address`;
  return 'write a CIDR (93.5.22.0/24), a range (93.5.22.100-93.5.22.110) or one address (93.5.22.100)';
}

function parseEnds(text: string): [IpAddress, IpAddress] {
  const dash = text.indexOf('-');
  const startText = text.slice(0, dash).trim();
  const endText = text.slice(dash + 1).trim();
  const invalid = `invalid IP range ${JSON.stringify(text)}:`;
  const start = IpAddress.tryParse(startText);
  if (!start) {
    throw new IpError('InvalidStartAddress', text, `${invalid} invalid start IP ${JSON.stringify(startText)}`,
      'begin the range with one full address, such as 93.5.22.100-93.5.22.110');
  }
  const end = IpAddress.tryParse(endText);
  if (!end) {
    throw new IpError('InvalidEndAddress', text, `${invalid} invalid end IP ${JSON.stringify(endText)}`,
      'end the range with one full address, such as 93.5.22.100-93.5.22.110');
  }
  if (start.family !== end.family) {
    throw new IpError('MixedFamilies', text, `${invalid} start and end IPs must be the same family`,
      'make two entries, one with the IPv4 addresses and one with the IPv6 addresses');
  }
  if (start.value > end.value) {
    throw new IpError('StartAfterEnd', text, `${invalid} start IP ${JSON.stringify(startText)} is after the end IP ${JSON.stringify(endText)}`,
      `write ${end}-${start}`);
  }
  return [start, end];
}

/** Takes, again and again, the largest prefix that begins at the lowest address not yet covered and does not reach beyond the end. */
function summarize(first: IpAddress, last: IpAddress): readonly IpPrefix[] {
  const prefixes: IpPrefix[] = [];
  const bits = addressBits(first.family);
  for (let start = first.value; start <= last.value;) {
    let length = bits;
    let size = 1n;
    while (length > 0 && start % (size * 2n) === 0n && start + size * 2n - 1n <= last.value) {
      length -= 1;
      size *= 2n;
    }
    prefixes.push(IpPrefix.of(IpAddress.of(first.family, start), length));
    start += size;
  }
  return prefixes;
}
