/** A sign that has proved false is not heeded for a while, and each time twice as long; after enough calm it begins anew. */
export class Distrust {
  private until = -Infinity;
  private lastMs = 0;

  /** For how long at first, and at most; in milliseconds. */
  constructor(private readonly firstMs: number, private readonly longestMs: number) {}

  isOver(now: number): boolean {
    return now >= this.until;
  }

  renew(now: number): void {
    const calm = now - this.until > this.longestMs;
    this.lastMs = calm ? this.firstMs : Math.min(this.lastMs * 2, this.longestMs);
    this.until = now + this.lastMs;
  }
}
