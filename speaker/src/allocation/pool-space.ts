import { Pool } from '../config';
import { IntervalSet, IpAddress, IpFamily, IpRange } from '../ip';
import { Ledger } from './ledger';
import { ServiceRequest } from './service-request';
import { sharingIn } from './sharing';

/** How many addresses of a pool are given and left, as in the status of an IPAddressPool: int64, so at most 2⁶³−1. */
export interface PoolCounters {
  readonly assignedIPv4: bigint;
  readonly assignedIPv6: bigint;
  /** Without those that are excluded or held back. */
  readonly availableIPv4: bigint;
  readonly availableIPv6: bigint;
}

const INT64_MAX = 2n ** 63n - 1n;

/** One entry of `spec.addresses`. */
export interface Span {
  readonly space: PoolSpace;
  readonly range: IpRange;
  /** No free address is below. It only ever rises while nothing is freed, so a search never walks the same ground twice. */
  hint: bigint;
}

type ByFamily<T> = Record<IpFamily, T>;

/**
 * The addresses of one pool: which are free, which is next, how many.
 *
 * An address is free unless it is in use, excluded by the pool, or held back (reserved, or in quarantine). The union of these is one set of intervals, so
 * that whatever is between, one step leads to the next free address.
 */
export class PoolSpace {
  /** In the order written. */
  readonly spans: readonly Span[];
  private readonly excluded: ByFamily<IntervalSet> = sets();
  private readonly held: ByFamily<IntervalSet> = sets();
  private readonly unavailable: ByFamily<IntervalSet> = sets();
  /** Addresses that are not excluded, in use or not. */
  private readonly capacity: ByFamily<bigint>;
  private readonly inUse: ByFamily<bigint> = { IPv4: 0n, IPv6: 0n };
  /** Addresses that are not excluded, and in use or held back. */
  private readonly spent: ByFamily<bigint> = { IPv4: 0n, IPv6: 0n };

  /** @param quarantined whether an address that is held back may not even be shared */
  constructor(readonly pool: Pool, private readonly quarantined: (ip: IpAddress) => boolean) {
    for (const { family, first, last } of pool.policy.excluded) {
      this.excluded[family].add(first.value, last.value);
      this.unavailable[family].add(first.value, last.value);
    }
    this.spans = pool.ranges.map((range) => ({ space: this, range, hint: range.first.value }));
    const capacityOf = (family: IpFamily) => pool.ranges.filter((range) => range.family === family)
      .reduce((sum, range) => sum + this.offered(range), 0n);
    this.capacity = { IPv4: capacityOf('IPv4'), IPv6: capacityOf('IPv6') };
  }

  /** True for an address within the pool that nobody may have: one that its holder loses, unlike one that is merely excluded. */
  withholds(ip: IpAddress): boolean {
    return this.pool.avoidBuggyIPs && isBuggy(ip.family, ip.value);
  }

  /** True for an address that the pool gives no more; who has it keeps it. */
  excludes({ family, value }: IpAddress): boolean {
    return this.excluded[family].has(value);
  }

  /** The lowest address that is held back, and nothing else; for telling people. */
  *heldBack(family: IpFamily): Iterable<IpAddress> {
    for (const { first, last } of this.held[family]) {
      for (let value = first; value <= last; value += 1n) yield IpAddress.of(family, value);
    }
  }

  /**
   * The address that a Service would get: entry by entry as written, from the lowest; the first that is free or that its group shares.
   * Network and broadcast addresses are like any other.
   */
  find(family: IpFamily, ledger: Ledger, request: ServiceRequest): IpAddress | undefined {
    const sharing = sharingIn(this.pool, request);
    for (const span of this.spans) {
      if (span.range.family !== family) continue;
      const { first, last } = span.range;
      const free = this.nextFree(span);
      const shared = sharing.sharingKey === undefined ? undefined
        : ledger.nextShareable(family, first.value, last.value, sharing, (value) => this.barred(family, value));
      const lowest = free === undefined || (shared !== undefined && shared < free) ? shared : free;
      if (lowest !== undefined) return IpAddress.of(family, lowest);
    }
    return undefined;
  }

