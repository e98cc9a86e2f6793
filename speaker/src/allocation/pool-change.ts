import { UnusableResource } from '../config';
import { IpAddress } from '../ip';
import { Allocation, Ledger } from './ledger';
import { PoolMap } from './pool-map';
import { quoteList, Reason } from './reason';
import { Refusals } from './refusals';
import { AUTOMATIC, sharingIn } from './sharing';

/** What a change of the pools did to one allocation. */
export interface PoolChange {
  /** `namespace/name` of the Service. */
  readonly key: string;
  readonly ips: readonly IpAddress[];
  /** Pool it belonged to. */
  readonly from: string;
  /** Pool it belongs to now; undefined when it was freed. */
  readonly to: string | undefined;
  /**
   * - `moved`: same addresses, another pool has them now
   * - `freed`: no pool has the addresses any more, or it may not share them any more
   * - `reserved`: the pool is wrong; the addresses are kept from others until it is corrected or deleted
   * - `restored`: no longer so
   */
  readonly outcome: 'moved' | 'freed' | 'reserved' | 'restored';
  readonly reason: Reason;
}

/** What there is after a change of the pools. */
interface Changed {
  readonly pools: PoolMap;
  /** Wrong pools. */
  readonly unusable: readonly UnusableResource[];
  readonly ledger: Ledger;
  readonly refusals: Refusals;
  /** Addresses that several Services had before the change. */
  readonly crowded: ReadonlySet<string>;
}

/** The wrong pool that has these addresses, or had them. */
export function wrongPoolOf(ips: readonly IpAddress[], pool: string, unusable: readonly UnusableResource[]): string | undefined {
  if (unusable.some(({ name }) => name === pool)) return pool;
  return unusable.find(({ ranges }) => ips.every((ip) => ranges.some((range) => range.contains(ip))))?.name;
}

/** Takes an allocation over to the pool that has its addresses now; frees it when none has. @returns what changed, if anything */
export function rehome(allocation: Allocation, { pools, unusable, ledger, refusals, crowded }: Changed): PoolChange | undefined {
  const { key, ips, pool: from, reserved } = allocation;
  const change = (outcome: PoolChange['outcome'], to: string | undefined, reason: Reason): PoolChange => ({ key, ips, from, to, outcome, reason });
  const isWrong = unusable.some(({ name }) => name === from);
  const space = isWrong ? undefined : pools.offering(ips);
  if (space === undefined) {
    const wrong = wrongPoolOf(ips, from, unusable);
    if (wrong === undefined) {
      ledger.remove(key);
      return change('freed', undefined, refusals.notInConfig(ips));
    }
    if (reserved && wrong === from) return undefined;
    ledger.record({ ...allocation, pool: wrong, reserved: true });
    return change('reserved', wrong, refusals.unusablePool(wrong));
  }
  const to = space.pool.name;
  const { sharingKey } = sharingIn(space.pool, { ...allocation, ...allocation.own });
  if (sharingKey !== allocation.sharingKey && allocation.sharingKey === AUTOMATIC && ips.some((ip) => crowded.has(`${ip}`))) {
    // Which of them keeps the address is for the loader to say, as after a restart.
    ledger.remove(key);
    return change('freed', undefined, sharingEnded(ips, to));
  }
  if (to === from && !reserved && sharingKey === allocation.sharingKey) return undefined;
  ledger.record({ ...allocation, pool: to, sharingKey, reserved: false });
  if (to !== from) {
    const message = `pool ${to} has ${quoteList(ips)} now, which pool ${from} had`;
    return change('moved', to, { code: 'PoolReplaced', message, asked: quoteList(ips), fix: 'nothing to do' });
  }
  return reserved ? change('restored', to, { code: 'PoolRepaired', message: `pool ${to} is valid again`, asked: quoteList(ips), fix: 'nothing to do' }) : undefined;
}

function sharingEnded(ips: readonly IpAddress[], pool: string): Reason {
  const message = `pool ${pool} lets Services share ${quoteList(ips)} automatically no more`;
  return { code: 'SharingEnded', message, asked: quoteList(ips), fix: 'give them a sharing key, or let the pool share automatically' };
}
