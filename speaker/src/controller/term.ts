import { setTimeout as pause } from 'timers/promises';
import { Allocator, converge, loadExisting, loadOrder, type Decision, type PoolCounters, type Reservation } from '../allocation';
import type { Config } from '../config';
import {
  EventRecorder, SERVICES, bootClock, isKubeError, keyOf, projectService, timeText, toWallTime,
  type Clock, type KubeClient, type OwnerReference, type Reflector, type Service, type Stored,
} from '../kube';
import type { Check, ControllerMetrics } from '../observability';
import { Causes, Throttle, Watches, WorkQueue, type RoleContext, type RoleOptions } from '../role';
import { ConfigSource } from './config-source';
import { ensureHeartbeatKey } from './heartbeat-key';
import { measureServices } from './measure-services';
import { StickyMemory } from './memory';
import { PoolStatuses } from './pool-status';
import { Quarantines } from './quarantine';
import { statusPatch } from './status-patch';
import { Teller } from './teller';
import { Written } from './written';

/** How long the end of a term waits for events that are still to be written, in milliseconds. */
const FAREWELL_MS = 1_000;

/** Status writes under way at a time, over the one connection. */
const WRITES_IN_FLIGHT = 16;

type StoredService = Stored<Service>;

export interface TermOptions extends RoleOptions, RoleContext {
  /** Refuses to write once the term is over (`KubeClient.fenced`). */
  readonly client: KubeClient;
  readonly metrics: ControllerMetrics;
  /** The own pod, with which the status object of this controller goes away. */
  readonly owner?: OwnerReference;
  /** The configuration of an earlier term: where an object has gone wrong since, its version in there is used. */
  readonly lastGood?: Config;
  /** @default the machine's, which also counts while it is suspended */
  readonly clock?: Clock;
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
  private readonly source: ConfigSource;
  private readonly written = new Written();
  private readonly queue = new WorkQueue((key) => this.reconcile(key), WRITES_IN_FLIGHT);
  private readonly reload: Throttle;
  private readonly keySecret: Throttle;
  private readonly recorder: EventRecorder;
  private readonly teller: Teller;
  private readonly sticky: StickyMemory;
  private readonly quarantines: Quarantines;
  private readonly poolStatuses: PoolStatuses;
  /** Services that may have what they ask for as soon as another gives something up. */
  private readonly waiting = new Set<string>();
  /** When a Service last changed, for the measure of how long its address took. */
  private readonly changedAt = new Map<string, number>();
  /** What an earlier controller remembered of Services, until it has been taken over. */
  private memories: readonly (Omit<Reservation, 'until'> & { readonly until?: number })[] = [];
  private readonly writeFailures = new Causes();
  private readonly clock: Clock;
  private readonly classOption: { readonly loadBalancerClass?: string };
  private readonly forget: () => void;
  /** The configuration that the ledger has. */
  private config?: Config;
  /** All lists are there. */
  private loaded = false;

  constructor(private readonly options: TermOptions) {
    const { client, log, metrics, namespace, owner } = options;
    this.clock = options.clock ?? bootClock;
    this.classOption = { loadBalancerClass: options.lbClass };
    this.watches = new Watches(client, log, metrics);
    this.services = this.watches.add<StoredService>({
      resource: SERVICES,
      project: projectService,
      onChange: ({ object }) => this.changed(object),
    });
    this.recorder = new EventRecorder(client, { component: 'metallb-controller', log, queueLimit: 10_000 });
    this.teller = new Teller(this.recorder, log);
    this.sticky = new StickyMemory({
      client,
      namespace,
      allocator: this.allocator,
      log,
      clock: this.clock,
      ended: (now) => {
        this.quarantines.expired(now);
        this.retryWaiting();
        this.poolStatuses.request();
      },
    });
    this.quarantines = new Quarantines({
      allocator: this.allocator,
      log,
      clock: this.clock,
      decide: (key) => this.queue.add(key),
      changed: () => {
        this.poolStatuses.request();
        this.sticky.request();
      },
    });
    this.source = new ConfigSource({
      client,
      namespace,
      log,
      metrics,
      owner,
      recorder: this.recorder,
      changed: () => this.reload.request(),
      poolStatus: () => this.poolStatuses.request(),
    }, this.watches);
    this.poolStatuses = new PoolStatuses(client, this.source.pools, () => this.counters(), metrics, log);
    // Objects that are applied together arrive together: half a turn of waiting saves most of the work.
    this.reload = new Throttle(async () => this.reconfigure(), 50, (error) => log.error({ error }, 'cannot use the configuration'));
    this.keySecret = new Throttle(() => ensureHeartbeatKey(client, namespace, log), 1_000, (error) => (
      log.warn({ error }, `cannot make the key of the heartbeats: ${error.message}`)
    ));
    this.check = () => this.watches.check() ?? (this.loaded ? undefined : 'existing addresses are not loaded yet');
    this.forget = metrics.beforeScrape(() => {
      metrics.queueDepth.set(this.queue.depth);
      metrics.writesInFlight.set(this.queue.inFlight);
      this.teller.measure(metrics);
      measureServices(metrics, this.services.store.values(), this.config?.pools);
    });
  }

