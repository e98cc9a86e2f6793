/**
 * The way over one of our interfaces to the kernel of a peer, which answers for its node address whatever its speaker does: whether it answers, and how fast.
 *
 * Only where every answer so far came at once does silence tell anything. On WiFi a station that saves power answers after a tenth of a second or more; so
 * does a virtual machine whose host has too much to do. A way on which a single answer came late, or not at all though the peer lived, is not trusted for a while,
 * and each time twice as long.
 */
import { AddressKey } from '../wire';
import { Distrust } from './distrust';

/** An answer that takes longer is late; over a cable it takes less than 1 ms. */
export const LATE_MS = 12;
/** Until a question to a peer that lives counts as unanswered. */
const LOST_MS = 1000;
/** For how long a way is not trusted at first, and at most. */
const FIRST_DOUBT_MS = 10_000;
const LONGEST_DOUBT_MS = 600_000;

export class Path {
  /** The peer's hardware address here; undefined until it has answered. */
  hardwareAddress: number | undefined;
  /** When it was last asked though nothing was wrong. */
  triedAt = -Infinity;
  /** When the first question was put that has no answer yet; -Infinity for none. */
  private askedAt = -Infinity;
  private readonly distrust = new Distrust(FIRST_DOUBT_MS, LONGEST_DOUBT_MS);

  /** @param target the peer's node address in a subnet of the interface */
  constructor(readonly target: AddressKey) {}

  /** Whether the peer has answered here, and always at once. */
  trusted(now: number): boolean {
    return this.hardwareAddress !== undefined && this.distrust.isOver(now);
  }

  /** A question is put. */
  asked(now: number): void {
    if (now - this.askedAt > LOST_MS && this.askedAt !== -Infinity) this.doubt(now);
    else if (this.askedAt !== -Infinity) return;
    this.askedAt = now;
  }

  /** The peer has answered, or asked something itself. @param waited the answer may have been here for a while */
  answered(now: number, hardwareAddress: number, waited: boolean): void {
    this.hardwareAddress = hardwareAddress;
    if (!waited && this.askedAt !== -Infinity && now - this.askedAt > LATE_MS) this.doubt(now);
    this.askedAt = -Infinity;
  }

  /** The peer was silent here though it lived. */
  doubt(now: number): void {
    this.distrust.renew(now);
  }

  /** The peer is not heard any more: what it leaves unanswered says nothing about the way. */
  forget(): void {
    this.hardwareAddress = undefined;
    this.triedAt = this.askedAt = -Infinity;
  }
}
