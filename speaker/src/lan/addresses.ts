/** The plan's addresses. */
import { AddressKey, parseAddress } from '../wire';
import { Address } from './address';
import { AddressMap } from './address-map';
import { LanPlan, PlannedAddress } from './types';

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

export class Addresses {
  /** Looked up at each frame. */
  readonly map = new AddressMap<Address>();
  /** The same, in the order of the plan. */
  list: readonly Address[] = [];
  private byKey: ReadonlyMap<AddressKey, Address> = new Map();

  /** Takes a checked plan. An address that stays keeps its state. Returns those that are no longer there. */
  setPlan(plan: LanPlan): Address[] {
    const before = this.byKey;
    const byKey = new Map<AddressKey, Address>();
    this.map.clear();
    for (const planned of plan.addresses) {
      const key = keyOf(planned)!;
      const address = before.get(key) ?? new Address(planned.address, key);
      if (address.planned !== planned) {
        address.planned = planned;
        address.candidates = planned.candidates;
        address.candidatesDigest = digestOf(planned.candidates);
        address.wanted = planned.interfaces;
      }
      byKey.set(key, address);
      this.map.set(key, address);
    }
    this.byKey = byKey;
    this.list = [...byKey.values()];
    return [...before.values()].filter(({ key }) => !byKey.has(key));
  }
}
