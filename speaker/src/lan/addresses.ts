/** The plan's addresses. */
import { AddressKey, parseAddress } from '../wire';
import { Address } from './address';
import { AddressMap } from './address-map';
import { LanPlan } from './types';

/** 16-bit digest of a candidate list: equal lists have equal ones, and different lists nearly always different ones. */
export function digestOf(candidates: readonly string[]): number {
  let digest = 1;
  for (const char of candidates.join(',')) digest = (digest * 31 + char.charCodeAt(0)) % 65521;
  return digest;
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
    for (const { address: text, candidates, interfaces } of plan.addresses) {
      const key = parseAddress(text)!;
      const address = before.get(key) ?? new Address(text, key);
      address.candidates = candidates;
      address.candidatesDigest = digestOf(candidates);
      address.wanted = interfaces;
      byKey.set(key, address);
      this.map.set(key, address);
    }
    this.byKey = byKey;
    this.list = [...byKey.values()];
    return [...before.values()].filter(({ key }) => !byKey.has(key));
  }
}
