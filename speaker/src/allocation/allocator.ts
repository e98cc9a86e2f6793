import { Pool, UnusableResource } from '../config';
import { IpAddress, IpFamily } from '../ip';
import { Allocation, Ledger } from './ledger';
import { admits, PoolMap } from './pool-map';
import { PoolCounters, PoolSpace } from './pool-space';
import { quoteList, Reason } from './reason';
import { Refusals } from './refusals';
import { ServiceRequest, wantedMismatch } from './service-request';

/** What became of a request: the addresses and their pool, or why not. */
export type AssignResult =
  | { readonly ok: true; readonly ips: readonly IpAddress[]; readonly pool: string }
  | { readonly ok: false; readonly reason: Reason };

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
   * - `freed`: no pool has the addresses any more
   * - `reserved`: the pool is wrong; the addresses are kept from others until it is corrected or deleted
   * - `restored`: no longer so
   */
  readonly outcome: 'moved' | 'freed' | 'reserved' | 'restored';
  readonly reason: Reason;
}

/**
 * The address ledger and the policy that picks an address for a Service.
 *
 * Holds at any time: no address is used by two Services that may not share it; the addresses of a Service come from one pool, which has them; what a
 * Service holds changes only by a call that names it, or by `setPools` with a reason. Deterministic: pools are tried in the order given, addresses from
 * the lowest. Costs depend neither on how large pools are nor on how many of their addresses are taken.
 */
export class Allocator {
  private readonly ledger: Ledger;
  private pools = new PoolMap([]);
  private unusable: readonly UnusableResource[] = [];
  private everHadPools = false;

  constructor() {
    this.ledger = new Ledger({
      taken: (ip) => this.pools.locate(ip)?.space.taken(ip),
      freed: (ip) => {
        const span = this.pools.locate(ip);
        span?.space.freed(ip, span);
      },
    });
  }

  /** True once there has been a pool, be it a wrong one: from then on, having none is a decision of the user, and not a configuration yet to come. */
  get hasHadPools(): boolean {
    return this.everHadPools;
  }

  /**
   * Takes over a new set of pools. Each allocation goes to the pool that has its addresses now, so that renaming, splitting and merging pools moves no
   * address; it is freed when no pool has them, and kept apart when its own pool is wrong.
   * @param pools in the order in which they are to be tried, as in `Config.pools`
   * @param unusable as in `Config.unusable`
   * @returns what changed, by key
   */
  setPools(pools: readonly Pool[], unusable: readonly UnusableResource[] = []): PoolChange[] {
    this.pools = new PoolMap(pools);
    this.unusable = unusable.filter(({ kind }) => kind === 'IPAddressPool');
    this.everHadPools ||= pools.length > 0 || this.unusable.length > 0;
    for (const ip of this.ledger.addresses()) this.pools.locate(ip)?.space.taken(ip);
    return this.ledger.all().flatMap((allocation) => this.rehome(allocation) ?? []);
  }

  /**
   * Gives a Service these addresses, in this order, in place of what it holds. Doing it again changes nothing. It keeps what it holds when this fails.
   */
  assign(request: ServiceRequest, ips: readonly IpAddress[]): AssignResult {
    const space = ips.length > 0 ? this.pools.offering(ips) : undefined;
    if (!space) return refuse(this.refusals.notInConfig(ips));
    if (!admits(space.pool, request.namespace, request.labels)) return refuse(this.refusals.notCompatible(space.pool, ips, request));
    return this.record(request, ips, space.pool.name, false);
  }

  /** Keeps addresses of a pool that is wrong for the Service that shows them. Nothing about the pool is checked, since nothing about it is known. */
  reserve(request: ServiceRequest, ips: readonly IpAddress[], pool: string): AssignResult {
    return this.record(request, ips, pool, true);
  }

  /**
   * Finds addresses for a Service and gives it these in place of what it holds; it keeps what it holds when this fails.
   *
   * Addresses asked for must be had exactly. A pool asked for need not assign automatically, but must admit the Service. Otherwise pools with
   * `serviceAllocation` come first, then open ones. A dual-stack Service gets both families from one pool; PreferDualStack makes do with one.
   */
  allocate(request: ServiceRequest): AssignResult {
    const held = this.ledger.remove(request.key);
    const result = this.choose(request);
    if (!result.ok && held) this.ledger.record(held);
    return result;
  }

  /** Adds to the one address that a Service holds one of the other family from the same pool. */
  extend(request: ServiceRequest): AssignResult {
    const held = this.ledger.get(request.key);
    const space = held && this.pools.get(held.pool);
    if (!held || !space || held.ips.length !== 1) throw new Error(`${request.key} does not hold one address that can be added to`);
    const family = held.ips[0].family === 'IPv4' ? 'IPv6' : 'IPv4';
    const ip = space.find(family, this.ledger, request);
    return ip ? this.assign(request, [...held.ips, ip]) : refuse(this.refusals.poolExhausted(space.pool, [family]));
  }

  /** Takes from a Service what it holds. */
  release(key: string): Allocation | undefined {
    return this.ledger.remove(key);
  }

  get(key: string): Allocation | undefined {
    return this.ledger.get(key);
  }

  /** All allocations, by key. */
  allocations(): Allocation[] {
    return this.ledger.all();
  }

