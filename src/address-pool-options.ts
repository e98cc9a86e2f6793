import { Duration } from 'cdk8s';
import { Advertisement } from './advertisement';
import { IpRange } from './ip-range';
import { Selector } from './selector';

/**
 * Which Services of a pool may have the same address.
 */
export enum PoolSharing {
  /** Those with the same sharing key; see `AddressSharing`. */
  BY_KEY = 'by-key',
  /** All whose ports differ, whether they have a key or not. */
  AUTOMATIC = 'automatic',
}

/**
 * What is in a pool and who may have it.
 */
export interface AddressPoolOptions {
  /**
   * The addresses; at least one range, none of which may overlap another one of this or any other pool.
   */
  readonly ranges: IpRange[];

  /**
   * Name of the IPAddressPool object.
   *
   * @default - made up by cdk8s
   */
  readonly poolName?: string;

  /**
   * Whether a Service that asks for nothing may be given an address of this pool.
   *
   * @default true
   */
  readonly autoAssign?: boolean;

  /**
   * Whether to keep back IPv4 addresses that end in `.0` or `.255`, which some old devices take for those of a network.
   *
   * @default false
   */
  readonly avoidBuggyIps?: boolean;

  /**
   * Which of several pools that may serve a Service is tried first: the one with the lowest number. 0 is the same as nothing: tried last.
   *
   * @default - after all pools with a priority
   */
  readonly priority?: number;

  /**
   * Namespaces of the Services that may have an address of this pool.
   *
   * @default - every namespace, unless `namespaceSelectors` chooses some
   */
  readonly namespaces?: string[];

  /**
   * Chooses further namespaces by their labels; one matching selector is enough.
   *
   * @default - every namespace, unless there are `namespaces`
   */
  readonly namespaceSelectors?: Selector[];

  /**
   * Chooses Services by their labels, within these namespaces; one matching selector is enough.
   *
   * @default - every Service
   */
  readonly serviceSelectors?: Selector[];

  /**
   * Labels of the IPAddressPool object, by which advertisements can choose it (`poolSelectors` of `addAdvertisement()`).
   *
   * @default - only those that say what made it
   */
  readonly labels?: { [key: string]: string };

  /**
   * Whether the pool is to be emptied: Services keep the addresses that they have of it, but no Service is given one.
   *
   * @default false
   */
  readonly draining?: boolean;

  /**
   * Which Services may have the same address of this pool.
   *
   * @default PoolSharing.BY_KEY
   */
  readonly sharing?: PoolSharing;

  /**
   * Whether the address of a Service that is deleted stays reserved for a day, for a Service of the same namespace and name.
   *
   * @default false
   */
  readonly sticky?: boolean;

  /**
   * How long the address of a Service that is deleted stays reserved, 1 s to 10 years; instead of `sticky`.
   *
   * @default - not at all, or a day if `sticky`
   */
  readonly stickyFor?: Duration;

  /**
   * How many addresses of this pool the Services of one namespace may have together, 1 to 2147483647. Services that share an address count once.
   *
   * @default - no limit
   */
  readonly namespaceLimit?: number;

  /**
   * Addresses that are never given, although the ranges include them: that of the router, those which a DHCP server hands out.
   *
   * @default - none
   */
  readonly excludedAddresses?: IpRange[];

  /**
   * Whether the addresses of the cluster's nodes (their InternalIPs) are never given, although the ranges include them.
   *
   * @default false
   */
  readonly excludeNodeAddresses?: boolean;

  /**
   * How long an address that another host on the network uses as well is not given again, 1 s to 10 years.
   *
   * @default - it is given again as soon as it is free
   */
  readonly quarantine?: Duration;

  /**
   * How the network learns about the addresses. With an empty list nothing is announced, unless an advertisement that is made elsewhere
   * includes this pool.
   *
   * @default [Advertisement.l2()]
   */
  readonly advertise?: Advertisement[];
}

/**
 * Properties of an `AddressPool`.
 */
export interface AddressPoolProps extends AddressPoolOptions {
  /**
   * Namespace of the load balancer, the only one in which it looks for pools.
   *
   * @default - the namespace of the chart, else `metallb-system`
   */
  readonly namespace?: string;
}
