/**
 * Keys that wait for their turn, each at most once, with a bound on how many are being worked on at a time.
 *
 * A key that is added while it is being worked on is worked on once more afterwards, never twice at a time. Work that fails comes back after a delay
 * that doubles with each failure in a row. Adding and taking are O(1).
 */
export class WorkQueue {
  private readonly waiting = new Set<string>();
  private readonly active = new Set<string>();
  private readonly failures = new Map<string, number>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private scheduled = false;
  private stopped = false;
  private idle: (() => void)[] = [];

  /**
   * @param work what to do for a key; a rejection counts as a failure
   * @param concurrency how many keys are worked on at a time
   * @param retryMs delay after the first failure, and the longest
   */
  constructor(
    private readonly work: (key: string) => Promise<void>,
    private readonly concurrency: number,
    private readonly retryMs: readonly [first: number, longest: number] = [200, 30_000],
  ) {}

  get depth(): number {
    return this.waiting.size;
  }

  get inFlight(): number {
    return this.active.size;
  }

  add(key: string): void {
    this.waiting.add(key);
    this.schedule();
  }

  /** Takes no more work; resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.timers.forEach(clearTimeout);
    this.waiting.clear();
    if (this.active.size > 0) {
      await new Promise<void>((resolve) => this.idle.push(resolve));
    }
  }

  private schedule(): void {
    if (!this.scheduled && !this.stopped) {
      this.scheduled = true;
      // After the events of this turn of the loop, so that ten changes of one object are one piece of work.
      setImmediate(() => {
        this.scheduled = false;
        this.take();
      });
    }
  }

  private take(): void {
    for (const key of this.waiting) {
      if (this.stopped || this.active.size >= this.concurrency) {
        return;
      }
      if (!this.active.has(key)) {
        this.waiting.delete(key);
        this.active.add(key);
        void this.run(key);
      }
    }
  }

  private async run(key: string): Promise<void> {
    try {
      await this.work(key);
      this.failures.delete(key);
    } catch {
      const failures = (this.failures.get(key) ?? 0) + 1;
      this.failures.set(key, failures);
      const [first, longest] = this.retryMs;
      clearTimeout(this.timers.get(key));
      this.timers.set(key, setTimeout(() => {
        this.timers.delete(key);
        this.add(key);
      }, Math.min(longest, first * 2 ** (failures - 1))));
    }
    this.active.delete(key);
    if (this.active.size === 0) {
      this.idle.splice(0).forEach((resolve) => resolve());
    }
    this.schedule();
  }
}
