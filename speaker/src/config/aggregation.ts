import { addressBits, IpFamily } from '../ip';
import { BGPAdvertisement, shortestMask } from './bgp-advertisement';
import { Pool } from './pool';
import { Finding } from './settle';

/** Each entry of a pool that has addresses outside of which the route would reach. */
export function aggregationFindings(advertisement: BGPAdvertisement, pools: readonly Pool[]): Finding[] {
  const families = (['IPv4', 'IPv6'] as const).filter((family) => advertisement.aggregationLengthOf(family) < addressBits(family));
  if (families.length === 0) return [];
  return pools.filter((pool) => advertisement.matchesPool(pool)).flatMap((pool) => pool.ranges.flatMap((range): Finding[] => {
    const length = advertisement.aggregationLengthOf(range.family);
    const shortest = shortestMask(range);
    if (length >= shortest) return [];
    const message = `invalid aggregation length ${length}: prefix ${shortest} in this pool is more specific than the aggregation length for addresses `
      + `${range.text} of pool ${JSON.stringify(pool.name)}`;
    return [['InvalidAggregation', fieldOf(range.family), length, message, `make it ${shortest} or more, or leave the pool to another advertisement`]];
  }));
}

function fieldOf(family: IpFamily): string {
  return family === 'IPv4' ? 'spec.aggregationLength' : 'spec.aggregationLengthV6';
}
