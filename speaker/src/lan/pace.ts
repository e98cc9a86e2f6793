/** Lets frames out in turns, so that what is to be said of thousands of addresses at once is no storm: so many in a turn, and a pause between the beginnings of two. */
export class Pace {
  private left = 0;
  private turnAt = -Infinity;

  /** @param mostTurns so many turns that were not used may be had at once */
  constructor(private readonly framesPerTurn: number, private readonly pauseMs: number, private readonly mostTurns = 1) {}

  /** When the next turn begins; in the past when nothing was sent of late. */
  get nextTurn(): number {
    return this.turnAt + this.pauseMs;
  }

  /**
   * Whether a frame may be sent now.
   * @param waited it has waited for its turn. If that comes late the machine is busy, perhaps with these frames: nothing is made up for
   */
  isOpen(now: number, waited = false): boolean {
    if (now >= this.nextTurn) {
      this.left = this.framesPerTurn * (waited ? 1 : Math.min(this.mostTurns, Math.floor((now - this.turnAt) / this.pauseMs)));
      this.turnAt = now;
    }
    return this.left > 0;
  }

  /** So many were sent; it may be more than there was room for. */
  spend(frames: number): void {
    this.left -= frames;
  }
}
