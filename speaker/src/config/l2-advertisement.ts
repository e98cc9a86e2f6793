import { Advertisement, readSelection, Selection } from './advertisement';
import { Field } from './field';
import { Labels, LabelSelector, labelSelectorOf } from './label-selector';
import { Identity, Metadata } from './metadata';

/** One entry of `spec.preferredNodeSelectors`. */
export interface PreferredNodes {
  /** 1 to 100. */
  readonly weight: number;
  readonly preference: LabelSelector;
}

/** A valid L2Advertisement: which addresses are announced by ARP and NDP, from which nodes and interfaces. Immutable. */
export class L2Advertisement extends Advertisement {
  constructor(
    identity: Identity,
    selection: Selection,
    /** Exact interface names; empty for every interface. */
    readonly interfaces: readonly string[],
    readonly preferredNodes: readonly PreferredNodes[],
  ) {
    super(identity, selection);
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
  const selection = readSelection(spec);
  const interfaces = spec.child('interfaces').strings();
  const preferredNodes = spec.child('preferredNodeSelectors').items().flatMap(readPreferredNodes);
  return root.report.ok ? new L2Advertisement(metadata, selection, interfaces, preferredNodes) : undefined;
}

function readPreferredNodes(item: Field): PreferredNodes[] {
  if (item.object().isAbsent) item.wrongType('an object with weight and preference');
  const weight = item.child('weight');
  if (weight.isAbsent) weight.wrongType('a whole number from 1 to 100');
  const value = weight.integer(1, 100);
  const preference = labelSelectorOf(item.child('preference'));
  return value !== undefined && preference ? [{ weight: value, preference }] : [];
}
