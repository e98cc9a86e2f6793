import { uptime } from 'node:os';

/**
 * Time as the room sees it. Production uses {@link systemClock}; tests pass their own, so that a back-off of half a minute costs nothing.
 */
export interface Clock {
  /** Monotonic time in milliseconds, from an arbitrary origin. It never jumps when the wall clock is set. */
  now(): number;
  /** Wall-clock time in milliseconds since the epoch: only for timestamps that people and the API read. */
  wallTime(): number;
  /** Calls `callback` once after `ms` milliseconds, unless the returned function is called first. */
  schedule(callback: () => void, ms: number): () => void;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  schedule: (callback, ms) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * The same, but its time also counts while the machine is suspended (CLOCK_BOOTTIME), by steps of 10 ms: for what others do not wait for.
 */
export const bootClock: Clock = { ...systemClock, now: () => uptime() * 1000 };

/** What the wall clock shows when the monotonic one shows `now`, as far as it is set right today. */
export function toWallTime(clock: Clock, now: number): number {
  return clock.wallTime() + now - clock.now();
}

/** What the monotonic clock shows when the wall clock shows `wallTime`, as far as that is set right today. */
export function fromWallTime(clock: Clock, wallTime: number): number {
  return clock.now() + wallTime - clock.wallTime();
}

/** Waits `ms` milliseconds, or less if `signal` is aborted. Never rejects: the caller looks at the signal. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.schedule(done, ms);
    signal?.addEventListener('abort', done);
  });
}
