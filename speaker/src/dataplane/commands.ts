import { Command } from './messages';
import { SLICE } from './plan-change';

/** Messages of the main thread, in order. What makes much work is spread over turns of the loop, so that heartbeats are heard and sent between. */
export class Commands {
  private waits = false;

  constructor(private readonly next: () => Command | undefined) {}

  /** Whether messages were left for the next turn. */
  get pending(): boolean {
    return this.waits;
  }

  /** Hands some over; more while `goesOn`. */
  obey(obey: (command: Command) => void, goesOn: () => boolean): void {
    this.waits = false;
    for (let room = SLICE; goesOn();) {
      if (room <= 0) {
        this.waits = true;
        return;
      }
      const command = this.next();
      if (command === undefined) return;
      room -= sizeOf(command);
      obey(command);
    }
  }
}

/** How much work a message makes, measured in addresses. */
function sizeOf(command: Command): number {
  switch (command.type) {
    case 'plan':
      return command.plan.addresses.length;
    case 'planChange':
      return command.change.addresses.length + command.change.removed.length;
    default:
      return 0;
  }
}
