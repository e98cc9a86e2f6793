/** The longest time, and after how much quiet it is as if nothing had ever been done. */
const LONGEST_MS = 10 * 60_000;
const QUIET_MS = 20 * 60_000;

/**
 * Lets some time pass before a thing is done about a key, longer each time that it has to be done again: two who contradict each other so come to rest,
 * instead of writing as fast as the API server lets them.
 */
export class Patience {
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly history = new Map<string, { times: number; at: number }>();
  private readonly over = new Set<string>();

  /**
   * @param firstMs the time before the first time; doubled each time, up to ten minutes; after twenty quiet minutes it begins anew
   * @param end told the key when its time has come
   */
  constructor(
    private readonly firstMs: number, private readonly end: (key: string) => void, private readonly now: () => number = () => performance.now(),
  ) {}

  /** Whether the time has come; if not, it begins to run. True once for each time. */
  isOver(key: string): boolean {
    if (this.over.delete(key)) {
      const { times } = this.past(key);
      this.history.set(key, { times: times + 1, at: this.now() });
      return true;
    }
    if (!this.timers.has(key)) {
      this.timers.set(key, setTimeout(() => {
        this.timers.delete(key);
        this.over.add(key);
        this.end(key);
      }, Math.min(LONGEST_MS, this.firstMs * 2 ** this.past(key).times)).unref());
    }
    return false;
  }

  /** There is nothing to be done about the key any more. */
  cancel(key: string): void {
    clearTimeout(this.timers.get(key));
    this.timers.delete(key);
    this.over.delete(key);
    this.past(key); // forgets it after a while
  }

  stop(): void {
    this.timers.forEach((timer) => clearTimeout(timer));
    this.timers.clear();
  }

  private past(key: string): { times: number; at: number } {
    const past = this.history.get(key);
    if (past && this.now() - past.at < QUIET_MS) {
      return past;
    }
    this.history.delete(key);
    return { times: 0, at: 0 };
  }
}
