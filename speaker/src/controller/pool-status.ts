import type { PoolCounters } from '../allocation';
import { IP_ADDRESS_POOLS, isKubeError, type KubeClient, type KubeObject, type Reflector, type Stored } from '../kube';
import type { ControllerMetrics, Logger } from '../observability';
import { Throttle } from '../role';

/** Pools change with every Service; their status is written at most this often, in milliseconds. */
const COALESCE_MS = 1_000;

const FIELDS = ['assignedIPv4', 'assignedIPv6', 'availableIPv4', 'availableIPv6'] as const;

/** Keeps the counters in the pools' status and in the metrics as the ledger has them, whoever else writes there. */
export class PoolStatuses {
  private readonly throttle: Throttle;
  private readonly forget: () => void;
  private named = new Set<string>();
  /** What was last written, by uid of the pool: an int64 that comes back through JSON is exact only up to 2⁵³. */
  private readonly wrote = new Map<string, PoolCounters>();

  /**
   * @param pools what is in the API
   * @param counters what the ledger says, by name of the pool
   */
  constructor(
    private readonly client: KubeClient,
    private readonly pools: Reflector<Stored<KubeObject>>,
    private readonly counters: () => ReadonlyMap<string, PoolCounters>,
    private readonly metrics: ControllerMetrics,
    private readonly log: Logger,
  ) {
    this.throttle = new Throttle(() => this.write(), COALESCE_MS, (error) => log.warn({ error }, `cannot write the status of a pool: ${error.message}`));
    this.forget = metrics.beforeScrape(() => this.measure());
  }

  /** Something has changed that may change a counter. */
  request(): void {
    this.throttle.request();
  }

  stop(): void {
    this.forget();
    this.throttle.stop();
  }

  private async write(): Promise<void> {
    const counters = this.counters();
    const pools = this.pools.store.snapshot();
    const uids = new Set(pools.map(({ metadata: { uid } }) => uid));
    [...this.wrote.keys()].filter((uid) => !uids.has(uid)).forEach((uid) => this.wrote.delete(uid));
    for (const pool of pools) {
      const { name, uid } = pool.metadata;
      const wanted = counters.get(name);
      if (!wanted || this.shows(pool, wanted)) {
        continue;
      }
      const body = { status: Object.fromEntries(FIELDS.map((field) => [field, wanted[field]])) };
      try {
        await this.client.patchStatus(IP_ADDRESS_POOLS, pool, body);
        this.wrote.set(uid, wanted);
      } catch (error) {
        if (!isKubeError(error, 'NotFound', 'Conflict')) {
          throw error;
        }
        // Deleted or changed meanwhile, which the watch brings, too, and then it is looked at again.
        this.log.debug({ pool: name }, 'the pool has changed');
      }
    }
  }

  /** As far as can be told: where the numbers are too large to come back exactly, what was written last counts. */
  private shows(pool: Stored<KubeObject>, wanted: PoolCounters): boolean {
    const { status = {} } = pool as { status?: Partial<Record<typeof FIELDS[number], number>> };
    const wrote = this.wrote.get(pool.metadata.uid);
    return FIELDS.every((field) => status[field] === Number(wanted[field])
      && (Number.isSafeInteger(status[field]) || wrote === undefined || wrote[field] === wanted[field]));
  }

  private measure(): void {
    const { addressesTotal, addressesInUse, ipv4Total, ipv4InUse, ipv6Total, ipv6InUse } = this.metrics;
    const counters = this.counters();
    for (const pool of this.named) {
      if (!counters.has(pool)) {
        [addressesTotal, addressesInUse, ipv4Total, ipv4InUse, ipv6Total, ipv6InUse].forEach((gauge) => gauge.remove({ pool }));
      }
    }
    this.named = new Set(counters.keys());
    for (const [pool, { assignedIPv4, assignedIPv6, availableIPv4, availableIPv6 }] of counters) {
      ipv4InUse.set({ pool }, Number(assignedIPv4));
      ipv6InUse.set({ pool }, Number(assignedIPv6));
      addressesInUse.set({ pool }, Number(assignedIPv4 + assignedIPv6));
      ipv4Total.set({ pool }, Number(assignedIPv4 + availableIPv4));
      ipv6Total.set({ pool }, Number(assignedIPv6 + availableIPv6));
      addressesTotal.set({ pool }, Number(assignedIPv4 + assignedIPv6 + availableIPv4 + availableIPv6));
    }
  }
}
