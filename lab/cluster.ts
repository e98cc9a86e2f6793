import * as path from 'path';
import { setTimeout as sleep } from 'timers/promises';
import { kubeBinaries, prober } from './cache';
import { ClusterOptions, Role, RoleOptions, ServiceName } from './cluster-options';
import { CommandOptions, CommandResult } from './command';
import { kubectl, startControllerManager, startKubeProxy, withToken } from './components';
import { ControlPlane, startEmbedded, startReal } from './control-plane';
import { Balancer } from './dnat';
import { LabError } from './errors';
import { putEndpoints, putNode, putPod, removePod } from './inventory';
import { Network } from './network';
import { LabProcess } from './process';
import { Manifest, readManifests, resourceOf } from './resources';
import { Run } from './run';
import { CONTROL_PLANE_ADDRESS, NodeSpec } from './topology';
import { KubeClient, KubeObject, NAMESPACES, SERVICES, Service } from '../speaker/src/kube';

const READY_PORT = 17472;
const FIRST_TARGET_PORT = 20_000;

/** A cluster on the lab's LAN: an API server, nodes, and whatever of the program is started on them. */
export class Cluster {
  /**
   * Makes it, ready to be used, in a run of its own or in the one given.
   *
   * @throws LabError `INVALID_ARGUMENT` for parts of Kubernetes without the real API server
   */
  static async start(options: ClusterOptions = {}, scope: Run = Run.begin()): Promise<Cluster> {
    if (options.api !== 'real' && (options.kubeProxy || options.controllerManager)) {
      throw new LabError('INVALID_ARGUMENT', "kubeProxy and controllerManager need the real API server: add api: 'real'");
    }
    const network = await Network.create(options, scope);
    let cluster: Cluster | undefined;
    try {
      const binaries = options.api === 'real' ? await kubeBinaries() : undefined;
      const control = binaries ? await startReal(network, binaries, options) : await startEmbedded(network, options);
      cluster = new Cluster(network, control, options, binaries);
      await cluster.furnish();
      return cluster;
    } catch (error) {
      await (cluster ? cluster.stop() : network.destroy());
      throw error;
    }
  }

  /** Namespace of controller and speakers. */
  readonly namespace: string;
  private readonly program: readonly string[];
  private readonly balancer?: Balancer;
  /** By node: what starts again after a cold boot. */
  private readonly atBoot = new Map<string, (() => Promise<unknown>)[]>();
  private heartbeat?: NodeJS.Timeout;
  private targetPort = FIRST_TARGET_PORT;
  private starts = 0;

  private constructor(
    readonly network: Network, readonly control: ControlPlane, private readonly options: ClusterOptions, private readonly binaries?: string,
  ) {
    this.namespace = options.namespace ?? 'metallb-system';
    this.program = options.program ?? [process.execPath, path.resolve(__dirname, '../speaker/dist/main.js')];
    this.balancer = options.kubeProxy ? undefined : new Balancer(network, control.client);
  }

  get client(): KubeClient {
    return this.control.client;
  }

  get nodes(): readonly NodeSpec[] {
    return this.network.nodes;
  }

  /** Makes objects so, by server-side apply, in the order given. A string is the path of a YAML file. */
  async apply(...objects: readonly (string | object)[]): Promise<void> {
    for (const object of objects.flatMap((item): Manifest[] => (typeof item === 'string' ? readManifests(item) : [item as Manifest]))) {
      const resource = resourceOf(object);
      const namespace = resource.namespaced ? object.metadata.namespace ?? 'default' : undefined;
      await this.retryWhileNew(async () => this.client.apply(resource, object, { fieldManager: 'kubectl', force: true, namespace }));
    }
  }

  /** Runs kubectl against the real API server (from outside, as a user would). */
  async kubectl(...argv: readonly string[]): Promise<string> {
    if (!this.binaries) throw new LabError('INVALID_ARGUMENT', "kubectl comes with the real API server: Cluster.start({ api: 'real' })");
    return kubectl(this.binaries, this.control.outsideKubeconfig, argv);
  }

