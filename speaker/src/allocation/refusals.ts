import { OWN_GROUP, Pool } from '../config';
import { IpAddress, IpFamily } from '../ip';
import { Holds } from './holds';
import { Conflict, Ledger } from './ledger';
import { admits, PoolMap } from './pool-map';
import { PoolSpace } from './pool-space';
import { quoteList, quoteSome, Reason } from './reason';
import { ANNOTATIONS } from './service-input';
import { ServiceRequest } from './service-request';

const SUGGESTIONS = 3;

/** Words for why the allocator cannot do what it is asked. They need the pools and the ledger only to tell what could be had instead. */
export class Refusals {
  constructor(private readonly pools: PoolMap, private readonly ledger: Ledger, private readonly holds: Holds) {}

  notInConfig(ips: readonly IpAddress[]): Reason {
    const withheld = ips.find((ip) => this.pools.spaces.some(({ pool }) => pool.avoidBuggyIPs && pool.ranges.some((range) => range.contains(ip))));
    const fix = withheld
      ? `${withheld} is withheld by avoidBuggyIPs; ask for another address or switch that off`
      : `add ${ips.length > 1 ? 'them to one' : 'it to an'} IPAddressPool, or ask for an address of ${this.poolNames()}`;
    return { code: 'NotAllowedInConfig', message: `${quoteList(ips)} is not allowed in config`, asked: quoteList(ips), fix };
  }

  notCompatible(pool: Pool, ips: readonly IpAddress[], { namespace }: ServiceRequest): Reason {
    const message = `pool ${pool.name} not compatible for ip assignment`;
    const fix = `admit namespace ${JSON.stringify(namespace)} and the labels of the Service in spec.serviceAllocation of IPAddressPool ${JSON.stringify(pool.name)}`;
    return { code: 'PoolNotCompatible', message, asked: ips.length > 0 ? quoteList(ips) : poolText(pool), fix };
  }

  poolMismatch(ips: readonly IpAddress[], actual: Pool, requested: string): Reason {
    const message = `requested loadBalancer IP(s) ${quoteList(ips)} is not compatible with requested address pool ${requested}`;
    return { code: 'PoolMismatch', message, asked: quoteList(ips), fix: `ask for pool ${JSON.stringify(actual.name)}, or for no pool` };
  }

  conflict(conflict: Conflict, ip: IpAddress, request: ServiceRequest): Reason {
    const free = this.suggestions(request, ip.family);
    const asked = `${ip}`;
    if ('port' in conflict) {
      const message = `port ${conflict.port} is already in use on ${JSON.stringify(`${ip}`)}`;
      return { code: 'PortConflict', message, asked, free, fix: `Service ${conflict.other} has that port: change one of the two, or take a free address` };
    }
    const message = `can't change sharing key for ${JSON.stringify(request.key)}, address also in use by ${conflict.others.slice(0, 20).join(',')}`;
    const fix = `to share ${ip}, give these Services the same ${ANNOTATIONS.allowSharedIp}, different ports, and the same selector if externalTrafficPolicy is Local; `
      + 'or take a free address';
    return { code: 'SharingKeyConflict', message, asked, free, fix };
  }

  unknownPool(name: string): Reason {
    return { code: 'UnknownPool', message: `unknown pool ${JSON.stringify(name)}`, asked: `pool ${JSON.stringify(name)}`, fix: `ask for ${this.poolNames()}` };
  }

  unusablePool(name: string): Reason {
    const fix = `correct IPAddressPool ${JSON.stringify(name)}, see ConfigurationState for what is wrong with it`;
    return { code: 'PoolUnusable', message: `unknown pool ${JSON.stringify(name)}: its definition is not valid`, asked: `pool ${JSON.stringify(name)}`, fix };
  }

  /** One pool was asked for, and it has nothing left. */
  poolExhausted(space: PoolSpace, families: readonly IpFamily[]): Reason {
    const pool = poolText(space.pool);
    const fix = `add ${families.join(' and ')} addresses to it, or free one${this.heldBack([space], families)}`;
    return { code: 'NoAvailableIPs', message: `no available IPs in ${pool}`, asked: `${askedFor(families)} of ${pool}`, free: [], fix };
  }

  draining(pool: Pool, asked: string): Reason {
    const message = `pool ${JSON.stringify(pool.name)} is draining and gives nothing new`;
    return { code: 'PoolDraining', message, asked, fix: `take another pool, or remove annotation ${OWN_GROUP}draining from IPAddressPool ${JSON.stringify(pool.name)}` };
  }

  /** The namespace has as many addresses of these pools as it may have. */
  namespaceLimit(pools: readonly Pool[], { namespace, families }: ServiceRequest): Reason {
    const counts = pools.map(({ name, policy }) => `${this.ledger.countOf(namespace, name)} of ${policy.namespaceLimit} addresses of pool ${JSON.stringify(name)}`);
    const message = `namespace ${JSON.stringify(namespace)} has ${counts.slice(0, 3).join(', ')}`;
    const fix = `free an address of this namespace, share one, or raise annotation ${OWN_GROUP}namespace-limit of the pool`;
    return { code: 'NamespaceLimit', message, asked: askedFor(families), free: [], fix };
  }

