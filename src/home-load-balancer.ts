import { writeFileSync } from 'fs';
import { join } from 'path';
import { ApiObject, App, Chart } from 'cdk8s';
import { DaemonSet, Deployment, Namespace, Service, ServiceType } from 'cdk8s-plus-28';
import { Construct, IConstruct } from 'constructs';
import { bind, checkBinding } from './_bind';
import { own } from './_examine';
import { Monitoring } from './_monitoring';
import { checkNames, LABELS } from './_names';
import { ControllerNetworkPolicy } from './_network-policy';
import { planOf } from './_plan';
import { checkProps, nodesOf, settingsOf } from './_props';
import { Balancer, Registry } from './_registry';
import { isToken } from './_tokens';
import { checkList, checkMembers, refuse } from './_values';
import { AdmissionWebhook } from './_webhook';
import { createController, createSpeaker, tolerateControlPlane } from './_workloads';
import { AddressPool } from './address-pool';
import { AddressPoolOptions } from './address-pool-options';
import { Advertisement } from './advertisement';
import { AdvertisementScope } from './advertisement-options';
import { BfdProfile, BfdProfileOptions } from './bfd-profile';
import { BgpPeer } from './bgp-peer';
import { BgpPeerOptions } from './bgp-peer-options';
import { BindOptions, ExposeOptions } from './bind-options';
import { CommunityAliases, CommunityAliasesOptions } from './community-aliases';
import { HomeLoadBalancerCrds } from './crds';
import { HomeLoadBalancerProps, InPlaceOfMetalLbProps } from './home-load-balancer-props';
import { IpRange } from './ip-range';
import { MonitoringOptions } from './monitoring-options';
import { NetworkPolicyOptions } from './network-policy-options';
import { Selector } from './selector';
import { WebhookPolicy } from './settings';

/**
 * A load balancer for a cluster without a cloud.
 *
 * Gives addresses to Services of type LoadBalancer and makes the network send their traffic to a healthy node. One app describes one cluster.
 *
 * Some situations have a factory that sets what they need: `onSingleNode()`, `besideServiceLb()` and `inPlaceOfMetalLb()`. Definitions of custom resources go into a
 * chart that is applied first with `crds: false`, and `HomeLoadBalancerCrds` in that chart.
 *
 * Everything is checked when the app is synthesized, and all that is wrong is said at once.
 *
 * @example
 *
 * const lb = new HomeLoadBalancer(chart, 'lb', { addresses: ['93.5.22.100'] });
 *
 * lb.expose(web);
 * lb.expose(game, { addresses: ['93.5.22.100'] });
 */
export class HomeLoadBalancer extends Construct {
  /**
   * For a cluster of one node, usually a control-plane node: the controller tolerates its taint, and the label by which kubeadm keeps such nodes from
   * announcing is ignored. Everything else is as with the constructor, which is for two nodes and more.
   *
   * @param scope Where to put it, usually a chart.
   * @param id Name within the scope.
   * @param props Addresses and options.
   */
  public static onSingleNode(scope: Construct, id: string, props: HomeLoadBalancerProps = {}): HomeLoadBalancer {
    if (Array.isArray(props.nodes) && props.nodes.length > 1) {
      refuse(`${scope.node.path}/${id}: nodes`, props.nodes, 'one node, or new HomeLoadBalancer() instead of onSingleNode()');
    }
    const lb = new HomeLoadBalancer(scope, id, { ...props, ignoreExcludeLb: props.ignoreExcludeLb ?? true });
    tolerateControlPlane(lb.controller.scheduling);
    return lb;
  }

  /**
   * For k3s, beside the ServiceLB that it brings: what is exposed here has the class `home-load-balancer`, which ServiceLB keeps its hands off, and an address of
   * the LAN; all other Services go on as before. (With `k3s server --disable servicelb` use the constructor: then all Services are served.)
   *
   * @param scope Where to put it, usually a chart.
   * @param id Name within the scope.
   * @param props Addresses and options.
   */
  public static besideServiceLb(scope: Construct, id: string, props: HomeLoadBalancerProps = {}): HomeLoadBalancer {
    return new HomeLoadBalancer(scope, id, { ...props, loadBalancerClass: props.loadBalancerClass ?? 'home-load-balancer' });
  }