  /** To be told of each address it has that gets its first user. */
  setTaken({ family, value }: IpAddress): void {
    this.inUse[family] += 1n;
    this.spend(family, value);
  }

  /** To be told of each address it has that loses its last user. */
  setFreed({ family, value }: IpAddress, span: Span): void {
    this.inUse[family] -= 1n;
    if (!this.held[family].has(value)) this.regain(family, value, span);
  }

  /** To be told of each address it has that begins to be held back, */
  setHeld({ family, value }: IpAddress): void {
    this.held[family].add(value);
    this.spend(family, value);
  }

  /** and ends to be. */
  setReleased({ family, value }: IpAddress, span: Span, inUse: boolean): void {
    this.held[family].delete(value);
    if (!inUse) this.regain(family, value, span);
  }

  counters(): PoolCounters {
    const available = (family: IpFamily) => saturate(this.capacity[family] - this.spent[family]);
    return {
      assignedIPv4: saturate(this.inUse.IPv4),
      assignedIPv6: saturate(this.inUse.IPv6),
      availableIPv4: available('IPv4'),
      availableIPv6: available('IPv6'),
    };
  }

  private spend(family: IpFamily, value: bigint): void {
    if (this.unavailable[family].has(value)) return;
    this.unavailable[family].add(value);
    this.spent[family] += 1n;
  }

  private regain(family: IpFamily, value: bigint, span: Span): void {
    if (this.excluded[family].has(value)) return;
    this.unavailable[family].delete(value);
    this.spent[family] -= 1n;
    if (value < span.hint) span.hint = value;
  }

  private nextFree(span: Span): bigint | undefined {
    const { family, last } = span.range;
    const unavailable = this.unavailable[family];
    let candidate = span.hint;
    while (candidate <= last.value) {
      const run = unavailable.containing(candidate);
      if (!run && !(this.pool.avoidBuggyIPs && isBuggy(family, candidate))) break;
      // What is withheld for good joins the runs around it, so that it is passed over but once.
      if (!run) unavailable.add(candidate);
      candidate = run ? run.last + 1n : candidate + 1n;
    }
    span.hint = candidate;
    return candidate <= last.value ? candidate : undefined;
  }

  /** Until where addresses may not be shared though they are in use; undefined for one that may. To be reserved is no obstacle. */
  private barred(family: IpFamily, value: bigint): bigint | undefined {
    const run = this.excluded[family].containing(value);
    if (run) return run.last;
    return this.held[family].has(value) && this.quarantined(IpAddress.of(family, value)) ? value : undefined;
  }

  /** How many addresses of a range may be given at all. Visits the excluded runs within it alone. */
  private offered({ family, first, last, size }: IpRange): bigint {
    const { avoidBuggyIPs } = this.pool;
    const excluded = this.excluded[family];
    let count = size - (avoidBuggyIPs ? countBuggy(family, first.value, last.value) : 0n);
    for (let from = excluded.next(first.value); from !== undefined && from <= last.value;) {
      const run = excluded.containing(from)!;
      const to = run.last < last.value ? run.last : last.value;
      count -= to - from + 1n - (avoidBuggyIPs ? countBuggy(family, from, to) : 0n);
      from = excluded.next(to + 1n);
    }
    return count;
  }
}

function sets(): ByFamily<IntervalSet> {
  return { IPv4: new IntervalSet(), IPv6: new IntervalSet() };
}

/** Some old routers drop packets to IPv4 addresses that end in .0 or .255, whatever the netmask: `spec.avoidBuggyIPs`. */
function isBuggy(family: IpFamily, value: bigint): boolean {
  const lastOctet = value % 256n;
  return family === 'IPv4' && (lastOctet === 0n || lastOctet === 255n);
}

function countBuggy(family: IpFamily, first: bigint, last: bigint): bigint {
  if (family === 'IPv6') return 0n;
  // Below n there are ⌈n/256⌉ numbers that end in 0, and ⌊n/256⌋ that end in 255.
  const below = (n: bigint) => (n + 255n) / 256n + n / 256n;
  return below(last + 1n) - below(first);
}

function saturate(count: bigint): bigint {
  return count > INT64_MAX ? INT64_MAX : count;
}
