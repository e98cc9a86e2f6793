import { IpRange } from '../ip';
import { L2Advertisement } from './l2-advertisement';
import { Pool } from './pool';
import { ResourceKind } from './problem';

/** A custom resource that is wrong and of which no good version is known. */
export interface UnusableResource {
  readonly kind: ResourceKind;
  readonly name: string;
  /** Of an IPAddressPool: the entries of `spec.addresses` that could be read. Empty otherwise. */
  readonly ranges: readonly IpRange[];
  /** Of an IPAddressPool: false when some entry could not be read. True otherwise. */
  readonly rangesKnown: boolean;
}

/**
 * What the cluster is configured to do: every custom resource in a version that is valid, all of them together without contradiction.
 */
export interface Config {
  /** In the order in which they are tried, see `comparePools`. No address is in two. */
  readonly pools: readonly Pool[];
  /** By name. */
  readonly l2Advertisements: readonly L2Advertisement[];
  /** By kind and name. What belongs to these is left as it is until they are corrected or deleted. */
  readonly unusable: readonly UnusableResource[];
  /** Equal for configurations that say the same. */
  readonly fingerprint: string;
}

/** Puts the parts of a configuration together. */
export function makeConfig(pools: readonly Pool[], l2Advertisements: readonly L2Advertisement[], unusable: readonly UnusableResource[]): Config {
  const fingerprint = JSON.stringify([pools, l2Advertisements, unusable], (_, value: unknown) => value instanceof Set ? [...value] : value);
  return { pools, l2Advertisements, unusable, fingerprint };
}