  /** Runs a command on the LAN's client. */
  async clientExec(argv: readonly string[], options?: CommandOptions): Promise<CommandResult> {
    return this.network.exec('client', argv, options);
  }

  /** Starts the controller, by default beside the API server. */
  async startController(options: RoleOptions & { readonly place?: string } = {}): Promise<Role> {
    const { place = 'ctl' } = options;
    const node = place === 'ctl' ? this.nodes[0] : this.network.node(place);
    return this.startRole('controller', place, node, place === 'ctl' ? CONTROL_PLANE_ADDRESS : node.internalAddress, options);
  }

  /** Starts the speaker of a node. */
  async startSpeaker(node: string, options: RoleOptions = {}): Promise<Role> {
    const spec = this.network.node(node);
    return this.startRole('speaker', node, spec, spec.internalAddress, options, ['--node-name', node]);
  }

  /**
   * Puts endpoints behind a Service: on each of these nodes a server that answers every port with the node's name (HTTP on TCP ports,
   * echo on UDP ports), and EndpointSlices which say so. Called again, the endpoints move.
   */
  async serve(service: ServiceName, nodes: readonly string[] = this.nodes.map((node) => node.name)): Promise<void> {
    const { namespace = 'default', name } = service;
    const { spec } = await this.client.get<Service & KubeObject>(SERVICES, name, { namespace });
    const ports = (spec.ports ?? []).map((port) => ({ name: port.name ?? '', protocol: port.protocol ?? 'TCP', port: this.targetPort++ }));
    const command = await prober();
    for (const node of nodes.map((one) => this.network.node(one))) {
      await this.onNode(node.name, async () => Promise.all([node.podAddress, node.podAddress6].map(async (address, i) => {
        const pod = this.network.start(node.name, {
          name: `pod-${namespace}-${name}-${node.name}-${i}-${++this.starts}`,
          argv: [command, 'serve', address, node.name, ...ports.map((port) => `${port.protocol.toLowerCase()}:${port.port}`)],
        });
        await pod.untilOutput(/"start"/);
      })));
    }
    for (const family of spec.ipFamilies ?? ['IPv4']) {
      await putEndpoints(this.client, { namespace, name }, family, ports, nodes.map((one) => this.network.node(one)));
    }
  }

  /** Waits until a Service has addresses, and gives them. */
  async addressesOf(service: ServiceName, timeoutMs = 20_000): Promise<string[]> {
    const { namespace = 'default', name } = service;
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const found = await this.client.get<Service & KubeObject>(SERVICES, name, { namespace });
      const addresses = (found.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
      if (addresses.length > 0) return addresses;
      if (Date.now() > deadline) throw new LabError('TIMEOUT', `Service ${namespace}/${name} has no address after ${timeoutMs} ms`);
      await sleep(20);
    }
  }

  /** What Kubernetes does when it notices a node's death or return (the node controller, after some 40 s). */
  async setNodeReady(node: string, ready: boolean): Promise<void> {
    await putNode(this.client, this.network.node(node), ready);
  }

  /** A power cut of the node; see {@link Network.powerOff}. */
  async powerOff(node: string): Promise<void> {
    await this.network.powerOff(node);
  }

  /** A cold boot: kube-proxy, pods and the speaker that ran on it start again. */
  async powerOn(node: string): Promise<void> {
    await this.network.powerOn(node);
    await this.balancer?.write([this.network.node(node)]);
    for (const start of this.atBoot.get(node) ?? []) await start();
  }

  /** Ends everything and removes it. */
  async stop(): Promise<void> {
    clearInterval(this.heartbeat);
    await this.balancer?.stop();
    await this.control.stop();
    await this.network.destroy();
  }

