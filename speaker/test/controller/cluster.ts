import { mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { EmbeddedApiServer } from '../../../lab/apiserver';
import { Controller } from '../../src/controller/controller';
import { EVENTS, IP_ADDRESS_POOLS, KubeClient, KubeObject, NAMESPACES, SERVICES, Service, isKubeError, loadKubeConfig } from '../../src/kube';
import { ControllerMetrics, createLogger } from '../../src/observability';

export const NAMESPACE = 'metallb-system';

type ControllerOptions = Partial<Pick<Parameters<typeof Controller.start>[0], 'lbClass' | 'election' | 'metrics' | 'clock'>>;

/** An API server in memory and controllers on it. */
export class Cluster {
  static async start(): Promise<Cluster> {
    const server = new EmbeddedApiServer({ crds: join(__dirname, '../../../crds/metallb.io.yaml'), tls: false });
    await server.listen();
    const cluster = new Cluster(server);
    for (const name of [NAMESPACE, 'home']) {
      await cluster.client.create(NAMESPACES, { metadata: { name } });
    }
    return cluster;
  }

  readonly client: KubeClient;
  private readonly folder = mkdtempSync(join(tmpdir(), 'controller-'));
  private readonly controllers = new Map<Controller, KubeClient>();

  private constructor(readonly server: EmbeddedApiServer) {
    this.client = this.connect();
  }

  /** A client of its own. */
  connect(): KubeClient {
    const file = join(this.folder ?? tmpdir(), 'kubeconfig');
    writeFileSync(file, this.server.kubeconfig());
    return new KubeClient(loadKubeConfig({ kubeconfig: file }));
  }

  /** @param client what it talks to the API server with */
  async startController(options: ControllerOptions = {}, client = this.connect()): Promise<Controller> {
    const controller = await Controller.start({
      namespace: NAMESPACE,
      port: 0,
      healthProbePort: 0,
      healthHost: '127.0.0.1',
      client,
      log: createLogger('none'),
      metrics: new ControllerMetrics(),
      fail: (error) => { throw error; },
      ...options,
    });
    this.controllers.set(controller, client);
    return controller;
  }

  async stopController(controller: Controller): Promise<void> {
    await controller.stop();
    this.controllers.get(controller)!.close();
    this.controllers.delete(controller);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.controllers.keys()].map((controller) => this.stopController(controller)));
    this.client.close();
    await this.server.close();
    rmSync(this.folder, { recursive: true });
  }

  async pool(name: string, addresses: string[], spec: object = {}): Promise<void> {
    await this.client.create(IP_ADDRESS_POOLS, { metadata: { name, namespace: NAMESPACE }, spec: { addresses, ...spec } });
  }

  async service(name: string, options: { annotations?: Record<string, string>; spec?: object } = {}): Promise<void> {
    await this.client.create(SERVICES, {
      metadata: { name, namespace: 'home', annotations: options.annotations },
      spec: { type: 'LoadBalancer', ports: [{ port: 80 }], ...options.spec },
    });
  }

  /** Addresses of a Service; `undefined` when it could not be read. */
  async addresses(name: string): Promise<string[] | undefined> {
    try {
      const { status } = await this.client.get<Service>(SERVICES, name, { namespace: 'home' });
      return (status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip!);
    } catch (error) {
      if (isKubeError(error, 'NotFound', 'ConnectionLost')) {
        return undefined; // gone, or the test has just cut the connection
      }
      throw error;
    }
  }

  /** `reason message` of each event of a Service. */
  async events(name: string): Promise<string[]> {
    const { items } = await this.client.list<KubeObject & { involvedObject: { name: string }; reason: string; message: string }>(EVENTS, { namespace: 'home' });
    return items.filter(({ involvedObject }) => involvedObject.name === name).map(({ reason, message }) => `${reason} ${message}`);
  }
}

/** Waits until what `read` gives passes `check`, looking every few milliseconds; fails with the last difference after ten seconds. */
export async function eventually<T>(read: () => Promise<T>, check: (value: T) => void): Promise<void> {
  const end = Date.now() + 10_000;
  for (;;) {
    try {
      return check(await read());
    } catch (error) {
      if (Date.now() > end) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
