import { IpError, IpRange } from '../ip';
import { Field } from './field';
import { Labels, LabelSelector, labelSelectorsOf } from './label-selector';
import { Metadata } from './metadata';
import { rangesInConflict, overlapFix, overlapMessage } from './pool-overlap';
import { NodeAddresses, PoolPolicy, readPoolPolicy } from './pool-policy';

/** Who may have addresses of a pool: `spec.serviceAllocation` of an IPAddressPool. A Service must be in one of the namespaces *and* match a selector. */
export interface ServiceAllocation {
  /** Lower is tried first; 0 (also when absent) is tried last. */
  readonly priority: number;
  /** `namespaces` as listed. */
  readonly listedNamespaces: readonly string[];
  readonly namespaceSelectors: readonly LabelSelector[];
  /**
   * Names of the namespaces listed or selected now; undefined when neither is restricted.
   * Empty when selectors are given that match no namespace: then nobody may have an address, since that is what the text says.
   */
  readonly namespaces: ReadonlySet<string> | undefined;
  /** One of them must match the labels of the Service; empty for every Service. */
  readonly serviceSelectors: readonly LabelSelector[];
}

/** A valid IPAddressPool. */
export interface Pool {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string | undefined;
  readonly generation: number | undefined;
  readonly labels: Labels;
  /** `spec.addresses` in the order written; no two overlap, in this pool or another. */
  readonly ranges: readonly IpRange[];
  /** False: only for Services that ask for the pool or for one of its addresses. */
  readonly autoAssign: boolean;
  /** True: IPv4 addresses that end in .0 or .255 are never handed out. */
  readonly avoidBuggyIPs: boolean;
  /** Undefined for a pool that is open to every Service. */
  readonly serviceAllocation: ServiceAllocation | undefined;
  /** What its annotations in our own group say. */
  readonly policy: PoolPolicy;
}

/** What could be read of an IPAddressPool. */
export interface ReadPool {
  /** Undefined when something is wrong with it. */
  readonly pool: Pool | undefined;
  /** The entries of `spec.addresses` that could be read. */
  readonly ranges: readonly IpRange[];
  /** False when some entry could not be read, so that other addresses may be meant, too. */
  readonly rangesKnown: boolean;
}

/** Order in which pools are tried: those with `serviceAllocation` by priority (0 last), then the open ones; by name where equal. */
export function comparePools(a: Pool, b: Pool): number {
  return rank(a) - rank(b) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

function rank({ serviceAllocation }: Pool): number {
  if (!serviceAllocation) return Number.MAX_VALUE;
  return serviceAllocation.priority === 0 ? Number.MAX_SAFE_INTEGER : serviceAllocation.priority;
}

/** Reads one IPAddressPool; what is wrong goes to the report of `root`. */
export function readPool(root: Field, metadata: Metadata, nodes: NodeAddresses): ReadPool {
  const spec = root.child('spec').object();
  const addresses = spec.child('addresses');
  const entries = readAddresses(addresses);
  const ranges = entries.filter((range): range is IpRange => range !== undefined);
  const autoAssign = spec.child('autoAssign').boolean(true);
  const avoidBuggyIPs = spec.child('avoidBuggyIPs').boolean(false);
  const serviceAllocation = readServiceAllocation(spec.child('serviceAllocation'));
  const policy = readPoolPolicy(root, nodes);
  const { name, namespace, uid, generation, labels } = metadata;
  const pool = { name, namespace, uid, generation, labels, ranges, autoAssign, avoidBuggyIPs, serviceAllocation, policy };
  const rangesKnown = ranges.length === entries.length && (addresses.isAbsent || Array.isArray(addresses.value));
  return { pool: root.report.ok ? pool : undefined, ranges, rangesKnown };
}

/** One result an entry, undefined for those that cannot be read. */
function readAddresses(field: Field): (IpRange | undefined)[] {
  const items = field.items();
  if (items.length === 0 && (field.isAbsent || Array.isArray(field.value))) {
    field.problem('NoAddresses', 'pool has no prefixes defined', 'list at least one address, such as 93.5.22.100 or 93.5.22.100-93.5.22.110');
  }
  const entries = items.map(readAddress);
  const readable = entries.flatMap((range, index) => range ? [{ range, item: items[index] }] : []);
  for (const [later, earlier] of rangesInConflict(readable)) {
    later.item.problem('OverlappingAddresses', overlapMessage(later.range, field.report.name, earlier.range), overlapFix(field.report.name, field.report.name));
  }
  return entries;
}

function readAddress(item: Field): IpRange | undefined {
  if (typeof item.value !== 'string') {
    item.wrongType('text: a CIDR, a range or one address');
    return undefined;
  }
  try {
    return IpRange.parse(item.value);
  } catch (error) {
    if (!(error instanceof IpError)) throw error;
    item.problem(error.code, error.message, error.fix);
    return undefined;
  }
}

function readServiceAllocation(field: Field): ServiceAllocation | undefined {
  if (field.object().isAbsent) return undefined;
  return {
    priority: field.child('priority').integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER) ?? 0,
    listedNamespaces: field.child('namespaces').strings('duplicate definition in namespaces field'),
    namespaceSelectors: labelSelectorsOf(field.child('namespaceSelectors'), 'namespaceSelectors'),
    namespaces: undefined,
    serviceSelectors: labelSelectorsOf(field.child('serviceSelectors'), 'serviceSelectors'),
  };
}

/** The pool with its namespace selectors looked up among the namespaces that exist now. */
export function resolveNamespaces(pool: Pool, namespaces: readonly { name: string; labels: Labels }[]): Pool {
  const allocation = pool.serviceAllocation;
  if (!allocation) return pool;
  const { listedNamespaces, namespaceSelectors } = allocation;
  const restricted = listedNamespaces.length > 0 || namespaceSelectors.length > 0;
  const selected = namespaces.filter(({ labels }) => namespaceSelectors.some((selector) => selector.matches(labels))).map(({ name }) => name);
  return { ...pool, serviceAllocation: { ...allocation, namespaces: restricted ? new Set([...listedNamespaces, ...selected].sort()) : undefined } };
}
