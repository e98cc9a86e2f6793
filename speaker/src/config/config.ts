import { IpRange } from '../ip';
import { BFDProfile } from './bfd-profile';
import { BGPAdvertisement } from './bgp-advertisement';
import { BGPPeer } from './bgp-peer';
import { canonicalText } from './canonical-text';
import { Community } from './community';
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

/** What a configuration says about BGP; empty where it is not looked at. */
export interface BGPConfig {
  /** By name, as they are now; each peer has its own, which may be the last good version. */
  readonly bfdProfiles: readonly BFDProfile[];
  /** By name. Advertisements have the values looked up. */
  readonly communities: readonly Community[];
  /** By name. No node has two with the same `target`. */
  readonly bgpPeers: readonly BGPPeer[];
  /** By name. Of those without `serviceSelectors`, no two make one route with different attributes. */
  readonly bgpAdvertisements: readonly BGPAdvertisement[];
}

/**
 * What the cluster is configured to do: every custom resource in a version that is valid, all of them together without contradiction.
 */
export interface Config extends BGPConfig {
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
export function makeConfig(parts: Omit<Config, 'fingerprint'>): Config {
  return { ...parts, fingerprint: canonicalText(parts) };
}
