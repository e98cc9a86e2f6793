import { UnusableResource } from '../config';
import { IpAddress, IpFamily } from '../ip';
import { Holds } from './holds';
import { Ledger } from './ledger';
import { admits, PoolMap } from './pool-map';
import { PoolSpace } from './pool-space';
import { quoteList, Reason } from './reason';
import { Refusals } from './refusals';
import { ServiceRequest, wantedMismatch } from './service-request';
import { sharingIn } from './sharing';

/** Addresses of one pool that a Service is to be given, or why there are none. */
export type Choice = { readonly ips: readonly IpAddress[] } | { readonly reason: Reason };

/** Picks addresses for a Service that has none. Changes nothing. */
export class Chooser {
  constructor(
    private readonly pools: PoolMap,
    private readonly ledger: Ledger,
    private readonly holds: Holds,
    private readonly refusals: Refusals,
    private readonly unusable: readonly UnusableResource[],
  ) {}

  choose(request: ServiceRequest): Choice {
    if (request.wanted.length > 0) return this.chooseWanted(request);
    if (request.pool !== undefined) return this.chooseFromPool(request, request.pool);
    return this.chooseFromAny(request);
  }

  /** The address it has, with one of the other family from the same pool. */
  extend(request: ServiceRequest, has: IpAddress, pool: string): Choice {
    const space = this.pools.get(pool)!;
    const family = has.family === 'IPv4' ? 'IPv6' : 'IPv4';
    if (space.pool.policy.draining) return { reason: this.refusals.draining(space.pool, `an ${family} address`) };
    const ips = this.find(space, [family], request);
    if (ips) return { ips: [has, ...ips] };
    return { reason: this.limited([space], [[family]], request) ?? this.refusals.poolExhausted(space, [family]) };
  }

  private chooseWanted(request: ServiceRequest): Choice {
    const { wanted, families, pool } = request;
    const mismatch = wantedMismatch(wanted, families);
    if (mismatch) return { reason: mismatch };
    const space = this.pools.offering(wanted);
    if (space && pool !== undefined && pool !== space.pool.name) return { reason: this.refusals.poolMismatch(wanted, space.pool, pool) };
    const reason = space && admits(space.pool, request.namespace, request.labels) ? this.objection(space, wanted, request) : undefined;
    // IPv4 first, as everywhere. MetalLB writes the order of the wish and turns it round at the next pass, which can move the address to another node.
    return reason ? { reason } : { ips: [...wanted].sort((a, b) => a.compare(b)) };
  }

  /** Why the pool does not give addresses that are asked for, if they are free or may be shared. */
  private objection(space: PoolSpace, ips: readonly IpAddress[], request: ServiceRequest): Reason | undefined {
    const { pool } = space;
    if (pool.policy.draining) return this.refusals.draining(pool, quoteList(ips));
    for (const ip of ips) {
      if (space.excludes(ip)) return this.refusals.excluded(pool, ip, request);
      const quarantine = this.holds.quarantineOf(ip);
      if (quarantine) return this.refusals.quarantined(ip, quarantine.detail, request);
      const owners = this.holds.reservedFor(ip);
      // A wish by number is the word of a person, and stronger than a memory, but not across namespaces.
      const elsewhere = owners.size > 0 && !owners.has(request.key) && ![...owners].some((owner) => owner.startsWith(`${request.namespace}/`));
      if (elsewhere && this.ledger.users(ip) === 0) return this.refusals.reserved(ip, owners, request);
    }
    return this.withinLimit(pool, ips, request) ? undefined : this.refusals.namespaceLimit([pool], request);
  }

  private chooseFromPool(request: ServiceRequest, name: string): Choice {
    const space = this.pools.get(name);
    if (!space) {
      const isWrong = this.unusable.some((pool) => pool.name === name);
      return { reason: isWrong ? this.refusals.unusablePool(name) : this.refusals.unknownPool(name) };
    }
    if (!admits(space.pool, request.namespace, request.labels)) return { reason: this.refusals.notCompatible(space.pool, [], request) };
    if (space.pool.policy.draining) return { reason: this.refusals.draining(space.pool, `pool ${JSON.stringify(name)}`) };
    const ips = this.remembered([space], request) ?? this.search([space], request);
    if (ips) return { ips };
    return { reason: this.limited([space], alternatives(request), request) ?? this.refusals.poolExhausted(space, request.families) };
  }

  private chooseFromAny(request: ServiceRequest): Choice {
    const admitting = this.pools.spaces.filter(({ pool }) => pool.autoAssign && admits(pool, request.namespace, request.labels));
    const giving = admitting.filter(({ pool }) => !pool.policy.draining);
    const pinned = giving.filter(({ pool }) => pool.serviceAllocation);
    const open = giving.filter(({ pool }) => !pool.serviceAllocation);
    const ips = this.remembered(giving, request) ?? this.search(pinned, request) ?? this.search(open, request);
    if (ips) return { ips };
    if (admitting.length > 0 && giving.length === 0) return { reason: this.refusals.draining(admitting[0].pool, 'an address of any pool') };
    return { reason: this.limited(giving, alternatives(request), request) ?? this.refusals.noneAvailable(request, giving) };
  }

