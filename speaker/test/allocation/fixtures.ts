import {
  ADDRESS_ASSIGNED, Allocator, type AssignResult, converge, type ConvergeOptions, Decision, loadExisting,
  loadOrder, type ServiceInput, type ServiceRequest,
} from '../../src/allocation';
import { type Config, parseConfig } from '../../src/config';
import { IpAddress } from '../../src/ip';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
export type Service = Mutable<ServiceInput>;

export const ip = (text: string) => IpAddress.parse(text);
export const ips = (...texts: string[]) => texts.map(ip);
export const POOL_OUT = 'metallb.io/ip-allocated-from-pool';

const OWN = 'home-load-balancer.github.io/';
export const own = (annotations: Record<string, string>) => (
  Object.fromEntries(Object.entries(annotations).map(([name, value]) => [OWN + name, value]))
);

/** An IPAddressPool as a user writes it; `annotations` are those of our own group, without it. */
export function pool(name: string, addresses: unknown, spec: object = {}, annotations: Record<string, string> = {}): object {
  return { metadata: { name, namespace: 'metallb-system', annotations: own(annotations) }, spec: { addresses, ...spec } };
}

export function config(pools: readonly object[], previous?: Config, nodeAddresses?: readonly string[]): Config {
  const namespaces = [{ name: 'media', labels: { team: 'media' } }, { name: 'games' }];
  return parseConfig({ ipAddressPools: pools, l2Advertisements: [], namespaces, nodeAddresses }, previous).config;
}

export function allocatorFor(...pools: object[]): Allocator {
  const allocator = new Allocator();
  const { pools: valid, unusable } = config(pools);
  allocator.setPools(valid, unusable);
  return allocator;
}

export function request(name: string, more: Partial<ServiceRequest> = {}): ServiceRequest {
  return {
    key: `media/${name}`,
    namespace: 'media',
    name,
    labels: {},
    families: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
    wanted: [],
    pool: undefined,
    sharingKey: undefined,
    sharing: undefined,
    sticky: undefined,
    backendKey: '',
    ports: [{ protocol: 'TCP', port: 80 }],
    ...more,
  };
}

const CLUSTER_IPS = { IPv4: '10.96.0.1', IPv6: 'fd00::1' };

interface Wish {
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
  families?: ('IPv4' | 'IPv6')[];
  shows?: string[];
  from?: string;
  spec?: ServiceInput['spec'];
}

/** A Service of type LoadBalancer; `shows` and `from` are its status and out-annotation. */
export function service(key: string, { annotations, labels, families = ['IPv4'], shows = [], from, spec }: Wish = {}): Service {
  const [namespace, name] = key.split('/');
  return {
    metadata: { namespace, name, labels, annotations: { ...annotations, ...from === undefined ? {} : { [POOL_OUT]: from } } },
    spec: { type: 'LoadBalancer', clusterIPs: families.map((family) => CLUSTER_IPS[family]), ports: [{ protocol: 'TCP', port: 80 }], ...spec },
    status: { loadBalancer: { ingress: shows.map((text) => ({ ip: text })) } },
  };
}

/** A controller without a cluster: keeps Services, applies decisions to their status, retries those that wait. */
export class Cluster {
  readonly services = new Map<string, Service>();
  allocator = new Allocator();
  config: Config | undefined;
  readonly decisions: { key: string; decision: Decision }[] = [];
  /** Milliseconds of a clock that never jumps. */
  now = 1_000_000;
  private readonly waiting = new Set<string>();
  private retryAgain = false;

  constructor(pools: readonly object[] | undefined, private readonly options: ConvergeOptions = {}) {
    if (pools) this.setPools(pools);
  }

  /** Events of the last call, as `Reason message`. */
  get events(): string[] {
    return this.decisions.flatMap(({ decision }) => decision.events.map(({ reason, message }) => `${reason} ${message}`));
  }

  setPools(pools: readonly object[]): void {
    this.config = config(pools, this.config);
    this.allocator.setPools(this.config.pools, this.config.unusable);
    loadExisting([...this.services.values()], this.allocator, this.config, this.options);
    this.reprocess();
  }

