import { Progress } from './progress';
import { Case, compare } from './report';
import { Allocator, converge, loadExisting, ServiceInput, serviceKey } from '../speaker/src/allocation';
import { Config, parseConfig } from '../speaker/src/config';

const COUNTS = [1, 1_000, 50_000] as const;
/** What can be asked of a pool beyond MetalLB, see docs/allocation.md. */
const OURS = { 'sticky': 'true', 'namespace-limit': '1000000' };
/** Holes in the beginning of the /8: more runs of addresses than Services make. */
const HOLES = Array.from({ length: 10_000 }, (_, i) => `10.0.${Math.floor(i / 100)}.${i % 100 * 2}`).join();
/** A /24 cannot hold more than 256 Services unless they share: then each has its port, and up to 256 have the same one. */
const POOLS = [
  { name: '/24, shared', addresses: '93.5.22.0/24', clusterIp: '10.96.0.1', ports: 220, sharingKey: 'bench', own: {} },
  { name: '/24, all of ours', addresses: '93.5.22.0/24', clusterIp: '10.96.0.1', ports: 230, sharingKey: undefined, own: { ...OURS, sharing: 'automatic' } },
  { name: '/8', addresses: '10.0.0.0/8', clusterIp: '10.96.0.1', ports: 1, sharingKey: undefined, own: {} },
  { name: '/8, all of ours', addresses: '10.0.0.0/8', clusterIp: '10.96.0.1', ports: 1, sharingKey: undefined, own: { ...OURS, 'excluded-addresses': HOLES } },
  { name: 'IPv6 /64', addresses: '2001:db8::/64', clusterIp: 'fd00::1', ports: 1, sharingKey: undefined, own: {} },
] as const;
const ROUNDS = 8;
/** Samples of a case in a round. The cases take turns, so that whatever else the machine does slows all of them. */
const PER_ROUND = 500;

/**
 * What a decision about one Service costs in the ledger, in µs, with 1, 1000 and 50 000 Services there: that it gets an address, and that it gives it
 * back. The free addresses are scattered: who gives an address back is chosen at random, and the next one gets the lowest.
 */
export function measureLedger(progress: Progress): Case[] {
  const random = generator(0x5eed);
  const ledgers = POOLS.flatMap((pool) => COUNTS.map((count) => new Bench(pool, count, random)));
  for (let round = -1; round < ROUNDS; round++) {
    progress.say('allocating in memory', Math.max(0, round), ROUNDS);
    for (const ledger of ledgers) ledger.round(round >= 0); // the first one only warms up
  }
  return (['allocate', 'release'] as const).flatMap((what) => ledgers.map((ledger, i) => {
    const { pool, count } = ledger, alone = ledgers[i - i % COUNTS.length];
    const name = `${what}, ${pool.name}, ${count === 1 ? '1 Service' : `${count} Services`}`;
    return compare(name, 'µs', ledger.samples[what], ledger === alone ? undefined : { name: '1 Service', samples: alone.samples[what] });
  }));
}

class Bench {
  readonly samples = { allocate: [] as number[], release: [] as number[] };
  private readonly allocator = new Allocator();
  private readonly config: Config;
  private readonly live: ServiceInput[] = [];
  private made = 0;

  constructor(readonly pool: typeof POOLS[number], readonly count: number, private readonly random: () => number) {
    const annotations = Object.fromEntries(Object.entries(pool.own).map(([name, value]) => [`home-load-balancer.github.io/${name}`, value]));
    const object = { metadata: { name: 'bench', namespace: 'metallb-system', annotations }, spec: { addresses: [pool.addresses] } };
    this.config = parseConfig({ ipAddressPools: [object], l2Advertisements: [], namespaces: [] }).config;
    this.allocator.setPools(this.config.pools);
    loadExisting([], this.allocator, this.config);
    const spare = Math.ceil(count / 10); // so that there are holes from the beginning
    for (let i = 0; i < count + spare; i++) this.allocate();
    for (let i = 0; i < spare; i++) this.release();
  }

  round(counts: boolean): void {
    for (let i = 0; i < PER_ROUND; i++) {
      const release = this.release(), allocate = this.allocate();
      if (!counts) continue;
      this.samples.allocate.push(allocate);
      this.samples.release.push(release);
    }
  }

  /** A new Service, decided about as the controller does. @returns µs */
  private allocate(): number {
    const { pool: { clusterIp, ports, sharingKey } } = this, number = this.made++;
    const service: ServiceInput = {
      metadata: { namespace: 'default', name: `service-${number}`, annotations: sharingKey ? { 'metallb.io/allow-shared-ip': sharingKey } : {} },
      spec: { type: 'LoadBalancer', clusterIPs: [clusterIp], ports: [{ protocol: 'TCP', port: 1 + number % ports }] },
    };
    const begin = process.hrtime.bigint();
    const { outcome, reason } = converge(service, this.allocator, this.config);
    const took = process.hrtime.bigint() - begin;
    if (outcome !== 'assigned') throw new Error(`${serviceKey(service)} got no address: ${reason?.message}`);
    this.live.push(service);
    return Number(took) / 1000;
  }

  /** Any of the Services goes. @returns µs */
  private release(): number {
    const index = Math.floor(this.random() * this.live.length), key = serviceKey(this.live[index]);
    this.live[index] = this.live[this.live.length - 1];
    this.live.pop();
    const begin = process.hrtime.bigint();
    const released = this.allocator.release(key);
    const took = process.hrtime.bigint() - begin;
    if (!released) throw new Error(`${key} had no address`);
    return Number(took) / 1000;
  }
}

/** Numbers in [0, 1) that are the same in every run: Lehmer's generator with the multiplier 48271. */
function generator(seed: number): () => number {
  const modulus = 2 ** 31 - 1;
  let state = seed;
  return () => {
    state = state * 48_271 % modulus;
    return state / modulus;
  };
}
