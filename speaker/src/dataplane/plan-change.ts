import { LanPlan, PlannedAddress } from '../lan';
import { Command } from './messages';

/** What is different in a plan of which the receiver has the one before. */
export interface PlanChange extends LanPlan {
  /** Those that are new or changed. */
  readonly addresses: readonly PlannedAddress[];
  /** Texts of those that are planned no longer. */
  readonly removed: readonly string[];
}

/**
 * Says what is different from the plan before. With thousands of Services a plan comes each time that one of them changes: to hand all of it to the thread of the
 * data plane would stop that for longer each time than a heartbeat may be late.
 */
export class PlanSender {
  private before: ReadonlyMap<string, PlannedAddress> | undefined;

  public command(plan: LanPlan): Command {
    const { before } = this, addresses = new Map(plan.addresses.map((planned) => [planned.address, planned]));
    // One that names an address twice is for the core to refuse.
    this.before = addresses.size === plan.addresses.length ? addresses : undefined;
    if (before === undefined || this.before === undefined) return { type: 'plan', plan };
    const changed = plan.addresses.filter((planned) => !isSame(planned, before.get(planned.address)));
    return { type: 'planChange', change: { ...plan, addresses: changed, removed: [...before.keys()].filter((address) => !addresses.has(address)) } };
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

  public changed({ removed, ...change }: PlanChange): LanPlan {
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
