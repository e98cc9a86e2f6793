/**
 * Asks all peers at once what they hold: after a pause of our own in which they may have missed us, or when an interface has come up.
 *
 * A heartbeat with the question in it is answered within a millisecond or two, where the next ordinary one may take an interval.
 */
import { Membership } from './membership';
import { QUESTIONS, SPACING_MS } from './suspicion';

export class Inquiry {
  private since = -Infinity;
  private asked = 0;
  private nextAt = Infinity;

  constructor(private readonly membership: Membership) {}

  /** When {@link tick} has something to do; Infinity when all have answered, or were asked often enough. */
  get deadline(): number {
    return this.nextAt;
  }

  get active(): boolean {
    return this.nextAt !== Infinity;
  }

  begin(now: number): void {
    if (!this.membership.prompt) return;
    this.since = this.nextAt = now;
    this.asked = 0;
  }

  /** Asks those who have not answered yet; ends it if there are none. */
  tick(now: number): void {
    if (!this.active) return;
    const { peers, questions } = this.membership;
    const waiting = [...peers.values()].filter((peer) => peer.linkUp && peer.prompt && !(peer.confirmedAt >= this.since && peer.current));
    if (waiting.length === 0 || (now >= this.nextAt && this.asked === QUESTIONS)) {
      this.nextAt = Infinity;
    } else if (now >= this.nextAt) {
      this.asked++;
      this.nextAt = now + SPACING_MS;
      for (const peer of waiting) questions.add(peer);
    }
  }
}
