import { errnoName } from '../sys';

/** Upper bounds of the lateness histogram, in milliseconds; one more bucket holds what is later than the last. */
export const LATENESS_BOUNDS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] as const;

/** How the loop fares. Counts are since its start. */
export interface LoopSnapshot {
  /** Returns of the wait. */
  readonly wakeups: number;
  readonly framesReceived: number;
  readonly framesSent: number;
  readonly datagramsReceived: number;
  readonly datagramsSent: number;
  /** Heartbeats of which the node that they were sent to says that nobody takes them: its speaker does not run. */
  readonly datagramsRefused: number;
  /** Packets that the kernel did not take, by name of the error; among them those of a family that this machine does not have. */
  readonly sendErrors: Readonly<Record<string, number>>;
  /** Failures to receive, by name of the error. */
  readonly receiveErrors: Readonly<Record<string, number>>;
  /** Frames lost because the loop did not read them in time. */
  readonly framesDropped: number;
  /** How much later than planned the timers were served: the measure of how far the loop can be trusted. */
  readonly lateness: {
    readonly ticks: number;
    readonly maxMs: number;
    /** Since the last snapshot. */
    readonly recentMaxMs: number;
    /** One count for each of `LATENESS_BOUNDS_MS`, and one for what is later; not cumulative. */
    readonly counts: readonly number[];
  };
  /** Above 1: notifications of the kernel about interfaces were lost, and the tables read again. */
  readonly linkListings: number;
  /** Names of interfaces that are up and take no frames, so that nothing is announced there. */
  readonly givenUp: readonly string[];
}

/** Counts what the loop does; nothing here allocates but `snapshot`. */
export class Statistics {
  public wakeups = 0;
  public framesReceived = 0;
  public framesSent = 0;
  public datagramsReceived = 0;
  public datagramsSent = 0;
  public datagramsRefused = 0;
  private readonly sendErrors = new Map<number, number>();
  private readonly receiveErrors = new Map<number, number>();
  private readonly lateness = new Array<number>(LATENESS_BOUNDS_MS.length + 1).fill(0);
  private ticks = 0;
  private latestMs = 0;
  private recentMs = 0;

  public ticked(latenessMs: number): void {
    this.ticks++;
    if (latenessMs > this.latestMs) this.latestMs = latenessMs;
    if (latenessMs > this.recentMs) this.recentMs = latenessMs;
    let bucket = 0;
    while (bucket < LATENESS_BOUNDS_MS.length && latenessMs > LATENESS_BOUNDS_MS[bucket]) bucket++;
    this.lateness[bucket]++;
  }

  /** @returns whether it is the first error of its kind */
  public sendFailed(errno: number): boolean {
    return isFirst(this.sendErrors, errno);
  }

  /** @returns whether it is the first error of its kind */
  public receiveFailed(errno: number): boolean {
    return isFirst(this.receiveErrors, errno);
  }

  public snapshot(framesDropped: number, linkListings: number, givenUp: readonly string[]): LoopSnapshot {
    const { recentMs } = this;
    this.recentMs = 0;
    return {
      wakeups: this.wakeups,
      framesReceived: this.framesReceived,
      framesSent: this.framesSent,
      datagramsReceived: this.datagramsReceived,
      datagramsSent: this.datagramsSent,
      datagramsRefused: this.datagramsRefused,
      sendErrors: byName(this.sendErrors),
      receiveErrors: byName(this.receiveErrors),
      framesDropped,
      lateness: { ticks: this.ticks, maxMs: this.latestMs, recentMaxMs: recentMs, counts: [...this.lateness] },
      linkListings,
      givenUp,
    };
  }
}

function isFirst(errors: Map<number, number>, errno: number): boolean {
  const before = errors.get(errno) ?? 0;
  errors.set(errno, before + 1);
  return before === 0;
}

function byName(errors: ReadonlyMap<number, number>): Record<string, number> {
  return Object.fromEntries([...errors].map(([errno, count]) => [errnoName(errno), count]));
}
