import { IAddressPool } from './address-pool';
import { IBgpPeer } from './bgp-peer';
import { Community } from './community';
import { Selector } from './selector';

/**
 * Nodes to prefer.
 */
export interface PreferredNodes {
  /**
   * The nodes.
   */
  readonly selector: Selector;

  /**
   * Added to the score of these nodes, from 1 to 100. The healthy node with the highest score announces.
   *
   * @default 100
   */
  readonly weight?: number;
}

/**
 * What advertisements of both kinds have in common.
 */
export interface CommonAdvertisementOptions {
  /**
   * Name of the object.
   *
   * @default - made up by cdk8s
   */
  readonly name?: string;

  /**
   * The nodes that may announce; one matching selector is enough.
   *
   * @default - every node
   */
  readonly nodeSelectors?: Selector[];

  /**
   * The Services whose addresses are announced; one matching selector is enough. Such Services must not share their address when the
   * advertisement is a layer 2 one: pass `AddressSharing.NEVER` to `bind()`.
   *
   * @default - every Service
   */
  readonly serviceSelectors?: Selector[];
}

/**
 * How to announce addresses inside a subnet.
 */
export interface L2AdvertisementOptions extends CommonAdvertisementOptions {
  /**
   * Exact names of the network interfaces to announce on, such as `eth0`. Nodes that have none of them do not announce.
   *
   * @default - every interface on the way to the addresses
   */
  readonly interfaces?: string[];

  /**
   * Nodes to prefer among those that may announce, for instance the ones on a cable.
   *
   * @default - no preference
   */
  readonly preferredNodes?: PreferredNodes[];
}

/**
 * How to announce addresses to routers.
 */
export interface BgpAdvertisementOptions extends CommonAdvertisementOptions {
  /**
   * The routers to announce to.
   *
   * @default - every peer
   */
  readonly peers?: IBgpPeer[];

  /**
   * Prefix length of the routes of IPv4 addresses, 1 to 32: one route for all addresses that have it in common. Not shorter than the blocks of the
   * pool, and not together with `serviceSelectors`.
   *
   * @default 32
   */
  readonly aggregationLength?: number;

  /**
   * Prefix length of the routes of IPv6 addresses, 1 to 128; see `aggregationLength`.
   *
   * @default 128
   */
  readonly aggregationLengthV6?: number;

  /**
   * LOCAL_PREF of the routes (RFC 4271 section 5.1.5), 0 to 2147483647: routers of the cluster's own AS prefer the route with the highest one.
   * Advertisements of one pool to one router must agree about it.
   *
   * @default - 0, and nothing is said to routers of other AS
   */
  readonly localPref?: number;

  /**
   * How many times more the cluster's AS is put into the AS_PATH, 1 to 10, so that routers prefer shorter ways.
   *
   * @default - the path is as long as it is
   */
  readonly asPathPrepend?: number;

  /**
   * Communities of the routes.
   *
   * @default - none
   */
  readonly communities?: Community[];
}

/**
 * Which pools an advertisement is about: those that are named and those that are chosen.
 */
export interface AdvertisementScope {
  /**
   * The pools.
   *
   * @default - every pool, unless `poolSelectors` chooses some
   */
  readonly pools?: IAddressPool[];

  /**
   * Chooses pools by their labels; one matching selector is enough.
   *
   * @default - every pool, unless there are `pools`
   */
  readonly poolSelectors?: Selector[];
}
