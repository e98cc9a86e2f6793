/**
 * Codecs, one file a protocol. They know no socket, no clock and no policy.
 *
 * A decoder never throws: it checks every length before it reads, fills the object it is given, and returns undefined or a named
 * problem. On the path of a packet an exception would cost more than the packet, and whoever can send packets could make us pay it.
 * Encoders write into the buffer they are given and allocate nothing.
 */
export * from './arp';
export * from './ethernet';
export * from './heartbeat';
export { decodeHeartbeat } from './heartbeat-decode';
export { encodeHeartbeat } from './heartbeat-encode';
export { HEARTBEAT_TAG_LENGTH, heartbeatKey } from './heartbeat-key';
export type { HeartbeatKey } from './heartbeat-key';
export * from './ipv4';
export * from './ipv6';
export * from './neighbor';
export { readUint32 } from './numbers';
