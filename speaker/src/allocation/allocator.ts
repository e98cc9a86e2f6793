import { DEFAULT_STICKY_MS, Pool, UnusableResource } from '../config';
import { IpAddress } from '../ip';
import { Chooser, Choice } from './chooser';
import { Holds, Quarantine, Reservation } from './holds';
import { Allocation, Ledger } from './ledger';
import { PoolChange, rehome, wrongPoolOf } from './pool-change';
import { admits, PoolMap } from './pool-map';
import { PoolCounters } from './pool-space';
import { Reason } from './reason';
import { Refusals } from './refusals';
import { ServiceRequest } from './service-request';
import { sharingIn } from './sharing';

/** What became of a request: the addresses and their pool, or why not. */
export type AssignResult =
  | { readonly ok: true; readonly ips: readonly IpAddress[]; readonly pool: string }
  | { readonly ok: false; readonly reason: Reason };

/**
 * The address ledger and the policy that picks an address for a Service.
 *
 * Holds at any time: no address is used by two Services that may not share it; the addresses of a Service come from one pool, which has them; what a
 * Service holds changes only by a call that names it, or by `setPools` with a reason. Deterministic: pools are tried in the order given, addresses from
 * the lowest. Costs depend neither on how large pools are nor on how many of their addresses are taken.
 */