  excluded(pool: Pool, ip: IpAddress, request: ServiceRequest): Reason {
    const message = `${ip} is among the excluded addresses of pool ${JSON.stringify(pool.name)}`;
    const fix = `ask for another address, or take it out of annotation ${OWN_GROUP}excluded-addresses`;
    return { code: 'AddressExcluded', message, asked: `${ip}`, free: this.suggestions(request, ip.family), fix };
  }

  reserved(ip: IpAddress, owners: ReadonlySet<string>, request: ServiceRequest): Reason {
    const message = `${ip} is reserved for ${[...owners].sort().slice(0, 3).join(', ')}, which was deleted`;
    const fix = 'wait until that ends, ask for it from a Service of that namespace, or take a free address';
    return { code: 'AddressReserved', message, asked: `${ip}`, free: this.suggestions(request, ip.family), fix };
  }

  quarantined(ip: IpAddress, detail: string, request: ServiceRequest): Reason {
    const message = `${ip} is used by something that is no Service: ${detail}`;
    return { code: 'AddressQuarantined', message, asked: `${ip}`, free: this.suggestions(request, ip.family), fix: 'take that off the network, or take a free address' };
  }

  /** No pool gives an address unasked. */
  noneAvailable({ namespace, labels, families }: ServiceRequest, admitting: readonly PoolSpace[]): Reason {
    const asked = askedFor(families);
    const message = 'no available IPs';
    if (admitting.length > 0) {
      const names = quoteSome(admitting.map(({ pool }) => pool.name));
      const both = families.length > 1 ? ', both families in one pool' : '';
      const fix = `add ${families.join(' and ')} addresses to an IPAddressPool${both}, or free one: nothing left in ${names}`;
      return { code: 'NoAvailableIPs', message, asked, free: [], fix: fix + this.heldBack(admitting, families) };
    }
    const manual = this.pools.spaces.filter(({ pool }) => !pool.autoAssign).map(({ pool }) => pool.name);
    const closed = this.pools.spaces.filter(({ pool }) => pool.autoAssign).map(({ pool }) => pool.name);
    const hints = [
      ...manual.length > 0 ? [`ask for ${quoteSome(manual)} with annotation ${ANNOTATIONS.addressPool} (autoAssign is false)`] : [],
      ...closed.length > 0 ? [`admit namespace ${JSON.stringify(namespace)} with labels ${JSON.stringify(labels)} to ${quoteSome(closed)}`] : [],
    ];
    return { code: 'NoPoolForService', message, asked, free: [], fix: hints.join(', or ') || 'create an IPAddressPool' };
  }

  tooMany(ips: readonly IpAddress[]): Reason {
    const message = `${quoteList(ips)} are not one address, nor one of each family`;
    return { code: 'FamilyMismatch', message, asked: quoteList(ips), fix: 'ask for one address, or for one IPv4 and one IPv6 address' };
  }

  /** What these pools would have left, were it not held back. */
  private heldBack(spaces: readonly PoolSpace[], families: readonly IpFamily[]): string {
    const texts: string[] = [];
    for (const space of spaces) {
      for (const family of families) {
        for (const ip of space.heldBack(family)) {
          if (texts.length === SUGGESTIONS) break;
          const [owner] = this.holds.reservedFor(ip);
          texts.push(`${ip} ${owner === undefined ? 'in quarantine' : `reserved for ${owner}, which was deleted`}`);
        }
      }
    }
    return texts.length > 0 ? `; held back: ${texts.join(', ')}` : '';
  }

  /** Addresses that the Service could ask for instead: the next one of each pool that would give it. */
  private suggestions(request: ServiceRequest, family: IpFamily): string[] {
    const alone = { ...request, sharingKey: undefined, sharing: 'by-key' } as const;
    const found: string[] = [];
    for (const space of this.pools.spaces) {
      if (found.length === SUGGESTIONS) break;
      if (space.pool.policy.draining || !admits(space.pool, request.namespace, request.labels)) continue;
      const ip = space.find(family, this.ledger, alone);
      if (ip) found.push(`${ip}`);
    }
    return found;
  }

  private poolNames(): string {
    const names = this.pools.spaces.filter(({ pool }) => !pool.policy.draining).map(({ pool }) => pool.name);
    return names.length === 0 ? 'an IPAddressPool that exists (there is none)' : `IPAddressPool ${quoteSome(names)}`;
  }
}

function poolText({ name }: Pool): string {
  return `pool ${JSON.stringify(name)}`;
}

function askedFor(families: readonly IpFamily[]): string {
  return families.length > 1 ? 'an IPv4 and an IPv6 address of one pool' : `an ${families[0]} address`;
}
