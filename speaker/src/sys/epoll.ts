import { Errno, SysError } from './error';
import { FileDescriptor } from './file-descriptor';
import { check, libc, Pointer } from './libc';

const EPOLL_CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLLIN = 1;

/** `struct epoll_event` is packed on x86-64, and on no other architecture. */
const EVENT_WORDS = process.arch === 'x64' ? 3 : 4;
const DATA_WORD = EVENT_WORDS - 2;
const MAXIMUM = 32;

/**
 * Waits until one of several descriptors can be read (epoll(7), level-triggered: what was not read is reported again).
 */
export class Epoll extends FileDescriptor {
  public static create(): Epoll {
    return new Epoll(check(libc().epoll_create1(EPOLL_CLOEXEC), 'epoll_create1', { subject: 'epoll' }));
  }

  private readonly events = new Int32Array(EVENT_WORDS * MAXIMUM);
  private readonly pointer = new Pointer();

  public add(descriptor: Pick<FileDescriptor, 'fd'>): void {
    const event = new Int32Array(EVENT_WORDS);
    event[0] = EPOLLIN;
    event[DATA_WORD] = descriptor.fd;
    check(libc().epoll_ctl(this.fd, EPOLL_CTL_ADD, descriptor.fd, event), 'epoll_ctl', { subject: 'epoll' });
  }

  /** Must be called before the descriptor is closed. */
  public remove(descriptor: Pick<FileDescriptor, 'fd'>): void {
    check(libc().epoll_ctl(this.fd, EPOLL_CTL_DEL, descriptor.fd, null), 'epoll_ctl', { subject: 'epoll' });
  }

  /**
   * Blocks the thread until something can be read, at most `timeoutMs`.
   *
   * @returns how many descriptors can be read; `ready` tells which. 0 after the time-out, and after a signal such as SIGCONT
   */
  public wait(timeoutMs: number): number {
    const count = libc().epoll_wait(this.fd, this.pointer.to(this.events), MAXIMUM, timeoutMs);
    if (count >= 0) return count;
    const errno = libc().errno();
    if (errno === Errno.EINTR) return 0;
    throw new SysError('epoll_wait', errno, { subject: 'epoll' });
  }

  /** Number of the `index`th descriptor that the last `wait` found. */
  public ready(index: number): number {
    return this.events[index * EVENT_WORDS + DATA_WORD];
  }
}
