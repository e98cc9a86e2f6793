/**
 * When this node may answer, and when it may take addresses.
 *
 * It *listens* after its start, after its first key, and after it has joined a LAN while peers are not heard: it claims nothing new, but goes on answering for what it holds.
 * It *hesitates* after a shorter pause: see hesitation.ts.
 * It *loses authority* when it has not run for longer than a detection time, or another has its name: it answers nothing, and listens.
 */
import { Hesitation } from './hesitation';
import { Inquiry } from './inquiry';
import { Membership } from './membership';
import { Outbox } from './outbox';

export class Listening {
  /** Whether this node may answer at all. */
  authorised = true;
  /** When it last began to listen. */
  since = -Infinity;
  readonly inquiry: Inquiry;
  readonly hesitation: Hesitation;
  private until = -Infinity;
  private gapMs = 0;
  private endedAt = -Infinity;
  private barredUntil = -Infinity;

  constructor(private readonly membership: Membership, private readonly outbox: Outbox) {
    this.inquiry = new Inquiry(membership);
    this.hesitation = new Hesitation(this.inquiry);
  }

  /** Whether it may answer at this moment. */
  get mayAnswer(): boolean {
    return this.authorised && !this.hesitation.active;
  }

  /** Whether it must not claim anything yet. */
  get active(): boolean {
    return this.until !== -Infinity;
  }

  /** When it ends at the latest; Infinity when it is over. */
  get deadline(): number {
    return this.active ? Math.max(this.until, this.barredUntil) : Infinity;
  }

  /** Whether it has ended just now, as it may on others. */
  hasJustEnded(now: number): boolean {
    return now - this.endedAt < this.membership.detectionMs;
  }

  start(now: number): void {
    this.since = now;
    this.until = now + this.membership.detectionMs;
    this.membership.links.late(now);
    this.inquiry.begin(now);
  }

  /** This node was away for `gapMs`; its peers may have taken its addresses over. */
  loseAuthority(now: number, gapMs: number): void {
    if (this.authorised) this.outbox.event({ code: 'authorityLost', gapMs });
    this.authorised = false;
    this.hesitation.giveUp();
    this.gapMs = gapMs;
    this.start(now);
  }

  /** Another has this node's name: it answers nothing until then at least. */
  bar(now: number, until: number): void {
    this.barredUntil = until;
    this.authorised = false;
    if (!this.active) this.start(now);
  }

  /** Ends listening if it is time. Returns whether it has ended now. */
  end(now: number): boolean {
    if (!this.active || now < this.barredUntil || (now < this.until && !this.heardAll())) return false;
    this.until = -Infinity;
    this.endedAt = now;
    if (!this.authorised) {
      this.authorised = true;
      this.outbox.event({ code: 'authorityRegained', gapMs: this.gapMs });
    }
    return true;
  }

  /** Whether every peer has answered something sent since listening began, and told all it holds. */
  private heardAll(): boolean {
    const { keys, peers } = this.membership;
    if (!keys.any || this.membership.mesh.sparse || peers.size === 0) return false;
    for (const peer of peers.values()) {
      if (!peer.up || !peer.current || peer.confirmedAt < this.since) return false;
    }
    return true;
  }
}
