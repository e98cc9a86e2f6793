/**
 * Stable codes of why a Service has no address, lost one, or is left as it is.
 *
 * About the request:
 * - `NotLoadBalancer`: the Service is of another type
 * - `OtherClass`: its `spec.loadBalancerClass` is another controller's
 * - `NoClusterIP`: it has no cluster IP, so its family is unknown
 * - `UnknownClusterFamily`: its cluster IPs are neither one nor one of each family
 * - `NotEnoughClusterIPs`: RequireDualStack with fewer than two cluster IPs
 * - `InvalidWantedIP`: an address asked for is no address
 * - `ConflictingWishes`: addresses asked for both in the annotation and in `spec.loadBalancerIP`
 * - `FamilyMismatch`: the addresses are not of the families of the Service
 *
 * About pools:
 * - `NotConfigured`: no configuration has been read yet
 * - `NoPools`: there is no pool at all
 * - `UnknownPool`: no pool has the name asked for
 * - `PoolUnusable`: the pool it belongs to is wrong, see its problems
 * - `PoolNotCompatible`: the pool does not admit this Service (`spec.serviceAllocation`)
 * - `PoolMismatch`: the addresses asked for are in another pool than the one asked for
 * - `NoPoolForService`: no pool gives its addresses to this Service unasked
 * - `NoAvailableIPs`: the pools that admit it have no free address
 * - `NotAllowedInConfig`: no pool has these addresses
 * - `PoolReplaced`: another pool has these addresses now
 * - `PoolRepaired`: the pool it belongs to is right again
 *
 * About other Services:
 * - `SharingKeyConflict`: the address is in use, and not to be shared with this Service
 * - `PortConflict`: the address is shared, but a port is taken
 */
export type ReasonCode =
  | 'NotLoadBalancer' | 'OtherClass' | 'NoClusterIP' | 'UnknownClusterFamily' | 'NotEnoughClusterIPs'
  | 'InvalidWantedIP' | 'ConflictingWishes' | 'FamilyMismatch'
  | 'NotConfigured' | 'NoPools' | 'UnknownPool' | 'PoolUnusable' | 'PoolNotCompatible' | 'PoolMismatch' | 'NoPoolForService' | 'NoAvailableIPs'
  | 'NotAllowedInConfig' | 'PoolReplaced' | 'PoolRepaired'
  | 'SharingKeyConflict' | 'PortConflict';

/** Why a decision about a Service is as it is. Events, conditions, logs and the command line all render this one value. */
export interface Reason {
  /** Stable, for programs. */
  readonly code: ReasonCode;
  /** What is wrong, in MetalLB's words where it has some. */
  readonly message: string;
  /** What the Service asked for. */
  readonly asked: string;
  /** Addresses that it could have instead, at most three. */
  readonly free?: readonly string[];
  /** What to change. */
  readonly fix: string;
}

/** Message and fix in one line. */
export function reasonText({ message, fix }: Reason): string {
  return `${message}; ${fix}`;
}

/** Addresses as MetalLB writes them: `["10.0.0.1" "2001:db8::1"]`. */
export function quoteList(values: readonly { toString(): string }[]): string {
  return `[${values.map((value) => JSON.stringify(`${value}`)).join(' ')}]`;
}

/** Up to three names in quotes, then how many more. */
export function quoteSome(names: readonly string[]): string {
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return names.slice(0, 3).map((name) => JSON.stringify(name)).join(', ') + more;
}
