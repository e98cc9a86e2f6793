/**
 * What the kernel tells of datagrams that did not arrive (`IP_RECVERR`, ip(7)): an ICMP error comes back with the destination of the datagram it is about, also
 * to a socket that sends to many.
 */
import { Errno } from './error';
import { libc } from './libc';
import { decodeInternetAddress, SOCKET_ADDRESS_MAXIMUM } from './socket-address';

const MSG_DONTWAIT = 0x40;
const MSG_ERRQUEUE = 0x2000;
/** `IP_RECVERR` of `IPPROTO_IP`, `IPV6_RECVERR` of `IPPROTO_IPV6`: levels and types of the control messages, too. */
const IPPROTO_IP = 0, IP_RECVERR = 11, IPPROTO_IPV6 = 41, IPV6_RECVERR = 25;
/** `SO_EE_ORIGIN_ICMP` and `SO_EE_ORIGIN_ICMP6`, rather than this machine itself. */
const ORIGINS: ReadonlySet<number> = new Set([2, 3]);

/**
 * One block of memory, so that the pointers within it are its own address and a distance:
 *
 * ```
 *   0  struct msghdr: name (pointer, length), vector (pointer, count), control (pointer, length), flags     56 bytes
 *  64  the destination: struct sockaddr_in or sockaddr_in6
 * 128  struct cmsghdr: length, level, type                                                                  16 bytes
 * 144  struct sock_extended_err: errno (4), origin (1), type, code, padding, info (4), data (4)             16 bytes
 * 160  who told: struct sockaddr_in or sockaddr_in6
 * ```
 */
const NAME = 64, CONTROL = 128, ERROR = 144, OFFENDER = 160, SIZE = 256;

/** A datagram that did not arrive. */
export interface Undelivered {
  /** Where it was sent, in canonical text. */
  readonly to: string;
  /** Whether the machine there says that nobody listens on the port (ICMP port unreachable). */
  readonly refused: boolean;
}

/** Reads the error queue of a socket. */
export class ErrorQueue {
  /** What to switch on, so that there is one: level and name of the option. */
  public static option(family: 4 | 6): readonly [level: number, name: number] {
    return family === 4 ? [IPPROTO_IP, IP_RECVERR] : [IPPROTO_IPV6, IPV6_RECVERR];
  }

  private readonly memory = Buffer.alloc(SIZE);

  public constructor(private readonly fd: number) {}

  /** The next one; undefined when there is none. Never throws: what cannot be read is as good as not told. */
  public next(): Undelivered | undefined {
    const { memory } = this;
    const start = libc().address(memory);
    memory.fill(0);
    memory.writeBigUInt64LE(start + BigInt(NAME), 0);
    memory.writeUInt32LE(SOCKET_ADDRESS_MAXIMUM, 8);
    memory.writeBigUInt64LE(start + BigInt(CONTROL), 32);
    memory.writeBigUInt64LE(BigInt(SIZE - CONTROL), 40);
    // eslint-disable-next-line no-bitwise
    if (libc().recvmsg(this.fd, memory, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return undefined;
    return { to: decodeInternetAddress(memory.subarray(NAME)), refused: this.isRefusal() };
  }

  /** Whether the destination itself has told; a router or a firewall on the way knows nothing of its port. */
  private isRefusal(): boolean {
    const { memory } = this;
    const level = memory.readInt32LE(CONTROL + 8), type = memory.readInt32LE(CONTROL + 12);
    if (!(level === IPPROTO_IP && type === IP_RECVERR) && !(level === IPPROTO_IPV6 && type === IPV6_RECVERR)) return false;
    if (memory.readUInt32LE(ERROR) !== Errno.ECONNREFUSED || !ORIGINS.has(memory[ERROR + 4])) return false;
    return decodeInternetAddress(memory.subarray(OFFENDER)) === decodeInternetAddress(memory.subarray(NAME));
  }
}
