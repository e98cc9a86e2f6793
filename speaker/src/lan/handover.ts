/**
 * Giving an address away without a moment in which nobody answers.
 *
 * A holder that wants to be rid of an address goes on answering, and says so in its heartbeat. The one whose turn it is takes the address, and announces it;
 * at that announcement, or at its heartbeat, the former holder is silent. So there is no gap.
 *
 * Nor are there two answers, since both draw the line at the announcement: what is asked before is the former holder's to answer, what is asked after it the next one's. The former
 * holder has questions and announcement in one queue, in the order of the LAN. The next one does not hear itself, so its loop reads what is queued just before it sends the announcement
 * (`Takeover` in outbox.ts), and those questions are dropped as `formerHolder`. What is left is a question under way while the announcement is: it may reach the former holder before and the next one
 * after, in the few microseconds from one port of a switch to another. And of addresses that change hands by the hundred only the first are announced at once (gratuitous.ts); with the others the line is the
 * heartbeat that tells of them, which is no line in the order of the LAN.
 *
 * It does so when the speaker stops, when the plan gives the address to others (the node is drained, or has no endpoint any more), and, if an operator wants that, when a better
 * candidate has returned (*failback*): at once, or after it has been there for a hold-down. One that comes and goes waits for longer each time (damping.ts). The holder
 * decides about this, because it alone has seen all of it; the candidate may have been started a minute ago.
 *
 * It waits for a successor only while one is heard that could take the address, and not for long: after that it is silent, as if there were none.
 */
import { Handover, Reach } from '../wire';
import { Address } from './address';
import { Damping, turnDelayMs } from './damping';
import { subnetOf } from './interfaces';
import { PLAN_MS } from './ownership';
import { Peer } from './peer';
import { FailbackOptions, LanEvent, PeerReason } from './types';

/** How long a stopping speaker waits. Its successor hears it within a millisecond; three heartbeats may be lost. */
export const STOP_MS = 100;
/** While it waits, heartbeats follow at this distance. */
export const STOP_SPACING_MS = 20;

const FAULTS: ReadonlySet<PeerReason> = new Set<PeerReason>(['timeout', 'oneWay', 'offLan', 'refused', 'restarted']);

export class Handovers {
  private readonly damping = new Damping();

  constructor(
    private readonly node: string, private readonly peers: ReadonlyMap<string, Peer>, private readonly failback: FailbackOptions,
  ) {}

  /** Whether the address may be with a worse candidate, so that it must be looked at from time to time. */
  get watches(): boolean {
    return this.failback.mode !== 'never';
  }

  /** Takes note of peers that come and go. An orderly goodbye is none of their faults. */
  heed(now: number, events: readonly LanEvent[]): void {
    for (const event of events) {
      if ((event.code === 'peerDown' || event.code === 'peerUp') && FAULTS.has(event.reason)) this.damping.fault(now, event.node);
    }
    this.damping.keep(this.peers);
  }

  /** The address was taken from a peer: its fault, if that is heard and has lost its link. */
  taken(now: number, { key, reach }: Address, from: string): void {
    const peer = this.peers.get(from);
    if (peer !== undefined && peer.up && peer.reachOf(key) < reach) this.damping.fault(now, from);
  }

  /** Whether a peer is heard that could take the address. */
  hasSuccessor({ key, candidates }: Address): boolean {
    for (const peer of this.peers.values()) {
      if (peer.up && !peer.listening && candidates.includes(peer.node) && peer.reachOf(key) !== Reach.NONE) return true;
    }
    return false;
  }

  /** Offers a held address to anybody whose turn it is, until then. */
  begin(address: Address, until: number): void {
    address.handover = Handover.TO_ANY;
    address.handoverUntil = until;
  }

  /** Whether a node that is no candidate for the address it holds waits for its successor. */
  waits(now: number, address: Address): boolean {
    if (address.candidates.includes(this.node) || address.reach === Reach.NONE || !this.hasSuccessor(address)) return false;
    if (address.handover !== Handover.TO_ANY) this.begin(address, now + PLAN_MS);
    return now < address.handoverUntil;
  }

  /** Offers an address that this node holds as a candidate to a better one, or takes an offer back. Returns whether this has changed. */
  review(now: number, address: Address): boolean {
    if (address.handover === Handover.TO_ANY) {
      address.handover = Handover.NONE; // it was no candidate, and is one again
      return true;
    }
    if (!this.watches) return false;
    const better = this.betterThanThis(address);
    if (better !== address.better) {
      const before = address.better === undefined ? undefined : this.peers.get(address.better);
      if (before?.up && before.reachOf(address.key) < address.reach) this.damping.fault(now, before.node);
      address.better = better;
      address.betterSince = now;
    }
    const holdDownMs = this.failback.mode === 'hold-down' ? this.failback.holdDownMs : 0;
    const due = better !== undefined && now - address.betterSince >= turnDelayMs(holdDownMs, this.damping.penaltyOf(now, better));
    const handover = due ? Handover.TO_BETTER : Handover.NONE;
    if (handover === address.handover) return false;
    address.handover = handover;
    return true;
  }

  /** The first candidate that is heard, and reaches the address as well as this node does, if it comes before this node. */
  private betterThanThis(address: Address): string | undefined {
    const { key, candidates, reach } = address;
    for (const node of candidates) {
      if (node === this.node) return undefined;
      const peer = this.peers.get(node);
      if (peer !== undefined && peer.up && !peer.listening && peer.current && peer.reachOf(key) >= reach && isOnLanOf(peer, address)) return node;
    }
    return undefined;
  }
}

/**
 * Whether the kernel of a peer has been heard where the address belongs; true where that is not asked (suspicion.ts). A LAN may be cut while heartbeats
 * pass by another network: clients on this side would not hear of the move.
 */
function isOnLanOf(peer: Peer, { interfaces, key }: Address): boolean {
  return interfaces.every((iface) => {
    const path = peer.paths.get(iface.index);
    return path === undefined || path.hardwareAddress !== undefined || subnetOf(iface, key) === undefined;
  });
}
