import { Chart } from 'cdk8s';
import { Construct, IConstruct } from 'constructs';
import { poolAnnotations } from './_annotations';
import { formatDuration } from './_durations';
import { ConstructError } from './_errors';
import { own } from './_examine';
import { checkLabels, checkName, checkNames, metadataOf } from './_names';
import { overlaps } from './_ranges';
import { Registry } from './_registry';
import { checkBoolean, checkDuration, checkMember, checkMembers, checkWhole, isGiven } from './_values';
import { AddressPoolProps, PoolSharing } from './address-pool-options';
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
      metadata: { ...metadataOf(props.poolName, this._namespace, props.labels), annotations: poolAnnotations(props) },
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
    for (const property of ['autoAssign', 'avoidBuggyIps', 'draining', 'sticky', 'excludeNodeAddresses'] as const) {
      checkBoolean(`${path}: ${property}`, props[property]);
    }
    checkWhole(`${path}: priority`, props.priority, 0, 2_147_483_647);
    checkMember(`${path}: sharing`, props.sharing, PoolSharing);
    checkWhole(`${path}: namespaceLimit`, props.namespaceLimit, 1, 2_147_483_647);
    checkMembers(`${path}: excludedAddresses`, props.excludedAddresses, IpRange, "IpRange.address('192.168.1.1')");
    for (const property of ['stickyFor', 'quarantine'] as const) {
      checkDuration(`${path}: ${property}`, props[property], { text: '1 s to 10 years', test: (time) => time >= 1000 && time <= TEN_YEARS });
    }
    if (props.sticky !== undefined && isGiven(props.stickyFor)) {
      throw new ConstructError('INVALID_POOL', `${path}: both sticky (${props.sticky}) and stickyFor (${formatDuration(props.stickyFor!.toMilliseconds())}) ` +
        'say how long an address stays reserved: pass only one of them');
    }
    checkNames(`${path}: namespaces`, 'label', props.namespaces);
    for (const field of ['namespaceSelectors', 'serviceSelectors'] as const) {
      checkMembers(`${path}: ${field}`, props[field], Selector, "Selector.labels({ app: 'web' })");
    }
    checkLabels(`${path}: labels`, props.labels);
    checkMembers(`${path}: advertise`, props.advertise, Advertisement, 'Advertisement.l2()');
  }
}

/** Longer than any address is worth keeping, and what the program can count in. */
const TEN_YEARS = 10 * 365 * 86_400_000;

/** A pool known by its name only. */
class ImportedPool extends Construct implements IAddressPool {
  public constructor(scope: Construct, id: string, public readonly poolName: string) {
    super(scope, id);
    checkName(`${this.node.path}: poolName`, 'subdomain', poolName ?? '');
    Registry.of(this).refer('IPAddressPool', poolName);
  }
}