  private async furnish(): Promise<void> {
    await Promise.all(this.nodes.map(async (node) => putNode(this.client, node)));
    for (const name of ['default', this.namespace]) {
      await this.client.apply(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } } as never, { fieldManager: 'lab', force: true });
    }
    await this.balancer?.start();
    if (this.options.kubeProxy) await this.startKubeProxies();
    if (this.options.controllerManager) {
      startControllerManager(this.network, this.binaries!, this.control.kubeconfig);
      this.keepNodesReady();
    }
  }

  private async startRole(
    component: string, place: string, node: NodeSpec, address: string, options: RoleOptions, flags: string[] = [],
  ): Promise<Role> {
    const { program = this.program, readyTimeoutMs = 20_000 } = options;
    const kubeconfig = await this.identity(component, options.identity ?? 'admin');
    const pod = options.pod ?? (component === 'controller' ? component : `${component}-${node.name}`);
    let current: LabProcess | undefined;
    const start = async (): Promise<void> => {
      const selectable = !this.options.controllerManager;
      await putPod(this.client, { namespace: this.namespace, name: pod, component, nodeName: node.name, address, selectable });
      current = this.network.start(place, {
        name: `${pod}-${++this.starts}`,
        argv: [...program, component, '--kubeconfig', kubeconfig, '--namespace', this.namespace, '--pod-name', pod,
          ...options.metrics === 'secure' ? [] : ['--metrics-insecure'], ...flags,
          ...options.flags ?? []],
        env: options.env,
      });
      if (readyTimeoutMs > 0) await this.untilReady(current, place, readyTimeoutMs);
    };
    await (place === 'ctl' ? start() : this.onNode(place, start));
    return {
      get process() {
        return current!;
      },
      pod,
      stop: async () => {
        this.atBoot.set(place, (this.atBoot.get(place) ?? []).filter((one) => one !== start));
        await current!.stop();
        await removePod(this.client, this.namespace, pod);
      },
    };
  }

  /** Asks `/readyz` where the role runs, as its kubelet would. */
  private async untilReady(role: LabProcess, place: string, timeoutMs: number): Promise<void> {
    const watch = this.network.start(place, {
      name: `${role.name}-ready`,
      argv: [await prober(), 'http', '127.0.0.1', `${READY_PORT}`, '--path', '/readyz', '--interval-ms', '20', '--timeout-ms', '500'],
    });
    try {
      await role.until(() => /"event":"ok"/.test(watch.stdout()), 'answer of /readyz with 200', timeoutMs);
    } finally {
      await watch.stop();
    }
  }

  /** Starts something on a node now and at each later boot. */
  private async onNode(node: string, start: () => Promise<unknown>): Promise<void> {
    this.atBoot.set(node, [...this.atBoot.get(node) ?? [], start]);
    await start();
  }

  private async startKubeProxies(): Promise<void> {
    await Promise.all(this.nodes.map(async ({ name }) => this.onNode(name, async () => (
      startKubeProxy(this.network, this.binaries!, this.control.kubeconfig, name, `kube-proxy-${name}-${++this.starts}`)
    ))));
  }

  /** With a controller manager, somebody has to say that nodes live: it takes silent ones for dead after 50 s. */
  private keepNodesReady(): void {
    const renew = async (): Promise<void> => {
      const alive = this.nodes.filter((node) => this.network.isPowered(node.name));
      await Promise.all(alive.map(async (node) => putNode(this.client, node).catch(() => undefined))); // the API server may be paused
    };
    this.heartbeat = setInterval(() => void renew(), 10_000);
  }

  private async identity(component: string, wanted: 'admin' | 'serviceAccount'): Promise<string> {
    if (wanted === 'admin') return this.control.kubeconfig;
    const token = await this.kubectl('create', 'token', component, '--namespace', this.namespace);
    return withToken(this.control.kubeconfig, component, token.trim());
  }

  /** A custom resource just defined is not served yet; an API server says 404 until it is. */
  private async retryWhileNew<T>(attempt: () => Promise<T>): Promise<T> {
    for (let left = 100; ; left--) {
      try {
        return await attempt();
      } catch (error) {
        if ((error as { code?: string }).code !== 'NotFound' || left === 0) throw error;
        await sleep(50);
      }
    }
  }
}
