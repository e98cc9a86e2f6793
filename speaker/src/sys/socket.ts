import { Errno, SysError, SysErrorContext } from './error';
import { FileDescriptor } from './file-descriptor';
import { check, libc, Memory, Pointer } from './libc';

const SOCK_NONBLOCK_CLOEXEC = 0o2004000;
const MSG_DONTWAIT = 0x40;

/** What `receive` returns when there is nothing to receive. */
export const NOTHING = -1;

/** What sockets of all families share: receiving into memory that is there, sending, options. */
export abstract class Socket extends FileDescriptor {
  /** @throws SysError */
  protected static create(domain: number, type: number, protocol: number, context: SysErrorContext): number {
    // eslint-disable-next-line no-bitwise
    return check(libc().socket(domain, type | SOCK_NONBLOCK_CLOEXEC, protocol), 'socket', context);
  }

  /** Address of the sender of what `receive` got last. */
  protected readonly sender: Buffer;
  protected readonly subject: string;
  private readonly senderLength = new Int32Array(1);
  private readonly intoPointer = new Pointer();
  private readonly senderPointer = new Pointer();
  private readonly senderLengthPointer = new Pointer();
  private readonly bytesPointer = new Pointer();
  private readonly addressPointer = new Pointer();

  protected constructor(fd: number, subject: string, addressSize: number) {
    super(fd);
    this.subject = subject;
    this.sender = Buffer.alloc(addressSize);
  }

  /**
   * Receives one packet, if there is one, without waiting.
   *
   * @returns its length, or `NOTHING`
   * @throws SysError `ENETDOWN` when an interface went down, `ENOBUFS` when packets were lost: both are told once and the socket lives on
   */
  public receive(into: Uint8Array): number {
    this.senderLength[0] = this.sender.length;
    const { intoPointer, senderPointer, senderLengthPointer } = this;
    const length = libc().recvfrom(
      this.fd, intoPointer.to(into), into.length, this.receiveFlags, senderPointer.to(this.sender), senderLengthPointer.to(this.senderLength),
    );
    if (length >= 0) return length;
    const errno = libc().errno();
    if (errno === Errno.EAGAIN || errno === Errno.EINTR || this.isOfEarlierPacket(errno)) return NOTHING;
    throw new SysError('recvfrom', errno, { subject: this.subject });
  }

  protected get receiveFlags(): number {
    return MSG_DONTWAIT;
  }

  /** Whether an error is about a packet that was sent earlier, rather than about the call that tells it. */
  protected isOfEarlierPacket(_errno: number): boolean {
    return false;
  }

  protected bind(address: Memory & Uint8Array): void {
    this.check(libc().bind(this.fd, address, address.length), 'bind');
  }

  /** @returns 0, or the error number: a lost packet is ordinary, and must cost no exception */
  protected sendTo(bytes: Uint8Array, length: number, address: Uint8Array): number {
    const sent = libc().sendto(this.fd, this.bytesPointer.to(bytes), length, MSG_DONTWAIT, this.addressPointer.to(address), address.length);
    return sent >= 0 ? 0 : libc().errno();
  }

  protected setOption(level: number, name: number, value: number | Memory): void {
    const memory = typeof value === 'number' ? new Int32Array([value]) : value;
    this.check(libc().setsockopt(this.fd, level, name, memory, memory.byteLength), 'setsockopt');
  }

  protected check(result: number, call: string): number {
    return check(result, call, { subject: this.subject });
  }
}

/** Runs what completes a socket; closes the socket if that fails. */
export function opened<T extends FileDescriptor>(socket: T, complete: (socket: T) => void): T {
  try {
    complete(socket);
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}
