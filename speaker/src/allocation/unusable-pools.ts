import { Config } from '../config';
import { IpAddress } from '../ip';
import { Allocator } from './allocator';
import { Reason } from './reason';
import { annotation, ANNOTATIONS, ServiceInput } from './service-input';

/**
 * The wrong pool that addresses of a Service belong to, if any.
 *
 * A pool is wrong without a last good version only after a restart, and then this program does not know what the pool was. What its Services have is all
 * that is left of it, so it is kept until the pool is corrected or deleted: giving the addresses to others, or the Services other addresses, would make
 * of a typing error an outage. In doubt it belongs to the wrong pool.
 *
 * - The annotation of the Service names a wrong pool.
 * - Or no good pool has the addresses, and a wrong one has entries with them.
 * - Or no good pool has them, the Service says nothing about its pool (it is from before MetalLB 0.14), and a wrong pool has entries that cannot be read.
 */
export function unusablePoolOf(service: ServiceInput, ips: readonly IpAddress[], allocator: Allocator, config: Config): string | undefined {
  const pools = config.unusable.filter(({ kind }) => kind === 'IPAddressPool');
  if (pools.length === 0 || ips.length === 0) return undefined;
  const named = annotation(service, ANNOTATIONS.allocatedFromPool);
  const byName = pools.find(({ name }) => name === named);
  if (byName) return byName.name;
  if (allocator.poolOf(ips) !== undefined) return undefined;
  const byAddress = pools.find(({ ranges }) => ips.every((ip) => ranges.some((range) => range.contains(ip))));
  if (byAddress) return byAddress.name;
  return named === undefined ? pools.find(({ rangesKnown }) => !rangesKnown)?.name : undefined;
}

/** Why a Service with addresses of a wrong pool is left as it is. */
export function leftAlone(pool: string, asked: string): Reason {
  return {
    code: 'PoolUnusable',
    message: `its addresses are kept: pool ${JSON.stringify(pool)} they belong to is not valid`,
    asked,
    fix: `correct IPAddressPool ${JSON.stringify(pool)}, or delete it to have other addresses assigned`,
  };
}
