/**
 * Who owns an address: a pure function of what is known now. Every speaker computes it for itself; what makes them agree is that they
 * compute it from the same plan and tell each other what they hold.
 *
 *  1. Whoever holds an address keeps it, for a move breaks connections, as long as nobody has a better link to it.
 *  2. If two hold it: the better link; then the better place in the candidate list. If their lists differ, because one has an older
 *     plan, the higher plan revision; then the lower node name. Both sides see the same facts, so one of them yields.
 *  3. If nobody holds it: the first candidate that is up and has the best link among those, but after the loss of a holder none that
 *     still listens. If it does not take the address (its plan may be older and not have it), the next one does after
 *     {@link VACANCY_MS}, and so on. Who found out early that the holder is gone also waits until the others know it by the detection time at the latest.
 *
 *  4. Plans change one node after the other. A holder that is no candidate any more, but does not know that yet, is left the address until it has the newer plan
 *     and wants to be rid of it; {@link PLAN_MS} at most. What is offered by a holder with a newer plan, half of that, is not taken by an older one: it may be another's turn.
 *
 *  5. A holder that wants to be rid of an address (handover.ts) counts as none for those whom it would give it to, and yields to whoever takes it.
 *
 * What counts as holding is a peer's own word in its heartbeat or, when heartbeats do not pass or are older, that it was heard
 * claiming the address on the LAN within the last detection time. How good its link is, is then told by where it was heard.
 */
import { Handover, Reach } from '../wire';
import { Address } from './address';
import { Peer } from './peer';
import { claimsOnLink, isRivalFresh, livesUnheard } from './rivals';

/** How long a candidate leaves an address to one that comes before it. Longer than a plan takes to reach all speakers. */
const VACANCY_MS = 1000;
/** How long a plan may take to reach the others: a node that is no candidate any more waits so long for its successor, and that for its offer. */
export const PLAN_MS = 500;

/** Until who yields to a claim has heard it, and nothing of its own is under way any more. */
const YIELDS_MS = 50;

/** How long a peer that was just found is left to say what it holds: a list of thousands of addresses comes in hundreds of datagrams, one after the other. */
const LIST_MS = 3000;

export interface Self {
  readonly node: string;
  readonly revision: number;
  /** Whether it may take addresses now: it has authority, and has listened long enough. */
  readonly mayClaim: boolean;
  /** It has itself just listened, as all do when they begin together: who comes first may be listening still. */
  readonly begins: boolean;
  /** There is no key, so peers cannot be heard: all are taken to be alive, as MetalLB does without memberlist. */
  readonly assumePeersUp: boolean;
  readonly now: number;
  readonly detectionMs: number;
}

export interface Verdict {
  /** Whether the address is this node's. */
  readonly mine: boolean;
  /** The node that holds it, if another does and outranks this one. */
  readonly holder?: string;
  /** The holder is known from the LAN alone. */
  readonly byClaim?: boolean;
  /** Somebody else holds it too and ought to yield. */
  readonly contested?: boolean;
  /** It is held by a node that wants to be rid of it. */
  readonly offeredBy?: string;
  /** Nobody holds it, or nobody who ought to; a candidate that comes before this one ought to take it, or the holder to offer it. */
  readonly vacant?: boolean;
  /** It is not known yet whether anybody holds it: a peer has not told all of what it holds. */
  readonly untold?: boolean;
}

