import { IpErrorCode } from '../ip';

/** The kinds of custom resources that can be the subject of a problem. */
export type ResourceKind = 'IPAddressPool' | 'L2Advertisement' | 'BFDProfile' | 'Community' | 'BGPPeer' | 'BGPAdvertisement';

/**
 * Stable codes of what can be wrong with a custom resource; those of `IpErrorCode` are about the text of an address, a prefix or a range.
 *
 * - `MissingName`: the object has no `metadata.name`
 * - `DuplicateName`: a second object of this kind has the name
 * - `InvalidValue`: a field has another type or range than the schema of the CRD allows
 * - `NoAddresses`: a pool without addresses
 * - `OverlappingAddresses`: an address would be in two entries, of one pool or of two
 * - `DuplicateEntry`: a list names something twice
 * - `InvalidLabelSelector`: a label selector that Kubernetes would refuse
 * - `InvalidAnnotation`: an annotation of our own group that is unknown or cannot be read
 * - `MissingValue`: a field without which the object means nothing
 * - `ExclusiveFields`: fields of which only one may be set
 * - `InvalidDuration`: text that is no duration
 * - `InvalidTimers`: hold and keepalive times that BGP cannot work with
 * - `MissingReference`: the field names another object that does not exist, or is not good yet; the only transient code
 * - `UnusableSecret`: the Secret that the field names holds no password
 * - `DuplicatePeer`: two peers would connect to one router from one node
 * - `EchoNotPossible`: a peer with BFD echo is to get IPv6 addresses
 * - `InvalidCommunity`: text that is no BGP community
 * - `InvalidAggregation`: an aggregation length outside of the family's, or so short that a route would reach beyond the pool
 * - `ConflictingRoutes`: two advertisements of one route differ in an attribute that a route has once
 */
export type ProblemCode =
  | 'MissingName'
  | 'DuplicateName'
  | 'InvalidValue'
  | 'NoAddresses'
  | 'OverlappingAddresses'
  | 'DuplicateEntry'
  | 'InvalidLabelSelector'
  | 'InvalidAnnotation'
  | 'MissingValue'
  | 'ExclusiveFields'
  | 'InvalidDuration'
  | 'InvalidTimers'
  | 'MissingReference'
  | 'UnusableSecret'
  | 'DuplicatePeer'
  | 'EchoNotPossible'
  | 'InvalidCommunity'
  | 'InvalidAggregation'
  | 'ConflictingRoutes'
  | IpErrorCode;

/** One thing wrong with one field of one custom resource. */
export interface Problem {
  /** Stable, for programs. */
  readonly code: ProblemCode;
  readonly kind: ResourceKind;
  /** Name of the object; `(item 3 without a name)` for one that has none. */
  readonly name: string;
  /** Namespace of the object; empty when it names none. */
  readonly namespace: string;
  /** Path of the field, such as `spec.addresses[0]`. */
  readonly field: string;
  /** The offending value as JSON, shortened to 200 characters; empty when it is absent. */
  readonly value: string;
  /** What is wrong. Holds MetalLB's wording where MetalLB knows the rule. */
  readonly message: string;
  /** What to change. */
  readonly fix: string;
  /** True when it may heal by itself once another object appears. */
  readonly transient: boolean;
}

const LONGEST_VALUE = 200;

/** A value as it is shown in a problem; passwords in it are not. */
export function printValue(value: unknown): string {
  const text = toJson(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE - 1)}…` : text;
}

/** JSON nested thousands deep is more than the platform's writer can follow; what a value looks like is never worth an exception. */
function toJson(value: unknown): string {
  try {
    return JSON.stringify(value, (key, part: unknown) => key === 'password' ? '(hidden)' : part) ?? '';
  } catch {
    return `(${typeof value} that cannot be shown)`;
  }
}

/** One line for people: which object and field, what is wrong, what to change. Control characters in names or values cannot break the line. */
export function problemText(problem: Problem): string {
  const object = problem.namespace ? `${problem.namespace}/${problem.name}` : problem.name;
  return `${problem.kind} ${object}, ${problem.field}: ${problem.message}; ${problem.fix}`.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}
