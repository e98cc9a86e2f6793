/** Consecutive numbers from `first` to `last`, both included. */
export interface Interval {
  readonly first: bigint;
  readonly last: bigint;
}

/** Runs in a block before it is split. */
const BLOCK = 64;

/**
 * A set of numbers, kept as sorted, disjoint, never adjacent intervals.
 *
 * It answers "is this taken, and how far does the taken run reach" in O(log n) in the number of runs, however many numbers a run holds. That is what
 * makes finding a free address independent of how many are taken: from any taken address one step leads past the whole run.
 *
 *     numbers    3 4 5     8     11 12
 *     intervals  [3,5]   [8,8]   [11,12]        add(6) → [3,6] [8,8] [11,12]      add(7) → [3,8] [11,12]
 *
 * The runs are in blocks, as the leaves of a B-tree are: a change moves what follows in its block, and not the thousands of runs behind it.
 */
export class IntervalSet {
  /** No block is empty. */
  private readonly blocks: Interval[][] = [];

  /** How many intervals it is made of. */
  get runs(): number {
    return this.blocks.reduce((sum, { length }) => sum + length, 0);
  }

  isEmpty(): boolean {
    return this.blocks.length === 0;
  }

  has(value: bigint): boolean {
    return this.containing(value) !== undefined;
  }

  /** The run that holds the value. */
  containing(value: bigint): Interval | undefined {
    const candidate = this.endingAtOrAfter(value);
    return candidate !== undefined && candidate.first <= value ? candidate : undefined;
  }

  /** The lowest member that is `value` or above. */
  next(value: bigint): bigint | undefined {
    const candidate = this.endingAtOrAfter(value);
    if (candidate === undefined) return undefined;
    return candidate.first > value ? candidate.first : value;
  }

  /** Adds the numbers from `first` to `last`; those already there stay. */
  add(first: bigint, last: bigint = first): void {
    // Runs that touch the new one are merged with it, hence −1 and +1.
    this.replace(first - 1n, last + 1n, (touched) => {
      const lowest = touched[0], highest = touched[touched.length - 1];
      return [{ first: lowest && lowest.first < first ? lowest.first : first, last: highest && highest.last > last ? highest.last : last }];
    });
  }

  /** Removes the numbers from `first` to `last`; those not there are ignored. */
  delete(first: bigint, last: bigint = first): void {
    this.replace(first, last, (touched) => {
      const remains: Interval[] = [];
      const lowest = touched[0], highest = touched[touched.length - 1];
      if (lowest && lowest.first < first) remains.push({ first: lowest.first, last: first - 1n });
      if (highest && highest.last > last) remains.push({ first: last + 1n, last: highest.last });
      return remains;
    });
  }

  *[Symbol.iterator](): IterableIterator<Interval> {
    for (const block of this.blocks) yield* block;
  }

  /** The first run whose end is `value` or above. */
  private endingAtOrAfter(value: bigint): Interval | undefined {
    const block = this.blocks[this.blockEndingAtOrAfter(value)];
    return block?.[indexEndingAtOrAfter(block, value)];
  }

  /** Index of the first block whose end is `value` or above; the number of blocks when there is none. */
  private blockEndingAtOrAfter(value: bigint): number {
    let low = 0;
    let high = this.blocks.length;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const block = this.blocks[middle];
      if (block[block.length - 1].last < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Puts other runs, sorted and in the same place, where there were runs with a number from `first` to `last`. */
  private replace(first: bigint, last: bigint, instead: (touched: readonly Interval[]) => Interval[]): void {
    // Behind the last run means at the end of the last block.
    const at = Math.max(0, Math.min(this.blockEndingAtOrAfter(first), this.blocks.length - 1));
    const block = this.blocks[at] ?? [];
    const from = indexEndingAtOrAfter(block, first);
    let to = from;
    while (to < block.length && block[to].first <= last) to += 1;
    const touched = block.slice(from, to);
    let following = at + 1;
    for (; following < this.blocks.length && this.blocks[following][0].first <= last; following += 1) {
      const end = this.blocks[following].findIndex((run) => run.first > last);
      touched.push(...this.blocks[following].splice(0, end < 0 ? this.blocks[following].length : end));
      if (this.blocks[following].length > 0) break;
    }
    block.splice(from, to - from, ...instead(touched));
    this.settle(at, following - at, block);
  }

  /** Puts a block, whatever its size, where there were `count` blocks. */
  private settle(at: number, count: number, block: Interval[]): void {
    const beside = this.blocks[at + count];
    if (block.length > BLOCK) this.blocks.splice(at, count, block, block.splice(BLOCK / 2));
    else if (block.length === 0) this.blocks.splice(at, count);
    else if (beside && block.length + beside.length <= BLOCK / 2) this.blocks.splice(at, count + 1, [...block, ...beside]);
    else if (count !== 1 || this.blocks[at] !== block) this.blocks.splice(at, count, block);
  }
}

/** Index of the first run of a block whose end is `value` or above; the number of runs when there is none. */
function indexEndingAtOrAfter(block: readonly Interval[], value: bigint): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (block[middle].last < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
