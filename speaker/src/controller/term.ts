import { Allocator, converge, loadExisting, loadOrder, type Decision, type PoolCounters } from '../allocation';
import { parseConfig, sameOwnAnnotations, type Config } from '../config';
import {
  COMMUNITIES, EventRecorder, IP_ADDRESS_POOLS, NAMESPACES, SERVICES, isKubeError, keyOf, projectNamespace, projectService, projectWhole,
  type KubeObject, type Namespace, type OwnerReference, type Reflector, type Service, type Stored,
} from '../kube';
import type { Check, ControllerMetrics } from '../observability';
import { ConfigurationState, Throttle, Watches, WorkQueue, type RoleContext, type RoleOptions } from '../role';
import { ensureHeartbeatKey } from './heartbeat-key';
import { PoolStatuses } from './pool-status';
import { statusPatch } from './status-patch';
import { Written } from './written';

/** Status writes under way at a time, over the one connection. */
const WRITES_IN_FLIGHT = 16;

type StoredService = Stored<Service>;

export interface TermOptions extends RoleOptions, RoleContext {
  readonly metrics: ControllerMetrics;
  /** The own pod, with which the status object of this controller goes away. */
  readonly owner?: OwnerReference;
  /** The configuration of an earlier term: where an object has gone wrong since, its version in there is used. */
  readonly lastGood?: Config;
  /** Whether this controller may still write. Asked before each write of an address. */
  readonly leading: () => boolean;
}

/**
 * What the controller does while it is the one: watches Services, pools and namespaces, asks the ledger, writes what it says.
 *
 * It starts in two phases. Until Services, pools and namespaces have all been listed, nothing is decided. Then every address that a status
 * shows is loaded into the ledger, and only afterwards are new ones given, to the oldest Service first. So a restart moves nothing, and nobody gets an
 * address that another Service is about to claim back. Lists are read anew in each term, thus hold what a predecessor wrote last.
 *
 * A decision is made in one turn of the loop, from the newest version of the Service and the ledger as it is; its write is guarded by the version it was
 * made from, and one that the API server refuses leads to a new decision.
 */
export class Term {
  readonly check: Check;

  private readonly allocator = new Allocator();
  private readonly watches: Watches;
  private readonly services: Reflector<StoredService>;
  private readonly pools: Reflector<Stored<KubeObject>>;
  private readonly communities: Reflector<Stored<KubeObject>>;
  private readonly namespaces: Reflector<Stored<Namespace>>;
  private readonly written = new Written();
  private readonly queue = new WorkQueue((key) => this.reconcile(key), WRITES_IN_FLIGHT);
  private readonly reload: Throttle;
  private readonly keySecret: Throttle;
  private readonly recorder: EventRecorder;
  private readonly state: ConfigurationState;
  private readonly poolStatuses: PoolStatuses;
  /** Services that want an address and have none, with the reason's code. */
  private readonly waiting = new Map<string, string>();
  /** When a Service last changed, for the measure of how long its address took. */
  private readonly changedAt = new Map<string, number>();
  /** What was last said of each Service. */
  private readonly told = new Map<string, string>();
  private readonly classOption: { readonly loadBalancerClass?: string };
  private readonly forget: () => void;
  /** The configuration that the ledger has. */
  private config?: Config;
  /** All lists are there. */
  private loaded = false;

