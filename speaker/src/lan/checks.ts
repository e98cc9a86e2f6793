/** What the control plane may hand to the core. Each throws before anything is changed, so what was there before stays in force. */
import { isHeartbeatName } from '../wire';
import { keyOf } from './addresses';
import { LanError } from './errors';
import { LanCoreOptions, LanPlan, Link } from './types';

/** MetalLB's generated secret has 128 octets, and its shortest form in use 22. */
const MIN_KEY_LENGTH = 16;

export function checkOptions({ node, heartbeat: { intervalMs, multiplier } }: LanCoreOptions): void {
  if (!isHeartbeatName(node)) throw new LanError('LAN_OPTIONS_INVALID', `node '${node}': give the Node's metadata.name (RFC 1123 subdomain)`);
  if (!(intervalMs >= 10) || !(multiplier >= 2) || !Number.isInteger(multiplier)) {
    throw new LanError('LAN_OPTIONS_INVALID', `heartbeat ${intervalMs} ms x ${multiplier}: give an interval of 10 ms or more and a whole multiplier of 2 or more`);
  }
}

export function checkKeys(keys: readonly Uint8Array[]): void {
  const short = keys.findIndex(({ length }) => length < MIN_KEY_LENGTH);
  if (short < 0) return;
  throw new LanError('LAN_KEY_TOO_SHORT', `heartbeat key ${short + 1} has ${keys[short].length} octets: give ${MIN_KEY_LENGTH} or more`);
}

export function checkLinks(links: readonly Link[]): void {
  for (const link of links) {
    if (link.mac.length === 6 || link.loopback || link.noArp || !link.broadcast) continue;
    throw new LanError('LAN_LINK_MAC', `link ${link.name} (index ${link.index}): a hardware address has 6 octets, this one has ${link.mac.length}`);
  }
}

export function checkPlan(node: string, plan: LanPlan): void {
  if (plan.node !== node) {
    throw new LanError('LAN_PLAN_NODE', `the plan is for node '${plan.node}', this is '${node}': make the plan with the name given to the core`);
  }
  const { revision = 0 } = plan;
  if (!Number.isSafeInteger(revision) || revision < 0) {
    throw new LanError('LAN_PLAN_REVISION', `plan revision ${revision}: give a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`);
  }
  const seen = new Set<string>();
  for (const planned of plan.addresses) {
    const { address } = planned;
    if (keyOf(planned) === undefined) {
      throw new LanError('LAN_PLAN_ADDRESS', `planned address '${address}': give the canonical text of an IPv4 or IPv6 address, such as 93.5.22.100 or fd93:5:22::100`);
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
