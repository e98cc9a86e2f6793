import { LanPlan, LanPlanChange, PlannedAddress } from '../lan';
import { Command } from './messages';

/** What is different in more addresses goes in several messages, between which the thread of the data plane hears and sends heartbeats. */
export const SLICE = 500;

/**
 * Says what is different from the plan before. With thousands of Services a plan comes each time that one of them changes: to hand all of it to the thread of the
 * data plane would stop that for longer each time than a heartbeat may be late.
 *
 * Each message by itself leaves a plan that can be followed: some addresses are as they were in the plan before. So the revision, by which speakers find out whose plan is the newer one, comes with the last.
 */
export class PlanSender {
  private before: ReadonlyMap<string, PlannedAddress> | undefined;
  private revision: number | undefined;

  public commands(plan: LanPlan): Command[] {
    const { before, revision } = this, addresses = new Map(plan.addresses.map((planned) => [planned.address, planned]));
    this.revision = plan.revision;
    // One that names an address twice is for the core to refuse.
    this.before = addresses.size === plan.addresses.length ? addresses : undefined;
    if (this.before === undefined) return [{ type: 'plan', plan }];
    const changed = before === undefined ? plan.addresses : plan.addresses.filter((planned) => !isSame(planned, before.get(planned.address)));
    const removed = before === undefined ? [] : [...before.keys()].filter((address) => !addresses.has(address));
    const slices = Math.max(1, Math.ceil(changed.length / SLICE), Math.ceil(removed.length / SLICE));
    return Array.from({ length: slices }, (_, index): Command => {
      const part = <T>(all: readonly T[]) => all.slice(index * SLICE, (index + 1) * SLICE);
      const slice = { ...plan, addresses: part(changed), revision: index === slices - 1 ? plan.revision : revision };
      return before === undefined && index === 0 ? { type: 'plan', plan: slice } : { type: 'planChange', change: { ...slice, removed: part(removed) } };
    });
  }
}

/** Makes plans of what is different. Entries that have not changed are the same objects as before. */
export class PlanReceiver {
  private readonly addresses = new Map<string, PlannedAddress>();

  public whole(plan: LanPlan): LanPlan {
    this.addresses.clear();
    for (const planned of plan.addresses) this.addresses.set(planned.address, planned);
    return plan;
  }

  public changed({ removed, ...change }: LanPlanChange): LanPlan {
    for (const address of removed) this.addresses.delete(address);
    for (const planned of change.addresses) this.addresses.set(planned.address, planned);
    return { ...change, addresses: [...this.addresses.values()] };
  }
}

function isSame(one: PlannedAddress, other: PlannedAddress | undefined): boolean {
  return one === other || other !== undefined && isSameList(one.candidates, other.candidates) && isSameList(one.interfaces, other.interfaces);
}

function isSameList(one: readonly string[] | undefined, other: readonly string[] | undefined): boolean {
  return one === other || one !== undefined && other !== undefined && one.length === other.length && one.every((name, i) => name === other[i]);
}
