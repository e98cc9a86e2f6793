import { SysError } from './error';
import { libc, Pointer } from './libc';

/** `CLOCK_BOOTTIME`: monotonic, and goes on while the machine is suspended, where `CLOCK_MONOTONIC` stands still. */
export const CLOCK_BOOTTIME = 7;

const time = new Int32Array(4), pointer = new Pointer(); // struct timespec: two 64-bit numbers, of which the high words stay zero for 68 years of uptime

/**
 * Milliseconds since the machine was started, with fractions, never going back.
 *
 * Time spent suspended counts: a node that slept for a minute must know that its peers have long given its addresses to another.
 */
export function bootTime(): number {
  if (libc().clock_gettime(CLOCK_BOOTTIME, pointer.to(time)) < 0) throw new SysError('clock_gettime', libc().errno(), { subject: 'clock' });
  return time[0] * 1000 + time[2] / 1e6;
}