  /** How many distinct addresses of a pool are given and left; undefined for a pool that does not exist. */
  counters(pool: string): PoolCounters | undefined {
    return this.pools.get(pool)?.counters();
  }

  /** Name of the one pool that has all these addresses to give, in use or not. */
  poolOf(ips: readonly IpAddress[]): string | undefined {
    return ips.length > 0 ? this.pools.offering(ips)?.pool.name : undefined;
  }

  private get refusals(): Refusals {
    return new Refusals(this.pools, this.ledger);
  }

  private choose(request: ServiceRequest): AssignResult {
    if (request.wanted.length > 0) return this.chooseWanted(request);
    if (request.pool !== undefined) return this.chooseFromPool(request, request.pool);
    const admitting = this.pools.spaces.filter(({ pool }) => pool.autoAssign && admits(pool, request.namespace, request.labels));
    const pinned = admitting.filter(({ pool }) => pool.serviceAllocation);
    const open = admitting.filter(({ pool }) => !pool.serviceAllocation);
    const ips = this.search(pinned, request) ?? this.search(open, request);
    return ips ? this.assign(request, ips) : refuse(this.refusals.noneAvailable(request, admitting.map(({ pool }) => pool)));
  }

  private chooseWanted(request: ServiceRequest): AssignResult {
    const { wanted, families, pool } = request;
    const mismatch = wantedMismatch(wanted, families);
    if (mismatch) return refuse(mismatch);
    const space = this.pools.offering(wanted);
    if (space && pool !== undefined && pool !== space.pool.name) return refuse(this.refusals.poolMismatch(wanted, space.pool, pool));
    // IPv4 first, as everywhere. MetalLB writes the order of the wish and turns it round at the next pass, which can move the address to another node.
    return this.assign(request, [...wanted].sort((a, b) => a.compare(b)));
  }

  private chooseFromPool(request: ServiceRequest, name: string): AssignResult {
    const space = this.pools.get(name);
    if (!space) return refuse(this.unusable.some((pool) => pool.name === name) ? this.refusals.unusablePool(name) : this.refusals.unknownPool(name));
    if (!admits(space.pool, request.namespace, request.labels)) return refuse(this.refusals.notCompatible(space.pool, [], request));
    const ips = this.search([space], request);
    return ips ? this.assign(request, ips) : refuse(this.refusals.poolExhausted(space.pool, request.families));
  }

  /** The first pool that has an address of each family; for PreferDualStack else the first that has the primary one, else the other. IPv4 first. */
  private search(spaces: readonly PoolSpace[], request: ServiceRequest): IpAddress[] | undefined {
    const { families, ipFamilyPolicy } = request;
    const alternatives = families.length > 1 && ipFamilyPolicy === 'PreferDualStack' ? [families, ...families.map((family) => [family])] : [families];
    for (const wanted of alternatives) {
      for (const space of spaces) {
        const ips = wanted.map((family: IpFamily) => space.find(family, this.ledger, request)).filter((ip) => ip !== undefined);
        if (ips.length === wanted.length) return ips.sort((a, b) => a.compare(b));
      }
    }
    return undefined;
  }

  private record(request: ServiceRequest, ips: readonly IpAddress[], pool: string, reserved: boolean): AssignResult {
    if (ips.length === 0 || ips.length > 2 || ips[0].family === ips[1]?.family) return refuse(this.refusals.tooMany(ips));
    for (const ip of ips) {
      const conflict = this.ledger.conflict(ip, request);
      if (conflict) return refuse(this.refusals.conflict(conflict, ip, request));
    }
    const { key, sharingKey, backendKey, ports } = request;
    this.ledger.record({ key, ips: [...ips], pool, sharingKey, backendKey, ports, reserved });
    return { ok: true, ips, pool };
  }

  private rehome(allocation: Allocation): PoolChange | undefined {
    const { key, ips, pool: from, reserved } = allocation;
    const change = (outcome: PoolChange['outcome'], to: string | undefined, reason: Reason): PoolChange => ({ key, ips, from, to, outcome, reason });
    const isWrong = this.unusable.some(({ name }) => name === from);
    const to = isWrong ? undefined : this.poolOf(ips);
    if (to === undefined) {
      const wrong = isWrong ? from : this.unusable.find(({ ranges }) => ips.every((ip) => ranges.some((range) => range.contains(ip))))?.name;
      if (wrong === undefined) {
        this.ledger.remove(key);
        return change('freed', undefined, this.refusals.notInConfig(ips));
      }
      if (reserved && wrong === from) return undefined;
      this.ledger.record({ ...allocation, pool: wrong, reserved: true });
      return change('reserved', wrong, this.refusals.unusablePool(wrong));
    }
    if (to === from && !reserved) return undefined;
    this.ledger.record({ ...allocation, pool: to, reserved: false });
    return to === from
      ? change('restored', to, { code: 'PoolRepaired', message: `pool ${to} is valid again`, asked: quoteList(ips), fix: 'nothing to do' })
      : change('moved', to, { code: 'PoolReplaced', message: `pool ${to} has ${quoteList(ips)} now, which pool ${from} had`, asked: quoteList(ips), fix: 'nothing to do' });
  }
}

function refuse(reason: Reason): AssignResult {
  return { ok: false, reason };
}
