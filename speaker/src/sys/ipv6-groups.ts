import { Errno, SysError } from './error';
import { Socket } from './socket';

const AF_INET6 = 10;
const SOCK_DGRAM = 2;
const IPPROTO_IPV6 = 41;
const IPV6_JOIN_GROUP = 20;
const IPV6_LEAVE_GROUP = 21;

const SUBJECT = 'IPv6 multicast groups';

/**
 * Memberships in IPv6 multicast groups, reported to the switches by the kernel's own MLD (RFC 3810): one that snoops forwards a group to its members
 * only. Nothing is received here; a socket is merely what the kernel ties a membership to, and what ends it when the program ends.
 */
export class Ipv6Groups {
  /** Filled one after the other: each has room for some hundreds of memberships (sysctl net.core.optmem_max). */
  private readonly sockets: GroupSocket[] = [];
  private readonly joined = new Map<string, GroupSocket>();

  /**
   * Joins on one interface; joining again makes good what the interface forgot when IPv6 was switched off on it.
   *
   * @param group 16 bytes
   * @throws SysError `ENODEV` when the interface has vanished or has no IPv6, `EAFNOSUPPORT` without IPv6
   */
  public join(interfaceIndex: number, group: Uint8Array): void {
    this.leave(interfaceIndex, group);
    const last = this.sockets.at(-1) ?? this.add();
    try {
      last.setMembership(IPV6_JOIN_GROUP, interfaceIndex, group);
      this.joined.set(keyOf(interfaceIndex, group), last);
    } catch (error) {
      if (last.size === 0 || !(error instanceof SysError) || error.errno !== Errno.ENOMEM && error.errno !== Errno.ENOBUFS) throw error;
      const next = this.add();
      next.setMembership(IPV6_JOIN_GROUP, interfaceIndex, group);
      this.joined.set(keyOf(interfaceIndex, group), next);
    }
  }

  /** Leaves on one interface; harmless when it was not joined, or when the interface has vanished. */
  public leave(interfaceIndex: number, group: Uint8Array): void {
    const key = keyOf(interfaceIndex, group);
    const socket = this.joined.get(key);
    if (socket === undefined) return;
    this.joined.delete(key);
    try {
      socket.setMembership(IPV6_LEAVE_GROUP, interfaceIndex, group);
    } catch (error) {
      if (!(error instanceof SysError)) throw error; // the kernel has forgotten it already
    }
  }

  public close(): void {
    this.sockets.forEach((socket) => socket.close());
  }

  private add(): GroupSocket {
    const socket = GroupSocket.open();
    this.sockets.push(socket);
    return socket;
  }
}

class GroupSocket extends Socket {
  public static open(): GroupSocket {
    return new GroupSocket(Socket.create(AF_INET6, SOCK_DGRAM, 0, { subject: SUBJECT }), SUBJECT, 0);
  }

  public size = 0;

  /** `struct ipv6_mreq`: group (16 bytes), interface. */
  public setMembership(option: typeof IPV6_JOIN_GROUP | typeof IPV6_LEAVE_GROUP, interfaceIndex: number, group: Uint8Array): void {
    const request = Buffer.alloc(20);
    request.set(group, 0);
    request.writeUInt32LE(interfaceIndex, 16);
    this.setOption(IPPROTO_IPV6, option, request);
    this.size += option === IPV6_JOIN_GROUP ? 1 : -1;
  }
}

function keyOf(interfaceIndex: number, group: Uint8Array): string {
  return `${interfaceIndex} ${group.join('.')}`;
}
