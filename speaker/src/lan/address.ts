import { AddressKey, Handover, ipv6Octets, Reach } from '../wire';
import { Interface } from './interfaces';
import { Client } from './overheard';
import { Check } from './probing';
import { AcquireReason, PlannedAddress } from './types';

/** A speaker that was heard on the LAN claiming an address. */
export interface Rival {
  readonly node: string;
  /** When it was last heard to claim it or to answer for it. */
  at: number;
  /** The same, on an interface in the address's own subnet; -Infinity for never. */
  onLinkAt: number;
}

/** One planned address: what the plan says of it and what this core does with it. Identity is kept from plan to plan. */
export class Address {
  /** The entry of the plan that the next three are from. */
  planned: PlannedAddress | undefined;
  candidates: readonly string[] = [];
  /** Digest of the candidate list, by which two speakers see whether their plans agree on this address. */
  candidatesDigest = 0;
  /** Interfaces the plan asks for; undefined for all. */
  wanted: readonly string[] | undefined;
  /** Announcing interfaces that are up, in the order of their indexes. */
  interfaces: readonly Interface[] = [];
  reach: Reach = Reach.NONE;
  /** Whether this node may announce it: it is a candidate, and has an interface for it. */
  eligible = false;
  /** Until then the LAN is asked who has it, and it is not taken; see placement.ts. */
  askedUntil = -Infinity;
  /** When the LAN was last asked who has it, and whether it has been since that was necessary. */
  soughtAt = -Infinity;
  sought = true;
  held = false;
  /** While it is held: questions received up to then are its former holder's to answer; see handover.ts. */
  answersFrom = -Infinity;
  /** To whom it is to be given while it is held, and until when that is waited for; see handover.ts. */
  handover = Handover.NONE;
  handoverUntil = -Infinity;
  /** The better candidate to whom it may be given back, and since when that is there. */
  better: string | undefined;
  betterSince = -Infinity;
  /** Whether it was held when authority was lost. */
  heldBeforeStall = false;
  /** Whether it has had a holder in this cluster, this node or another, since it is in the plan. */
  known = false;
  /** While it is held: since when, and why it was taken. */
  heldSince = -Infinity;
  heldBecause: AcquireReason | undefined;
  /** How long nobody answered before this node last took it from one that died, and how long in all; in milliseconds. */
  lastDarkMs: number | undefined;
  darkMs = 0;
  /** What is being found out about foreign hosts that use it; see probing.ts. */
  check: Check | undefined;
  /** The last other holder known, with the way it ceased. */
  lastHolder: string | undefined;
  rival: Rival | undefined;
  /** How often in a row its holder, or whoever may be that, was asked for it and did not answer. */
  unanswered = 0;
  /** Since when nobody holds it, though this node could; Infinity when that is not so. */
  vacantSince = Infinity;
  /** When this node last asked the LAN about it. */
  probedAt = -Infinity;
  /** When somebody was last asked whether it was a speaker that had answered for it, by index of the interface. */
  verifiedAt: Map<number, number> | undefined;
  /** While it is held: when this node last answered another speaker's claim, and whose. */
  assertedAt = -Infinity;
  assertedTo: string | undefined;
  /** When this node last defended it against somebody who is no speaker. */
  defendedAt = -Infinity;
  /** When the next burst is due, and when the window of bursts ends. */
  nextBurst = Infinity;
  burstsUntil = -Infinity;
  /** Whether clients are to be told a second time, with the next burst. */
  unicastAgain = false;
  /** The interfaces that the plan asks for, if it was told that none of them exists. */
  missingReported: string | undefined;
  /** Who was overheard asking for it; see overheard.ts. */
  readonly clients: Client[] = [];

  requestsReceived = 0;
  responsesSent = 0;
  gratuitousSent = 0;
  unicastSent = 0;
  conflicts = 0;

  /** The 16 octets of an IPv6 address, as they stand in packets; none of an IPv4 address. */
  readonly octets: Uint8Array;
  readonly ipv6: boolean;

  constructor(readonly text: string, readonly key: AddressKey) {
    this.ipv6 = typeof key === 'bigint';
    this.octets = typeof key === 'bigint' ? ipv6Octets(key) : new Uint8Array(0);
  }
}
