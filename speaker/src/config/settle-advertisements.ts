import { IpFamily } from '../ip';
import { BGPAdvertisement, shortestMask } from './bgp-advertisement';
import { canonicalText } from './canonical-text';
import { Labels } from './label-selector';
import { Pool } from './pool';
import { differingAttributes, RouteAttribute, sameLengths } from './route-conflict';
import { Candidate, Finding, inOrderOfClaim } from './settle';

/** What advertisements are checked against. */
export interface Surroundings {
  readonly pools: readonly Pool[];
  /** Pools as they were in the configuration that the last good versions come from. */
  readonly previousPools: readonly Pool[];
  readonly nodes: readonly { readonly labels: Labels }[];
}

const NONE: ReadonlySet<string> = new Set();

const WORDS: Readonly<Record<RouteAttribute, string>> = { localPref: 'local preference', asPathPrepend: 'as path prepend' };

/**
 * Decides which version of each BGPAdvertisement holds, and for which pools.
 *
 * What is checked here lies between an advertisement and a pool, and often it is not the advertisement that changed: a pool shrinks below the aggregation
 * length, or gets a label by which a second advertisement selects it. So an advertisement that was changed goes back to its last good version if that is
 * fine, and otherwise it is used as far as it can be: it leaves a pool to the advertisement that announced it before, and a route does not reach beyond
 * the pool (`BGPAdvertisement.prefixOf`). Those that go on as they were come first, so that none of them loses a pool to one that is new or changed.
 */
export function settleAdvertisements<C extends Candidate<BGPAdvertisement>>(
  candidates: readonly C[], surroundings: Surroundings,
): Map<C, BGPAdvertisement> {
  const { pools, previousPools } = surroundings;
  const settled = new Map<C, BGPAdvertisement>();
  const claims = { hadAll: (now: BGPAdvertisement, before: BGPAdvertisement) => hadAll(now, pools, before, previousPools) };
  for (const { candidate, version } of inOrderOfClaim<BGPAdvertisement, C>(candidates, claims)) {
    const placed = [...settled.values()];
    const findings = candidate.current ? [...aggregationFindings(version, pools), ...conflicts(version, placed, surroundings).findings] : [];
    for (const finding of findings) candidate.report.add(...finding);
    const { previous } = candidate;
    // Without exclusions: what stood in the way may have gone.
    const before = previous?.without(NONE);
    const beforeIsFine = before && aggregationFindings(before, pools).length === 0 && conflicts(before, placed, surroundings).pools.size === 0;
    const chosen = findings.length > 0 && beforeIsFine ? before : version.without(NONE);
    settled.set(candidate, chosen.without(conflicts(chosen, placed, surroundings).pools));
  }
  return settled;
}

/** True when the same routes are made of addresses of no other pool than before. */
function hadAll(now: BGPAdvertisement, pools: readonly Pool[], before: BGPAdvertisement, previousPools: readonly Pool[]): boolean {
  if (routesText(now) !== routesText(before)) return false;
  const had = new Set(previousPools.filter((pool) => before.matchesPool(pool)).map(({ name }) => name));
  const wanted = now.without(NONE);
  return pools.every((pool) => !wanted.matchesPool(pool) || had.has(pool.name));
}

/** What decides about whether two advertisements contradict each other. */
function routesText(each: BGPAdvertisement): string {
  const { aggregationLength, aggregationLengthV6, localPref, asPathPrepend, peers, nodeSelectors, serviceSelectors } = each;
  return canonicalText([aggregationLength, aggregationLengthV6, localPref, asPathPrepend, peers, nodeSelectors, serviceSelectors]);
}

/** Each entry of a pool that has addresses outside of which the route would reach. */
function aggregationFindings(advertisement: BGPAdvertisement, pools: readonly Pool[]): Finding[] {
  const short = (['IPv4', 'IPv6'] as const).filter((family) => advertisement.aggregationLengthOf(family) < (family === 'IPv4' ? 32 : 128));
  if (short.length === 0) return [];
  return pools.filter((pool) => advertisement.matchesPool(pool)).flatMap((pool) => pool.ranges.flatMap((range): Finding[] => {
    const length = advertisement.aggregationLengthOf(range.family);
    const shortest = shortestMask(range);
    if (!short.includes(range.family) || length >= shortest) return [];
    const message = `invalid aggregation length ${length}: prefix ${shortest} in this pool is more specific than the aggregation length for addresses `
      + `${range.text} of pool ${JSON.stringify(pool.name)}`;
    return [['InvalidAggregation', fieldOf(range.family), length, message, `make it ${shortest} or more, or leave the pool to another advertisement`]];
  }));
}

function fieldOf(family: IpFamily): string {
  return family === 'IPv4' ? 'spec.aggregationLength' : 'spec.aggregationLengthV6';
}

/**
 * The pools for which another advertisement says otherwise. Those with `serviceSelectors` are left out: whether they meet is known when a Service is
 * announced, see `routeConflict`.
 */
function conflicts(
  advertisement: BGPAdvertisement, placed: readonly BGPAdvertisement[], { pools, nodes }: Surroundings,
): { findings: Finding[]; pools: ReadonlySet<string> } {
  if (advertisement.serviceSelectors.length > 0) return { findings: [], pools: NONE };
  const findings: Finding[] = [];
  const names = new Set<string>();
  for (const other of placed.filter(({ serviceSelectors }) => serviceSelectors.length === 0)) {
    const attributes = differingAttributes(advertisement, other, nodes);
    if (attributes.length === 0) continue;
    const shared = pools.filter((pool) => advertisement.matchesPool(pool) && other.matchesPool(pool) && sameLengths(advertisement, other, pool));
    for (const { name } of shared) {
      names.add(name);
      for (const attribute of attributes) findings.push(conflictFinding(attribute, advertisement, other, name));
    }
  }
  return { findings, pools: new Set([...names].sort()) };
}

function conflictFinding(attribute: RouteAttribute, advertisement: BGPAdvertisement, other: BGPAdvertisement, pool: string): Finding {
  const words = WORDS[attribute];
  const message = `invalid ${words} ${advertisement[attribute]}: ${words} ${other[attribute]} is already set for the same type of BGP update, `
    + `by ${JSON.stringify(other.name)} for pool ${JSON.stringify(pool)}`;
  const fix = 'make both equal, or give the advertisements different peers, nodes, pools or aggregation lengths';
  return ['ConflictingRoutes', `spec.${attribute}`, advertisement[attribute], message, fix];
}
