import { AddressCondition } from './condition';
import { Reason, ReasonCode } from './reason';
import { ANNOTATIONS, ServiceInput } from './service-input';

/** Reasons of the events of the controller about a Service; those that MetalLB has are spelled as there. A code of `REASONS` may be one, too. */
export const EVENT_REASONS = {
  'IPAllocated': 'it has been given an address',
  'AllocationFailed': 'it cannot have an address',
  'ClearAssignment': 'it loses an address that it had',
  'LoadBalancerFailed': 'what it asks for cannot be read, and it keeps what it has',
  'AdditionalAssignFailed': 'it has an address of one family, and there is none of the other',
  'not enough clusterips': 'it must have both families, and has one cluster IP',
  'nolbIPsIPFamily': 'its status holds neither one address nor one of each family',
  'noclusterIPsIPFamily': 'its cluster IPs are neither one nor one of each family',
  'deprecatedAnnotation': 'it bears an annotation in the prefix that MetalLB gave up',
  'InvalidAnnotation': 'an annotation of ours says nothing that we know, and is left out of account',
  'IPAdopted': 'its status showed an address of a pool without saying where it is from; the address is its own from now on',
  'StatusOverwritten': 'somebody else wrote its status, and it was set back',
} as const;

/** An Event to write about the Service, `events.k8s.io` fields `type`, `reason` and `note`. */
export interface ServiceEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: keyof typeof EVENT_REASONS | ReasonCode;
  readonly message: string;
}

/** What is to be done about one Service. */
export interface Decision {
  /** Addresses for `status.loadBalancer.ingress`, in this order; nothing else belongs there. */
  readonly ingress: readonly string[];
  /** Value of `metallb.io/ip-allocated-from-pool`; undefined for none. */
  readonly poolAnnotation: string | undefined;
  /** What its condition is to say; undefined for none. */
  readonly condition: AddressCondition | undefined;
  /** True when status or annotation of the Service differ from that and must be written. With each write, the deprecated annotation goes. */
  readonly write: boolean;
  readonly events: readonly ServiceEvent[];
  /**
   * - `assigned`: has other addresses than it showed
   * - `kept`: has what it showed
   * - `cleared`: is no LoadBalancer any more, and showed or held something
   * - `refused`: cannot have an address, see `reason`
   * - `ignored`: is not ours to decide, see `reason`
   */
  readonly outcome: 'assigned' | 'kept' | 'cleared' | 'refused' | 'ignored';
  /** Why it has not, or not all of, what it asks for. */
  readonly reason: Reason | undefined;
  /** True when an address it held is in use by it no more. */
  readonly freed: boolean;
  /** True when others may now get what they could not: something was freed, or it changed with whom it may share. */
  readonly retryWaiters: boolean;
  /** True when it may get (more of) what it asks for as soon as others free something. */
  readonly waiting: boolean;
}

/** True when the Service shows something else. */
export function differs(service: ServiceInput, ingress: readonly string[], poolAnnotation: string | undefined): boolean {
  const { metadata: { annotations = {} }, status } = service;
  const shown = status?.loadBalancer?.ingress ?? [];
  if (shown.length !== ingress.length || shown.some(({ ip, hostname }, index) => ip !== ingress[index] || Boolean(hostname))) return true;
  const annotated = Object.hasOwn(annotations, ANNOTATIONS.allocatedFromPool) ? annotations[ANNOTATIONS.allocatedFromPool] : undefined;
  return annotated !== poolAnnotation;
}
