/**
 * What the program needs of Linux and Node does not offer: packet sockets with a filter in the kernel, blocking waits on many descriptors,
 * timers that count suspended time, the table of interfaces.
 *
 * The only room that imports koffi. Importing it loads nothing; the first system call does, and fails with `SysError` `ENOSYS` where there is no Linux.
 * Nothing allocates for a packet received or sent. Everything belongs to the thread that opened it, except `Wakeup`.
 */
export { bootTime } from './clock';
export { Epoll } from './epoll';
export { Errno, errnoName, SysError, type SysErrorValue } from './error';
export { type Undelivered } from './error-queue';
export { FileDescriptor } from './file-descriptor';
export { type ArpFilter, arpFilter, type NeighborFilter, neighborFilter, nothingFilter } from './filter';
export { Ipv6Groups } from './ipv6-groups';
export { LinkMonitor } from './link-monitor';
export { type NetworkLink } from './link-table';
export { releaseMemory } from './memory';
export { NetlinkError, type OperationalState } from './netlink';
export { PacketSocket, type PacketStatistics } from './packet-socket';
export { NOTHING } from './socket';
export { readNetworkParameter } from './sysctl';
export { Timer } from './timer';
export { UdpSocket, type UdpSocketOptions } from './udp-socket';
export { Wakeup } from './wakeup';
export { isWireless } from './wireless';
