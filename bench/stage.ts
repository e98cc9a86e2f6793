import { setTimeout as sleep } from 'timers/promises';
import { configure, lastWords, RoleError, start } from './roles';
import { Cluster, LabProcess } from '../lab';
import { CRDS } from '../lab/control-plane';
import { keyOf, Reflector, Service, SERVICES, StoredObject } from '../speaker/src/kube';

const NAMESPACE = 'default';
/** Requests under way when many Services are made at once: enough to keep the API server busy. */
const IN_FLIGHT = 32;
const DEADLINE_MS = 120_000;

/** Writes by what is written, in the API server's own count; everything else in the lab that writes these uses other verbs. */
const KINDS: Readonly<Record<string, { readonly resource: string; readonly subresource: string; readonly verbs: readonly string[] }>> = {
  'Service status': { resource: 'services', subresource: 'status', verbs: ['PUT', 'PATCH', 'APPLY'] },
  'Events': { resource: 'events', subresource: '', verbs: ['POST', 'PATCH', 'PUT'] },
  'pool status': { resource: 'ipaddresspools', subresource: 'status', verbs: ['PUT', 'PATCH', 'APPLY'] },
  'ConfigurationState': { resource: 'configurationstates', subresource: '*', verbs: ['POST', 'PUT', 'PATCH', 'APPLY'] },
  'Leases': { resource: 'leases', subresource: '', verbs: ['PATCH'] }, // the API server itself has one, which it renews by PUT
};

type Seen = Service & StoredObject;

/** etcd, kube-apiserver and one controller, and a watch that sees what users see. */
export class Stage {
  static async open(command: string): Promise<Stage> {
    const cluster = await Cluster.start({ api: 'real', nodes: 1 });
    try {
      await cluster.apply(CRDS);
      await configure({ cluster });
      const stage = new Stage(cluster, command);
      stage.watch.start();
      await stage.watch.synced;
      return stage;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  private running?: LabProcess;
  private readonly watch: Reflector<Seen>;
  /** Services of the bench that have no address. */
  private readonly without = new Set<string>();
  private changed?: () => void;

  private constructor(private readonly cluster: Cluster, private readonly command: string) {
    this.watch = new Reflector<Seen>(cluster.client, {
      resource: SERVICES,
      namespace: NAMESPACE,
      onChange: ({ type, object }) => {
        if (object.spec.type !== 'LoadBalancer') return; // "kubernetes" is there, too
        const has = type === 'deleted' || (object.status?.loadBalancer?.ingress ?? []).length > 0;
        this.without[has ? 'delete' : 'add'](keyOf(object));
        this.changed?.();
      },
    });
  }

  get controller(): LabProcess {
    return this.running!;
  }

  /** Starts the controller. @returns seconds from the start of its process until no Service is without an address */
  async startController(): Promise<number> {
    const begin = performance.now();
    this.running = await start(this.cluster, 'controller', this.command);
    await this.until('an address for each Service', () => this.without.size === 0);
    return (performance.now() - begin) / 1000;
  }

  async stopController(): Promise<void> {
    const { running } = this;
    this.running = undefined; // what is waited for from now on comes without it
    await running!.stop();
  }

  /** Starts the controller where all Services have addresses. @returns seconds until a Service that is made meanwhile has one, too */
  async restart(): Promise<number> {
    await this.post('probe');
    await this.until('probe', () => this.without.size === 1);
    const seconds = await this.startController();
    return seconds;
  }

  /** @returns ms from the request that creates the Service to the sight of its address */
  async createOne(name: string): Promise<number> {
    const key = `${NAMESPACE}/${name}`, begin = performance.now();
    await this.post(name);
    await this.until(`address of ${key}`, () => this.watch.store.get(key) !== undefined && !this.without.has(key));
    return performance.now() - begin;
  }

  /** Creates so many Services. @returns seconds until the last was made, and until the last had an address, if a controller is to see to it */
  async createAll(count: number, served = true): Promise<{ posted: number; settled: number }> {
    const begin = performance.now();
    const names = Array.from({ length: count }, (_, i) => `service-${i}`);
    await this.each(names, async (name) => this.post(name));
    const posted = (performance.now() - begin) / 1000;
    const size = () => [...this.watch.store.values()].filter(({ spec }) => spec.type === 'LoadBalancer').length;
    await this.until(`${count} Services with addresses`, () => (served ? this.without.size === 0 : this.without.size === count) && size() === count);
    return { posted, settled: (performance.now() - begin) / 1000 };
  }

  async deleteAll(): Promise<void> {
    const names = [...this.watch.store.values()].filter(({ spec }) => spec.type === 'LoadBalancer').map(({ metadata }) => metadata.name);
    await this.each(names, async (name) => this.cluster.client.delete(SERVICES, name, { namespace: NAMESPACE }));
    await this.until('the end of all Services', () => names.every((name) => this.watch.store.get(`${NAMESPACE}/${name}`) === undefined));
  }

  /** Successful writes so far, by kind, as the API server counts them. */
  async writes(): Promise<ReadonlyMap<string, number>> {
    const text = await this.cluster.kubectl('get', '--raw', '/metrics');
    const counted = [...text.matchAll(/^apiserver_request_total\{([^}]*)\} (\S+)$/mg)].map(([, labels, value]) => ({
      labels: new Map([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, label]) => [name, label])), value: Number(value),
    }));
    return new Map(Object.entries(KINDS).map(([kind, { resource, subresource, verbs }]) => [kind, counted.filter(({ labels }) => (
      labels.get('resource') === resource && (subresource === '*' || labels.get('subresource') === subresource)
      && verbs.includes(labels.get('verb')!) && labels.get('code')!.startsWith('2')
    )).reduce((sum, { value }) => sum + value, 0)]));
  }

  async close(): Promise<void> {
    await this.watch.stop();
    await this.cluster.stop();
  }

  private async post(name: string): Promise<void> {
    await this.cluster.client.create(SERVICES, {
      metadata: { name, namespace: NAMESPACE, labels: { app: name } },
      spec: { type: 'LoadBalancer', selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    });
  }

  private async each(names: readonly string[], act: (name: string) => Promise<void>): Promise<void> {
    let next = 0;
    await Promise.all(Array.from({ length: IN_FLIGHT }, async () => {
      while (next < names.length) await act(names[next++]);
    }));
  }

  /** Looks after each change of a Service. */
  private async until(what: string, check: () => boolean): Promise<void> {
    const deadline = performance.now() + DEADLINE_MS;
    while (!check()) {
      const { running } = this;
      if (running && !running.running) throw new RoleError(`${running.name} ended before there was ${what}; it said: ${lastWords(running)}`);
      if (performance.now() > deadline) throw new RoleError(`no ${what} within ${DEADLINE_MS / 1000} s; the controller said: ${running ? lastWords(running) : 'nothing'}`);
      await Promise.race([new Promise<void>((resolve) => { this.changed = resolve; }), sleep(1_000)]);
    }
  }
}
