/** Heartbeats, written; the layout is in heartbeat.ts. */
import { HARDWARE_ADDRESS_LENGTH, writeHardwareAddressKey } from './ethernet';
import { Handover, Heartbeat, HeartbeatAddress, LAYOUT, Section } from './heartbeat';
import { HEARTBEAT_TAG_LENGTH, HeartbeatKey, heartbeatTag } from './heartbeat-key';
import { writeIpv4 } from './ipv4';
import { IPV6_LENGTH, writeIpv6 } from './ipv6';
import { writeUint16, writeUint32, writeUint53 } from './numbers';

/**
 * Writes and signs a heartbeat; returns its length. `into` has room for {@link HEARTBEAT_MAX_LENGTH} octets, the lists are within
 * their maxima, and the name passes {@link isHeartbeatName}: the caller, not the wire, decides these.
 */
export function encodeHeartbeat(into: Uint8Array, heartbeat: Heartbeat, key: HeartbeatKey): number {
  let at = writeBody(into, 0, heartbeat);
  writeUint32(into, at, key.id);
  at += LAYOUT.idLength;
  into.set(heartbeatTag(into.subarray(0, at), key), at);
  return at + HEARTBEAT_TAG_LENGTH;
}

function writeBody(into: Uint8Array, start: number, heartbeat: Heartbeat): number {
  writeUint32(into, start, LAYOUT.magic);
  into[start + 4] = LAYOUT.version;
  into[start + 5] = heartbeat.type;
  writeUint16(into, start + 6, heartbeat.flags);
  writeUint64(into, start + 8, heartbeat.incarnation);
  writeUint53(into, start + 16, heartbeat.sequence);
  writeUint53(into, start + 24, heartbeat.revision);
  into[start + 32] = heartbeat.node.length;
  let at = start + LAYOUT.fixedLength;
  for (let i = 0; i < heartbeat.node.length; i++) into[at++] = heartbeat.node.charCodeAt(i);

  at = writeSection(into, at, Section.INTERFACES, heartbeat.interfaces.length * HARDWARE_ADDRESS_LENGTH);
  for (const key48 of heartbeat.interfaces) {
    writeHardwareAddressKey(into, at, key48);
    at += HARDWARE_ADDRESS_LENGTH;
  }
  at = writeSection(into, at, Section.ECHOES, heartbeat.echoes.length * LAYOUT.echoLength);
  for (const { incarnation, sequence } of heartbeat.echoes) {
    writeUint64(into, at, incarnation);
    writeUint53(into, at + 8, sequence);
    at += LAYOUT.echoLength;
  }
  at = writeAddresses(into, at, heartbeat);
  at = writeIds(into, at, Section.KEYS, heartbeat.keys);
  for (const other of heartbeat.relayed) {
    const end = writeBody(into, at + LAYOUT.sectionHeaderLength, other);
    writeSection(into, at, Section.RELAYED, end - at - LAYOUT.sectionHeaderLength);
    at = end;
  }
  at = writeIds(into, at, Section.LINKS, heartbeat.links);
  return writeIds(into, at, Section.VIEW, heartbeat.view === 0 ? [] : [heartbeat.view]);
}

function writeAddresses(into: Uint8Array, start: number, { generation, total, total6, addresses }: Heartbeat): number {
  const ipv4 = addresses.filter(({ address }) => typeof address === 'number');
  let at = writeSection(into, start, Section.ADDRESSES, 6 + ipv4.length * LAYOUT.addressLength);
  writeUint32(into, at, generation);
  writeUint16(into, at + 4, total);
  at += 6;
  for (const entry of ipv4) {
    writeIpv4(into, at, entry.address as number);
    at = writeState(into, at + 4, entry);
  }
  if (total6 === 0) return at;
  at = writeSection(into, at, Section.ADDRESSES6, 2 + (addresses.length - ipv4.length) * LAYOUT.address6Length);
  writeUint16(into, at, total6);
  at += 2;
  for (const entry of addresses) {
    if (typeof entry.address === 'number') continue;
    writeIpv6(into, at, entry.address);
    at = writeState(into, at + IPV6_LENGTH, entry);
  }
  return at;
}

function writeState(into: Uint8Array, at: number, { held, reach, handover = Handover.NONE, candidatesDigest }: HeartbeatAddress): number {
  into[at] = (held ? 1 : 0) + reach * 2 + handover * 8;
  writeUint16(into, at + 1, candidatesDigest);
  return at + 3;
}

/** A section of numbers of 32 bits; none when there are none. */
function writeIds(into: Uint8Array, start: number, section: Section, ids: readonly number[]): number {
  if (ids.length === 0) return start;
  let at = writeSection(into, start, section, ids.length * LAYOUT.idLength);
  for (const id of ids) {
    writeUint32(into, at, id);
    at += LAYOUT.idLength;
  }
  return at;
}

function writeSection(into: Uint8Array, at: number, type: Section, length: number): number {
  into[at] = type;
  writeUint16(into, at + 1, length);
  return at + LAYOUT.sectionHeaderLength;
}

function writeUint64(into: Uint8Array, at: number, value: bigint): void {
  writeUint32(into, at, Number(value / 0x100000000n));
  writeUint32(into, at + 4, Number(value % 0x100000000n));
}
