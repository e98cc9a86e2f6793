/**
 * allocation: which Service has which address, and why.
 *
 * `Allocator` is the ledger with the policy that picks addresses; `converge` is what the controller does with one Service, as a decision without effects;
 * `loadExisting` takes over what Services show already, before anything new is given. State lives nowhere but in the statuses of Services: the ledger is
 * rebuilt from them at every start, and a restart moves nothing. Pure; no clock, no randomness.
 */
export { Allocator, type AssignResult } from './allocator';
export { ADDRESS_ASSIGNED, type AddressCondition } from './condition';
export { converge, type ConvergeOptions } from './converge';
export { type Decision, EVENT_REASONS, type ServiceEvent } from './decision';
export { MOST_RESERVATIONS, type Quarantine, type Reservation } from './holds';
export type { Allocation } from './ledger';
export { loadExisting, loadOrder, type LoadResult } from './load-existing';
export type { PoolChange } from './pool-change';
export { admits } from './pool-map';
export type { PoolCounters } from './pool-space';
export { lasting, type Reason, type ReasonCode, REASONS, reasonText } from './reason';
export { ANNOTATIONS, deprecatedAnnotation, hasClass, ingressAddresses, type ServiceInput, serviceKey } from './service-input';
export { type ServicePort, type ServiceRequest, serviceRequest } from './service-request';
