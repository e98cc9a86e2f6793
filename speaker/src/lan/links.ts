/**
 * The peers whose datagrams pass in both directions, in a large cluster neighbours alone, and who of them is overdue. What is done at each datagram looks at these, not at all peers.
 *
 * **Own health first.** A node whose own timer was late by more than an interval has perhaps left datagrams unread, so it accuses
 * nobody before it has listened for a full detection time (Dadgar, Phillips, Currey: "Lifeguard", 2017).
 */
import { Peer } from './peer';
import { PeerReason } from './types';

export class Links {
  /** Counts changes. */
  changes = 0;
  private readonly linked = new Set<Peer>();
  private accuseFrom = -Infinity;

  constructor(private readonly intervalMs: number, private readonly detectionMs: number, private readonly echoMs: number) {}

  set(peer: Peer, up: boolean): void {
    peer.linkUp = up;
    if (up) this.linked.add(peer);
    else this.linked.delete(peer);
  }

  /** It is no peer any more. */
  remove(peer: Peer): void {
    this.linked.delete(peer);
    this.changes++;
  }

  /** This node did not run for a while: from now on it listens for a detection time before it accuses anybody. */
  late(now: number): void {
    this.accuseFrom = now + this.detectionMs;
  }

  /** Whether enough has been heard of late for accusing others of silence. */
  mayAccuse(now: number): boolean {
    return now >= this.accuseFrom;
  }

  * overdue(now: number): Generator<{ readonly peer: Peer; readonly reason: PeerReason }> {
    for (const peer of this.linked) {
      if (now >= this.timeoutOf(peer)) yield { peer, reason: 'timeout' };
      else if (now >= this.oneWayOf(peer)) yield { peer, reason: 'oneWay' };
    }
  }

  /** When somebody is overdue next, if nothing is heard. */
  get deadline(): number {
    let deadline = Infinity;
    for (const peer of this.linked) deadline = Math.min(deadline, this.timeoutOf(peer), this.oneWayOf(peer));
    return deadline;
  }

  private timeoutOf(peer: Peer): number {
    return Math.max(peer.heardAt + this.detectionMs, this.accuseFrom);
  }

  private oneWayOf(peer: Peer): number {
    return Math.max(peer.confirmedAt + this.echoMs, this.accuseFrom + this.intervalMs);
  }
}