  /**
   * For a cluster that runs MetalLB, in its namespace and under its names: objects that were written for it stay as they are, and no address changes.
   * docs/adopting-metallb.md has the steps.
   *
   * @param scope Where to put it, usually a chart.
   * @param id Name within the scope.
   * @param props The pools that are there, and options.
   */
  public static inPlaceOfMetalLb(scope: Construct, id: string, props: InPlaceOfMetalLbProps = {}): HomeLoadBalancer {
    const { existingPools, ...others } = props;
    checkNames(`${scope.node.path}/${id}: existingPools`, 'subdomain', existingPools);
    const lb = new HomeLoadBalancer(scope, id, { ...others, namespace: props.namespace ?? 'metallb-system' });
    existingPools?.forEach((name) => AddressPool.fromPoolName(lb, `Existing-${name}`, name));
    return lb;
  }

  /** Namespace of the program and of its custom resources. */
  public readonly namespace: string;

  /** The program that gives addresses to Services: one pod, wherever `controller.scheduling` says. Two would give addresses twice. */
  public readonly controller: Deployment;

  /** The program that announces addresses, on every node; `speaker.scheduling` tolerates taints, and keeps it to some nodes. */
  public readonly speaker: DaemonSet;

  /**
   * The pool of `addresses`.
   *
   * @default - there is none without `addresses`
   */
  public readonly defaultPool?: AddressPool;

  private readonly crds?: HomeLoadBalancerCrds;
  private readonly balancer: Balancer;

  /**
   * Installs a load balancer.
   *
   * @param scope Where to put it, usually a chart.
   * @param id Name within the scope.
   * @param props Addresses and options.
   */
  constructor(scope: Construct, id: string, props: HomeLoadBalancerProps = {}) {
    super(scope, id);
    checkProps(this.node.path, props);
    const ranges = props.addresses?.map((text) => isToken(text) ? IpRange._opaque(text) : IpRange.parse(text));
    this.namespace = props.namespace ?? Chart.of(this).namespace ?? this.createNamespace('metallb-system');
    if (props.crds ?? true) this.crds = new HomeLoadBalancerCrds(this, 'Crds');
    const settings = settingsOf(props, this.namespace);
    this.balancer = {
      construct: this,
      namespace: this.namespace,
      loadBalancerClass: props.loadBalancerClass,
      definesCrds: this.crds !== undefined,
      definesWebhook: settings.webhook,
      metricsInsecure: props.metricsInsecure ?? false,
      services: new Set(),
      nodes: nodesOf(props),
      ignoreExcludeLb: props.ignoreExcludeLb ?? false,
    };
    Registry.of(this).balancers.push(this.balancer);
    own(this, this.namespace);

    this.controller = createController(this, settings);
    this.speaker = createSpeaker(this, settings);
    if (settings.webhook) {
      const { namespace, balancer } = this, failurePolicy = props.webhookPolicy ?? WebhookPolicy.IGNORE;
      new AdmissionWebhook(this, 'Webhook', { namespace, failurePolicy, onlyOwnNamespace: () => Registry.of(this).balancers.some((other) => other !== balancer) });
    }
    if (ranges) this.defaultPool = this.addPool('Pool', { ranges, poolName: props.poolName, advertise: props.advertise });
  }

  /**
   * Adds a pool of addresses.
   *
   * @param id Name within the load balancer.
   * @param options Addresses and options.
   * @returns The pool, to be passed to `expose()` or `bind()`.
   */
  public addPool(id: string, options: AddressPoolOptions): AddressPool {
    return this.added(new AddressPool(this, id, { ...options, namespace: this.namespace }));
  }

  /**
   * Adds a router that is told by BGP where the addresses are.
   *
   * @param id Name within the load balancer.
   * @param options The router and the session.
   * @returns The peer, to be passed to `Advertisement.bgp()`.
   */
  public addBgpPeer(id: string, options: BgpPeerOptions): BgpPeer {
    return this.added(new BgpPeer(this, id, { ...options, namespace: this.namespace }));
  }

  /**
   * Adds a way to notice quickly that a router is dead.
   *
   * @param id Name within the load balancer.
   * @param options Times and modes.
   * @returns The profile, to be passed to `addBgpPeer()`.
   */
  public addBfdProfile(id: string, options: BfdProfileOptions = {}): BfdProfile {
    return this.added(new BfdProfile(this, id, { ...options, namespace: this.namespace }));
  }

