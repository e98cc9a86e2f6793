import { IpFamily, IpPrefix, IpRange } from '../ip';

/** Something that has a range of addresses. */
interface HasRange {
  readonly range: IpRange;
}

/**
 * Disjoint ranges of both families, sorted, so that whom a range would overlap is found in O(log n).
 */
export class RangeIndex<T extends HasRange> {
  private readonly sorted: Record<IpFamily, T[]> = { IPv4: [], IPv6: [] };

  /** The lowest entry that overlaps the range. */
  firstOverlap(range: IpRange): T | undefined {
    const entry = this.sorted[range.family][this.indexEndingAtOrAfter(range)];
    return entry?.range.overlaps(range) ? entry : undefined;
  }

  /** Adds an entry that overlaps none. */
  add(entry: T): void {
    this.sorted[entry.range.family].splice(this.indexEndingAtOrAfter(entry.range), 0, entry);
  }

  /** Removes the entry with exactly this range. */
  remove(range: IpRange): void {
    const index = this.indexEndingAtOrAfter(range);
    if (this.sorted[range.family][index]?.range.equals(range)) this.sorted[range.family].splice(index, 1);
  }

  private indexEndingAtOrAfter({ family, first }: IpRange): number {
    const sorted = this.sorted[family];
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (sorted[middle].range.last.value < first.value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Of entries in order: each that overlaps an earlier one that overlaps none, with that one. */
export function rangesInConflict<T extends HasRange>(entries: readonly T[]): [later: T, earlier: T][] {
  const index = new RangeIndex<T>();
  return entries.flatMap((entry): [T, T][] => {
    const earlier = index.firstOverlap(entry.range);
    if (earlier) return [[entry, earlier]];
    index.add(entry);
    return [];
  });
}

/** In MetalLB's words: the first CIDRs of both ranges that overlap. */
export function overlapMessage(range: IpRange, pool: string, earlier: IpRange, earlierPool = pool): string {
  const [cidr, other] = overlappingCidrs(range, earlier);
  const whose = earlierPool === pool ? '' : ` of pool ${JSON.stringify(earlierPool)}`;
  return `CIDR ${JSON.stringify(`${cidr}`)} in pool ${JSON.stringify(pool)} overlaps with already defined CIDR ${JSON.stringify(`${other}`)}${whose}`;
}

export function overlapFix(pool: string, earlierPool: string): string {
  return pool === earlierPool
    ? 'leave each address in one entry only'
    : `leave each address in one pool only: change the addresses of ${JSON.stringify(pool)} or of ${JSON.stringify(earlierPool)}`;
}

function overlappingCidrs(a: IpRange, b: IpRange): [IpPrefix, IpPrefix] {
  const lowest = a.first.value > b.first.value ? a.first : b.first;
  const holder = (range: IpRange) => range.cidrs().find((prefix) => prefix.contains(lowest))!;
  return [holder(a), holder(b)];
}