  constructor(private readonly options: TermOptions) {
    const { client, log, metrics, namespace, owner } = options;
    this.classOption = { loadBalancerClass: options.lbClass };
    this.watches = new Watches(client, log, metrics);
    this.services = this.watches.add<StoredService>({
      resource: SERVICES,
      project: projectService,
      onChange: ({ object }) => this.changed(keyOf(object)),
    });
    const onChange = () => this.reload.request();
    this.pools = this.watches.add<Stored<KubeObject>>({
      resource: IP_ADDRESS_POOLS,
      namespace,
      project: (raw) => projectWhole<KubeObject>(raw),
      onChange: (delta) => {
        // The status is ours; only a new generation, or an annotation of our group, says something new.
        if (delta.type !== 'modified' || delta.object.metadata.generation !== delta.previous.metadata.generation
          || !sameOwnAnnotations(delta.object.metadata.annotations, delta.previous.metadata.annotations)) {
          onChange();
        } else {
          this.poolStatuses.request();
        }
      },
    });
    this.communities = this.watches.add<Stored<KubeObject>>({
      resource: COMMUNITIES, namespace, project: (raw) => projectWhole<KubeObject>(raw), onChange,
    });
    this.namespaces = this.watches.add<Stored<Namespace>>({ resource: NAMESPACES, project: projectNamespace, onChange });
    this.recorder = new EventRecorder(client, { component: 'metallb-controller', log, queueLimit: 10_000 });
    this.state = new ConfigurationState({
      client,
      namespace,
      log,
      metrics,
      owner,
      name: 'controller',
      labels: { 'metallb.io/component-type': 'controller' },
      condition: 'poolReconcilerValid',
      recorder: this.recorder,
      objectOf: ({ kind, name }) => {
        const stored = (kind === 'Community' ? this.communities : this.pools).store.get(`${namespace}/${name}`);
        return stored && { apiVersion: 'metallb.io/v1beta1', kind, metadata: stored.metadata };
      },
    }, this.watches);
    this.poolStatuses = new PoolStatuses(client, this.pools, () => this.counters(), metrics, log);
    // Objects that are applied together arrive together: half a turn of waiting saves most of the work.
    this.reload = new Throttle(async () => this.reconfigure(), 50, (error) => log.error({ error }, 'cannot use the configuration'));
    this.keySecret = new Throttle(() => ensureHeartbeatKey(client, namespace, log), 1_000, (error) => (
      log.warn({ error }, `cannot make the key of the heartbeats: ${error.message}`)
    ));
    this.check = () => this.watches.check() ?? (this.loaded ? undefined : 'existing addresses are not loaded yet');
    this.forget = metrics.beforeScrape(() => {
      metrics.queueDepth.set(this.queue.depth);
      metrics.writesInFlight.set(this.queue.inFlight);
      metrics.pendingServices.reset();
      this.waiting.forEach((reason) => metrics.pendingServices.inc({ reason }));
    });
  }

  /** The last configuration that could be used. */
  get lastGood(): Config | undefined {
    return this.config ?? this.options.lastGood;
  }

  start(): void {
    this.keySecret.request();
    this.watches.start().then(() => {
      this.loaded = true;
      this.reconfigure();
    }).catch((error: Error) => this.options.log.debug({ error }, 'stopped before the first list was complete'));
  }

  async stop(): Promise<void> {
    this.forget();
    [this.reload, this.keySecret, this.poolStatuses, this.state].forEach((part) => part.stop());
    await this.queue.stop(); // writes under way are answered first, else nobody would know whether they happened
    await this.watches.stop();
  }

  private changed(key: string): void {
    if (this.loaded) {
      this.changedAt.set(key, performance.now());
      this.queue.add(key);
    }
  }

  private reconfigure(): void {
    if (!this.loaded) {
      return;
    }
    const { config, problems } = parseConfig({
      ipAddressPools: this.pools.store.snapshot(),
      l2Advertisements: [],
      communities: this.communities.store.snapshot(),
      namespaces: this.namespaces.store.snapshot().map(({ metadata: { name, labels } }) => ({ name, labels })),
    }, this.lastGood);
    this.state.report({ problems });
    if (config === this.config) {
      return;
    }
    this.config = config;
    const changes = this.allocator.setPools(config.pools, config.unusable);
    changes.forEach(({ key, outcome, from, to, reason }) => (
      this.options.log.info({ service: key, outcome, from, to, reason: reason.code }, `the configuration changes an allocation: ${reason.message}`)
    ));
    // After every change, as Services may show addresses of a pool that comes later than they.
    const { adopted, reserved, rejected } = loadExisting(this.services.store.snapshot(), this.allocator, config, this.classOption);
    if (adopted.length + reserved.length + rejected.length > 0) {
      this.options.log.info({ adopted: adopted.length, reserved: reserved.length, rejected: rejected.length }, 'loaded the existing addresses');
    }
    loadOrder(this.services.store.snapshot()).forEach((service) => this.queue.add(keyOf(service)));
    this.poolStatuses.request();
  }

