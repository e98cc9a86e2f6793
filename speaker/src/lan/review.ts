/**
 * Deciding anew about all addresses, because of something that was heard of a peer. It matters for any of them, and often several such things are heard together. So it is done at most once in a time
 * that grows with the number of addresses, and in steps: between two of them heartbeats are heard and sent, and questions answered.
 */
import { Addresses } from './addresses';
import { Decisions } from './decisions';
import { Membership } from './membership';

/** After all addresses were decided about this happens again after as many milliseconds as it may have taken on a slow machine. */
const REVIEWED_PER_MS = 250;
/** Two milliseconds' worth of it. Taking an address takes some ten times as long as finding out that there is nothing to do. */
const STEP = 500;

export class Review {
  private from = -Infinity;
  /** The address that is next, while a review is under way. */
  private turn: number | undefined;
  private steppedAt = -Infinity;

  constructor(private readonly membership: Membership, private readonly addresses: Addresses, private readonly decisions: Decisions) {}

  /** When {@link step} has something to do. */
  get deadline(): number {
    if (this.turn !== undefined) return this.steppedAt;
    return this.membership.changed ? this.from : Infinity;
  }

  /** Begins one if there is reason to and it is time, and takes a step of it. */
  step(now: number): void {
    if (now < this.deadline) return;
    if (this.turn === undefined) {
      this.membership.changed = false;
      this.from = now + Math.floor(this.addresses.list.length / REVIEWED_PER_MS);
      this.turn = 0;
    }
    this.steppedAt = now;
    const { list } = this.addresses, end = Math.min(this.turn + STEP, list.length);
    for (; this.turn < end; this.turn++) this.decisions.reconsider(now, list[this.turn]);
    if (this.turn >= list.length) this.turn = undefined;
  }

  /** All at once, now. */
  finish(now: number): void {
    this.from = now;
    this.turn = undefined;
    this.membership.changed = true;
    while (this.membership.changed || this.turn !== undefined) this.step(now);
  }
}
