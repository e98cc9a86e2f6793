import { Pool } from '../config';
import { IpAddress, IpFamily, IpRange } from '../ip';
import { Ledger, Sharing } from './ledger';

/** How many addresses of a pool are given and left, as in the status of an IPAddressPool: int64, so at most 2⁶³−1. */
export interface PoolCounters {
  readonly assignedIPv4: bigint;
  readonly assignedIPv6: bigint;
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

/** The addresses of one pool: which are free, which is next, how many. */
export class PoolSpace {
  /** In the order written. */
  readonly spans: readonly Span[];
  private readonly capacity: Record<IpFamily, bigint>;
  private readonly inUse: Record<IpFamily, bigint> = { IPv4: 0n, IPv6: 0n };

  constructor(readonly pool: Pool) {
    this.spans = pool.ranges.map((range) => ({ space: this, range, hint: range.first.value }));
    const capacityOf = (family: IpFamily) => pool.ranges.filter((range) => range.family === family)
      .reduce((sum, range) => sum + range.size - (pool.avoidBuggyIPs ? countBuggy(range) : 0n), 0n);
    this.capacity = { IPv4: capacityOf('IPv4'), IPv6: capacityOf('IPv6') };
  }

  /** True for an address within the pool that is not to be handed out. */
  withholds(ip: IpAddress): boolean {
    return this.pool.avoidBuggyIPs && isBuggy(ip.family, ip.value);
  }

  /**
   * The address that a Service would get: entry by entry as written, from the lowest; the first that nobody has or that its group shares.
   * Network and broadcast addresses are like any other.
   */
  find(family: IpFamily, ledger: Ledger, sharing: Sharing): IpAddress | undefined {
    for (const span of this.spans) {
      if (span.range.family !== family) continue;
      const free = this.nextFree(span, ledger);
      const shared = sharing.sharingKey === undefined ? undefined : this.nextShareable(span.range, ledger, sharing);
      const lowest = free === undefined || (shared !== undefined && shared < free) ? shared : free;
      if (lowest !== undefined) return IpAddress.of(family, lowest);
    }
    return undefined;
  }

  /** To be told of each address it offers that gets its first user. */
  taken({ family }: IpAddress): void {
    this.inUse[family] += 1n;
  }

  /** To be told of each address it offers that loses its last user. */
  freed({ family, value }: IpAddress, span: Span): void {
    this.inUse[family] -= 1n;
    if (value < span.hint) span.hint = value;
  }

  counters(): PoolCounters {
    const available = (family: IpFamily) => saturate(this.capacity[family] - this.inUse[family]);
    return {
      assignedIPv4: saturate(this.inUse.IPv4),
      assignedIPv6: saturate(this.inUse.IPv6),
      availableIPv4: available('IPv4'),
      availableIPv6: available('IPv6'),
    };
  }

  private nextFree(span: Span, ledger: Ledger): bigint | undefined {
    const { family, last } = span.range;
    let candidate = ledger.nextFree(family, span.hint);
    while (candidate <= last.value && this.pool.avoidBuggyIPs && isBuggy(family, candidate)) candidate = ledger.nextFree(family, candidate + 1n);
    span.hint = candidate;
    return candidate <= last.value ? candidate : undefined;
  }

  private nextShareable({ family, first, last }: IpRange, ledger: Ledger, sharing: Sharing): bigint | undefined {
    let candidate = ledger.nextShareable(family, first.value, last.value, sharing);
    while (candidate !== undefined && this.pool.avoidBuggyIPs && isBuggy(family, candidate)) {
      candidate = ledger.nextShareable(family, candidate + 1n, last.value, sharing);
    }
    return candidate;
  }
}

/** Some old routers drop packets to IPv4 addresses that end in .0 or .255, whatever the netmask: `spec.avoidBuggyIPs`. */
function isBuggy(family: IpFamily, value: bigint): boolean {
  const lastOctet = value % 256n;
  return family === 'IPv4' && (lastOctet === 0n || lastOctet === 255n);
}

function countBuggy({ family, first, last }: IpRange): bigint {
  if (family === 'IPv6') return 0n;
  // Below n there are ⌈n/256⌉ numbers that end in 0, and ⌊n/256⌋ that end in 255.
  const below = (n: bigint) => (n + 255n) / 256n + n / 256n;
  return below(last.value + 1n) - below(first.value);
}

function saturate(count: bigint): bigint {
  return count > INT64_MAX ? INT64_MAX : count;
}