  /** Decides about one Service and writes what differs. */
  private async reconcile(key: string): Promise<void> {
    if (!this.config) {
      return;
    }
    const service = this.written.newest(key, this.services.store.get(key));
    if (!service) {
      [this.waiting, this.changedAt, this.told].forEach((memory) => memory.delete(key));
      if (this.allocator.release(key)) {
        this.options.log.info({ service: key }, 'the Service is gone, its addresses are free');
        this.retryWaiting();
        this.poolStatuses.request();
      }
      return;
    }
    const decision = converge(service, this.allocator, this.config, this.classOption);
    this.tell(key, service, decision);
    if (decision.retryWaiters) {
      this.retryWaiting();
    }
    if (decision.outcome !== 'kept' || decision.freed) {
      this.poolStatuses.request();
    }
    if (decision.write) {
      await this.write(key, service, decision);
    }
    const since = this.changedAt.get(key);
    this.changedAt.delete(key);
    if (since !== undefined && decision.outcome === 'assigned') {
      this.options.metrics.allocationSeconds.observe((performance.now() - since) / 1000);
    }
  }

  /** A Service waits when it may have an address as soon as another gives one up; the rest wait for a change of themselves or of the configuration. */
  private tell(key: string, service: StoredService, { outcome, waiting, reason, events, ingress, poolAnnotation }: Decision): void {
    const { log } = this.options;
    if (waiting) {
      this.waiting.set(key, reason!.code);
    } else {
      this.waiting.delete(key);
    }
    const text = JSON.stringify([service.metadata.resourceVersion, outcome, reason?.code, reason?.message, events]);
    if (text === this.told.get(key)) {
      return; // tried again in vain: it was said before
    }
    this.told.set(key, text);
    events.forEach((event) => this.recorder.record(service, event.type, event.reason, event.message));
    if (outcome === 'assigned') {
      log.info({ service: key, ips: ingress, pool: poolAnnotation }, 'address assigned');
    } else if (outcome === 'refused') {
      log.warn({ service: key, reason: reason!.code, asked: reason!.asked, free: reason!.free, fix: reason!.fix }, `no address: ${reason!.message}`);
    } else if (outcome === 'cleared') {
      log.info({ service: key, reason: reason?.code }, 'address released');
    }
  }

  /** What is free now goes to those who waited, the oldest first. */
  private retryWaiting(): void {
    const services = [...this.waiting.keys()].flatMap((key) => this.services.store.get(key) ?? []);
    loadOrder(services).forEach((service) => this.queue.add(keyOf(service)));
  }

  private async write(key: string, service: StoredService, decision: Decision): Promise<void> {
    const { client, log, metrics, leading } = this.options;
    if (!leading()) {
      throw new Error('not written: another controller may be the one by now');
    }
    try {
      this.written.put(key, projectService(await client.patchStatus<Service>(SERVICES, service, statusPatch(service, decision, new Date().toISOString().replace(/\.\d+Z$/, 'Z')))));
    } catch (error) {
      if (isKubeError(error, 'NotFound')) {
        return; // deleted meanwhile, which the watch tells, too
      }
      metrics.updateErrors.inc();
      if (!isKubeError(error, 'Conflict')) {
        log.warn({ error, service: key }, `cannot write the status of ${key}: ${(error as Error).message}`);
      }
      throw error; // decided anew after a while, from what the watch has brought by then
    }
  }

  private counters(): ReadonlyMap<string, PoolCounters> {
    return new Map(this.config?.pools.map(({ name }) => [name, this.allocator.counters(name)!]));
  }
}
