import { ANNOTATIONS } from '../allocation';
import type { Config } from '../config';
import type { Service } from '../kube';
import type { ControllerMetrics } from '../observability';

/** How many Services show addresses of each pool; linear in the number of Services, once a scrape. */
export function measureServices({ servicesAllocated }: ControllerMetrics, services: Iterable<Service>, pools: Config['pools'] = []): void {
  const counts = new Map(pools.map(({ name }) => [name, 0]));
  for (const { metadata, status } of services) {
    const pool = metadata.annotations?.[ANNOTATIONS.allocatedFromPool] ?? '', count = counts.get(pool);
    if (count !== undefined && (status?.loadBalancer?.ingress ?? []).length > 0) counts.set(pool, count + 1);
  }
  servicesAllocated.reset();
  counts.forEach((count, pool) => servicesAllocated.set({ pool }, count));
}
