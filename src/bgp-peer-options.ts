import { Duration } from 'cdk8s';
import { ISecret } from 'cdk8s-plus-28';
import { IBfdProfile } from './bfd-profile';
import { Selector } from './selector';

/**
 * Which AS a router may be in, where its number is not known beforehand.
 */
export enum DynamicAsn {
  /** The same AS as the cluster (iBGP). */
  INTERNAL = 'internal',
  /** Any other AS (eBGP). */
  EXTERNAL = 'external',
}

/**
 * A router, and the session with it.
 */
export interface BgpPeerOptions {
  /**
   * Name of the BGPPeer object.
   *
   * @default - made up by cdk8s
   */
  readonly peerName?: string;

  /**
   * AS number of the cluster, 1 to 4294967295 (`myASN`). 64512 to 65534 and 4200000000 to 4294967294 are for private use (RFC 6996).
   */
  readonly localAsn: number;

  /**
   * AS number of the router, 1 to 4294967295 (`peerASN`).
   *
   * @default - `dynamicAsn` says which AS it may be in
   */
  readonly asn?: number;

  /**
   * Which AS the router may be in, instead of one number.
   *
   * @default - the AS is `asn`
   */
  readonly dynamicAsn?: DynamicAsn;

  /**
   * AS number to show to this router instead of `localAsn`, 1 to 4294967295 (`localASN`; RFC 7705).
   *
   * @default - `localAsn`
   */
  readonly presentedAsn?: number;

  /**
   * Address of the router, IPv4 or IPv6.
   *
   * @default - the router is behind `interfaceName`
   */
  readonly address?: string;

  /**
   * Name of the network interface behind which the router is, for a session without configured addresses (unnumbered BGP): the router is found by
   * its router advertisements.
   *
   * @default - the router has `address`
   */
  readonly interfaceName?: string;

  /**
   * TCP port of the router, 1 to 16384.
   *
   * @default 179
   */
  readonly port?: number;

  /**
   * Address of the node to connect from, for nodes that have several.
   *
   * @default - what the node's routes say
   */
  readonly sourceAddress?: string;

  /**
   * Time without a message after which the session is dead: whole seconds from 3 s to 65535 s, or 0 for never (RFC 4271 section 4.2).
   *
   * @default - three times `keepaliveTime` if there is one, else 90 s
   */
  readonly holdTime?: Duration;

  /**
   * Time between two keepalive messages, not longer than `holdTime`.
   *
   * @default - a third of `holdTime`
   */
  readonly keepaliveTime?: Duration;

  /**
   * Time between two attempts to connect, whole seconds from 1 s to 65535 s.
   *
   * @default - as the program sees fit
   */
  readonly connectTime?: Duration;

  /**
   * BGP identifier of the speakers, written as an IPv4 address (RFC 6286). Two nodes with one identifier cannot both have a session with a router, so
   * this is for peers of one node.
   *
   * @default - an IPv4 address of the node
   */
  readonly routerId?: string;

  /**
   * The nodes that connect to the router; one matching selector is enough.
   *
   * @default - every node
   */
  readonly nodeSelectors?: Selector[];

  /**
   * Secret with the key of the session's TCP MD5 signatures (RFC 2385): of type `kubernetes.io/basic-auth`, the key as `password`, in the namespace of
   * the load balancer. For instance `Secret.fromSecretName()` or a `BasicAuthSecret` of cdk8s-plus. The speakers get the right to read it.
   *
   * @default - no signatures
   */
  readonly passwordSecret?: ISecret;

  /**
   * How to notice sooner than after `holdTime` that the router is dead.
   *
   * @default - `holdTime` only
   */
  readonly bfdProfile?: IBfdProfile;

  /**
   * Whether the router keeps its routes while a speaker restarts (RFC 4724). Cannot be changed afterwards: give the peer another name instead.
   *
   * @default false
   */
  readonly gracefulRestart?: boolean;

  /**
   * Whether the router, of another AS, is more than one hop away (`ebgpMultiHop`).
   *
   * @default false
   */
  readonly multihop?: boolean;

  /**
   * Name of the Linux VRF device to connect through.
   *
   * @default - none
   */
  readonly vrf?: string;

  /**
   * Whether one session carries routes of both families. Without it, it carries those of the family of `address`.
   *
   * @default false
   */
  readonly dualStackAddressFamily?: boolean;
}

/**
 * Properties of a `BgpPeer`.
 */
export interface BgpPeerProps extends BgpPeerOptions {
  /**
   * Namespace of the load balancer, the only one in which it looks for peers.
   *
   * @default - the namespace of the chart, else `metallb-system`
   */
  readonly namespace?: string;
}
