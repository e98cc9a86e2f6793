import { bootTime } from './clock';
import { Epoll } from './epoll';
import { Errno, SysError } from './error';
import { LinkTable, NetworkLink } from './link-table';
import { decodeMessages, encodeDumpRequest, RouteMessage, RTM_GETADDR, RTM_GETLINK } from './netlink';
import { NOTHING, opened, Socket } from './socket';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const NETLINK_ROUTE = 0;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const MSG_TRUNC = 0x20;
/** RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR. */
const GROUPS = 0x1 + 0x10 + 0x100;

const SUBJECT = 'rtnetlink socket';
/** The kernel fills at most 32 kB a datagram when it lists a table. */
const DATAGRAM_MAXIMUM = 65536;
/** A node full of pods makes and removes dozens of interfaces in one breath; twice this is what the kernel accounts. */
const RECEIVE_BUFFER = 1_048_576;
/** So many datagrams are read in one turn, that a storm of changes cannot keep the caller from its other work. */
const BATCH = 64;
const FIRST_LISTING_MS = 5000;

/**
 * Knows the interfaces of this machine, and when they change.
 *
 * Notifications that do not fit into the socket's buffer are lost, which the kernel tells as `ENOBUFS`; then the tables are listed again.
 * While a listing is under way `links` stays what it was, so nobody ever sees half a table.
 */
export class LinkMonitor extends Socket {
  /**
   * Opens the socket and reads the tables.
   *
   * @throws SysError
   */
  public static open(): LinkMonitor {
    const fd = Socket.create(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, { subject: SUBJECT });
    return opened(new LinkMonitor(fd), (monitor) => {
      monitor.setOption(SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
      const address = Buffer.alloc(12); // struct sockaddr_nl: family (2 bytes), padding, port (0: the kernel chooses), groups
      address.writeUInt16LE(AF_NETLINK, 0);
      address.writeUInt32LE(GROUPS, 8);
      monitor.bind(address);
      monitor.list();
      monitor.readFirstListing();
    });
  }

  private readonly table = new LinkTable(Math.floor(bootTime()));
  private readonly datagram = Buffer.alloc(DATAGRAM_MAXIMUM);
  private sequence = 0;
  private listing: typeof RTM_GETLINK | typeof RTM_GETADDR | undefined;
  private listingIsStale = false;
  private listings = 0;

  private constructor(fd: number) {
    super(fd, SUBJECT, 12);
  }

  /** Sorted by index; a new array after each change. */
  public get links(): readonly NetworkLink[] {
    return this.table.links;
  }

  /** How often the tables were listed; more than once means that notifications were lost. */
  public get listingsStarted(): number {
    return this.listings;
  }

  /**
   * Reads what has come in; to be called when the socket can be read. Never waits.
   *
   * @returns whether `links` changed
   * @throws SysError NetlinkError
   */
  public read(): boolean {
    for (let turn = 0; turn < BATCH; turn++) {
      const length = this.receiveOrResync();
      if (length === NOTHING) break;
      // Only the kernel has port 0. Another process may send here too, with what it likes.
      if (length > 0 && this.sender.readUInt32LE(4) === 0) {
        decodeMessages(this.datagram.subarray(0, length)).forEach((message) => this.apply(message));
      }
    }
    return this.listing === undefined && this.table.refresh();
  }

  protected override get receiveFlags(): number {
    return super.receiveFlags + MSG_TRUNC; // the true length, also of what did not fit
  }

  private receiveOrResync(): number {
    try {
      const length = this.receive(this.datagram);
      if (length <= this.datagram.length) return length;
    } catch (error) {
      if (!(error instanceof SysError) || error.errno !== Errno.ENOBUFS) throw error;
    }
    this.listAgain();
    return 0;
  }

  private apply(message: RouteMessage): void {
    const answers = this.listing !== undefined && message.sequence === this.sequence;
    if (answers && message.interrupted) this.listingIsStale = true;
    switch (message.kind) {
      case 'overrun':
        return this.listAgain();
      case 'error':
      case 'done':
        if (!answers) return;
        if (message.errno !== 0) throw new SysError('dump', message.errno, { subject: SUBJECT });
        return this.listed();
      default:
        return this.table.apply(message);
    }
  }

  /** Asks for the table of links; the table of addresses follows, since a socket has one listing at a time. */
  private list(): void {
    this.listings++;
    this.listingIsStale = false;
    this.table.begin();
    this.request(RTM_GETLINK);
  }

  private listAgain(): void {
    if (this.listing === undefined) this.list(); else this.listingIsStale = true;
  }

  private listed(): void {
    if (this.listing === RTM_GETLINK) return this.request(RTM_GETADDR);
    this.listing = undefined;
    if (this.listingIsStale) return this.list();
    this.table.finish();
  }

  private request(table: typeof RTM_GETLINK | typeof RTM_GETADDR): void {
    const request = encodeDumpRequest(table, ++this.sequence);
    const kernel = Buffer.alloc(12);
    kernel.writeUInt16LE(AF_NETLINK, 0);
    const errno = this.sendTo(request, request.length, kernel);
    if (errno !== 0) throw new SysError('sendto', errno, { subject: SUBJECT });
    this.listing = table;
  }

  private readFirstListing(): void {
    const epoll = Epoll.create();
    try {
      epoll.add(this);
      const deadline = bootTime() + FIRST_LISTING_MS;
      while (this.listing !== undefined) {
        const left = deadline - bootTime();
        if (left <= 0) throw new SysError('recvfrom', Errno.ETIMEDOUT, { subject: SUBJECT, fix: 'the kernel did not list its interfaces' });
        epoll.wait(Math.ceil(left));
        this.read();
      }
    } finally {
      epoll.close();
    }
  }
}
