import { Errno } from './error';
import { ErrorQueue, Undelivered } from './error-queue';
import { libc } from './libc';
import { opened, Socket } from './socket';
import { decodeInternetAddress, decodePort, encodeInternetAddress, SOCKET_ADDRESS_MAXIMUM } from './socket-address';

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const IPPROTO_IP = 0;
const IP_TOS = 1;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const IPV6_TCLASS = 67;

/** Class selector 6, "network control" (RFC 4594 section 3.1): routers, WiFi and this machine's own queues send it before bulk traffic. */
const NETWORK_CONTROL = 0xc0;
/** Addresses remembered in both directions; far more than a cluster has speakers, few enough not to matter when sources are forged. */
const REMEMBERED = 1024;

/** What ICMP errors are turned into; with an error queue the kernel also gives them to the next call, whatever that is. */
const TOLD_BY_ICMP: ReadonlySet<number> = new Set([
  Errno.ECONNREFUSED, Errno.EHOSTUNREACH, Errno.ENETUNREACH, Errno.EHOSTDOWN, Errno.ENONET, Errno.ENOPROTOOPT, Errno.EOPNOTSUPP, Errno.EMSGSIZE,
  Errno.EACCES, Errno.EPROTO,
]);

export interface UdpSocketOptions {
  readonly family: 4 | 6;
  /** 0 to 65535; 0 lets the kernel choose, and `localPort` tells which. */
  readonly port: number;
  /** @default - all addresses of the family */
  readonly address?: string;
  /**
   * Lets several sockets have the port, of which the newest receives. Two speakers of one node must notice each other instead.
   * @default false
   */
  readonly reuseAddress?: boolean;
}

/** Sends and receives UDP datagrams of one address family, and tells which did not arrive; an IPv6 socket takes no IPv4. */
export class UdpSocket extends Socket {
  /** @throws SysError `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`, or `EAFNOSUPPORT` without IPv6 */
  public static open({ family, port, address, reuseAddress = false }: UdpSocketOptions): UdpSocket {
    const any = family === 4 ? '0.0.0.0' : '::';
    const subject = `UDP port ${port} on ${address ?? any}`;
    const fd = Socket.create(family === 4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0, { subject });
    return opened(new UdpSocket(fd, subject), (socket) => {
      if (family === 6) socket.setOption(IPPROTO_IPV6, IPV6_V6ONLY, 1);
      socket.setOption(family === 4 ? IPPROTO_IP : IPPROTO_IPV6, family === 4 ? IP_TOS : IPV6_TCLASS, NETWORK_CONTROL);
      socket.setOption(...ErrorQueue.option(family), 1);
      if (reuseAddress) socket.setOption(SOL_SOCKET, SO_REUSEADDR, 1);
      socket.bind(encodeInternetAddress(address ?? any, port));
    });
  }

  private readonly destinations = new Map<string, Uint8Array>();
  private readonly sources = new Map<string, string>();
  private readonly errors: ErrorQueue;

  private constructor(fd: number, subject: string) {
    super(fd, subject, SOCKET_ADDRESS_MAXIMUM);
    this.errors = new ErrorQueue(fd);
  }

  public get localPort(): number {
    const name = Buffer.alloc(SOCKET_ADDRESS_MAXIMUM), size = new Int32Array([SOCKET_ADDRESS_MAXIMUM]);
    this.check(libc().getsockname(this.fd, name, size), 'getsockname');
    return decodePort(name);
  }

  /** Address that the datagram which `receive` got last came from, in canonical text. */
  public get source(): string {
    const key = this.sender.toString('latin1', 4, 24);
    return recall(this.sources, key, () => decodeInternetAddress(this.sender));
  }

  public get sourcePort(): number {
    return decodePort(this.sender);
  }

  /** @returns 0 or the error number. @throws SysError `EINVAL` when `address` is none */
  public send(address: string, port: number, bytes: Uint8Array, length: number): number {
    const destination = recall(this.destinations, `${address} ${port}`, () => encodeInternetAddress(address, port));
    const errno = this.sendTo(bytes, length, destination);
    // Told once: if it was about an earlier datagram, this one has not been sent yet.
    return this.isOfEarlierPacket(errno) ? this.sendTo(bytes, length, destination) : errno;
  }

  /**
   * A datagram that did not arrive, as far as that was told; undefined when there is no other. To be read until then when the socket is ready
   * and there is nothing to receive: it stays ready as long as something is told.
   */
  public undelivered(): Undelivered | undefined {
    return this.errors.next();
  }

  protected override isOfEarlierPacket(errno: number): boolean {
    return TOLD_BY_ICMP.has(errno);
  }
}

function recall<T>(memory: Map<string, T>, key: string, make: () => T): T {
  let value = memory.get(key);
  if (value === undefined) {
    if (memory.size >= REMEMBERED) memory.clear();
    memory.set(key, value = make());
  }
  return value;
}
