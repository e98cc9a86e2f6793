/** Park and Miller's minimal standard generator (1988): small, seeded, and the same everywhere. */
export class Random {
  private state: number;

  constructor(readonly seed: number) {
    this.state = (seed % 2147483646) + 1;
    // Neighbouring seeds begin alike; after a few steps they do not.
    for (let i = 0; i < 8; i++) this.next();
  }

  /** Uniform in [0, 1). */
  readonly next = (): number => {
    this.state = (this.state * 48271) % 2147483647;
    return (this.state - 1) / 2147483646;
  };

  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  integer(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.integer(0, list.length - 1)];
  }

  shuffle<T>(list: readonly T[]): T[] {
    return list.map((item) => ({ item, at: this.next() })).sort((a, b) => a.at - b.at).map(({ item }) => item);
  }
}
