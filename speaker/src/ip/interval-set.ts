/** Consecutive numbers from `first` to `last`, both included. */
export interface Interval {
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * A set of numbers, kept as sorted, disjoint, never adjacent intervals.
 *
 * It answers "is this taken, and how far does the taken run reach" in O(log n) in the number of runs, however many numbers a run holds. That is what
 * makes finding a free address independent of how many are taken: from any taken address one step leads past the whole run.
 *
 *     numbers    3 4 5     8     11 12
 *     intervals  [3,5]   [8,8]   [11,12]        add(6) → [3,6] [8,8] [11,12]      add(7) → [3,8] [11,12]
 */
export class IntervalSet {
  private readonly intervals: Interval[] = [];

  /** How many intervals it is made of. */
  get runs(): number {
    return this.intervals.length;
  }

  isEmpty(): boolean {
    return this.intervals.length === 0;
  }

  has(value: bigint): boolean {
    return this.containing(value) !== undefined;
  }

  /** The run that holds the value. */
  containing(value: bigint): Interval | undefined {
    const candidate = this.intervals[this.indexEndingAtOrAfter(value)];
    return candidate !== undefined && candidate.first <= value ? candidate : undefined;
  }

  /** The lowest member that is `value` or above. */
  next(value: bigint): bigint | undefined {
    const candidate = this.intervals[this.indexEndingAtOrAfter(value)];
    if (candidate === undefined) return undefined;
    return candidate.first > value ? candidate.first : value;
  }

  /** Adds the numbers from `first` to `last`; those already there stay. */
  add(first: bigint, last: bigint = first): void {
    // Runs that touch the new one are merged with it, hence −1 and +1.
    const from = this.indexEndingAtOrAfter(first - 1n);
    let to = from;
    let low = first;
    let high = last;
    for (; to < this.intervals.length && this.intervals[to].first <= last + 1n; to += 1) {
      if (this.intervals[to].first < low) low = this.intervals[to].first;
      if (this.intervals[to].last > high) high = this.intervals[to].last;
    }
    this.intervals.splice(from, to - from, { first: low, last: high });
  }

  /** Removes the numbers from `first` to `last`; those not there are ignored. */
  delete(first: bigint, last: bigint = first): void {
    const from = this.indexEndingAtOrAfter(first);
    const remains: Interval[] = [];
    let to = from;
    for (; to < this.intervals.length && this.intervals[to].first <= last; to += 1) {
      const run = this.intervals[to];
      if (run.first < first) remains.push({ first: run.first, last: first - 1n });
      if (run.last > last) remains.push({ first: last + 1n, last: run.last });
    }
    this.intervals.splice(from, to - from, ...remains);
  }

  [Symbol.iterator](): IterableIterator<Interval> {
    return this.intervals[Symbol.iterator]();
  }

  /** Index of the first run whose end is `value` or above; the number of runs when there is none. */
  private indexEndingAtOrAfter(value: bigint): number {
    let low = 0;
    let high = this.intervals.length;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.intervals[middle].last < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
