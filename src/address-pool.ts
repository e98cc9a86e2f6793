import { Chart } from 'cdk8s';
import { Construct, IConstruct } from 'constructs';
import { ConstructError } from './_errors';
import { own } from './_examine';
import { checkLabels, checkName, checkNames, metadataOf } from './_names';
import { overlaps } from './_ranges';
import { Registry } from './_registry';
import { checkBoolean, checkMembers, checkWhole } from './_values';
import { Advertisement } from './advertisement';
import { IpAddressPool } from './imports/metallb.io';
import { IpRange } from './ip-range';
import { Selector } from './selector';

/**
 * A pool of addresses, made here or elsewhere.
 */
export interface IAddressPool extends IConstruct {
  /**
   * Name of the IPAddressPool object.
   */
  readonly poolName: string;
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

/**
 * Addresses that the load balancer may give to Services, and how they are announced.
 */
export class AddressPool extends Construct implements IAddressPool {
  /**
   * A pool that is made elsewhere. Nothing is known about its addresses, so the checks that need them are left out.
   *
   * @param scope Where to put the reference.
   * @param id Name within the scope.
   * @param poolName Name of the IPAddressPool object.
   */
  public static fromPoolName(scope: Construct, id: string, poolName: string): IAddressPool {
    return new ImportedPool(scope, id, poolName);
  }

  /** Name of the IPAddressPool object. */
  public readonly poolName: string;

  /** @internal */
  public readonly _namespace: string;

  /**
   * Defines a pool and its advertisements.
   *
   * @param scope Where to put them.
   * @param id Name within the scope.
   * @param props Addresses and options.
   */
  constructor(scope: Construct, id: string, props: AddressPoolProps) {
    super(scope, id);
    const { path } = this.node;
    checkName(`${path}: poolName`, 'subdomain', props.poolName);
    checkName(`${path}: namespace`, 'label', props.namespace);
    this.check(props);
    this._namespace = props.namespace ?? Chart.of(this).namespace ?? 'metallb-system';

    const { priority, namespaces, namespaceSelectors, serviceSelectors } = props;
    const restricted = [priority, namespaces, namespaceSelectors, serviceSelectors].some((value) => value !== undefined);
    const pool = new IpAddressPool(this, 'Resource', {
      metadata: metadataOf(props.poolName, this._namespace, props.labels),
      spec: {
        addresses: props.ranges.map((range) => range._toManifest()),
        autoAssign: props.autoAssign,
        avoidBuggyIPs: props.avoidBuggyIps,
        serviceAllocation: restricted ? {
          priority,
          namespaces,
          namespaceSelectors: namespaceSelectors?.map((selector) => selector._toManifest()),
          serviceSelectors: serviceSelectors?.map((selector) => selector._toManifest()),
        } : undefined,
      },
    });
    this.poolName = pool.name;
    for (const [i, advertisement] of (props.advertise ?? [Advertisement.l2()]).entries()) {
      advertisement._announce(this, i === 0 ? 'Advertisement' : `Advertisement${i + 1}`, { ipAddressPools: [this.poolName] }, this._namespace);
    }
    own(this, this._namespace);
  }

  private check(props: AddressPoolProps): void {
    const { path } = this.node;
    checkMembers(`${path}: ranges`, props.ranges, IpRange, "IpRange.parse('192.168.1.200-192.168.1.220')");
    if (!props.ranges || props.ranges.length === 0) {
      throw new ConstructError('INVALID_POOL', `${path}: ranges is empty: pass at least one, such as IpRange.parse('192.168.1.200-192.168.1.220')`);
    }
    const known = props.ranges.filter(({ _known }) => _known).map((range, place) => ({ ...range._interval, place }));
    for (const pair of overlaps(known)) {
      const [earlier, later] = pair.sort((a, b) => a.place - b.place);
      throw new ConstructError('INVALID_POOL', `${path}: range ${later.text} overlaps ${earlier.text} of the same pool: ` +
        'every address may be in one range only, so take it out of one of them');
    }
    checkBoolean(`${path}: autoAssign`, props.autoAssign);
    checkBoolean(`${path}: avoidBuggyIps`, props.avoidBuggyIps);
    checkWhole(`${path}: priority`, props.priority, 0, 2_147_483_647);
    checkNames(`${path}: namespaces`, 'label', props.namespaces);
    for (const field of ['namespaceSelectors', 'serviceSelectors'] as const) {
      checkMembers(`${path}: ${field}`, props[field], Selector, "Selector.labels({ app: 'web' })");
    }
    checkLabels(`${path}: labels`, props.labels);
    checkMembers(`${path}: advertise`, props.advertise, Advertisement, 'Advertisement.l2()');
  }
}

/** A pool known by its name only. */
class ImportedPool extends Construct implements IAddressPool {
  public constructor(scope: Construct, id: string, public readonly poolName: string) {
    super(scope, id);
    checkName(`${this.node.path}: poolName`, 'subdomain', poolName ?? '');
    Registry.of(this).refer('IPAddressPool', poolName);
  }
}
