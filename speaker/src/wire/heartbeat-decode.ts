/** Heartbeats, read; the layout is in heartbeat.ts. */
import { HARDWARE_ADDRESS_LENGTH, hardwareAddressKey } from './ethernet';
import { emptyHeartbeat, Handover, Heartbeat, HeartbeatAddress, HeartbeatProblem, HeartbeatType, isHeartbeatName, LAYOUT, Reach, Section } from './heartbeat';
import { HEARTBEAT_TAG_LENGTH, HeartbeatKey, verifyHeartbeatTag } from './heartbeat-key';
import { readIpv4 } from './ipv4';
import { AddressKey, IPV6_LENGTH, readIpv6 } from './ipv6';
import { readUint16, readUint32, readUint53 } from './numbers';

/**
 * Reads the first `length` octets of a datagram into `into` if one of the keys verifies it. Returns undefined, or why it is no
 * heartbeat; what `into` holds then is undefined, but for the name with `unknownKey`. Nothing but magic, version and key is looked at before the tag has been verified.
 */
export function decodeHeartbeat(datagram: Uint8Array, length: number, keys: readonly HeartbeatKey[], into: Heartbeat): HeartbeatProblem | undefined {
  if (length > datagram.length || length < LAYOUT.fixedLength + LAYOUT.trailerLength) return 'truncated';
  if (readUint32(datagram, 0) !== LAYOUT.magic) return 'magic';
  if (datagram[4] !== LAYOUT.version) return 'version';
  const end = length - LAYOUT.trailerLength;
  const tagAt = length - HEARTBEAT_TAG_LENGTH;
  const id = readUint32(datagram, end);
  const key = keys.find((each) => each.id === id);
  const nameEnd = LAYOUT.fixedLength + datagram[32];
  if (key === undefined) {
    into.node = nameEnd <= end ? readName(datagram, 0, nameEnd) : '';
    return 'unknownKey';
  }
  if (!verifyHeartbeatTag(datagram.subarray(0, tagAt), datagram.subarray(tagAt, length), key)) return 'unauthenticated';

  return readBody(datagram, 0, end, into) ? undefined : 'malformed';
}

/** All between the magic and the key. */
function readBody(datagram: Uint8Array, start: number, end: number, into: Heartbeat): boolean {
  const type = datagram[start + 5];
  if (type < HeartbeatType.HELLO || type > HeartbeatType.RELAY) return false;
  into.type = type;
  into.flags = readUint16(datagram, start + 6);
  into.incarnation = readUint64(datagram, start + 8);
  into.sequence = readUint53(datagram, start + 16);
  into.revision = readUint53(datagram, start + 24);
  if (!Number.isSafeInteger(into.sequence) || !Number.isSafeInteger(into.revision)) return false;
  const nameEnd = start + LAYOUT.fixedLength + datagram[start + 32];
  if (nameEnd > end) return false;
  into.node = readName(datagram, start, nameEnd);
  return into.node !== '' && decodeSections(datagram, nameEnd, end, into);
}

/** What is known of another node. It holds nothing relayed itself, so nobody can make a reader descend for ever. */
function readRelayed(datagram: Uint8Array, start: number, end: number): Heartbeat | undefined {
  if (end - start < LAYOUT.fixedLength || readUint32(datagram, start) !== LAYOUT.magic || datagram[start + 4] !== LAYOUT.version) return undefined;
  const other = emptyHeartbeat();
  return readBody(datagram, start, end, other) && other.type === HeartbeatType.HELLO && other.relayed.length === 0 ? other : undefined;
}

/** The sender's name; empty if Kubernetes does not allow it. */
function readName(datagram: Uint8Array, start: number, end: number): string {
  const name = String.fromCharCode(...datagram.subarray(start + LAYOUT.fixedLength, end));
  return isHeartbeatName(name) ? name : '';
}

function decodeSections(datagram: Uint8Array, start: number, end: number, into: Heartbeat): boolean {
  into.interfaces.length = 0;
  into.echoes.length = 0;
  into.addresses.length = 0;
  into.keys.length = 0;
  into.relayed.length = 0;
  into.links.length = 0;
  into.view = 0;
  into.generation = 0;
  into.total = 0;
  into.total6 = 0;
  let at = start;
  while (at < end) {
    if (at + LAYOUT.sectionHeaderLength > end) return false;
    const type = datagram[at];
    const length = readUint16(datagram, at + 1);
    const body = at + LAYOUT.sectionHeaderLength;
    at = body + length;
    if (at > end) return false;
    if (type === Section.INTERFACES) {
      if (length % HARDWARE_ADDRESS_LENGTH !== 0) return false;
      for (let i = body; i < at; i += HARDWARE_ADDRESS_LENGTH) into.interfaces.push(hardwareAddressKey(datagram, i));
    } else if (type === Section.ECHOES) {
      if (length % LAYOUT.echoLength !== 0) return false;
      for (let i = body; i < at; i += LAYOUT.echoLength) {
        into.echoes.push({ incarnation: readUint64(datagram, i), sequence: readUint53(datagram, i + 8) });
      }
    } else if (type === Section.ADDRESSES) {
      if (length < 6 || (length - 6) % LAYOUT.addressLength !== 0) return false;
      into.generation = readUint32(datagram, body);
      into.total = readUint16(datagram, body + 4);
      for (let i = body + 6; i < at; i += LAYOUT.addressLength) {
        if (!readState(datagram, i + 4, readIpv4(datagram, i), into)) return false;
      }
    } else if (type === Section.ADDRESSES6) {
      if (length < 2 || (length - 2) % LAYOUT.address6Length !== 0) return false;
      into.total6 = readUint16(datagram, body);
      for (let i = body + 2; i < at; i += LAYOUT.address6Length) {
        if (!readState(datagram, i + IPV6_LENGTH, readIpv6(datagram, i), into)) return false;
      }
    } else if (type === Section.KEYS || type === Section.LINKS) {
      if (length % LAYOUT.idLength !== 0) return false;
      const ids = type === Section.KEYS ? into.keys : into.links;
      for (let i = body; i < at; i += LAYOUT.idLength) ids.push(readUint32(datagram, i));
    } else if (type === Section.VIEW) {
      if (length !== LAYOUT.idLength) return false;
      into.view = readUint32(datagram, body);
    } else if (type === Section.RELAYED) {
      const other = into.type === HeartbeatType.RELAY ? readRelayed(datagram, body, at) : undefined;
      if (other === undefined) return false;
      into.relayed.push(other);
    }
  }
  return true;
}

/** State and digest of one address; false if they are not allowed. */
function readState(datagram: Uint8Array, at: number, address: AddressKey, into: Heartbeat): boolean {
  const state = datagram[at];
  const reach = Math.floor(state / 2) % 4;
  const handover = Math.floor(state / 8) % 4;
  if (reach > Reach.ON_LINK || handover > Handover.TO_ANY) return false;
  const entry: HeartbeatAddress = { address, held: state % 2 === 1, reach, candidatesDigest: readUint16(datagram, at + 1) };
  if (handover !== Handover.NONE) entry.handover = handover;
  into.addresses.push(entry);
  return true;
}

function readUint64(bytes: Uint8Array, at: number): bigint {
  return BigInt(readUint32(bytes, at)) * 0x100000000n + BigInt(readUint32(bytes, at + 4));
}
