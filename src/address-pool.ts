import { ApiObject, Chart } from 'cdk8s';
import { Construct, IConstruct } from 'constructs';
import { ConstructError } from './_errors';
import { checkName, metadataOf } from './_names';
import { Advertisement } from './advertisement';
import { IpAddressPool } from './imports/metallb.io';
import { IpRange } from './ip-range';

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

  /**
   * The pools that an app defines in a namespace, in the order of the tree.
   *
   * @internal
   */
  public static _definedIn(root: IConstruct, namespace: string): AddressPool[] {
    return root.node.findAll().filter((construct) => construct instanceof AddressPool).filter((pool) => pool._namespace === namespace);
  }

  /**
   * The names of the pools that an app refers to but does not define.
   *
   * @internal
   */
  public static _importedIn(root: IConstruct): string[] {
    return root.node.findAll().filter((construct) => construct instanceof ImportedPool).map(({ poolName }) => poolName);
  }

  /** Name of the IPAddressPool object. */
  public readonly poolName: string;

  /** @internal */
  public readonly _ranges: IpRange[];

  /** @internal */
  public readonly _autoAssign: boolean;

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
    if (props.ranges.length === 0) {
      throw new ConstructError('INVALID_POOL', `${path}: ranges is empty: pass at least one, such as IpRange.parse('192.168.1.200-192.168.1.220')`);
    }
    for (const [i, range] of props.ranges.entries()) {
      const other = props.ranges.slice(0, i).find((earlier) => earlier.overlaps(range));
      if (other) {
        throw new ConstructError('INVALID_POOL', `${path}: range ${range} overlaps ${other} of the same pool: ` +
          'every address may be in one range only, so take it out of one of them');
      }
    }
    this._ranges = props.ranges;
    this._autoAssign = props.autoAssign ?? true;
    this._namespace = props.namespace ?? Chart.of(this).namespace ?? 'metallb-system';

    const pool = new IpAddressPool(this, 'Resource', {
      metadata: metadataOf(props.poolName, this._namespace),
      spec: {
        addresses: props.ranges.map((range) => range._toManifest()),
        autoAssign: props.autoAssign,
        avoidBuggyIPs: props.avoidBuggyIps,
      },
    });
    this.poolName = pool.name;
    for (const [i, advertisement] of (props.advertise ?? [Advertisement.l2()]).entries()) {
      advertisement._announce(this, i === 0 ? 'Advertisement' : `Advertisement${i + 1}`, this.poolName, this._namespace);
    }
    this.node.addValidation({ validate: () => [...this.overlaps(), ...this.nameClashes()] });
  }

  private overlaps(): string[] {
    const pools = AddressPool._definedIn(this.node.root, this._namespace);
    const earlier = pools.slice(0, pools.indexOf(this));
    return this._ranges.flatMap((range) => earlier.flatMap((pool) => pool._ranges.filter((other) => other.overlaps(range)).map((other) =>
      `range ${range} of pool ${this.poolName} overlaps ${other} of pool ${pool.poolName} (${pool.node.path}): ` +
      'every address may be in one pool only, so take it out of one of them')));
  }

  /** One cluster has one object of a name; the second would silently replace the first. */
  private nameClashes(): string[] {
    const objects = this.node.root.node.findAll().filter(ApiObject.isApiObject);
    return this.node.children.filter(ApiObject.isApiObject).flatMap((mine) => objects.slice(0, objects.indexOf(mine))
      .filter((other) => identityOf(other) === identityOf(mine))
      .map((other) => `${mine.kind} ${mine.name} is also defined by ${other.node.path}: give one of them another name`));
  }
}

function identityOf({ apiGroup, kind, metadata, name }: ApiObject): string {
  return [apiGroup, kind, metadata.namespace, name].join('/');
}

/** A pool known by its name only. */
class ImportedPool extends Construct implements IAddressPool {
  public constructor(scope: Construct, id: string, public readonly poolName: string) {
    super(scope, id);
    checkName(`${this.node.path}: poolName`, 'subdomain', poolName);
  }
}
