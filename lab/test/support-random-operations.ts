import { KubeClient, IP_ADDRESS_POOLS, isKubeError, SERVICES } from '../../speaker/src/kube';

/*
 * Random operations on Services and pools, from a seed: what users and their tools do to a cluster, all at once. Each pool has its own part of 10.100.0.0/16,
 * so that pools never overlap, and there are fewer addresses than Services.
 */

const NAMESPACE = 'default', POOL_NAMESPACE = 'metallb-system';
const NAMES = 120, POOLS = 4, IN_FLIGHT = 8;
const KEYS = ['blue', 'green'], PORTS = [80, 443, 8080, 25565];
const WISH = 'metallb.io/loadBalancerIPs', POOL_WISH = 'metallb.io/address-pool', SHARING = 'metallb.io/allow-shared-ip';

/** Numbers from 0 below 1 that the seed decides: Lehmer's generator. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = 1 + seed % 2_147_483_646;
  }

  below(limit: number): number {
    this.state = this.state * 48_271 % 2_147_483_647;
    return this.state % limit;
  }

  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)];
  }
}

/** First and last address of a pool's entry, as numbers within 10.100.0.0/16. */
type Range = readonly [first: number, last: number];

interface PoolState {
  readonly name: string;
  readonly range: Range;
  readonly avoidBuggyIPs: boolean;
}

const text = (value: number) => `10.100.${Math.floor(value / 256)}.${value % 256}`;
const poolBody = ({ range: [first, last], avoidBuggyIPs }: PoolState) => ({ spec: { addresses: [`${text(first)}-${text(last)}`], avoidBuggyIPs } });

/** Does random operations, and knows what they did. */
export class RandomOperations {
  /** By number of the pool; undefined while it does not exist. */
  readonly pools: (PoolState | undefined)[] = Array.from({ length: POOLS }, () => undefined);
  private renames = 0;

  constructor(private readonly client: KubeClient, readonly random: Random) {}

  async begin(): Promise<void> {
    for (let number = 0; number < POOLS; number++) await this.makePool(number);
  }

  /** Whether an address is in a pool, and to be had. */
  poolOf(address: string): string | undefined {
    const [, , third, fourth] = address.split('.').map(Number);
    const value = third * 256 + fourth;
    const isBuggy = fourth === 0 || fourth === 255;
    return this.pools.find((pool) => pool && pool.range[0] <= value && value <= pool.range[1] && !(pool.avoidBuggyIPs && isBuggy))?.name;
  }

  /** Every address that there is to be had. */
  addresses(): string[] {
    return this.pools.flatMap((pool) => {
      const [first, last] = pool?.range ?? [0, -1];
      return Array.from({ length: last - first + 1 }, (_, i) => text(first + i));
    }).filter((address) => this.poolOf(address) !== undefined);
  }

  /**
   * Does so many operations, some of them at a time, those on one object in their order.
   *
   * @returns names of the Services that were touched, and the addresses that were in a pool throughout
   */
  async batch(count: number): Promise<{ touched: ReadonlySet<string>; throughout: ReadonlySet<string> }> {
    const touched = new Set<string>();
    let throughout = new Set(this.addresses());
    const queues = new Map<string, (() => Promise<unknown>)[]>();
    for (let i = 0; i < count; i++) {
      const isPool = this.random.below(100) === 0;
      const name = isPool ? 'pools' : `s${this.random.below(NAMES)}`;
      const operation = isPool ? async () => {
        await this.changePool();
        const now = new Set(this.addresses());
        throughout = new Set([...throughout].filter((address) => now.has(address)));
      } : this.serviceOperation(name);
      if (!isPool) touched.add(name);
      queues.set(name, [...queues.get(name) ?? [], operation]);
    }
    const waiting = [...queues.values()];
    await Promise.all(Array.from({ length: IN_FLIGHT }, async () => {
      for (let queue = waiting.shift(); queue; queue = waiting.shift()) {
        for (const operation of queue) await operation();
      }
    }));
    return { touched, throughout };
  }

  /** Chosen now, so that the order in which answers come decides nothing. */
  private serviceOperation(name: string): () => Promise<unknown> {
    const { random } = this;
    const annotations = (changes: Record<string, string | null>) => ({ metadata: { annotations: changes } });
    const ports = () => [random.of(PORTS)].map((port) => ({ name: `p${port}`, port }));
    const wish = () => text(random.below(POOLS) * 512 + 240 + random.below(32));
    const kind = random.below(20);
    const change = kind < 3 ? { spec: { ports: ports() } }
      : kind < 6 ? annotations({ [SHARING]: random.of([...KEYS, null]) })
        : kind < 9 ? annotations({ [WISH]: random.of([wish(), null, null]) })
          : kind < 10 ? annotations({ [POOL_WISH]: random.of([`pool-${random.below(POOLS)}`, null, null]) })
            : kind < 12 ? { spec: { type: random.of(['LoadBalancer', 'LoadBalancer', 'ClusterIP']) } } : undefined;
    const created = {
      metadata: { name, namespace: NAMESPACE, annotations: random.below(3) === 0 ? { [SHARING]: random.of(KEYS) } : {} }, spec: { type: 'LoadBalancer', ports: ports() },
    };
    return async () => {
      if (change) return this.client.patch(SERVICES, name, change, { namespace: NAMESPACE }).catch(unless('NotFound'));
      if (kind < 15) return this.client.delete(SERVICES, name, { namespace: NAMESPACE }).catch(unless('NotFound'));
      return this.client.create(SERVICES, created, { namespace: NAMESPACE }).catch(unless('AlreadyExists'));
    };
  }

  private async changePool(): Promise<void> {
    const number = this.random.below(POOLS), pool = this.pools[number];
    if (!pool) return this.makePool(number);
    if (this.random.below(4) === 0) {
      await this.client.delete(IP_ADDRESS_POOLS, pool.name, { namespace: POOL_NAMESPACE });
      this.pools[number] = undefined;
      return undefined;
    }
    const changed = { ...pool, range: this.range(number), avoidBuggyIPs: this.random.below(2) === 0 };
    await this.client.patch(IP_ADDRESS_POOLS, pool.name, poolBody(changed), { namespace: POOL_NAMESPACE });
    this.pools[number] = changed;
    return undefined;
  }

  private async makePool(number: number): Promise<void> {
    const name = this.random.below(2) === 0 ? `pool-${number}` : `pool-${number}-${++this.renames}`;
    const pool = { name, range: this.range(number), avoidBuggyIPs: false };
    await this.client.create(IP_ADDRESS_POOLS, { metadata: { name, namespace: POOL_NAMESPACE }, ...poolBody(pool) });
    this.pools[number] = pool;
  }

  /** 8 to 24 addresses, across an address that ends in 255 and one that ends in 0. */
  private range(number: number): Range {
    const first = number * 512 + 240 + this.random.below(12);
    return [first, first + 8 + this.random.below(16)];
  }
}

function unless(code: 'NotFound' | 'AlreadyExists') {
  return (error: unknown) => {
    if (!isKubeError(error, code)) throw error;
  };
}
