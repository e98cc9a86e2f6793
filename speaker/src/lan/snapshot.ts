/** What the core tells of itself when it is asked. */
import { Address } from './address';
import { Peer } from './peer';
import { AcquireReason, FrameDrop, HeartbeatDrop, PeerReason, SuspicionOutcome } from './types';

export interface AddressSnapshot {
  readonly address: string;
  readonly held: boolean;
  /** The node that holds it as far as this one knows: by its own state, heartbeats, or claims on the LAN. */
  readonly holder?: string;
  readonly candidates: readonly string[];
  /** Interfaces it is announced on now, or would be; sorted. */
  readonly interfaces: readonly string[];
  readonly requestsReceived: number;
  readonly responsesSent: number;
  readonly gratuitousSent: number;
  /** While it is held: why it was taken, and for how many milliseconds it has been held. */
  readonly reason?: AcquireReason;
  readonly heldMs?: number;
  /** How long nobody answered, at most, before this node last took it from one that had died; and all of these together. */
  readonly lastDarkMs?: number;
  readonly darkMs: number;
  /** Whether a foreign host is known to use it. */
  readonly contested: boolean;
  /** Clients told one by one that the address is here. */
  readonly unicastSent: number;
  readonly conflicts: number;
}
export interface PeerSnapshot {
  readonly node: string;
  readonly up: boolean;
  /** Why it is in this state; undefined for a peer never heard. */
  readonly reason?: PeerReason;
  /** Milliseconds since it was last heard; undefined when it never was. */
  readonly lastHeardMs?: number;
  readonly addresses: readonly string[];
  /** What is wrong with it, of late: it signs with a key that is none of ours, a second speaker has its name, or its kernel answers for an address that this node holds. */
  readonly trouble?: 'unknownKey' | 'duplicate' | 'kernelAnswers';
}
/** What the core knows, but for the addresses. */
export interface LanSummary {
  readonly node: string;
  /** False after a stall: nothing is answered. */
  readonly authorised: boolean;
  /** True while the core listens before it claims anything. */
  readonly listening: boolean;
  readonly peers: readonly PeerSnapshot[];
  readonly frameDrops: Readonly<Record<FrameDrop, number>>;
  readonly heartbeatDrops: Readonly<Record<HeartbeatDrop, number>>;
  readonly suspicions: Readonly<Record<SuspicionOutcome, number>>;
}
/** All that the core knows, for status, metrics and `hlb why`. Made anew at each call. */
export interface LanSnapshot extends LanSummary {
  readonly addresses: readonly AddressSnapshot[];
}

/** For so long something that happened to a peer is told of it. */
const RECENT_MS = 15_000;

/** One counter for each name, at 0. */
export function counters<T extends string>(names: readonly T[]): Record<T, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<T, number>;
}

export function addressSnapshot(now: number, address: Address, holder: string | undefined): AddressSnapshot {
  const { text, held, candidates, requestsReceived, responsesSent, gratuitousSent, unicastSent, conflicts } = address;
  const { check, heldBecause, heldSince, lastDarkMs, darkMs } = address;
  return {
    address: text,
    held,
    holder,
    candidates,
    interfaces: namesOf(address),
    requestsReceived,
    responsesSent,
    gratuitousSent,
    unicastSent,
    conflicts,
    ...(held && { reason: heldBecause, heldMs: now - heldSince }),
    ...(lastDarkMs !== undefined && { lastDarkMs }),
    darkMs,
    contested: check?.state === 'contested' || (check !== undefined && check.refusals > 0),
  };
}

/** Names of the interfaces an address is announced on, sorted. */
export function namesOf({ interfaces }: Address): string[] {
  return interfaces.map(({ name }) => name).sort();
}

export function peerSnapshot(now: number, peer: Peer): PeerSnapshot {
  return {
    node: peer.node,
    up: peer.up,
    reason: peer.reason,
    lastHeardMs: peer.heardAt === -Infinity ? undefined : now - peer.heardAt,
    addresses: peer.addresses,
    trouble: troubleOf(now, peer),
  };
}

function troubleOf(now: number, { twinAt, unknownKeyAt, kernelAnswers }: Peer): PeerSnapshot['trouble'] {
  if (now - twinAt < RECENT_MS) return 'duplicate';
  if (now - unknownKeyAt < RECENT_MS) return 'unknownKey';
  return kernelAnswers ? 'kernelAnswers' : undefined;
}
