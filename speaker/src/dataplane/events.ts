import { LanEvent } from '../lan';
import { Report } from './messages';

/** Events of thousands of addresses take longer to copy for the main thread than a heartbeat may be late. */
const MOST_AT_ONCE = 500;

/** Tells the main thread what has happened, in order, and of much that happens at once only some in each turn of the loop. */
export class Events {
  private readonly waiting: LanEvent[] = [];

  constructor(private readonly report: (report: Report) => void) {}

  get pending(): boolean {
    return this.waiting.length > 0;
  }

  tell(events: readonly LanEvent[]): void {
    if (!this.pending && events.length <= MOST_AT_ONCE) {
      this.report({ type: 'events', events });
      return;
    }
    for (const event of events) this.waiting.push(event);
  }

  /** Tells some of those that wait. */
  advance(): void {
    if (this.pending) this.report({ type: 'events', events: this.waiting.splice(0, MOST_AT_ONCE) });
  }

  /** Tells all that wait: nothing comes after it. */
  flush(): void {
    while (this.pending) this.advance();
  }
}
