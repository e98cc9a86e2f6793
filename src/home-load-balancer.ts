import { readFileSync } from 'fs';
import { join } from 'path';
import { ApiObject, Chart, JsonPatch, Lazy } from 'cdk8s';
import { DaemonSet, Deployment, ImagePullPolicy, Namespace, Service, ServiceType } from 'cdk8s-plus-28';
import { Construct, IConstruct } from 'constructs';
import { serviceProblems, wishesProblem } from './_checks';
import { ConstructError } from './_errors';
import { checkName, isToken, LABELS } from './_names';
import { ADDRESS_POOL, ALLOW_SHARED_IP, LOAD_BALANCER_IPS, requestOf, serviceOf } from './_service';
import { createController, createSpeaker } from './_workloads';
import { AddressPool, AddressPoolOptions } from './address-pool';
import { AddressSharing } from './address-sharing';
import { Advertisement } from './advertisement';
import { BindOptions, ExposeOptions } from './bind-options';
import { HomeLoadBalancerCrds } from './crds';
import { IpFamily, IpRange } from './ip-range';

/** The image of the program; library and program have one version. */
const IMAGE = `ghcr.io/home-load-balancer/home-load-balancer:${JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')).version}`;

/**
 * How much the program says.
 */
export enum LogLevel {
  /** Everything, the same as debug. */
  ALL = 'all',
  /** Decisions and their reasons. */
  DEBUG = 'debug',
  /** What changes. */
  INFO = 'info',
  /** What may need attention. */
  WARN = 'warn',
  /** What failed. */
  ERROR = 'error',
  /** Nothing. */
  NONE = 'none',
}

/**
 * Properties of a `HomeLoadBalancer`.
 */
export interface HomeLoadBalancerProps {
  /**
   * The addresses to give to Services: addresses (`192.168.1.200`), CIDR blocks (`192.168.1.192/28`), or first and last addresses
   * (`192.168.1.200-192.168.1.220`). They make up the first pool. They must be free: neither in use nor handed out by a DHCP server.
   *
   * @default - none; add pools with `addPool()`
   */
  readonly addresses?: string[];

  /**
   * Name of the IPAddressPool object for `addresses`.
   *
   * @default - made up by cdk8s
   */
  readonly poolName?: string;

  /**
   * How the network learns about `addresses`.
   *
   * @default [Advertisement.l2()]
   */
  readonly advertise?: Advertisement[];

  /**
   * An existing namespace to install into. It must allow privileged pods (Pod Security Standards), because speakers use the network of their node.
   *
   * @default - the namespace of the chart, else a new namespace `metallb-system`
   */
  readonly namespace?: string;

  /**
   * Whether to define the custom resources here. Pass false when `HomeLoadBalancerCrds` or somebody else defines them.
   *
   * @default true
   */
  readonly crds?: boolean;

  /**
   * Serves only Services of this `spec.loadBalancerClass`, so that it may live beside another load balancer. Services that are exposed
   * here get the class.
   *
   * @default - none; serves the Services without a class
   */
  readonly loadBalancerClass?: string;

  /**
   * Image of the program, for both of its roles.
   *
   * @default - the released image of the version of this library
   */
  readonly image?: string;

  /**
   * When to pull the image.
   *
   * @default ImagePullPolicy.IF_NOT_PRESENT
   */
  readonly imagePullPolicy?: ImagePullPolicy;

  /**
   * How much the program says.
   *
   * @default LogLevel.INFO
   */
  readonly logLevel?: LogLevel;

  /**
   * Whether nodes with the label `node.kubernetes.io/exclude-from-external-load-balancers` announce too. kubeadm puts it on control-plane nodes,
   * so this is needed where all nodes are such.
   *
   * @default false
   */
  readonly ignoreExcludeLb?: boolean;
}

/**
 * A load balancer for a cluster without a cloud.
 *
 * Gives addresses to Services of type LoadBalancer and makes the network send their traffic to a healthy node. One app describes one cluster.
 *
 * @example
 *
 * const lb = new HomeLoadBalancer(chart, 'lb', { addresses: ['93.5.22.100'] });
 *
 * lb.expose(web);
 * lb.expose(game, { addresses: ['93.5.22.100'] });
 */
