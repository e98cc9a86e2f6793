import type { PoolCounters } from '../allocation';
import { IP_ADDRESS_POOLS, isKubeError, type KubeClient, type KubeObject, type Reflector, type Stored } from '../kube';
import type { ControllerMetrics, Logger } from '../observability';
import { Throttle } from '../role';

/** Pools change with every Service; their status is written at most this often, in milliseconds. */
const COALESCE_MS = 1_000;

const FIELDS = ['assignedIPv4', 'assignedIPv6', 'availableIPv4', 'availableIPv6'] as const;

/** The largest number that JSON can carry through JavaScript unchanged; the field is an int64. */
const LARGEST = BigInt(Number.MAX_SAFE_INTEGER);

/** Keeps the counters in the pools' status and in the metrics as the ledger has them, whoever else writes there. */
export class PoolStatuses {
  private readonly throttle: Throttle;
  private readonly forget: () => void;
  private named = new Set<string>();

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
    for (const pool of this.pools.store.snapshot()) {
      const wanted = counters.get(pool.metadata.name);
      const { status = {} } = pool as { status?: Partial<Record<typeof FIELDS[number], number>> };
      if (!wanted || FIELDS.every((field) => status[field] === toNumber(wanted[field]))) {
        continue;
      }
      const { name, namespace } = pool.metadata;
      const body = { status: Object.fromEntries(FIELDS.map((field) => [field, toNumber(wanted[field])])) };
      await this.client.patch(IP_ADDRESS_POOLS, name, body, { namespace, subresource: 'status' }).catch((error) => {
        if (!isKubeError(error, 'NotFound')) {
          throw error; // a pool that was deleted meanwhile needs no status
        }
        this.log.debug({ pool: name }, 'the pool is gone');
      });
    }
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

function toNumber(value: bigint): number {
  return Number(value > LARGEST ? LARGEST : value);
}
