import { Field } from './field';
import { anyMatches, Labels, LabelSelector, labelSelectorOf, labelSelectorsOf } from './label-selector';
import { Metadata } from './metadata';
import { Pool } from './pool';

/** One entry of `spec.preferredNodeSelectors`. */
export interface PreferredNodes {
  /** 1 to 100. */
  readonly weight: number;
  readonly preference: LabelSelector;
}

/** What an L2Advertisement says, compiled. */
interface L2AdvertisementSpec {
  readonly poolNames: ReadonlySet<string>;
  readonly poolSelectors: readonly LabelSelector[];
  readonly nodeSelectors: readonly LabelSelector[];
  readonly serviceSelectors: readonly LabelSelector[];
  readonly interfaces: readonly string[];
  readonly preferredNodes: readonly PreferredNodes[];
}

/** A valid L2Advertisement: which addresses are announced by ARP and NDP, from which nodes and interfaces. Immutable. */
export class L2Advertisement {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string | undefined;
  readonly generation: number | undefined;
  /** Names of pools, whether or not they exist; together with `poolSelectors` empty for every pool. */
  readonly poolNames: ReadonlySet<string>;
  readonly poolSelectors: readonly LabelSelector[];
  readonly nodeSelectors: readonly LabelSelector[];
  readonly serviceSelectors: readonly LabelSelector[];
  /** Exact interface names; empty for every interface. */
  readonly interfaces: readonly string[];
  readonly preferredNodes: readonly PreferredNodes[];

  constructor({ name, namespace, uid, generation }: Omit<Metadata, 'labels' | 'creationTimestamp'>, spec: L2AdvertisementSpec) {
    this.name = name;
    this.namespace = namespace;
    this.uid = uid;
    this.generation = generation;
    this.poolNames = spec.poolNames;
    this.poolSelectors = spec.poolSelectors;
    this.nodeSelectors = spec.nodeSelectors;
    this.serviceSelectors = spec.serviceSelectors;
    this.interfaces = spec.interfaces;
    this.preferredNodes = spec.preferredNodes;
  }

  /** True when addresses of the pool are announced: it is named, or its labels match a selector, or neither restricts. */
  matchesPool(pool: Pick<Pool, 'name' | 'labels'>): boolean {
    if (this.poolNames.size === 0) return anyMatches(this.poolSelectors, pool.labels);
    return this.poolNames.has(pool.name) || this.poolSelectors.some((selector) => selector.matches(pool.labels));
  }

  /** True when a node with these labels may announce. */
  matchesNode(labels: Labels): boolean {
    return anyMatches(this.nodeSelectors, labels);
  }

  /** True when it is about Services with these labels. */
  matchesService(labels: Labels): boolean {
    return anyMatches(this.serviceSelectors, labels);
  }

  /** How much a node with these labels is preferred: the sum of the matching weights; 0 for a node that may not announce. */
  nodeScore(labels: Labels): number {
    if (!this.matchesNode(labels)) return 0;
    return this.preferredNodes.reduce((score, { weight, preference }) => score + (preference.matches(labels) ? weight : 0), 0);
  }
}

/** Reads one L2Advertisement; undefined when something is wrong with it, which goes to the report of `root`. */
export function readL2Advertisement(root: Field, metadata: Metadata): L2Advertisement | undefined {
  const spec = root.child('spec').object();
  const advertisement = new L2Advertisement(metadata, {
    poolNames: new Set(spec.child('ipAddressPools').strings('duplicate definition of ipAddressPools')),
    poolSelectors: labelSelectorsOf(spec.child('ipAddressPoolSelectors'), 'ipAddressPoolSelectors'),
    nodeSelectors: labelSelectorsOf(spec.child('nodeSelectors'), 'nodeSelectors'),
    serviceSelectors: labelSelectorsOf(spec.child('serviceSelectors'), 'serviceSelectors'),
    interfaces: spec.child('interfaces').strings(),
    preferredNodes: spec.child('preferredNodeSelectors').items().flatMap(readPreferredNodes),
  });
  return root.report.ok ? advertisement : undefined;
}

function readPreferredNodes(item: Field): PreferredNodes[] {
  if (item.object().isAbsent) item.wrongType('an object with weight and preference');
  const weight = item.child('weight');
  if (weight.isAbsent) weight.wrongType('a whole number from 1 to 100');
  const value = weight.integer(1, 100);
  const preference = labelSelectorOf(item.child('preference'));
  return value !== undefined && preference ? [{ weight: value, preference }] : [];
}
