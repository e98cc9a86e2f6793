/** The plan's addresses. */
import { AddressKey, parseAddress } from '../wire';
import { Address } from './address';
import { AddressMap } from './address-map';
import { LanPlan, LanPlanChange, PlannedAddress } from './types';

/** 16-bit digest of a candidate list: equal lists have equal ones, and different lists nearly always different ones. */
export function digestOf(candidates: readonly string[]): number {
  let digest = 1;
  for (const char of candidates.join(',')) digest = (digest * 31 + char.charCodeAt(0)) % 65521;
  return digest;
}

const keys = new WeakMap<PlannedAddress, AddressKey>();

/**
 * The address of an entry of a plan; undefined for a text that is none. An entry's text is read once: plans of thousands of addresses come again and again with one of
 * them changed, and the others may be the same objects.
 */
export function keyOf(planned: PlannedAddress): AddressKey | undefined {
  const known = keys.get(planned);
  if (known !== undefined) return known;
  const key = parseAddress(planned.address);
  if (key !== undefined) keys.set(planned, key);
  return key;
}

/** What a plan has changed. */
export interface Replanned {
  readonly removed: readonly Address[];
  readonly taken: readonly Address[];
}

export class Addresses {
  /** Looked up at each frame. */
  readonly map = new AddressMap<Address>();
  /** The same, in the order of the plan. */
  list: readonly Address[] = [];
  private byKey = new Map<AddressKey, Address>();

  /** Takes a checked plan. An address that stays keeps its state. Returns those that are no longer there, and those that are. */
  setPlan(plan: LanPlan): Replanned {
    const before = this.byKey;
    this.byKey = new Map();
    this.map.clear();
    for (const planned of plan.addresses) this.take(planned, before);
    this.list = [...this.byKey.values()];
    return { removed: [...before.values()].filter(({ key }) => !this.byKey.has(key)), taken: this.list };
  }

  /** Takes a checked change of the plan before. Returns those that are no longer there, and those that are new or changed. */
  changePlan({ addresses, removed }: LanPlanChange): Replanned {
    const kept = new Set(addresses.map(keyOf)), gone: Address[] = [];
    for (const text of removed) {
      const key = parseAddress(text), address = key === undefined || kept.has(key) ? undefined : this.byKey.get(key);
      if (address === undefined) continue;
      this.byKey.delete(address.key);
      this.map.delete(address.key);
      gone.push(address);
    }
    const taken = addresses.map((planned) => this.take(planned, this.byKey));
    this.list = [...this.byKey.values()];
    return { removed: gone, taken };
  }

  private take(planned: PlannedAddress, known: ReadonlyMap<AddressKey, Address>): Address {
    const key = keyOf(planned)!;
    const address = known.get(key) ?? new Address(planned.address, key);
    if (address.planned !== planned) {
      address.planned = planned;
      address.candidates = planned.candidates;
      address.candidatesDigest = digestOf(planned.candidates);
      address.wanted = planned.interfaces;
    }
    this.byKey.set(key, address);
    this.map.set(key, address);
    return address;
  }
}
