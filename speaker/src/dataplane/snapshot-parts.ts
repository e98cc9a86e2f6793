/**
 * A snapshot with thousands of addresses takes longer to make, and to copy for the main thread, than a heartbeat may be late. So it is told in parts, one in each turn of the loop,
 * and the main thread puts them together.
 */
import { AddressSnapshot } from '../lan';
import { DataPlaneSnapshot, Report } from './messages';
import { LoopSnapshot } from './statistics';
import { Core } from './surroundings';

/** So many addresses are a part. Copying one takes a microsecond or two, and on a slow machine some times as long. */
export const PART = 250;

/** Tells snapshots, one after the other. */
export class SnapshotSender {
  /** Who has asked since the snapshot that is under way was begun: a plan may have come between, which must be seen in theirs. */
  private asked: number[] = [];
  private current: { readonly ids: readonly number[]; readonly survey: ReturnType<Core['survey']> } | undefined;

  constructor(private readonly core: Core, private readonly loop: () => LoopSnapshot, private readonly report: (report: Report) => void) {}

  get pending(): boolean {
    return this.current !== undefined || this.asked.length > 0;
  }

  ask(id: number): void {
    this.asked.push(id);
  }

  /** Tells a part, the first one if none is under way. */
  advance(now: number): void {
    const { core } = this, { ids, survey } = this.current ??= { ids: this.asked.splice(0), survey: core.survey() };
    const addresses = survey.take(now, PART);
    if (!survey.done) return this.report({ type: 'addresses', addresses });
    this.current = undefined;
    this.report({ type: 'snapshot', ids, snapshot: { ...core.summary(now), addresses, loop: this.loop() } });
  }
}

/** Puts the parts together. */
export class SnapshotReceiver {
  private addresses: AddressSnapshot[] = [];

  add(part: readonly AddressSnapshot[]): void {
    for (const address of part) this.addresses.push(address);
  }

  /** @param last with the rest of the addresses */
  complete(last: DataPlaneSnapshot): DataPlaneSnapshot {
    this.add(last.addresses);
    const { addresses } = this;
    this.addresses = [];
    return { ...last, addresses };
  }
}
