import type { IpAddress } from '../ip';

/** What is read of a Service. */
export interface AnnouncedService {
  /** `namespace/name`. */
  readonly key: string;
  readonly type: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `status.loadBalancer.ingress[].ip` in order; an entry that has only a host name is an empty string. */
  readonly ingress: readonly string[];
  /** `spec.externalTrafficPolicy`. */
  readonly externalTrafficPolicy: string;
  /** Whether the Service carries an `allow-shared-ip` annotation, with either prefix and any value. */
  readonly allowsSharing: boolean;
}

/** One endpoint of a Service, from any of its EndpointSlices. */
export interface Endpoint {
  readonly nodeName?: string;
  /** `conditions.ready`; absent means ready. */
  readonly ready?: boolean;
  readonly serving?: boolean;
}

/** What is read of a Node. */
export interface NodeView {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Condition `NetworkUnavailable` is `True`. */
  readonly networkUnavailable: boolean;
}

/** Why a Service is not announced, in MetalLB's words. */
export type WithdrawalReason =
  | 'notLoadBalancer' | 'noIPAllocated' | 'invalidIP' | 'ipNotAllowed' | 'noMatchingAdvertisement' | 'sharedIPWithServiceSelector' | 'notOwner';

/**
 * The same more exactly, for metrics, events and people: MetalLB says `notOwner` of five different troubles. Stable, as the reasons are.
 *
 * - `noServingEndpoint`: no endpoint in the cluster can serve
 * - `noLocalEndpoint`: externalTrafficPolicy is Local, and no node that may announce has an endpoint that can serve
 * - `noAdvertisement`: no L2Advertisement covers the pool for this Service
 * - `noNodeSelected`: those that do select no node of the cluster
 * - `nodesExcluded`: every node that they select carries the exclude label (or has no network)
 * - `nodesWithoutNetwork`: every node that they select has the condition NetworkUnavailable
 */
export type WithdrawalCause =
  | Exclude<WithdrawalReason, 'notOwner' | 'noMatchingAdvertisement'>
  | 'noServingEndpoint' | 'noLocalEndpoint' | 'noAdvertisement' | 'noNodeSelected' | 'nodesExcluded' | 'nodesWithoutNetwork';

export interface Withdrawal {
  readonly announced: false;
  readonly reason: WithdrawalReason;
  readonly cause: WithdrawalCause;
  /** What is wrong, with the value. */
  readonly message: string;
  /** What to change. */
  readonly fix: string;
}

export interface Announcement {
  readonly announced: true;
  /** In the order of the ingress list. */
  readonly addresses: readonly IpAddress[];
  readonly pool: string;
  /** Nodes that may announce, the preferred one first. */
  readonly candidates: readonly string[];
  /** Names of this node's interfaces to announce on; `undefined` means all of them. */
  readonly interfaces?: readonly string[];
}

export type Decision = Announcement | Withdrawal;