export class HomeLoadBalancer extends Construct {
  /** Namespace of the program and of its custom resources. */
  public readonly namespace: string;

  /** The program that gives addresses to Services. */
  public readonly controller: Deployment;

  /** The program that announces addresses, on every node. */
  public readonly speaker: DaemonSet;

  /**
   * The pool of `addresses`.
   *
   * @default - there is none without `addresses`
   */
  public readonly defaultPool?: AddressPool;

  private readonly crds?: HomeLoadBalancerCrds;
  private readonly loadBalancerClass?: string;
  private readonly services = new Set<ApiObject>();

  /**
   * Installs a load balancer.
   *
   * @param scope Where to put it, usually a chart.
   * @param id Name within the scope.
   * @param props Addresses and options.
   */
  constructor(scope: Construct, id: string, props: HomeLoadBalancerProps = {}) {
    super(scope, id);
    this.check(props);
    this.loadBalancerClass = props.loadBalancerClass;
    this.namespace = props.namespace ?? Chart.of(this).namespace ?? this.createNamespace('metallb-system');
    if (props.crds ?? true) this.crds = new HomeLoadBalancerCrds(this, 'Crds');

    const settings = {
      namespace: this.namespace,
      image: props.image ?? IMAGE,
      imagePullPolicy: props.imagePullPolicy ?? ImagePullPolicy.IF_NOT_PRESENT,
      logLevel: props.logLevel ?? LogLevel.INFO,
      loadBalancerClass: props.loadBalancerClass,
      ignoreExcludeLb: props.ignoreExcludeLb ?? false,
    };
    this.controller = createController(this, settings);
    this.speaker = createSpeaker(this, settings);

    if (props.addresses) {
      this.defaultPool = this.addPool('Pool', {
        ranges: props.addresses.map((text) => isToken(text) ? IpRange._opaque(text) : IpRange.parse(text)),
        poolName: props.poolName,
        advertise: props.advertise,
      });
    }
    this.node.addValidation({ validate: () => [...this.rivalries(), ...this.shortages()] });
  }

  /**
   * Adds a pool of addresses.
   *
   * @param id Name within the load balancer.
   * @param options Addresses and options.
   * @returns The pool, to be passed to `expose()` or `bind()`.
   */
  public addPool(id: string, options: AddressPoolOptions): AddressPool {
    const pool = new AddressPool(this, id, { ...options, namespace: this.namespace });
    if (this.crds) pool.node.addDependency(this.crds);
    return pool;
  }

  /**
   * Makes a Deployment reachable from the network, through a new Service of type LoadBalancer.
   *
   * @param deployment What to expose. (Deployments of other versions of cdk8s-plus: `bind(deployment.exposeViaService())`.)
   * @param options Wishes.
   * @returns The Service.
   */
  public expose(deployment: Deployment, options: ExposeOptions = {}): Service {
    const service = deployment.exposeViaService({ name: options.name, ports: options.ports, serviceType: ServiceType.LOAD_BALANCER });
    this.bind(service, options);
    return service;
  }

