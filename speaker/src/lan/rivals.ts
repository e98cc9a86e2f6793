/**
 * How long what was heard on the LAN counts: that another claims an address.
 *
 * A claim counts for a detection time, and is asked for again in that (witness.ts). With hundreds of addresses whose holder is not heard by heartbeats there is not time for all of them. Then
 * the holder *vouches* for those that it has not been asked for lately: as long as its speaker answers for any address its other claims count, but for those that it was asked for
 * {@link UNANSWERED} times in a row in vain.
 */
import { Address } from './address';
import { Peer } from './peer';
import { askingMs } from './questions';
import { PeerReason } from './types';

/** Ways to go down that are known to end every claim made before. */
const CONCLUSIVE: ReadonlySet<PeerReason> = new Set<PeerReason>(['goodbye', 'offLan', 'refused']);
/** Ways to go down that tell nothing but that heartbeats do not pass. */
const SILENT: ReadonlySet<PeerReason> = new Set<PeerReason>(['timeout', 'oneWay']);
/** A question or its answer may be lost. */
export const UNANSWERED = 3;

/** What the age of a claim is measured by. */
export interface Clock {
  readonly now: number;
  readonly detectionMs: number;
}

/** Whether a rival's claim still counts: it is recent, and no heartbeat or goodbye of its has come since. */
export function isRivalFresh(address: Address, peers: ReadonlyMap<string, Peer>, clock: Clock): boolean {
  const { rival } = address, peer = rival && peers.get(rival.node);
  if (rival === undefined || peer === undefined || timeFor(address, peer, clock) - rival.at >= clock.detectionMs) return false;
  if (peer.up) return rival.at > (peer.linkUp ? peer.heardAt : peer.recordAt);
  return !hasEnded(peer) || rival.at > peer.downSince;
}

/** Whether a rival's claim counts, or would if its heartbeats ceased, which say the same. */
export function isRivalRecent(address: Address, peers: ReadonlyMap<string, Peer>, clock: Clock): boolean {
  const { rival } = address, peer = rival && peers.get(rival.node);
  if (rival === undefined || peer === undefined || timeFor(address, peer, clock) - rival.at >= clock.detectionMs) return false;
  return isRivalFresh(address, peers, clock) || (peer.up && peer.stateOf(address.key)?.held === true);
}

/**
 * Whether the rival was heard where the address belongs. A node whose LAN cable is pulled may go on claiming on a network of storage
 * or management: that serves nobody on the LAN, and must not keep those who can from doing so.
 */
export function claimsOnLink(address: Address, peer: Peer, clock: Clock): boolean {
  const { rival } = address;
  if (rival === undefined || (hasEnded(peer) && rival.onLinkAt <= peer.downSince)) return false;
  return timeFor(address, peer, clock) - rival.onLinkAt < clock.detectionMs;
}

/**
 * Whether a peer that goes down for this reason answers on the LAN, so that what it held a moment ago it holds still. It is heard, though it does not hear us, or it has claimed an address since it
 * was asked: what one that has died said last it said no later than an interval after its last heartbeat.
 */
export function livesOn(peer: Peer, reason: PeerReason, clock: Clock, intervalMs: number): boolean {
  const { heardAt, claimedAt } = peer, asking = askingMs(intervalMs);
  return SILENT.has(reason) && vouches(peer, clock) && (clock.now - heardAt < asking || claimedAt - heardAt >= asking);
}

/** Whether a peer answers on the LAN though its heartbeats do not come: nobody knows what else it holds. */
export function livesUnheard({ up, claimedAt }: Peer, { now, detectionMs }: Clock): boolean {
  return !up && now - claimedAt < detectionMs;
}

/** Whether it went down in a way that ended its claims. */
function hasEnded({ up, reason }: Peer): boolean {
  return !up && CONCLUSIVE.has(reason!);
}

/** Whether it answers on the LAN for so many addresses that it is not asked for each. */
function vouches({ claimedAt, vouching }: Peer, { now, detectionMs }: Clock): boolean {
  return vouching && now - claimedAt < detectionMs;
}

/** The time that a claim of the peer is looked at from. */
function timeFor({ rival, unanswered }: Address, peer: Peer, clock: Clock): number {
  return rival !== undefined && unanswered < UNANSWERED && vouches(peer, clock) ? rival.at : clock.now;
}
