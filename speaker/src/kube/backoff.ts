/** Limits of a {@link Backoff}, in milliseconds. */
export interface BackoffOptions {
  /** Upper bound of the first delay. @default 200 */
  readonly initialMs?: number;
  /** Upper bound of every delay. @default 5000: when the API server is back, nobody should wait for long to hear of it */
  readonly maxMs?: number;
  /** Source of randomness in [0, 1). @default Math.random */
  readonly random?: () => number;
}

/**
 * Delays that double with each failure in a row and start over after progress.
 *
 * Half of each delay is random, so that the speakers of a cluster which lost the API server together do not return to it in step.
 */
export class Backoff {
  private readonly initialMs: number;
  private readonly maxMs: number;
  private readonly random: () => number;
  private failed = 0;

  constructor(options: BackoffOptions = {}) {
    this.initialMs = options.initialMs ?? 200;
    this.maxMs = options.maxMs ?? 5_000;
    this.random = options.random ?? Math.random;
  }

  /** Failures in a row since the last progress. */
  get failures(): number {
    return this.failed;
  }

  /** Counts a failure and returns how long to wait before the next attempt, in milliseconds. */
  fail(): number {
    const bound = Math.min(this.maxMs, this.initialMs * 2 ** Math.min(this.failed, 30));
    this.failed += 1;
    return bound / 2 + this.random() * bound / 2;
  }

  /** Something worked: the next failure waits the shortest delay again. */
  progress(): void {
    this.failed = 0;
  }
}
