import { IntervalSet, IpAddress, IpFamily } from '../ip';
import { portText, ServicePort } from './service-request';

/** What a Service holds. Immutable. */
export interface Allocation {
  /** `namespace/name`. */
  readonly key: string;
  /** One address, or one of each family, in the order of the status; all from one pool. */
  readonly ips: readonly IpAddress[];
  readonly pool: string;
  readonly sharingKey: string | undefined;
  readonly backendKey: string;
  readonly ports: readonly ServicePort[];
  /** True while the pool is wrong: the addresses are kept from others, and nothing is decided about the Service. */
  readonly reserved: boolean;
}

/** The part of an allocation that decides with whom it may share an address. */
export type Sharing = Pick<Allocation, 'key' | 'sharingKey' | 'backendKey' | 'ports'>;

/** Why an address cannot be had: `others` hold it under another key, or one holds a port of it. */
export type Conflict = { readonly others: readonly string[] } | { readonly port: string; readonly other: string };

/** One address in use. All users have the same sharing key and backend key; no two have a port in common. */
interface Use {
  readonly ip: IpAddress;
  readonly sharingKey: string | undefined;
  readonly backendKey: string;
  readonly users: Set<string>;
  readonly ports: Map<string, string>;
}

/** Addresses of one family that one sharing group uses, and on which of them each port is taken. */
interface Shared {
  readonly addresses: IntervalSet;
  readonly byPort: Map<string, IntervalSet>;
}

/** Told when an address gets its first user or loses its last. */
export interface LedgerListener {
  taken(ip: IpAddress): void;
  freed(ip: IpAddress): void;
}

/**
 * Who holds which address. Knows nothing of pools.
 *
 * Three views of the same facts, kept together: by Service, by address, and by number. The last one, as intervals, answers "what is the next address
 * nobody has" and, for each sharing group, "what is the next address of the group on which these ports are free" without visiting addresses one by one.
 */
export class Ledger {
  private readonly allocations = new Map<string, Allocation>();
  private readonly uses: Record<IpFamily, Map<bigint, Use>> = { IPv4: new Map(), IPv6: new Map() };
  private readonly numbers: Record<IpFamily, IntervalSet> = { IPv4: new IntervalSet(), IPv6: new IntervalSet() };
  private readonly groups = new Map<string, Record<IpFamily, Shared>>();

  constructor(private readonly listener: LedgerListener) {}

  get(key: string): Allocation | undefined {
    return this.allocations.get(key);
  }

  /** All allocations, by key. */
  all(): Allocation[] {
    return [...this.allocations.values()].sort((a, b) => a.key < b.key ? -1 : 1);
  }

  /** Every address in use, once. */
  *addresses(): Iterable<IpAddress> {
    for (const family of ['IPv4', 'IPv6'] as const) {
      for (const { ip } of this.uses[family].values()) yield ip;
    }
  }

  /** The lowest number from `from` on that nobody has. */
  nextFree(family: IpFamily, from: bigint): bigint {
    const run = this.numbers[family].containing(from);
    return run ? run.last + 1n : from;
  }

  /** The lowest address from `from` to `to` that the group of this Service uses and on which its ports are free. */
  nextShareable(family: IpFamily, from: bigint, to: bigint, sharing: Sharing): bigint | undefined {
    const shared = this.groups.get(groupOf(sharing))?.[family];
    let candidate = shared?.addresses.next(from);
    while (shared && candidate !== undefined && candidate <= to) {
      let next = candidate;
      for (const port of sharing.ports) {
        const run = shared.byPort.get(portText(port))?.containing(candidate);
        if (run && run.last >= next) next = run.last + 1n;
      }
      if (next === candidate) return candidate;
      candidate = shared.addresses.next(next);
    }
    return undefined;
  }

