import { BGPAdvertisement } from './bgp-advertisement';
import { Labels } from './label-selector';
import { shareANode } from './nodes';
import { Pool } from './pool';

/** An attribute that a route has once, so that two advertisements of it must agree. Communities are no such: a route has those of both. */
export type RouteAttribute = 'localPref' | 'asPathPrepend';

const ATTRIBUTES: readonly RouteAttribute[] = ['localPref', 'asPathPrepend'];

/**
 * In which attributes two advertisements would make the same routes different.
 *
 * They do not meet when they go to different peers or from different nodes, or make prefixes of different length.
 *
 * @param pool a pool that both announce
 * @param nodes those that are known; the own one suffices where one node decides for itself
 */
export function routeConflict(
  a: BGPAdvertisement, b: BGPAdvertisement, pool: Pick<Pool, 'ranges'>, nodes: readonly { readonly labels: Labels }[],
): RouteAttribute[] {
  const attributes = differingAttributes(a, b, nodes);
  return attributes.length > 0 && sameLengths(a, b, pool) ? attributes : [];
}

/** The part that is the same for every pool. */
export function differingAttributes(a: BGPAdvertisement, b: BGPAdvertisement, nodes: readonly { readonly labels: Labels }[]): RouteAttribute[] {
  const attributes = ATTRIBUTES.filter((attribute) => a[attribute] !== b[attribute]);
  return attributes.length > 0 && shareAPeer(a, b) && shareANode(a, b, nodes) ? attributes : [];
}

/** The part that depends on the pool: whether addresses of some family in it get prefixes of the same length. */
export function sameLengths(a: BGPAdvertisement, b: BGPAdvertisement, { ranges }: Pick<Pool, 'ranges'>): boolean {
  return ranges.some(({ family }) => a.aggregationLengthOf(family) === b.aggregationLengthOf(family));
}

function shareAPeer(a: BGPAdvertisement, b: BGPAdvertisement): boolean {
  return a.peers.size === 0 || b.peers.size === 0 || [...a.peers].some((name) => b.peers.has(name));
}
