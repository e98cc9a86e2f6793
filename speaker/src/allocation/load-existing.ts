import { Config } from '../config';
import { IpAddress } from '../ip';
import { Allocator } from './allocator';
import { ConvergeOptions } from './converge';
import { Reason } from './reason';
import { annotation, ANNOTATIONS, hasClass, ingressAddresses, ServiceInput, serviceKey } from './service-input';
import { baseRequest } from './service-request';
import { unusablePoolOf } from './unusable-pools';

/** What was taken over at the start. Keys are `namespace/name`, in the order in which they were loaded. */
export interface LoadResult {
  readonly adopted: readonly string[];
  /** Held for pools that are wrong. */
  readonly reserved: readonly string[];
  /** Shown by a Service that may not have them; `converge` will give it others. */
  readonly rejected: readonly { readonly key: string; readonly ips: readonly IpAddress[]; readonly reason: Reason }[];
}

/**
 * Services in the order in which they are loaded, and then converged for the first time: those with more addresses first, then those that bear our
 * annotation, then the older, then by name. When two show the same address, the one more surely ours keeps it. Independent of the order given.
 */
export function loadOrder<T extends ServiceInput>(services: readonly T[]): T[] {
  return services.map((service) => ({
    service,
    count: service.status?.loadBalancer?.ingress?.length ?? 0,
    unmarked: annotation(service, ANNOTATIONS.allocatedFromPool) === undefined ? 1 : 0,
    created: service.metadata.creationTimestamp ?? '~',
    key: serviceKey(service),
  })).sort((a, b) => b.count - a.count || a.unmarked - b.unmarked || compareText(a.created, b.created) || compareText(a.key, b.key))
    .map(({ service }) => service);
}

/**
 * First phase of a start: the ledger takes over every address that a Service shows and may have, before any Service is given a new one. Without it, a
 * Service that waits would be given the address of one that is read later.
 *
 * Services of other types and classes are passed over, and those that the ledger knows. So it is safe, and right, to do this after every change of the
 * pools: Services may show addresses of a pool that comes later than they. Writes nothing but the ledger; converge every Service afterwards, in
 * `loadOrder`.
 *
 * @param allocator has been told of the pools of `config`
 */
export function loadExisting(services: readonly ServiceInput[], allocator: Allocator, config: Config, options: ConvergeOptions = {}): LoadResult {
  const adopted: string[] = [];
  const reserved: string[] = [];
  const rejected: { key: string; ips: readonly IpAddress[]; reason: Reason }[] = [];
  if (!allocator.hasHadPools) return { adopted, reserved, rejected };
  for (const service of loadOrder(services)) {
    const ips = ingressAddresses(service) ?? [];
    if (service.spec?.type !== 'LoadBalancer' || !hasClass(service, options.loadBalancerClass) || ips.length === 0) continue;
    const request = baseRequest(service);
    if (allocator.get(request.key)) continue;
    const unusable = unusablePoolOf(service, ips, allocator, config);
    const result = unusable === undefined ? allocator.assign(request, ips) : allocator.reserve(request, ips, unusable);
    if (!result.ok) rejected.push({ key: request.key, ips, reason: result.reason });
    else (unusable === undefined ? adopted : reserved).push(request.key);
  }
  return { adopted, reserved, rejected };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