  /**
   * Gives names to BGP communities.
   *
   * @param id Name within the load balancer.
   * @param options The names.
   */
  public addCommunityAliases(id: string, options: CommunityAliasesOptions): CommunityAliases {
    return this.added(new CommunityAliases(this, id, { ...options, namespace: this.namespace }));
  }

  /**
   * Announces several pools in one way, or pools that are made elsewhere. (A pool of this app has its own `advertise`.)
   *
   * @param id Name within the load balancer.
   * @param advertisement How to announce.
   * @param options Which pools; without any, all of them.
   * @returns The L2Advertisement or BGPAdvertisement object.
   */
  public addAdvertisement(id: string, advertisement: Advertisement, options: AdvertisementScope = {}): ApiObject {
    const where = `${this.node.path}/${id}`;
    if (!(advertisement instanceof Advertisement)) refuse(`${where}: advertisement`, advertisement, 'an Advertisement, such as Advertisement.l2()');
    checkList(`${where}: pools`, options.pools);
    options.pools?.forEach((pool, i) => {
      if (pool?.poolName === undefined) refuse(`${where}: pools[${i}]`, pool, 'what addPool() or AddressPool.fromPoolName() returned');
    });
    checkMembers(`${where}: poolSelectors`, options.poolSelectors, Selector, "Selector.labels({ tier: 'public' })");
    return this.added(advertisement._announce(this, id, {
      ipAddressPools: options.pools?.map(({ poolName }) => poolName),
      ipAddressPoolSelectors: options.poolSelectors?.map((selector) => selector._toManifest()),
    }, this.namespace));
  }

  /**
   * Lets a Prometheus that is run by its operator collect the metrics, and alerts.
   *
   * @param options Which objects to make.
   * @returns What holds the objects.
   */
  public addMonitoring(options: MonitoringOptions = {}): Construct {
    return new Monitoring(this, 'Monitoring', this.balancer, options);
  }

  /**
   * Lets the controller reach the API server only, and be reached for metrics, health and the webhook only. (Network policies say nothing about speakers, which
   * use the network of their node.)
   *
   * @param options Ports of the API server.
   * @returns What holds the NetworkPolicy.
   */
  public addNetworkPolicy(options: NetworkPolicyOptions = {}): Construct {
    return new ControllerNetworkPolicy(this, 'NetworkPolicy', this.balancer, options);
  }

  /**
   * Makes a Deployment reachable from the network, through a new Service of type LoadBalancer.
   *
   * @param deployment What to expose. (Deployments of other versions of cdk8s-plus: `bind(deployment.exposeViaService())`.)
   * @param options Wishes.
   * @returns The Service.
   */
  public expose(deployment: Deployment, options: ExposeOptions = {}): Service {
    checkBinding(this.balancer, deployment.node.path, options); // before there is a Service
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
    bind(this.balancer, service, options);
  }

  /**
   * What would come of this app: which Service asks for what, where its address comes from, and who would announce it. A text (Markdown, with a
   * picture by Mermaid) that changes only when the outcome does, so that a review of it is a review of the change.
   *
   * It assumes that all `nodes` are healthy and that nothing was there before: an address that is in use stays where it is.
   */
  public plan(): string {
    return planOf(Registry.of(this), this.balancer);
  }

  /**
   * Writes `plan()` beside the manifests, into `home-load-balancer.plan.md` of the output directory of the app. To be called after `app.synth()`.
   *
   * @param fileName Name of the file.
   * @returns Its path.
   */
  public writePlan(fileName: string = 'home-load-balancer.plan.md'): string {
    const path = join(App.of(this).outdir, fileName);
    writeFileSync(path, this.plan());
    return path;
  }

  private added<T extends IConstruct>(construct: T): T {
    if (this.crds) construct.node.addDependency(this.crds);
    return construct;
  }

  private createNamespace(name: string): string {
    // Host network and NET_RAW pass no stricter standard. https://kubernetes.io/docs/concepts/security/pod-security-standards
    const levels = ['enforce', 'audit', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'privileged']);
    new Namespace(this, 'Namespace', { metadata: { name, labels: { ...LABELS, ...Object.fromEntries(levels) } } });
    return name;
  }
}
