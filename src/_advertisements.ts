import { listProblems, PoolView, Report } from './_pools';
import { Interval, shortestPrefix } from './_ranges';
import { Resource } from './_resources';
import { Labels, matches, meet, SelectorManifest, selectorProblems, selectorsProblems, selectorText } from './_selectors';
import { hasToken, isToken } from './_tokens';
import { isGiven, show } from './_values';

/** An L2Advertisement or BGPAdvertisement as far as it could be read. */
export interface AdvertisementView {
  readonly resource: Resource;
  readonly pools: readonly string[];
  readonly poolSelectors: readonly SelectorManifest[];
  readonly nodeSelectors: readonly SelectorManifest[];
  readonly serviceSelectors: readonly SelectorManifest[];
  readonly preferences: readonly { readonly weight: number; readonly preference: SelectorManifest }[];
  readonly spec: any;
}

/** Reads the advertisements of both kinds, and reports what is wrong with each. */
export function readAdvertisements(resources: readonly Resource[], report: Report): AdvertisementView[] {
  return resources.filter(({ kind }) => kind === 'L2Advertisement' || kind === 'BGPAdvertisement').map((resource) => {
    const { spec } = resource;
    const wrong = (problem: string) => report(resource, `${resource.title}: ${problem}`);
    const lists = ['ipAddressPools', 'interfaces', 'peers', 'communities'].map((field) => [field, listProblems(field, spec[field])] as const);
    // Naming an interface twice does no harm, and the program does not mind.
    lists.forEach(([field, problems]) => problems.filter((problem) => field !== 'interfaces' || !problem.includes('twice')).forEach(wrong));
    const broken = new Set(lists.filter(([, problems]) => problems.length > 0).map(([field]) => field));
    const selectors = (field: string): SelectorManifest[] => {
      const problems = selectorsProblems(field, spec[field]);
      problems.forEach(wrong);
      return problems.length > 0 || isToken(spec[field]) ? [{}] : spec[field] ?? [];
    };
    const preferenceFaults = preferenceProblems(spec.preferredNodeSelectors);
    preferenceFaults.forEach(wrong);
    const pools = broken.has('ipAddressPools') || isToken(spec.ipAddressPools) ? [] : spec.ipAddressPools ?? [];
    return {
      resource,
      spec,
      pools,
      poolSelectors: selectors('ipAddressPoolSelectors'),
      nodeSelectors: selectors('nodeSelectors'),
      serviceSelectors: selectors('serviceSelectors'),
      preferences: preferenceFaults.length > 0 || hasToken(spec.preferredNodeSelectors) ? [] : spec.preferredNodeSelectors ?? [],
    };
  });
}

/** Whether an advertisement is about a pool: it names it or chooses its labels, or does not restrict pools at all. */
export function covers({ pools, poolSelectors }: AdvertisementView, pool: Pick<PoolView, 'name' | 'labels'>): boolean {
  if (pools.length === 0 && poolSelectors.length === 0) return true;
  return pools.some((name) => name === pool.name || isToken(name)) || poolSelectors.some((selector) => matches(selector, pool.labels));
}

/** The score of a node by `preferredNodeSelectors`. */
export function scoreOf({ preferences }: AdvertisementView, labels: Labels): number {
  return preferences.reduce((sum, { weight, preference }) => sum + (matches(preference, labels) ? weight : 0), 0);
}

export interface Surroundings {
  readonly pools: readonly PoolView[];
  /** Whether there may be other pools, too. */
  readonly otherPools: boolean;
  readonly nodes?: readonly { readonly name: string; readonly labels: Labels }[];
}

/** Selectors of an advertisement that choose nothing, although everything they could choose from is known. */
export function idleSelectors(advertisement: AdvertisementView, { pools, otherPools, nodes }: Surroundings): string[] {
  const { resource: { title }, poolSelectors, nodeSelectors } = advertisement;
  const idle: string[] = [];
  const unmatched = otherPools ? [] : poolSelectors.filter((selector) => !pools.some(({ labels }) => matches(selector, labels)));
  for (const selector of unmatched) {
    idle.push(`${title}: ipAddressPoolSelectors: '${selectorText(selector)}' matches no pool of this app: ` +
      'correct it, or give a pool these labels; if the pool is made elsewhere, say so with AddressPool.fromPoolName()');
  }
  if (nodes && nodeSelectors.length > 0 && !nodes.some(({ labels }) => nodeSelectors.some((selector) => matches(selector, labels)))) {
    idle.push(`${title}: nodeSelectors: '${nodeSelectors.map(selectorText).join("' or '")}' matches none of the nodes ` +
      `${nodes.map(({ name }) => name).join(', ')}, so nobody would announce: correct it, or the labels in nodes`);
  }
  return idle;
}

