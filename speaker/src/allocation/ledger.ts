import { IpAddress, IpFamily } from '../ip';
import { portText, ServicePort, ServiceRequest } from './service-request';
import { Sharing, SharingKey } from './sharing';
import { SharingGroup } from './sharing-group';

/** What a Service holds. Immutable. */
export interface Allocation extends Sharing {
  readonly namespace: string;
  /** One address, or one of each family, in the order of the status; all from one pool. */
  readonly ips: readonly IpAddress[];
  readonly pool: string;
  /** With whom it may share in this pool. */
  readonly sharingKey: SharingKey | undefined;
  readonly backendKey: string;
  readonly ports: readonly ServicePort[];
  /** What the Service itself says; the pool says the rest. */
  readonly own: Pick<ServiceRequest, 'sharingKey' | 'sharing' | 'sticky'>;
  /** True while the pool is wrong: the addresses are kept from others, and nothing is decided about the Service. */
  readonly reserved: boolean;
}

/** Why an address cannot be had: `others` hold it under another key, or one holds a port of it. */
export type Conflict = { readonly others: readonly string[] } | { readonly port: string; readonly other: string };

/** One address in use. All users have the same sharing key and backend key; no two have a port in common. */
interface Use {
  readonly ip: IpAddress;
  readonly sharingKey: SharingKey | undefined;
  readonly backendKey: string;
  readonly users: Set<string>;
  readonly ports: Map<string, string>;
}

/** Told when an address gets its first user or loses its last. */
export interface LedgerListener {
  taken(ip: IpAddress): void;
  freed(ip: IpAddress): void;
}

/**
 * Who holds which address. Knows nothing of pools but their names.
 *
 * Several views of the same facts, kept together: by Service, by address, by sharing group, and by namespace and pool. Each answers its question without
 * visiting Services or addresses one by one.
 */
export class Ledger {
  private readonly allocations = new Map<string, Allocation>();
  private readonly uses: Record<IpFamily, Map<bigint, Use>> = { IPv4: new Map(), IPv6: new Map() };
  private readonly groups = new Map<string, Record<IpFamily, SharingGroup>>();
  /** By namespace and pool: its addresses there, and how many Services of it are on each. */
  private readonly namespaces = new Map<string, Map<IpAddress, number>>();
  /** Services that ask for their address to be kept after they are gone. */
  private readonly sticky = new Set<string>();

  constructor(private readonly listener: LedgerListener) {}

  get(key: string): Allocation | undefined {
    return this.allocations.get(key);
  }

  /** All allocations, by key. */
  all(): Allocation[] {
    return [...this.allocations.values()].sort((a, b) => a.key < b.key ? -1 : 1);
  }

  /** Whether some Service asks for its address to be kept after it is gone. */
  get hasSticky(): boolean {
    return this.sticky.size > 0;
  }

  /** Every address in use, once. */
  *addresses(): Iterable<IpAddress> {
    for (const family of ['IPv4', 'IPv6'] as const) {
      for (const { ip } of this.uses[family].values()) yield ip;
    }
  }

  /** How many Services are on an address. */
  users({ family, value }: IpAddress): number {
    return this.uses[family].get(value)?.users.size ?? 0;
  }

  /** The different addresses that Services of a namespace have of a pool. */
  addressesOf(namespace: string, pool: string): ReadonlySet<IpAddress> {
    return new Set(this.namespaces.get(shareOf(namespace, pool))?.keys());
  }

  /** How many those are, in O(1). */
  countOf(namespace: string, pool: string): number {
    return this.namespaces.get(shareOf(namespace, pool))?.size ?? 0;
  }

  /** True when a Service of the namespace is on the address. */
  hasIn(namespace: string, pool: string, { family, value }: IpAddress): boolean {
    const ip = this.uses[family].get(value)?.ip;
    return ip !== undefined && (this.namespaces.get(shareOf(namespace, pool))?.has(ip) ?? false);
  }

  /** The lowest address from `from` to `to` that the group of this Service uses and on which its ports are free; see `SharingGroup.next`. */
  nextShareable(family: IpFamily, from: bigint, to: bigint, sharing: Sharing, barred: (value: bigint) => bigint | undefined): bigint | undefined {
    return this.groups.get(groupOf(sharing))?.[family].next(from, to, sharing.ports.map(portText), barred);
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
    if (allocation.own.sticky) this.sticky.add(allocation.key);
    else this.sticky.delete(allocation.key);
    for (const ip of dropped) this.announceFreed(ip);
    for (const ip of allocation.ips) {
      if (!kept(ip) && this.users(ip) === 1) this.listener.taken(ip);
    }
  }

  /** Forgets a Service. */
  remove(key: string): Allocation | undefined {
    const allocation = this.allocations.get(key);
    this.allocations.delete(key);
    this.sticky.delete(key);
    for (const ip of allocation?.ips ?? []) {
      this.leave(ip, allocation!);
      this.announceFreed(ip);
    }
    return allocation;
  }

  private announceFreed(ip: IpAddress): void {
    if (this.users(ip) === 0) this.listener.freed(ip);
  }

  private join(ip: IpAddress, { key, sharingKey, backendKey, ports, namespace, pool }: Allocation): void {
    const { family, value } = ip;
    let use = this.uses[family].get(value);
    if (!use) {
      use = { ip, sharingKey, backendKey, users: new Set(), ports: new Map() };
      this.uses[family].set(value, use);
    }
    use.users.add(key);
    for (const port of ports) use.ports.set(portText(port), key);

    const share = shareOf(namespace, pool);
    const addresses = this.namespaces.get(share) ?? new Map<IpAddress, number>();
    this.namespaces.set(share, addresses.set(use.ip, (addresses.get(use.ip) ?? 0) + 1));

    if (sharingKey === undefined) return;
    const name = groupOf({ sharingKey, backendKey });
    const group = this.groups.get(name) ?? { IPv4: new SharingGroup(), IPv6: new SharingGroup() };
    this.groups.set(name, group);
    group[family].join(value, ports.map(portText));
  }

  private leave({ family, value }: IpAddress, { key, sharingKey, backendKey, ports, namespace, pool }: Allocation): void {
    const use = this.uses[family].get(value)!;
    use.users.delete(key);
    for (const port of ports) use.ports.delete(portText(port));
    if (use.users.size === 0) this.uses[family].delete(value);

    const share = shareOf(namespace, pool);
    const addresses = this.namespaces.get(share)!;
    const others = addresses.get(use.ip)! - 1;
    if (others > 0) addresses.set(use.ip, others);
    else addresses.delete(use.ip);
    if (addresses.size === 0) this.namespaces.delete(share);

    if (sharingKey === undefined) return;
    const name = groupOf({ sharingKey, backendKey });
    const group = this.groups.get(name)!;
    group[family].leave(value, ports.map(portText), use.users.size === 0);
    if (group.IPv4.isEmpty() && group.IPv6.isEmpty()) this.groups.delete(name);
  }
}

function groupOf({ sharingKey, backendKey }: Pick<Sharing, 'sharingKey' | 'backendKey'>): string {
  return JSON.stringify([sharingKey, backendKey]);
}

function shareOf(namespace: string, pool: string): string {
  return `${namespace}/${pool}`;
}