  /**
   * Makes a Service of type LoadBalancer out of any Service, and notes on it what it wants.
   *
   * @param service A Service of any version of cdk8s-plus, a `KubeService`, an object of an `Include` or `Helm`, or one of these with a
   * single Service in it.
   * @param options Wishes.
   */
  public bind(service: IConstruct, options: BindOptions = {}): void {
    const { pool, addresses = [], sharing = AddressSharing.WHEN_PORTS_DIFFER, preserveClientIp } = options;
    const object = serviceOf(service);
    const problem = wishesProblem(addresses);
    if (problem) throw new ConstructError('INVALID_PROPS', `${service.node.path}: addresses: ${problem}`);
    if (pool instanceof AddressPool && pool._namespace !== this.namespace) {
      throw new ConstructError('INVALID_POOL', `${service.node.path}: unknown pool ${pool.poolName} (${pool.node.path}): ` +
        `it is in the namespace ${pool._namespace}, but ${this.node.path} looks for pools in ${this.namespace} only; ` +
        'make it with addPool() of that load balancer');
    }

    if (pool) object.metadata.addAnnotation(ADDRESS_POOL, pool.poolName);
    if (addresses.length > 0) object.metadata.addAnnotation(LOAD_BALANCER_IPS, joined(addresses));
    if (sharing.key) object.metadata.addAnnotation(ALLOW_SHARED_IP, sharing.key);
    // JSON patches, because the Services of cdk8s-plus have no properties for most of these.
    const set = (field: string, value: unknown) => object.addJsonPatch(JsonPatch.add(`/spec/${field}`, value));
    set('type', ServiceType.LOAD_BALANCER);
    if (this.loadBalancerClass) set('loadBalancerClass', this.loadBalancerClass);
    if (preserveClientIp !== undefined) set('externalTrafficPolicy', preserveClientIp ? 'Local' : 'Cluster');
    // A Service has one family, that of the cluster's first address range, unless it asks for others.
    const [first] = addresses;
    if (addresses.length === 2) set('ipFamilyPolicy', 'RequireDualStack');
    else if (first && !isToken(first) && IpRange.address(first).family === IpFamily.IPV6) set('ipFamilies', [IpFamily.IPV6]);
    this.services.add(object);
  }

  private check(props: HomeLoadBalancerProps): void {
    const { path } = this.node;
    checkName(`${path}: namespace`, 'label', props.namespace);
    checkName(`${path}: loadBalancerClass`, 'class', props.loadBalancerClass);
    if (props.addresses?.length === 0) {
      throw new ConstructError('INVALID_PROPS', `${path}: addresses is empty: ` +
        "pass at least one, such as '192.168.1.200', or leave it out and use addPool()");
    }
    for (const property of ['poolName', 'advertise'] as const) {
      if (props[property] !== undefined && !props.addresses) {
        throw new ConstructError('INVALID_PROPS', `${path}: ${property} is about the pool of addresses, but there are no addresses: ` +
          `pass them too, or pass ${property} to addPool()`);
      }
    }
  }

  private createNamespace(name: string): string {
    // Host network and NET_RAW pass no stricter standard. https://kubernetes.io/docs/concepts/security/pod-security-standards
    const levels = ['enforce', 'audit', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'privileged']);
    new Namespace(this, 'Namespace', { metadata: { name, labels: { ...LABELS, ...Object.fromEntries(levels) } } });
    return name;
  }

  /** Two load balancers would both serve a Service, or take each other for their own replica. */
  private rivalries(): string[] {
    const all = this.node.root.node.findAll().filter((construct) => construct instanceof HomeLoadBalancer);
    return all.slice(0, all.indexOf(this)).flatMap((other) => [
      ...other.loadBalancerClass === this.loadBalancerClass
        ? [`has the same loadBalancerClass (${this.loadBalancerClass ?? 'none'}) as ${other.node.path}, so both would serve the same Services: ` +
          'give them different classes; if they are for different clusters, give each cluster an App of its own'] : [],
      ...other.namespace === this.namespace
        ? [`is in the same namespace (${this.namespace}) as ${other.node.path}, where each would replace the other: ` +
          'install it into another namespace'] : [],
      ...other.crds && this.crds
        ? [`defines the same custom resources as ${other.node.path}: pass crds: false to one of them`] : [],
    ]);
  }

  private shortages(): string[] {
    const supply = { pools: AddressPool._definedIn(this.node.root, this.namespace), imported: AddressPool._importedIn(this.node.root) };
    if (supply.pools.length === 0 && supply.imported.length === 0) {
      return ['has no addresses to give: pass addresses, use addPool(), or refer to a pool made elsewhere with AddressPool.fromPoolName()'];
    }
    return serviceProblems([...this.services].map(requestOf).filter((request) => request !== undefined), supply);
  }
}

/** One annotation of several values, any of which may be a token. */
function joined(addresses: any[]): any {
  if (addresses.every((address) => typeof address === 'string')) return addresses.join(',');
  return Lazy.any({ produce: () => addresses.map((address) => address.produce?.() ?? address.resolve?.() ?? address).join(',') });
}
