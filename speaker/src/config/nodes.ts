import { isObject } from './field';
import { anyMatches, Labels, LabelSelector, readLabelSelector } from './label-selector';

/** A Namespace or a Node, as far as selectors are concerned. */
export interface LabelledObject {
  readonly name: string;
  readonly labels?: Labels;
}

interface SelectsNodes {
  readonly nodeSelectors: readonly LabelSelector[];
}

/**
 * True when some node is selected by both.
 *
 * When no node is known (manifests are checked before there is a cluster), two are taken to meet if one of them selects every node or both have a
 * selector in common: anything more would call it an error to have one object for each rack.
 */
export function shareANode(a: SelectsNodes, b: SelectsNodes, nodes: readonly { readonly labels: Labels }[]): boolean {
  if (nodes.length > 0) return nodes.some(({ labels }) => anyMatches(a.nodeSelectors, labels) && anyMatches(b.nodeSelectors, labels));
  if (a.nodeSelectors.length === 0 || b.nodeSelectors.length === 0) return true;
  const texts = new Set(a.nodeSelectors.map(({ text }) => text));
  return b.nodeSelectors.some(({ text }) => texts.has(text));
}

/**
 * Whether an object in which `spec.nodeSelectors` stand, untrusted JSON, is about the node with these labels: a selector matches, or there are none, or one
 * of them cannot be read. The last is for the reader of the whole object to report; so one bad selector hides nothing and stops nothing.
 */
export function mayMatchNode(object: unknown, labels: Labels): boolean {
  const spec = isObject(object) && isObject(object.spec) ? object.spec : {};
  const selectors = spec.nodeSelectors;
  if (!Array.isArray(selectors) || selectors.length === 0) return true;
  return selectors.some((raw: unknown) => {
    const result = readLabelSelector(raw);
    return 'faults' in result || result.selector.matches(labels);
  });
}