  /** What is reserved for it, as far as it can have it now; completed from the same pool where it lacks a family. */
  private remembered(spaces: readonly PoolSpace[], request: ServiceRequest): IpAddress[] | undefined {
    const own = this.holds.reservation(request.key);
    const ips = own?.ips.filter(({ family }) => request.families.includes(family)) ?? [];
    const space = ips.length > 0 ? spaces.find((candidate) => candidate === this.pools.offering(ips)) : undefined;
    if (!space || this.objection(space, ips, request)) return undefined;
    if (ips.some((ip) => this.ledger.conflict(ip, sharingIn(space.pool, request)))) return undefined;
    const missing = request.families.filter((family) => !ips.some((ip) => ip.family === family));
    const rest = missing.length > 0 ? this.find(space, missing, request, ips) : [];
    if (!rest && request.ipFamilyPolicy !== 'PreferDualStack') return undefined;
    return [...ips, ...rest ?? []].sort((a, b) => a.compare(b));
  }

  /** The first pool that has an address of each family; for PreferDualStack else the first that has the primary one, else the other. IPv4 first. */
  private search(spaces: readonly PoolSpace[], request: ServiceRequest): IpAddress[] | undefined {
    for (const families of alternatives(request)) {
      for (const space of spaces) {
        const ips = this.find(space, families, request);
        if (ips) return ips;
      }
    }
    return undefined;
  }

  /**
   * An address of each of these families, IPv4 first, such that the namespace keeps within its limit.
   * @param besides others that it is to get
   */
  private find(
    space: PoolSpace, families: readonly IpFamily[], request: ServiceRequest, besides: readonly IpAddress[] = [],
  ): IpAddress[] | undefined {
    const lowest = families.map((family) => space.find(family, this.ledger, request));
    const first = lowest.filter((ip) => ip !== undefined);
    const inOrder = (ips: IpAddress[]) => ips.sort((a, b) => a.compare(b));
    if (first.length === families.length && this.withinLimit(space.pool, [...besides, ...first], request)) return inOrder(first);
    if (space.pool.policy.namespaceLimit === undefined) return undefined;
    // At the limit, it may still share what its namespace has.
    const options = families.map((family, index) => [this.ownShareable(space, family, request), lowest[index]].filter((ip) => ip !== undefined));
    const pairs = options.reduce<IpAddress[][]>((all, some) => all.flatMap((ips) => some.map((ip) => [...ips, ip])), [[]]);
    const fitting = pairs.find((ips) => this.withinLimit(space.pool, [...besides, ...ips], request));
    return fitting && inOrder(fitting);
  }

  /** The lowest address of a pool that the namespace has and this Service may share. Costs what the namespace has, which the limit bounds. */
  private ownShareable(space: PoolSpace, family: IpFamily, request: ServiceRequest): IpAddress | undefined {
    const sharing = sharingIn(space.pool, request);
    return [...this.ledger.addressesOf(request.namespace, space.pool.name)]
      .filter((ip) => ip.family === family && !this.ledger.conflict(ip, sharing) && !space.excludes(ip) && !this.holds.quarantineOf(ip))
      .sort((a, b) => a.compare(b))[0];
  }

  private withinLimit({ name, policy: { namespaceLimit } }: PoolSpace['pool'], ips: readonly IpAddress[], { namespace }: ServiceRequest): boolean {
    if (namespaceLimit === undefined) return true;
    const added = ips.filter((ip) => !this.ledger.hasIn(namespace, name, ip)).length;
    return added === 0 || this.ledger.countOf(namespace, name) + added <= namespaceLimit;
  }

  /** Says that it is the limit of the namespace that keeps a Service from what these pools have. */
  private limited(spaces: readonly PoolSpace[], families: readonly (readonly IpFamily[])[], request: ServiceRequest): Reason | undefined {
    const limiting = spaces.filter((space) => space.pool.policy.namespaceLimit !== undefined
      && families.some((some) => some.every((family) => space.find(family, this.ledger, request))));
    return limiting.length > 0 ? this.refusals.namespaceLimit(limiting.map(({ pool }) => pool), request) : undefined;
  }
}

/** The sets of families that a Service may get, the best first. */
function alternatives({ families, ipFamilyPolicy }: ServiceRequest): (readonly IpFamily[])[] {
  return families.length > 1 && ipFamilyPolicy === 'PreferDualStack' ? [families, ...families.map((family) => [family])] : [families];
}
