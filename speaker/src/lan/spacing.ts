/** So many subjects are told apart; hardware addresses and sources are easily forged, so there may be any number. */
const REMEMBERED = 64;

/**
 * Keeps reports apart in time: of one subject once in an interval, and of no more than 64 subjects in that time, so that a storm of forged
 * ones is not handed on as a storm of reports. What is not reported is counted elsewhere.
 */
export class Spacing {
  private readonly reported = new Map<string, number>();

  constructor(private readonly intervalMs: number) {}

  /** Whether to report the subject now; if so, it is taken for reported. */
  allows(now: number, subject: string): boolean {
    if (now - (this.reported.get(subject) ?? -Infinity) < this.intervalMs) return false;
    if (this.reported.size >= REMEMBERED && !this.reported.has(subject)) {
      // In the order in which they were reported.
      const [[oldest, at]] = this.reported;
      if (now - at < this.intervalMs) return false;
      this.reported.delete(oldest);
    }
    this.reported.delete(subject);
    this.reported.set(subject, now);
    return true;
  }
}