/** Decides about one address. */
export function decide(address: Address, self: Self, peers: ReadonlyMap<string, Peer>): Verdict {
  const myIndex = address.candidates.indexOf(self.node);
  const eligible = myIndex >= 0 && address.reach !== Reach.NONE;
  const rival = isRivalFresh(address, peers, self) ? address.rival?.node : undefined;
  let contested = false;
  let offeredBy: string | undefined;
  let planWaitMs = 0;
  let untold = false, unasked = false;
  for (const peer of peers.values()) {
    unasked ||= !address.sought && livesUnheard(peer, self);
    const byHeartbeat = peer.up && peer.stateOf(address.key)?.held === true;
    const byClaim = peer.node === rival;
    if (!byHeartbeat && !byClaim) {
      untold ||= peer.up && !peer.told && self.now - peer.linkedAt < LIST_MS;
      continue;
    }
    if (eligible && (address.held || self.mayClaim) && isOffered(peer, address, myIndex)) {
      offeredBy = peer.node;
      if (hasNewerPlan(peer, address, self)) planWaitMs = Math.max(planWaitMs, PLAN_MS / 2);
      continue;
    }
    const heeded = byHeartbeat || address.reach !== Reach.ON_LINK || claimsOnLink(address, peer, self);
    const yields = !eligible || (address.handover !== Handover.NONE && heeded) || outranks(peer, byHeartbeat, address, self, myIndex);
    if (yields) return { mine: false, holder: peer.node, byClaim: !byHeartbeat };
    contested = true;
    if (byHeartbeat && !address.candidates.includes(peer.node) && peer.reachOf(address.key) >= address.reach) planWaitMs = PLAN_MS;
  }
  if (!eligible) return { mine: false };
  if (address.held) return { mine: true, contested };
  if (!self.mayClaim) return { mine: false };
  if (untold) return { mine: false, vacant: true, untold };
  if (unasked || self.now < address.askedUntil) return { mine: false, vacant: true };
  if (planWaitMs > 0 && !(self.now - address.vacantSince >= planWaitMs)) return { mine: false, vacant: true };
  let ahead = 0;
  for (let index = 0; index < address.candidates.length; index++) {
    const node = address.candidates[index];
    if (node === self.node) continue;
    const peer = peers.get(node);
    if (peer === undefined) continue;
    if (self.assumePeersUp) {
      if (index < myIndex) return { mine: false };
      continue;
    }
    if (!peer.up || peer.node === offeredBy) continue;
    // One that still listens takes nothing yet. It is waited for when all begin together, as they do also after all were paused; not when a holder has gone.
    if (peer.listening && address.lastHolder !== undefined && !self.begins) continue;
    const reach = peer.reachOf(address.key);
    if (reach > address.reach || (reach === address.reach && index < myIndex)) ahead++;
  }
  if (ahead > 0 && !(self.now - vacantForAllSince(address, self, peers) >= ahead * VACANCY_MS)) return { mine: false, vacant: true };
  return { mine: true, contested, offeredBy };
}

/** Since when those who come before this node know, too, that nobody holds the address: one that found out early (suspicion.ts) may be the only one. */
function vacantForAllSince({ lastHolder, vacantSince }: Address, { detectionMs }: Self, peers: ReadonlyMap<string, Peer>): number {
  const gone = lastHolder === undefined ? undefined : peers.get(lastHolder);
  return gone === undefined || gone.up ? vacantSince : Math.max(vacantSince, gone.heardAt + detectionMs);
}

function hasNewerPlan(peer: Peer, { key, candidatesDigest }: Address, { revision }: Self): boolean {
  return peer.revision > revision && peer.stateOf(key)?.candidatesDigest !== candidatesDigest;
}

/** Whether the peer holds the address and would give it to the node at this place of the candidate list. */
function isOffered(peer: Peer, { key, candidates }: Address, myIndex: number): boolean {
  const state = peer.up ? peer.stateOf(key) : undefined;
  if (state?.held !== true || state.handover === undefined) return false;
  return state.handover === Handover.TO_ANY || myIndex < candidates.indexOf(peer.node);
}

/**
 * Whether the rival goes on claiming the address after this node has, which has no interface where it belongs. Then the rival has one: it would have yielded otherwise. If what it
 * should have heard was lost, nothing is lost by leaving it the address.
 */
function standsItsGround({ held, reach, rival, assertedTo, assertedAt }: Address): boolean {
  return held && reach === Reach.OFF_LINK && rival !== undefined && rival.node === assertedTo && rival.at - assertedAt >= YIELDS_MS;
}

/** Whether another holder of the address comes before this node. */
function outranks(peer: Peer, byHeartbeat: boolean, address: Address, self: Self, myIndex: number): boolean {
  const index = address.candidates.indexOf(peer.node);
  const state = byHeartbeat ? peer.stateOf(address.key) : undefined;
  const plansDiffer = index < 0 || (state !== undefined && state.candidatesDigest !== address.candidatesDigest);
  if (plansDiffer && (address.held || index < 0)) {
    return state !== undefined && peer.revision !== self.revision ? peer.revision > self.revision : peer.node < self.node;
  }
  if (state !== undefined && state.reach !== address.reach) return state.reach > address.reach;
  if (!byHeartbeat && address.reach === Reach.ON_LINK && !claimsOnLink(address, peer, self)) return false;
  if (!byHeartbeat && standsItsGround(address)) return true;
  return address.held ? index < myIndex : true;
}
