import { Pool } from '../config';
import { IpAddress, IpFamily } from '../ip';
import { Conflict, Ledger } from './ledger';
import { admits, PoolMap } from './pool-map';
import { quoteList, quoteSome, Reason } from './reason';
import { ANNOTATIONS } from './service-input';
import { ServiceRequest } from './service-request';

const SUGGESTIONS = 3;

/** Words for why the allocator cannot do what it is asked. They need the pools and the ledger only to tell what could be had instead. */
export class Refusals {
  constructor(private readonly pools: PoolMap, private readonly ledger: Ledger) {}

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
    return { code: 'PoolNotCompatible', message, asked: ips.length > 0 ? quoteList(ips) : `pool ${JSON.stringify(pool.name)}`, fix };
  }

  poolMismatch(ips: readonly IpAddress[], actual: Pool, requested: string): Reason {
    const message = `requested loadBalancer IP(s) ${quoteList(ips)} is not compatible with requested address pool ${requested}`;
    return { code: 'PoolMismatch', message, asked: quoteList(ips), fix: `ask for pool ${JSON.stringify(actual.name)}, or for no pool` };
  }

  conflict(conflict: Conflict, ip: IpAddress, request: ServiceRequest): Reason {
    const free = this.suggestions(request, [ip.family]);
    const instead = free.length > 0 ? `, or take another address, such as ${free[0]}` : '';
    const asked = `${ip}`;
    if ('port' in conflict) {
      const message = `port ${conflict.port} is already in use on ${JSON.stringify(`${ip}`)}`;
      return { code: 'PortConflict', message, asked, free, fix: `Service ${conflict.other} has that port: change one of the two${instead}` };
    }
    const others = conflict.others.join(',');
    const message = `can't change sharing key for ${JSON.stringify(request.key)}, address also in use by ${others}`;
    const fix = `to share ${ip}, give these Services the same ${ANNOTATIONS.allowSharedIp}, different ports, and the same selector if externalTrafficPolicy is Local`;
    return { code: 'SharingKeyConflict', message, asked, free, fix: fix + instead };
  }

  unknownPool(name: string): Reason {
    return { code: 'UnknownPool', message: `unknown pool ${JSON.stringify(name)}`, asked: `pool ${JSON.stringify(name)}`, fix: `ask for ${this.poolNames()}` };
  }

  unusablePool(name: string): Reason {
    const fix = `correct IPAddressPool ${JSON.stringify(name)}, see ConfigurationState for what is wrong with it`;
    return { code: 'PoolUnusable', message: `unknown pool ${JSON.stringify(name)}: its definition is not valid`, asked: `pool ${JSON.stringify(name)}`, fix };
  }

  /** One pool was asked for, and it has nothing left. */
  poolExhausted(pool: Pool, families: readonly IpFamily[]): Reason {
    const message = `no available IPs in pool ${JSON.stringify(pool.name)}`;
    return { code: 'NoAvailableIPs', message, asked: askedFor(families), fix: `add ${families.join(' and ')} addresses to it, or free one` };
  }

  /** No pool gives an address unasked. */
  noneAvailable({ namespace, labels, families }: ServiceRequest, admitting: readonly Pool[]): Reason {
    const asked = askedFor(families);
    const message = 'no available IPs';
    if (admitting.length > 0) {
      const names = quoteSome(admitting.map(({ name }) => name));
      const both = families.length > 1 ? ', both families in one pool' : '';
      const fix = `add ${families.join(' and ')} addresses to an IPAddressPool${both}, or free one: nothing left in ${names}`;
      return { code: 'NoAvailableIPs', message, asked, fix };
    }
    const manual = this.pools.spaces.filter(({ pool }) => !pool.autoAssign).map(({ pool }) => pool.name);
    const closed = this.pools.spaces.filter(({ pool }) => pool.autoAssign).map(({ pool }) => pool.name);
    const hints = [
      ...manual.length > 0 ? [`ask for ${quoteSome(manual)} with annotation ${ANNOTATIONS.addressPool} (autoAssign is false)`] : [],
      ...closed.length > 0 ? [`admit namespace ${JSON.stringify(namespace)} with labels ${JSON.stringify(labels)} to ${quoteSome(closed)}`] : [],
    ];
    return { code: 'NoPoolForService', message, asked, fix: hints.join(', or ') || 'create an IPAddressPool' };
  }

  tooMany(ips: readonly IpAddress[]): Reason {
    const message = `${quoteList(ips)} are not one address, nor one of each family`;
    return { code: 'FamilyMismatch', message, asked: quoteList(ips), fix: 'ask for one address, or for one IPv4 and one IPv6 address' };
  }

  /** Addresses that the Service could ask for instead. */
  private suggestions(request: ServiceRequest, families: readonly IpFamily[]): string[] {
    const alone = { ...request, sharingKey: undefined };
    const admitting = this.pools.spaces.filter(({ pool }) => admits(pool, request.namespace, request.labels));
    return admitting.flatMap((space) => families.map((family) => space.find(family, this.ledger, alone)))
      .filter((ip) => ip !== undefined).slice(0, SUGGESTIONS).map(String);
  }

  private poolNames(): string {
    const names = this.pools.spaces.map(({ pool }) => pool.name);
    return names.length === 0 ? 'an IPAddressPool that exists (there is none)' : `IPAddressPool ${quoteSome(names)}`;
  }
}

function askedFor(families: readonly IpFamily[]): string {
  return families.length > 1 ? 'an IPv4 and an IPv6 address of one pool' : `an ${families[0]} address`;
}