  /** Why this Service cannot have the address; undefined when it can. Its own use of it is no obstacle. */
  conflict(ip: IpAddress, sharing: Sharing): Conflict | undefined {
    const use = this.uses[ip.family].get(ip.value);
    if (!use || (use.users.size === 1 && use.users.has(sharing.key))) return undefined;
    const sameGroup = sharing.sharingKey !== undefined && use.sharingKey === sharing.sharingKey && use.backendKey === sharing.backendKey;
    if (!sameGroup) return { others: [...use.users].filter((user) => user !== sharing.key).sort() };
    for (const port of sharing.ports.map(portText)) {
      const other = use.ports.get(port);
      if (other !== undefined && other !== sharing.key) return { port, other };
    }
    return undefined;
  }

  /** Records what a Service holds from now on, in place of what it held. The addresses must be without conflict. */
  record(allocation: Allocation): void {
    const previous = this.allocations.get(allocation.key);
    const kept = (ip: IpAddress) => previous?.ips.some((own) => own.equals(ip)) ?? false;
    const dropped = previous?.ips.filter((own) => !allocation.ips.some((ip) => ip.equals(own))) ?? [];
    for (const ip of previous?.ips ?? []) this.leave(ip, previous!);
    for (const ip of allocation.ips) this.join(ip, allocation);
    this.allocations.set(allocation.key, allocation);
    for (const ip of dropped) this.announceFreed(ip);
    for (const ip of allocation.ips) {
      if (!kept(ip) && this.uses[ip.family].get(ip.value)!.users.size === 1) this.listener.taken(ip);
    }
  }

  /** Forgets a Service. */
  remove(key: string): Allocation | undefined {
    const allocation = this.allocations.get(key);
    this.allocations.delete(key);
    for (const ip of allocation?.ips ?? []) {
      this.leave(ip, allocation!);
      this.announceFreed(ip);
    }
    return allocation;
  }

  private announceFreed(ip: IpAddress): void {
    if (!this.uses[ip.family].has(ip.value)) this.listener.freed(ip);
  }

  private join(ip: IpAddress, { key, sharingKey, backendKey, ports }: Allocation): void {
    const { family, value } = ip;
    let use = this.uses[family].get(value);
    if (!use) {
      use = { ip, sharingKey, backendKey, users: new Set(), ports: new Map() };
      this.uses[family].set(value, use);
      this.numbers[family].add(value);
    }
    use.users.add(key);
    for (const port of ports) use.ports.set(portText(port), key);
    if (sharingKey === undefined) return;
    const group = groupOf({ sharingKey, backendKey });
    const shared = this.groups.get(group) ?? { IPv4: emptyShared(), IPv6: emptyShared() };
    this.groups.set(group, shared);
    shared[family].addresses.add(value);
    for (const port of ports.map(portText)) {
      const onPort = shared[family].byPort.get(port) ?? new IntervalSet();
      shared[family].byPort.set(port, onPort);
      onPort.add(value);
    }
  }

  private leave({ family, value }: IpAddress, { key, sharingKey, backendKey, ports }: Allocation): void {
    const use = this.uses[family].get(value)!;
    use.users.delete(key);
    for (const port of ports) use.ports.delete(portText(port));
    if (use.users.size === 0) {
      this.uses[family].delete(value);
      this.numbers[family].delete(value);
    }
    if (sharingKey === undefined) return;
    const group = groupOf({ sharingKey, backendKey });
    const shared = this.groups.get(group)!;
    for (const port of ports.map(portText)) {
      const onPort = shared[family].byPort.get(port);
      onPort?.delete(value);
      if (onPort?.isEmpty()) shared[family].byPort.delete(port);
    }
    if (use.users.size === 0) shared[family].addresses.delete(value);
    if (shared.IPv4.addresses.isEmpty() && shared.IPv6.addresses.isEmpty()) this.groups.delete(group);
  }
}

function emptyShared(): Shared {
  return { addresses: new IntervalSet(), byPort: new Map() };
}

function groupOf({ sharingKey, backendKey }: Pick<Sharing, 'sharingKey' | 'backendKey'>): string {
  return JSON.stringify([sharingKey, backendKey]);
}