export class Allocator {
  private readonly ledger = new Ledger({
    taken: (ip) => this.pools.locate(ip)?.space.setTaken(ip),
    freed: (ip) => {
      const span = this.pools.locate(ip);
      span?.space.setFreed(ip, span);
    },
  });
  private readonly holds = new Holds({
    held: (ip) => this.pools.locate(ip)?.space.setHeld(ip),
    released: (ip) => {
      const span = this.pools.locate(ip);
      span?.space.setReleased(ip, span, this.ledger.users(ip) > 0);
    },
  });
  private pools = this.mapOf([]);
  private unusable: readonly UnusableResource[] = [];
  private everHadPools = false;

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
    this.pools = this.mapOf(pools);
    this.unusable = unusable.filter(({ kind }) => kind === 'IPAddressPool');
    this.everHadPools ||= pools.length > 0 || this.unusable.length > 0;
    for (const ip of this.ledger.addresses()) this.pools.locate(ip)?.space.setTaken(ip);
    for (const ip of this.holds.addresses()) this.pools.locate(ip)?.space.setHeld(ip);
    for (const reservation of [...this.holds.reservations()]) {
      if (!this.mayReserve(reservation)) this.holds.cancel(reservation.key);
    }
    const crowded = new Set([...this.ledger.addresses()].filter((ip) => this.ledger.users(ip) > 1).map(String));
    const { ledger, refusals } = this;
    return ledger.all().flatMap((allocation) => rehome(allocation, { pools: this.pools, unusable: this.unusable, ledger, refusals, crowded }) ?? []);
  }

  /**
   * Gives a Service these addresses, in this order, in place of what it holds: it shows them, or has them already. Doing it again changes nothing. It
   * keeps what it holds when this fails. Whether the pool would give them anew is not asked.
   */
  assign(request: ServiceRequest, ips: readonly IpAddress[]): AssignResult {
    const space = ips.length > 0 ? this.pools.offering(ips) : undefined;
    if (!space) return refuse(this.refusals.notInConfig(ips));
    if (!admits(space.pool, request.namespace, request.labels)) return refuse(this.refusals.notCompatible(space.pool, ips, request));
    return this.record(request, ips, space.pool, false);
  }

  /** Keeps addresses of a pool that is wrong for the Service that shows them. Nothing about the pool is checked, since nothing about it is known. */
  reserve(request: ServiceRequest, ips: readonly IpAddress[], pool: string): AssignResult {
    return this.record(request, ips, pool, true);
  }

  /**
   * Finds addresses for a Service and gives it these in place of what it holds; it keeps what it holds when this fails.
   *
   * Addresses asked for must be had exactly. A pool asked for need not assign automatically, but must admit the Service. Otherwise pools with
   * `serviceAllocation` come first, then open ones. A dual-stack Service gets both families from one pool; PreferDualStack makes do with one. Where an
   * address is reserved for the Service, that comes first.
   */
  allocate(request: ServiceRequest): AssignResult {
    const held = this.ledger.remove(request.key);
    const result = this.take(request, this.chooser.choose(request));
    if (!result.ok && held) this.ledger.record(held);
    return result;
  }

  /** Adds to the one address that a Service holds one of the other family from the same pool. */
  extend(request: ServiceRequest): AssignResult {
    const held = this.ledger.get(request.key);
    if (!held || !this.pools.get(held.pool) || held.ips.length !== 1) throw new Error(`${request.key} does not hold one address that can be added to`);
    return this.take(request, this.chooser.extend(request, held.ips[0], held.pool));
  }

  /** Takes from a Service what it holds. */
  release(key: string): Allocation | undefined {
    return this.ledger.remove(key);
  }

  /**
   * Takes from a Service that was deleted what it holds. Where the Service or its pool wants that, its addresses are kept for one of the same namespace and
   * name.
   * @param now milliseconds of a clock that never jumps
   */
  depart(key: string, now: number): { readonly allocation: Allocation | undefined; readonly reservation: Reservation | undefined } {
    const allocation = this.ledger.remove(key);
    const memory = allocation && this.memoryOf(allocation, now);
    if (memory) this.holds.reserve(memory);
    return { allocation, reservation: memory };
  }

  /**
   * Takes over what was remembered before a restart, after all that Services show has been loaded. A Service that has addresses needs no reservation.
   * @param until absent for the addresses of a Service that existed when they were written down; if it is gone since, their time begins now. One that is further
   *   off than the pool keeps addresses was written down when the wall clock showed another time, or the pool had another one: it is cut to that
   * @param now milliseconds of a clock that never jumps
   */
  restore(memories: readonly (Omit<Reservation, 'until'> & { readonly until?: number })[], now: number): void {
    for (const memory of memories) {
      if (this.ledger.get(memory.key)) continue;
      const pool = this.poolOf(memory.ips);
      const longest = now + this.stickyMsOf(pool ?? memory.pool);
      // How long a wrong pool keeps addresses is not known, so what was written down holds.
      const until = pool === undefined ? memory.until ?? longest : Math.min(memory.until ?? longest, longest);
      const reservation = { ...memory, until };
      if (until > now && this.mayReserve(reservation)) this.holds.reserve(reservation);
    }
  }

  /** Whether something is held back, or would be if a Service went. */
  get isSticky(): boolean {
    return !this.holds.isEmpty() || this.ledger.hasSticky || this.pools.spaces.some(({ pool }) => pool.policy.stickyMs !== undefined);
  }

  /** What is to be remembered over a restart: reservations, and what Services have that would be reserved if they went. */
  *memories(): Iterable<Omit<Reservation, 'until'> & { readonly until?: number }> {
    yield* this.holds.reservations();
    for (const allocation of this.ledger.all()) {
      const memory = this.memoryOf(allocation, 0);
      if (memory) yield { ...memory, until: undefined };
    }
  }

  /**
   * Keeps an address from being given, as something that is no Service uses it. Who has it keeps it. Ends with `acquit`, or with `expire`.
   * It need not be in a pool.
   */
  quarantine(quarantine: Quarantine): void {
    this.holds.quarantine(quarantine);
  }

  /** Ends the quarantine of an address. */
  acquit(ip: IpAddress): void {
    this.holds.acquit(ip);
  }

  /**
   * Ends reservations and quarantines whose time has come.
   * @param now milliseconds of a clock that never jumps
   * @returns whether Services that wait may now get what they could not
   */
  expire(now: number): boolean {
    return this.holds.expire(now);
  }

  /** When `expire` is to be called next. */
  nextExpiry(): number | undefined {
    return this.holds.nextExpiry();
  }

  get(key: string): Allocation | undefined {
    return this.ledger.get(key);
  }

  /** All allocations, by key. */
  allocations(): Allocation[] {
    return this.ledger.all();
  }

  /** For whom addresses are kept. */
  reservations(): Reservation[] {
    return [...this.holds.reservations()];
  }

  /** How many distinct addresses of a pool are given and left; undefined for a pool that does not exist. */
  counters(pool: string): PoolCounters | undefined {
    return this.pools.get(pool)?.counters();
  }

  /** Name of the one pool that has all these addresses, in use or not. */
  poolOf(ips: readonly IpAddress[]): string | undefined {
    return ips.length > 0 ? this.pools.offering(ips)?.pool.name : undefined;
  }

  /** Why an address that a Service has would not be given to it anew, though it keeps it; undefined where all is well. */
  remark(request: ServiceRequest, ips: readonly IpAddress[]): Reason | undefined {
    for (const ip of ips) {
      const space = this.pools.locate(ip)?.space;
      if (space?.excludes(ip)) return this.refusals.excluded(space.pool, ip, request);
      const quarantine = this.holds.quarantineOf(ip);
      if (quarantine) return this.refusals.quarantined(ip, quarantine.detail, request);
    }
    return undefined;
  }

  private get refusals(): Refusals {
    return new Refusals(this.pools, this.ledger, this.holds);
  }

  private get chooser(): Chooser {
    return new Chooser(this.pools, this.ledger, this.holds, this.refusals, this.unusable);
  }

  private mapOf(pools: readonly Pool[]): PoolMap {
    return new PoolMap(pools, (ip) => this.holds.quarantineOf(ip) !== undefined);
  }

  private take(request: ServiceRequest, choice: Choice): AssignResult {
    return 'reason' in choice ? refuse(choice.reason) : this.assign(request, choice.ips);
  }

  private record(request: ServiceRequest, ips: readonly IpAddress[], pool: Pool | string, reserved: boolean): AssignResult {
    if (ips.length === 0 || ips.length > 2 || ips[0].family === ips[1]?.family) return refuse(this.refusals.tooMany(ips));
    const { key, namespace, sharingKey, sharing, sticky } = request;
    // A wrong pool may have been one that shares automatically.
    const terms = sharingIn(typeof pool === 'string' ? { policy: { sharing: 'automatic' } } : pool, request);
    for (const ip of ips) {
      const conflict = this.ledger.conflict(ip, terms);
      if (conflict) return refuse(this.refusals.conflict(conflict, ip, request));
    }
    for (const ip of ips) {
      // Whoever gets a free address that was kept for others has a better right to it.
      const owners = this.holds.reservedFor(ip);
      if (this.ledger.users(ip) === 0 && !owners.has(key)) for (const owner of [...owners]) this.holds.cancel(owner);
    }
    this.holds.cancel(key);
    const name = typeof pool === 'string' ? pool : pool.name;
    this.ledger.record({ ...terms, namespace, ips: [...ips], pool: name, own: { sharingKey, sharing, sticky }, reserved });
    return { ok: true, ips, pool: name };
  }

  private memoryOf({ key, ips, pool, own, reserved }: Allocation, now: number): Reservation | undefined {
    const memory = { key, ips, pool, until: now + this.stickyMsOf(pool), own: own.sticky === true };
    return !reserved && own.sticky !== false && this.mayReserve(memory) ? memory : undefined;
  }

  private stickyMsOf(pool: string): number {
    return this.pools.get(pool)?.pool.policy.stickyMs ?? DEFAULT_STICKY_MS;
  }

  /** Whether addresses are to be kept for a Service that is gone: what there is of pools has them, and wants it so or was asked to. */
  private mayReserve({ ips, pool, own }: Reservation): boolean {
    const space = ips.length > 0 ? this.pools.offering(ips) : undefined;
    if (!space) return wrongPoolOf(ips, pool, this.unusable) !== undefined;
    return !space.pool.policy.draining && (own || space.pool.policy.stickyMs !== undefined);
  }
}

function refuse(reason: Reason): AssignResult {
  return { ok: false, reason };
}
