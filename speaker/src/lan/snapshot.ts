import { Address } from './address';
import { Peer } from './peer';
import { AddressSnapshot, PeerSnapshot } from './types';

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
