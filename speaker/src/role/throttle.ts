import { setTimeout as pause } from 'timers/promises';

/** The longest delay between two attempts of a task that fails, in milliseconds. */
const LONGEST_RETRY_MS = 60_000;

/**
 * Runs a task after it was requested, one run at a time and at most one in `intervalMs`: what was requested meanwhile is done by the next run. A run that
 * fails is repeated, after a delay that doubles each time.
 */
export class Throttle {
  private requested = false;
  private running = false;
  private readonly stopping = new AbortController();

  /**
   * @param task must do all that is to be done as of its start
   * @param failed told each failure
   */
  constructor(private readonly task: () => Promise<void>, private readonly intervalMs: number, private readonly failed: (error: Error) => void) {}

  request(): void {
    this.requested = true;
    if (!this.running) {
      void this.run();
    }
  }

  /** Begins no further run. */
  stop(): void {
    this.stopping.abort();
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    this.running = true;
    let failures = 0;
    while (this.requested && !signal.aborted) {
      this.requested = false;
      try {
        await this.task();
        failures = 0;
      } catch (error) {
        failures += 1;
        this.requested = true;
        if (!signal.aborted) {
          this.failed(error as Error);
        }
      }
      const delay = Math.min(LONGEST_RETRY_MS, this.intervalMs * 2 ** Math.max(0, failures - 1));
      await pause(delay, undefined, { signal }).catch(() => undefined); // rejects when it is cut short
    }
    this.running = false;
  }
}
