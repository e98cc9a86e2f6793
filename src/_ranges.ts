import { formatAddress, parseAddress } from './_address';

/** One entry of `spec.addresses` as numbers. */
export interface Interval {
  /** As written, a single address without its prefix length. */
  readonly text: string;
  readonly bits: 32 | 128;
  readonly low: bigint;
  readonly high: bigint;
}

/**
 * Reads one entry of `spec.addresses` as the program does: more is allowed than in `IpRange`, for the sake of manifests written by hand.
 * The bits of an address after the prefix of a CIDR block mean nothing.
 *
 * @returns the interval, or what is wrong
 */
export function readInterval(text: string): Interval | string {
  const notARange = `'${text}' is not an IP range: expected an address (192.168.1.200), a CIDR block (192.168.1.192/28), ` +
    'or a first and last address (192.168.1.200-192.168.1.220)';
  const dash = text.indexOf('-');
  if (dash >= 0) {
    const first = parseAddress(text.slice(0, dash).trim()), last = parseAddress(text.slice(dash + 1).trim());
    if (!first || !last) return notARange;
    if (first.bits !== last.bits) return `'${text}' mixes IPv4 and IPv6: both ends must be of one family, so write one range for each`;
    if (first.value > last.value) return `'${text}' is backwards: write ${formatAddress(last)}-${formatAddress(first)}`;
    return { text, bits: first.bits, low: first.value, high: last.value };
  }
  const [ip, length, ...rest] = text.split('/');
  const address = parseAddress(ip);
  if (!address || rest.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(length ?? '0') || Number(length ?? 0) > address.bits) return notARange;
  const size = 2n ** BigInt(length === undefined ? 0 : address.bits - Number(length));
  const low = address.value - address.value % size;
  return { text: size === 1n ? ip : text, bits: address.bits, low, high: low + size - 1n };
}

export function intervalContains({ bits, low, high }: Interval, address: { bits: number; value: bigint }): boolean {
  return bits === address.bits && low <= address.value && address.value <= high;
}

/** The prefix length of the largest CIDR block in an interval; that of the whole, if it is one. */
export function shortestPrefix({ bits, low, high }: Interval): number {
  for (let length = 0; length < bits; length++) {
    const size = 2n ** BigInt(bits - length);
    const start = (low + size - 1n) / size * size; // the first block of this size that does not begin before the interval
    if (start + size - 1n <= high) return length;
  }
  return bits;
}

/** Pairs of overlapping entries: each entry that overlaps one before it, in the order of the addresses, with that one. O(n log n). */
export function overlaps<T extends Interval>(entries: readonly T[]): [T, T][] {
  const sorted = [...entries].sort((a, b) => a.bits - b.bits || (a.low < b.low ? -1 : a.low > b.low ? 1 : 0));
  let reach: T | undefined;
  return sorted.flatMap((entry): [T, T][] => {
    const before = reach;
    if (!before || before.bits !== entry.bits || before.high < entry.high) reach = entry;
    return before && before.bits === entry.bits && entry.low <= before.high ? [[before, entry]] : [];
  });
}
