import { Field } from './field';
import { anyMatches, Labels, LabelSelector, labelSelectorsOf } from './label-selector';
import { Identity } from './metadata';
import { Pool } from './pool';

/** What an advertisement is about: addresses of which pools, from which nodes, for which Services. */
export interface Selection {
  /** Names of pools, whether or not they exist; together with `poolSelectors` empty for every pool. */
  readonly poolNames: ReadonlySet<string>;
  readonly poolSelectors: readonly LabelSelector[];
  readonly nodeSelectors: readonly LabelSelector[];
  readonly serviceSelectors: readonly LabelSelector[];
}

export function readSelection(spec: Field): Selection {
  return {
    poolNames: new Set(spec.child('ipAddressPools').strings('duplicate definition of ipAddressPools')),
    poolSelectors: labelSelectorsOf(spec.child('ipAddressPoolSelectors'), 'ipAddressPoolSelectors'),
    nodeSelectors: labelSelectorsOf(spec.child('nodeSelectors'), 'nodeSelectors'),
    serviceSelectors: labelSelectorsOf(spec.child('serviceSelectors'), 'serviceSelectors'),
  };
}

/** What L2Advertisement and BGPAdvertisement have in common. */
export abstract class Advertisement implements Identity, Selection {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string | undefined;
  readonly generation: number | undefined;
  readonly poolNames: ReadonlySet<string>;
  readonly poolSelectors: readonly LabelSelector[];
  readonly nodeSelectors: readonly LabelSelector[];
  readonly serviceSelectors: readonly LabelSelector[];

  constructor({ name, namespace, uid, generation }: Identity, selection: Selection) {
    this.name = name;
    this.namespace = namespace;
    this.uid = uid;
    this.generation = generation;
    this.poolNames = selection.poolNames;
    this.poolSelectors = selection.poolSelectors;
    this.nodeSelectors = selection.nodeSelectors;
    this.serviceSelectors = selection.serviceSelectors;
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
}
