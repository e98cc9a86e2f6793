import { PoolAnnotations, readPoolAnnotations } from './_annotations';
import { Interval, overlaps, readInterval } from './_ranges';
import { pathOf, Resource } from './_resources';
import { anyMatches, Labels, SelectorManifest, selectorsProblems } from './_selectors';
import { isToken } from './_tokens';
import { isGiven, show } from './_values';

/** Adds a problem of an object. */
export type Report = (about: Resource, problem: string) => void;

/** An IPAddressPool as far as it could be read. */
export interface PoolView extends PoolAnnotations {
  readonly resource: Resource;
  readonly name: string;
  readonly labels: Labels;
  readonly intervals: readonly Interval[];
  /** Whether the intervals are all that there are: false when there is a token among them, or something that is wrong. */
  readonly known: boolean;
  readonly autoAssign: boolean;
  readonly avoidBuggyIps: boolean;
  readonly namespaces: readonly string[];
  readonly namespaceSelectors: readonly SelectorManifest[];
  readonly serviceSelectors: readonly SelectorManifest[];
}

/** Reads pools, and reports what is wrong with each and between them. */
export function readPools(resources: readonly Resource[], report: Report): PoolView[] {
  const pools = resources.filter(({ kind }) => kind === 'IPAddressPool').map((resource) => readPool(resource, report));
  reportOverlaps(pools, report);
  return pools;
}

/** Why a pool never serves a Service, or undefined. A namespace that is not known may be any. */
export function excludes(
  pool: PoolView, service: { readonly namespace?: string; readonly labels: Labels; readonly families: readonly (32 | 128)[] },
): string | undefined {
  const { namespace } = service;
  const missing = pool.known && service.families.find((family) => !pool.intervals.some(({ bits }) => bits === family));
  if (missing) return `has no ${missing === 32 ? 'IPv4' : 'IPv6'} addresses, which the Service must have (its ipFamilies and ipFamilyPolicy)`;
  // Labels of namespaces are not known here, so a namespace selector may choose any.
  if (namespace !== undefined && !isToken(namespace) && pool.namespaces.length > 0 && pool.namespaceSelectors.length === 0
    && !pool.namespaces.some((name) => name === namespace || isToken(name))) {
    return `serves only the namespaces ${pool.namespaces.join(', ')}, not ${namespace}`;
  }
  return anyMatches(pool.serviceSelectors, service.labels) ? undefined : 'serves only Services with labels that this one does not have';
}

function readPool(resource: Resource, report: Report): PoolView {
  const { spec, name, labels, annotations } = resource;
  const intervals: Interval[] = [];
  let known = true;
  const wrong = (problem: string) => {
    known = false;
    report(resource, `${resource.title}: ${problem}`);
  };
  if (isToken(spec.addresses)) {
    known = false;
  } else if (!Array.isArray(spec.addresses) || spec.addresses.length === 0) {
    wrong(`addresses ${show(spec.addresses)} is not valid: expected at least one address or range`);
  } else {
    for (const address of spec.addresses) {
      if (isToken(address)) {
        known = false;
        continue;
      }
      const interval = typeof address === 'string' ? readInterval(address) : `${show(address)} is not an IP range: expected text`;
      if (typeof interval === 'string') wrong(`addresses: ${interval}`);
      else intervals.push(interval);
    }
  }
  for (const field of ['autoAssign', 'avoidBuggyIPs']) {
    const value = spec[field];
    if (isGiven(value) && typeof value !== 'boolean') wrong(`${field} ${show(value)} is not valid: expected true or false`);
  }
  const allocation = readAllocation(spec.serviceAllocation, wrong);
  const own = readPoolAnnotations(annotations, wrong);
  if (known && intervals.every(({ bits, low, high }) => own.excluded.some((out) => out.bits === bits && out.low <= low && high <= out.high))) {
    wrong('excludedAddresses leave nothing of its addresses: remove some of them, or the pool');
  }
  const [autoAssign, avoidBuggyIps] = [spec.autoAssign !== false, spec.avoidBuggyIPs === true];
  return { resource, name, labels, intervals, known, autoAssign, avoidBuggyIps, ...allocation, ...own };
}

function readAllocation(allocation: any, wrong: (problem: string) => void): Pick<PoolView, 'namespaces' | 'namespaceSelectors' | 'serviceSelectors'> {
  const nothing = { namespaces: [], namespaceSelectors: [], serviceSelectors: [] };
  if (allocation === undefined || allocation === null || isToken(allocation)) return nothing;
  if (typeof allocation !== 'object' || Array.isArray(allocation)) {
    wrong(`serviceAllocation ${show(allocation)} is not valid: expected an object`);
    return nothing;
  }
  const { priority, namespaces = [] } = allocation;
  if (priority !== undefined && priority !== null && !isToken(priority) && !Number.isSafeInteger(priority)) {
    wrong(`serviceAllocation.priority ${show(priority)} is not valid: expected a whole number`);
  }
  const problems = listProblems('serviceAllocation.namespaces', namespaces);
  problems.forEach(wrong);
  const selectors = ['namespaceSelectors', 'serviceSelectors'].map((field) => {
    const own = selectorsProblems(`serviceAllocation.${field}`, allocation[field]);
    own.forEach(wrong);
    // What is not understood is not held against a Service.
    return own.length > 0 || isToken(allocation[field]) ? [{}] : allocation[field] ?? [];
  });
  const understood = problems.length === 0 && !isToken(namespaces);
  const [namespaceSelectors, serviceSelectors] = selectors;
  return { namespaces: understood ? namespaces ?? [] : [], namespaceSelectors, serviceSelectors };
}

/** What is wrong with a list of names, in which none may be there twice. */
export function listProblems(field: string, list: any): string[] {
  if (list === undefined || list === null || isToken(list)) return [];
  if (!Array.isArray(list)) return [`${field} ${show(list)} is not valid: expected a list`];
  const other = list.filter((member) => typeof member !== 'string' && !isToken(member));
  if (other.length > 0) return [`${field} ${show(other[0])} is not valid: expected text`];
  const twice = list.find((member, i) => list.indexOf(member) < i && !isToken(member));
  return twice === undefined ? [] : [`${field} names ${twice} twice: remove one of them`];
}

function reportOverlaps(pools: readonly PoolView[], report: Report): void {
  const entries = pools.flatMap((pool, place) => pool.intervals.map((interval, entry) => ({ ...interval, pool, place, entry })));
  for (const pair of overlaps(entries)) {
    const [earlier, later] = pair.sort((a, b) => a.place - b.place || a.entry - b.entry);
    const whose = earlier.pool === later.pool ? 'the same pool' : `pool ${earlier.pool.name} (${pathOf(earlier.pool.resource.object)})`;
    report(later.pool.resource, `range ${later.text} of pool ${later.pool.name} overlaps ${earlier.text} of ${whose}: ` +
      `every address may be in one ${earlier.pool === later.pool ? 'range' : 'pool'} only, so take it out of one of them`);
  }
}