  /** The last configuration that could be used. */
  get lastGood(): Config | undefined {
    return this.config ?? this.options.lastGood;
  }

  start(): void {
    this.keySecret.request();
    Promise.all([this.sticky.recall(), this.watches.start()]).then(([memories]) => {
      this.memories = memories;
      this.loaded = true;
      this.reconfigure();
    }).catch((error: Error) => this.options.log.debug({ error }, 'stopped before the first list was complete'));
  }

  /** @param inOrder the right to write is still there, so that what is under way, and what is to be told of it, may be written */
  async stop(inOrder: boolean): Promise<void> {
    if (!inOrder) {
      this.recorder.stop();
    }
    this.forget();
    [this.reload, this.keySecret, this.poolStatuses, this.sticky].forEach((part) => part.stop());
    const source = this.source.stop();
    await this.queue.stop(); // writes under way are answered first, else nobody would know whether they happened
    await Promise.race([this.recorder.flush(), pause(FAREWELL_MS, undefined, { ref: false })]);
    this.recorder.stop();
    await Promise.all([this.watches.stop(), source]);
  }

  private changed(service: StoredService): void {
    if (this.loaded) {
      const key = keyOf(service);
      this.quarantines.look(service); // also of one that is deleted: a conflict may be the last thing that it told
      if (!this.changedAt.has(key)) {
        this.changedAt.set(key, performance.now());
      }
      this.queue.add(key);
    }
  }

  private reconfigure(): void {
    if (!this.loaded) {
      return;
    }
    const config = this.source.read(this.lastGood);
    if (!config || config === this.config) {
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
    this.allocator.restore(this.memories, this.clock.now());
    this.memories = [];
    this.quarantines.reconfigure(config, this.services.store.values());
    loadOrder(this.services.store.snapshot()).forEach((service) => this.queue.add(keyOf(service)));
    this.poolStatuses.request();
    this.sticky.request();
  }

  /** Decides about one Service and writes what differs. */
  private async reconcile(key: string): Promise<void> {
    if (!this.config) {
      return;
    }
    const service = this.written.newest(key, this.services.store.get(key));
    if (!service) {
      this.gone(key);
      return;
    }
    const decision = converge(service, this.allocator, this.config, { ...this.classOption, wrote: this.teller.wrote(key) });
    this.quarantines.look(service); // it may have given up what its condition names
    this.teller.tell(key, service, decision);
    if (decision.waiting) {
      this.waiting.add(key);
    } else {
      this.waiting.delete(key);
    }
    if (decision.retryWaiters) {
      this.retryWaiting();
    }
    if (decision.outcome !== 'kept' || decision.freed) {
      this.poolStatuses.request();
      this.sticky.request();
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

  private gone(key: string): void {
    this.waiting.delete(key);
    this.changedAt.delete(key);
    this.teller.forget(key);
    const { allocation, reservation } = this.allocator.depart(key, this.clock.now());
    this.quarantines.gone(key);
    if (allocation) {
      const kept = reservation && { ips: reservation.ips.map(String), until: new Date(toWallTime(this.clock, reservation.until)).toISOString() };
      this.options.log.info({ service: key, ...kept }, `the Service is gone, its addresses are ${kept ? 'kept for it' : 'free'}`);
      this.retryWaiting();
      this.poolStatuses.request();
      this.sticky.request();
    }
  }

  /** What is free now goes to those who waited, the oldest first. */
  private retryWaiting(): void {
    const services = [...this.waiting].flatMap((key) => this.services.store.get(key) ?? []);
    loadOrder(services).forEach((service) => this.queue.add(keyOf(service)));
  }

  private async write(key: string, service: StoredService, decision: Decision): Promise<void> {
    const { client, log, metrics } = this.options;
    try {
      const now = timeText(this.clock.wallTime());
      const answer = projectService(await client.patchStatus<Service>(SERVICES, service, statusPatch(service, decision, now)));
      this.writeFailures.over();
      this.written.put(key, answer);
      this.teller.written(key, answer.metadata.resourceVersion, decision.ingress);
    } catch (error) {
      if (isKubeError(error, 'NotFound')) {
        return; // deleted meanwhile, which the watch tells, too
      }
      metrics.updateErrors.inc();
      if (!isKubeError(error, 'Conflict', 'Fenced') && this.writeFailures.isNew(error as Error)) {
        log.warn({ error, service: key }, `cannot write the status of ${key}: ${(error as Error).message}`);
      }
      throw error; // decided anew after a while, from what the watch has brought by then
    }
  }

  private counters(): ReadonlyMap<string, PoolCounters> {
    return new Map(this.config?.pools.map(({ name }) => [name, this.allocator.counters(name)!]));
  }
}