/** What is wrong with the routes of a BGPAdvertisement: their attributes, and how they are aggregated, which depends on the pools. */
export function routeProblems({ resource: { title }, spec, serviceSelectors }: AdvertisementView, pools: readonly PoolView[]): string[] {
  const problems: string[] = [];
  for (const [field, min, max] of [['localPref', 0, 4_294_967_295], ['asPathPrepend', 1, 10]] as const) {
    const value = spec[field];
    if (!isGiven(value) || (Number.isInteger(value) && value >= min && value <= max)) continue;
    problems.push(`${title}: ${field} ${show(value)} is not valid: expected a whole number from ${min} to ${max}`);
  }
  for (const [field, bits] of [['aggregationLength', 32], ['aggregationLengthV6', 128]] as const) {
    const length = spec[field];
    if (length === undefined || length === null || isToken(length)) continue;
    if (!Number.isInteger(length) || length < 1 || length > bits) {
      problems.push(`${title}: ${field} ${show(length)} is not valid: expected a whole number from 1 to ${bits}`);
      continue;
    }
    if (length !== bits && serviceSelectors.length > 0) {
      problems.push(`${title}: serviceSelectors and ${field} are mutually exclusive: an aggregate is announced for all of its addresses, ` +
        `so remove one of them, or make two advertisements (${field} is ${length})`);
    }
    for (const pool of pools) {
      const narrow = pool.intervals.find((interval: Interval) => interval.bits === bits && shortestPrefix(interval) > length);
      if (narrow) {
        problems.push(`${title}: ${field} ${length} is shorter than /${shortestPrefix(narrow)}, the largest block in ${narrow.text} of pool ${pool.name}: ` +
          `it would attract the traffic of addresses that are not in the pool, so make it ${shortestPrefix(narrow)} to ${bits}`);
      }
    }
  }
  return problems;
}

/** Pairs of BGPAdvertisements that tell the same routers different things about the same routes. */
export function preferenceConflicts(
  advertisements: readonly AdvertisementView[], pools: readonly PoolView[], nodes: Surroundings['nodes'],
): [AdvertisementView, string][] {
  const reported = new Set<string>();
  return pools.flatMap((pool) => {
    const about = advertisements.filter((advertisement) => advertisement.serviceSelectors.length === 0 && covers(advertisement, pool));
    return about.flatMap((later, i) => about.slice(0, i).flatMap((earlier): [AdvertisementView, string][] => {
      const field = ['localPref', 'asPathPrepend'].find((name) => (earlier.spec[name] ?? 0) !== (later.spec[name] ?? 0));
      const pair = `${earlier.resource.title} ${later.resource.title}`;
      if (!field || reported.has(pair) || hasToken([earlier.spec, later.spec])) return [];
      if (!sameRoutes(earlier, later, pool) || !sameSessions(earlier, later, nodes)) return [];
      reported.add(pair);
      return [[later, `${later.resource.title}: ${field} ${later.spec[field] ?? 0} contradicts ${field} ${earlier.spec[field] ?? 0} of ` +
        `${earlier.resource.title}: both announce pool ${pool.name} to the same routers, so make them equal, or give them different peers, nodes or aggregation`]];
    }));
  });
}

/** Whether two advertisements make the same prefixes out of a pool, in one of the families at least. */
function sameRoutes(a: AdvertisementView, b: AdvertisementView, { intervals }: PoolView): boolean {
  return ([['aggregationLength', 32], ['aggregationLengthV6', 128]] as const).some(([field, bits]) =>
    intervals.some((interval) => interval.bits === bits) && (a.spec[field] ?? bits) === (b.spec[field] ?? bits));
}

/** Whether two advertisements certainly reach one router from one node. */
function sameSessions(a: AdvertisementView, b: AdvertisementView, nodes: Surroundings['nodes']): boolean {
  const [mine, theirs] = [a.spec.peers ?? [], b.spec.peers ?? []];
  if (mine.length > 0 && theirs.length > 0 && !mine.some((peer: string) => theirs.includes(peer))) return false;
  return meet(a.nodeSelectors, b.nodeSelectors, nodes);
}

function preferenceProblems(list: any): string[] {
  if (list === undefined || list === null || isToken(list)) return [];
  if (!Array.isArray(list)) return [`preferredNodeSelectors ${show(list)} is not valid: expected a list`];
  return list.flatMap((entry, i) => {
    const field = `preferredNodeSelectors[${i}]`;
    if (isToken(entry)) return [];
    if (typeof entry !== 'object' || entry === null) return [`${field} ${show(entry)} is not valid: expected weight and preference`];
    const { weight, preference } = entry;
    const valid = isToken(weight) || (Number.isInteger(weight) && weight >= 1 && weight <= 100);
    return [...valid ? [] : [`${field}.weight ${show(weight)} is not valid: expected a whole number from 1 to 100`],
      ...selectorProblems(`${field}.preference`, preference)];
  });
}
