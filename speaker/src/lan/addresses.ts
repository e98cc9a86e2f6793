/** The plan's addresses, kept by number. */
import { parseIpv4 } from '../wire';
import { Address } from './address';
import { LanPlan } from './types';

/** 16-bit digest of a candidate list: equal lists have equal ones, and different lists nearly always different ones. */
export function digestOf(candidates: readonly string[]): number {
  let digest = 1;
  for (const char of candidates.join(',')) digest = (digest * 31 + char.charCodeAt(0)) % 65521;
  return digest;
}

/** What a new plan changes. */
export interface PlanChange {
  readonly removed: readonly Address[];
  /** Those of another family that the plan before did not have. */
  readonly unsupported: readonly string[];
}

export class Addresses {
  readonly byKey = new Map<number, Address>();
  /** The same, in the order of the plan. */
  list: readonly Address[] = [];
  private unsupported: ReadonlySet<string> = new Set();

  /** Takes a checked plan. An address that stays keeps its state. */
  setPlan(plan: LanPlan): PlanChange {
    const list: Address[] = [];
    const unsupported = new Set<string>();
    const before = new Map(this.byKey);
    this.byKey.clear();
    for (const { address: text, candidates, interfaces } of plan.addresses) {
      const key = parseIpv4(text);
      if (key === undefined) {
        unsupported.add(text);
        continue;
      }
      const address = before.get(key) ?? new Address(text, key);
      before.delete(key);
      address.candidates = candidates;
      address.candidatesDigest = digestOf(candidates);
      address.wanted = interfaces;
      this.byKey.set(key, address);
      list.push(address);
    }
    const change = { removed: [...before.values()], unsupported: [...unsupported].filter((text) => !this.unsupported.has(text)) };
    this.list = list;
    this.unsupported = unsupported;
    return change;
  }
}
