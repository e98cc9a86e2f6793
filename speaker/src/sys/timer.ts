import { CLOCK_BOOTTIME } from './clock';
import { FileDescriptor } from './file-descriptor';
import { check, libc } from './libc';

const TFD_NONBLOCK_CLOEXEC = 0o2004000;
const TFD_TIMER_ABSTIME = 1;

/**
 * A descriptor that can be read once a moment has come (timerfd_create(2)).
 *
 * It runs on `CLOCK_BOOTTIME`: after a suspend a moment that has passed meanwhile is due at once, not so much later.
 * It need not be read: arming it again, or disarming it, makes it unreadable.
 */
export class Timer extends FileDescriptor {
  public static create(): Timer {
    return new Timer(check(libc().timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK_CLOEXEC), 'timerfd_create', { subject: 'timer' }));
  }

  /** `struct itimerspec`: interval (zero: once), then moment; each as seconds and nanoseconds of 64 bits. */
  private readonly value = Buffer.alloc(32);

  /** Becomes readable at a moment on the clock of `bootTime`, at once if it has passed, never for `Infinity`. */
  public arm(atMs: number): void {
    let seconds = 0, nanoseconds = 0; // both zero: disarmed
    if (atMs !== Infinity) {
      seconds = Math.max(0, Math.floor(atMs / 1000));
      nanoseconds = seconds === 0 && atMs <= 0 ? 1 : Math.min(999_999_999, Math.ceil((atMs - seconds * 1000) * 1e6));
    }
    this.value.writeUInt32LE(seconds, 16);
    this.value.writeUInt32LE(nanoseconds, 24);
    check(libc().timerfd_settime(this.fd, TFD_TIMER_ABSTIME, this.value, null), 'timerfd_settime', { subject: 'timer' });
  }
}
