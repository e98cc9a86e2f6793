import { Pool } from '../config';
import { IpAddress, IpFamily } from '../ip';
import { PoolSpace, Span } from './pool-space';

/** All pools, in the order in which they are tried, and whose an address is in O(log n). */
export class PoolMap {
  readonly spaces: readonly PoolSpace[];
  private readonly byName: ReadonlyMap<string, PoolSpace>;
  private readonly spans: Record<IpFamily, Span[]> = { IPv4: [], IPv6: [] };

  /**
   * @param pools no address may be in two; in the order in which they are to be tried
   * @param quarantined as of PoolSpace
   */
  constructor(pools: readonly Pool[], quarantined: (ip: IpAddress) => boolean) {
    this.spaces = pools.map((pool) => new PoolSpace(pool, quarantined));
    this.byName = new Map(this.spaces.map((space) => [space.pool.name, space]));
    for (const span of this.spaces.flatMap((space) => space.spans)) this.spans[span.range.family].push(span);
    for (const spans of Object.values(this.spans)) spans.sort((a, b) => a.range.first.compare(b.range.first));
  }

  get(name: string): PoolSpace | undefined {
    return this.byName.get(name);
  }

  /** The entry of the pool that has the address, in use or not, excluded or not. */
  locate(ip: IpAddress): Span | undefined {
    const spans = this.spans[ip.family];
    let low = 0;
    let high = spans.length;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (spans[middle].range.last.value < ip.value) low = middle + 1;
      else high = middle;
    }
    const span = spans[low];
    return span?.range.contains(ip) && !span.space.withholds(ip) ? span : undefined;
  }

  /** The one pool that has all the addresses to give. */
  offering(ips: readonly IpAddress[]): PoolSpace | undefined {
    const [space, ...others] = ips.map((ip) => this.locate(ip)?.space);
    return others.every((other) => other === space) ? space : undefined;
  }
}

/** True when the pool may give an address to a Service: `spec.serviceAllocation` asks for its namespace and its labels. */
export function admits({ serviceAllocation }: Pool, namespace: string, labels: Readonly<Record<string, string>>): boolean {
  if (!serviceAllocation) return true;
  const { namespaces, serviceSelectors } = serviceAllocation;
  return (namespaces?.has(namespace) ?? true) && (serviceSelectors.length === 0 || serviceSelectors.some((selector) => selector.matches(labels)));
}
