import { FileDescriptor } from './file-descriptor';
import { check, libc } from './libc';

const EFD_NONBLOCK_CLOEXEC = 0o2004000;
const ONE = new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]);

/**
 * Wakes a thread that waits in `Epoll.wait` (eventfd(2)). Descriptors belong to the process, so another thread attaches by the number.
 */
export class Wakeup extends FileDescriptor {
  public static create(): Wakeup {
    return new Wakeup(check(libc().eventfd(0, EFD_NONBLOCK_CLOEXEC), 'eventfd', { subject: 'eventfd' }));
  }

  /** The same one, seen from another thread; only the thread that created it closes it. */
  public static attach(fd: number): Wakeup {
    return new Wakeup(fd);
  }

  private readonly count = new Uint8Array(8);

  /** Makes it readable. Signals that nobody has seen yet become one. */
  public signal(): void {
    if (this.closed) return;
    libc().write(this.fd, ONE, 8); // can fail only when 2^64 - 2 signals are pending
  }

  /** Makes it unreadable until the next signal. To be called before looking at what the signal was for. */
  public clear(): void {
    libc().read(this.fd, this.count, 8);
  }
}
