/** The plan's addresses, checked and kept by number. */
import { isHeartbeatName, parseIpv4 } from '../wire';
import { Address } from './address';
import { LanError } from './errors';
import { LanPlan } from './types';

/** The family the core does not announce: canonical IPv6 text. */
const LOOKS_LIKE_IPV6 = /^[0-9a-f:.]*:[0-9a-f:.]*$/;

/** Throws what is wrong with a plan, so that a bad one changes nothing. */
export function checkPlan(node: string, plan: LanPlan): void {
  if (plan.node !== node) {
    throw new LanError('LAN_PLAN_NODE', `the plan is for node '${plan.node}', this is '${node}': make the plan with the name given to the core`);
  }
  const { revision = 0 } = plan;
  if (!Number.isSafeInteger(revision) || revision < 0) {
    throw new LanError('LAN_PLAN_REVISION', `plan revision ${revision}: give a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`);
  }
  const seen = new Set<string>();
  for (const { address } of plan.addresses) {
    if (parseIpv4(address) === undefined && !LOOKS_LIKE_IPV6.test(address)) {
      throw new LanError('LAN_PLAN_ADDRESS', `planned address '${address}': give the canonical text of an IPv4 or IPv6 address, such as 93.5.22.100`);
    }
    if (seen.has(address)) throw new LanError('LAN_PLAN_ADDRESS_TWICE', `planned address '${address}' is there twice: merge its candidates and interfaces into one`);
    seen.add(address);
  }
  for (const peer of plan.peers) {
    if (!isHeartbeatName(peer.node)) {
      throw new LanError('LAN_PLAN_NODE', `peer '${peer.node}' is no node name: give the Node's metadata.name (RFC 1123 subdomain)`);
    }
  }
}

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