  /** Creates or changes a Service; status and our annotation stay what they were, as users do not write them. */
  apply(changed: Service): Decision {
    const key = `${changed.metadata.namespace}/${changed.metadata.name}`;
    const before = this.services.get(key);
    const from = before?.metadata.annotations?.[POOL_OUT];
    const annotations = { ...changed.metadata.annotations, ...from === undefined ? {} : { [POOL_OUT]: from } };
    this.services.set(key, before ? { ...changed, metadata: { ...changed.metadata, annotations }, status: before.status } : changed);
    this.decisions.length = 0;
    const decision = this.decide(key);
    this.retry();
    return decision;
  }

  delete(key: string): void {
    this.services.delete(key);
    this.waiting.delete(key);
    this.decisions.length = 0;
    if (this.allocator.depart(key, this.now).allocation) this.retry(true);
  }

  /** Lets time pass. */
  wait(ms: number): void {
    this.now += ms;
    this.decisions.length = 0;
    if (this.allocator.expire(this.now)) this.retry(true);
  }

  /** Forgets everything but what the cluster keeps, and starts again as the controller does. */
  restart(pools: readonly object[], order: (services: Service[]) => Service[] = (services) => services): void {
    const memories = [...this.allocator.memories()];
    this.allocator = new Allocator();
    this.config = config(pools);
    this.allocator.setPools(this.config.pools, this.config.unusable);
    this.waiting.clear();
    loadExisting(order([...this.services.values()]), this.allocator, this.config, this.options);
    this.allocator.restore(memories, this.now);
    this.reprocess(order);
  }

  /** `key: addresses (pool)` of each Service. */
  shown(): Record<string, string> {
    return Object.fromEntries([...this.services].sort().map(([key, { metadata, status }]) => {
      const texts = status?.loadBalancer?.ingress?.map((entry) => entry.ip) ?? [];
      return [key, texts.length > 0 ? `${texts.join(' ')} (${metadata.annotations?.[POOL_OUT]})` : '-'];
    }));
  }

  private reprocess(order: (services: Service[]) => Service[] = (services) => services): void {
    this.decisions.length = 0;
    for (const { metadata: { namespace, name } } of loadOrder(order([...this.services.values()]))) this.decide(`${namespace}/${name}`);
    this.retry();
  }

  private decide(key: string): Decision {
    const current = this.services.get(key)!;
    const decision = converge(current, this.allocator, this.config, this.options);
    this.decisions.push({ key, decision });
    if (decision.waiting) this.waiting.add(key);
    else this.waiting.delete(key);
    if (decision.write) {
      const { [POOL_OUT]: _, ...annotations } = current.metadata.annotations ?? {};
      const { poolAnnotation } = decision;
      this.services.set(key, {
        ...current,
        metadata: { ...current.metadata, annotations: poolAnnotation === undefined ? annotations : { ...annotations, [POOL_OUT]: poolAnnotation } },
        status: {
          loadBalancer: { ingress: decision.ingress.map((text) => ({ ip: text })) },
          conditions: decision.condition && [{ type: ADDRESS_ASSIGNED, ...decision.condition }],
        },
      });
    }
    if (decision.retryWaiters) this.retryAgain = true;
    return decision;
  }

  private retry(now = false): void {
    this.retryAgain ||= now;
    while (this.retryAgain) {
      this.retryAgain = false;
      const waiting = [...this.waiting].map((key) => this.services.get(key)!);
      for (const { metadata: { namespace, name } } of loadOrder(waiting)) this.decide(`${namespace}/${name}`);
    }
  }
}

/** The addresses and their pool, or the code of the reason. */
export const say = (result: AssignResult): string => result.ok ? `${result.ips.join(' ')} ${result.pool}` : result.reason.code;
export const dual = { families: ['IPv4', 'IPv6'] as ('IPv4' | 'IPv6')[], ipFamilyPolicy: 'RequireDualStack' };
export const asks = (...wanted: string[]) => ({ annotations: { 'metallb.io/loadBalancerIPs': wanted.join() } });
export const port = (...numbers: number[]) => ({ clusterIPs: ['10.96.0.1'], ports: numbers.map((number) => ({ port: number })) });
