import type { Decision } from './types';

/** One address of the plan: who may announce it, and where on this node. */
export interface PlannedAddress {
  /** Canonical text. */
  readonly address: string;
  readonly candidates: readonly string[];
  readonly interfaces?: readonly string[];
}

/**
 * Merges the decisions for all Services into one entry an address.
 *
 * Services that share an address nearly always agree on its candidates. Where they do not (one of them is bound to other nodes), the
 * nodes that serve most of them come first, else the order of the Service whose key sorts first; so every speaker finds the same
 * order. O(s log s) for s Services.
 */
export function mergePlan(decisions: ReadonlyMap<string, Decision>): PlannedAddress[] {
  const merged = new Map<string, { votes: Map<string, number>; interfaces?: Set<string> }>();
  for (const key of [...decisions.keys()].sort()) {
    const decision = decisions.get(key)!;
    if (!decision.announced) {
      continue;
    }
    for (const address of decision.addresses.map(String)) {
      let entry = merged.get(address);
      if (!entry) {
        merged.set(address, entry = { votes: new Map(), interfaces: decision.interfaces && new Set(decision.interfaces) });
      } else if (!decision.interfaces) {
        entry.interfaces = undefined; // one Service that wants all interfaces has them all
      }
      for (const name of entry.interfaces && decision.interfaces || []) {
        entry.interfaces!.add(name);
      }
      for (const node of decision.candidates) {
        entry.votes.set(node, (entry.votes.get(node) ?? 0) + 1);
      }
    }
  }
  return [...merged].map(([address, { votes, interfaces }]) => ({
    address,
    // A Map keeps the order of insertion and the sort is stable, so equal votes keep the first Service's order.
    candidates: [...votes].sort(([, a], [, b]) => b - a).map(([node]) => node),
    ...(interfaces && { interfaces: [...interfaces].sort() }),
  }));
}
