import { Address, formatAddress, parseAddress } from './_address';
import { AdvertisementView, covers } from './_advertisements';
import { excludes, PoolView } from './_pools';
import { intervalContains } from './_ranges';
import { anyMatches } from './_selectors';
import { ServiceRequest } from './_service';
import { isToken } from './_tokens';
import { IpRange } from './ip-range';

/** The pools that Services of a load balancer may draw from, and how they are announced. */
export interface Supply {
  /** Defined in the app: what is in them is known. */
  readonly pools: readonly PoolView[];
  /** Names of pools made elsewhere. */
  readonly imported: ReadonlySet<string>;
  readonly advertisements: readonly AdvertisementView[];
}

/** Where a Service can get its address, as far as the app tells. */
export interface Outlook {
  /** Pools that may serve it. */
  readonly candidates: readonly PoolView[];
  /** Whether a pool that is not known here may serve it, too. */
  readonly open: boolean;
  /** Why nobody can; then there are no candidates. */
  readonly problems: readonly string[];
}

/** Why the wishes of a Service can never be met together, or undefined. A Service has one address, or one of each family. */
export function wishesProblem(addresses: string[]): string | undefined {
  const known = addresses.filter((address) => !isToken(address));
  const malformed = known.find((address) => typeof address !== 'string' || !parseAddress(address));
  if (malformed !== undefined) return `'${malformed}' is not an IP address: expected one such as 192.168.1.200 or fd00::c8`;
  const families = known.map((address) => IpRange.address(address).family);
  if (new Set(families).size < families.length || addresses.length > 2) {
    return `asks for ${addresses.join(' and ')}: a Service has one address, or one IPv4 and one IPv6 address`;
  }
  return undefined;
}

/** Everything that the load balancer could not do for these Services, were they applied. Linear in their number. */
export function serviceProblems(requests: readonly ServiceRequest[], supply: Supply): string[] {
  const outlooks = requests.map((request) => ({ request, outlook: outlookOf(request, supply) }));
  const announcing = new Map(supply.pools.map((pool) => [pool, supply.advertisements.filter((advertisement) => covers(advertisement, pool))]));
  return [
    ...outlooks.flatMap(({ request, outlook }) => [
      ...formProblems(request),
      ...outlook.problems,
      ...silences(request, outlook, announcing),
    ]),
    ...clashes(outlooks),
  ];
}

/** The one address that a Service will have if it has any (of each family): what it asks for, or the only one there is. */
export function certainAddresses({ addresses }: ServiceRequest, { candidates, open }: Outlook): string[] {
  if (addresses.length > 0) {
    return addresses.flatMap((text) => isToken(text) ? [] : parseAddress(text) ?? []).map(formatAddress);
  }
  if (open || candidates.length !== 1 || !candidates[0].known) return [];
  const [first, ...others] = candidates[0].intervals;
  return first && others.length === 0 && first.low === first.high ? [formatAddress({ bits: first.bits, value: first.low })] : [];
}

/** Which pools may serve a Service, and if none, why. */
export function outlookOf(request: ServiceRequest, { pools, imported }: Supply): Outlook {
  const { title, pool: wanted, addresses } = request;
  const none = (problem: string): Outlook => ({ candidates: [], open: false, problems: [`${title} ${problem}`] });
  const malformed = wishesProblem(addresses);
  if (malformed) return none(malformed);
  if (isToken(wanted)) return { candidates: pools, open: true, problems: [] };

  const named = pools.filter(({ name }) => name === wanted);
  if (wanted !== undefined && named.length === 0 && !imported.has(wanted) && !pools.some(({ name }) => isToken(name))) {
    return none(`asks for unknown pool '${wanted}': expected ${list([...pools.map(({ name }) => name), ...imported])}; ` +
      'if it is made elsewhere, say so with AddressPool.fromPoolName()');
  }
  const open = wanted === undefined ? imported.size > 0 : named.length === 0;
  const within = wanted === undefined ? pools.filter(({ autoAssign }) => autoAssign || addresses.length > 0) : named;
  if (wanted === undefined && within.length === 0 && !open && pools.length > 0) {
    return none(`asks for no pool and no address, but ${list(pools.map(({ name }) => name))} ` +
      'gives addresses only to those who ask: pass pool or addresses, or set autoAssign of a pool');
  }
  return narrow(request, within, open, none);
}

/** Leaves out the pools that do not have what a Service wants, and those that do not serve it. */
function narrow(
  request: ServiceRequest, within: readonly PoolView[], mayBeElsewhere: boolean, none: (problem: string) => Outlook,
): Outlook {
  const wishes = request.addresses.filter((address) => !isToken(address)).map((text) => ({ text, address: parseAddress(text)! }));
  const has = (pool: PoolView, { address }: { address: Address }) =>
    !pool.known || pool.intervals.some((interval) => intervalContains(interval, address));
  const contents = list(within.map(({ name, intervals }) => `${name} (${intervals.map(({ text }) => text).join(', ')})`));
  const holders = within.filter((pool) => wishes.every((wish) => has(pool, wish)));
  // No address is in two pools, so one that is in a pool of this app is in no other, whatever else there is.
  const open = mayBeElsewhere && !(wishes.length > 0 && holders.some(({ known }) => known));
  if (holders.length === 0 && !open && within.length > 0) {
    const strangers = wishes.filter((wish) => !within.some((pool) => has(pool, wish)));
    if (strangers.length > 0) {
      return {
        candidates: [],
        open: false,
        problems: strangers.map(({ text }) => `${request.title} asks for ${text}, which is in no pool that it may use: expected an address of ${contents}`),
      };
    }
    return none(`asks for ${wishes.map(({ text }) => text).join(' and ')}, which are in different pools: ` +
      `both addresses of a Service must come from one of ${contents}`);
  }
  const withheld = holders.map((pool) => ({ pool, wish: wishes.find(({ address }) => withholding(pool, address)) }));
  if (withheld.length > 0 && withheld.every(({ wish }) => wish) && !open) {
    const [{ pool, wish }] = withheld;
    return none(`asks for ${wish!.text}, which pool ${pool.name} keeps back: ${withholding(pool, wish!.address)}`);
  }
  const refusals = holders.map((pool) => ({ pool, why: excludes(pool, request) }));
  const candidates = refusals.filter(({ why }) => why === undefined).map(({ pool }) => pool);
  if (candidates.length === 0 && holders.length > 0 && !open) {
    return none(`is served by no pool: ${refusals.map(({ pool, why }) => `${pool.name} ${why}`).join('; ')}: change the pool, or the Service`);
  }
  return { candidates, open, problems: [] };
}

/** Why a pool does not give one of its addresses, as advice; undefined if it does. */
function withholding({ avoidBuggyIps, excluded }: PoolView, address: Address): string | undefined {
  if (avoidBuggyIps && address.bits === 32 && [0n, 255n].includes(address.value % 256n)) {
    return 'ask for an address that does not end in .0 or .255, or unset avoidBuggyIps';
  }
  const exclusion = excluded.find((interval) => intervalContains(interval, address));
  return exclusion && `ask for another one, or take ${exclusion.text} out of excludedAddresses`;
}

function formProblems({ title, ports, headless, addresses, otherAddress }: ServiceRequest): string[] {
  const problems: string[] = [];
  if (ports.length === 0) problems.push(`${title} has no ports: a load balancer serves ports, so add those of the application`);
  if (headless) {
    problems.push(`${title} has clusterIP None: only a Service with a cluster address can have one from the load balancer, so leave clusterIP out`);
  }
  if (otherAddress !== undefined) {
    problems.push(`${title} asks for ${addresses.join(' and ')} by annotation and for ${otherAddress} by spec.loadBalancerIP: remove loadBalancerIP, which Kubernetes has deprecated`);
  }
  return problems;
}

/** A Service that would have an address which nobody announces, because of the `serviceSelectors` of the advertisements. */
function silences(
  request: ServiceRequest, { candidates, open }: Outlook, announcing: ReadonlyMap<PoolView, readonly AdvertisementView[]>,
): string[] {
  if (open || candidates.length === 0) return [];
  const found = candidates.map((pool) => {
    const about = announcing.get(pool)!;
    const matching = about.filter(({ serviceSelectors }) => anyMatches(serviceSelectors, request.labels));
    if (about.length > 0 && matching.length === 0) {
      return `${request.title} would not be announced: the advertisements of pool ${pool.name} (${list(about.map(({ resource }) => resource.title))}) ` +
        'are for Services with other labels: give the Service these labels, or pool another advertisement';
    }
    const selective = matching.find(({ resource, serviceSelectors }) => resource.kind === 'L2Advertisement' && serviceSelectors.length > 0);
    return (request.sharingKey || request.sharesAutomatically || candidates.some(({ sharing }) => sharing)) && selective
      ? `${request.title} would not be announced: it may share its address, and ${selective.resource.title} chooses by Service, ` +
        'which would concern all Services on the address: pass sharing: AddressSharing.NEVER, or remove its serviceSelectors'
      : undefined;
  });
  return found.every((problem) => problem !== undefined) ? [found[0]!] : [];
}

interface Holder {
  readonly request: ServiceRequest;
  readonly outlook: Outlook;
}

/** Pairs of Services that cannot have the address that both of them get: each Service with the first one that is in its way. */
function clashes(holders: readonly Holder[]): string[] {
  const byAddress = new Map<string, { first: ServiceRequest; ports: Map<string, ServiceRequest> }>();
  return holders.flatMap(({ request, outlook }) => certainAddresses(request, outlook).flatMap((address) => {
    const taken = byAddress.get(address) ?? { first: request, ports: new Map<string, ServiceRequest>() };
    byAddress.set(address, taken);
    const ports = request.ports.map(({ protocol, port }) => `${protocol}/${port}`);
    const port = ports.find((candidate) => taken.ports.has(candidate));
    const problem = port === undefined ? alienation(taken.first, request, outlook, address)
      : `${taken.ports.get(port)!.title} and ${request.title} both want port ${port} of ${address}: give one of them another port or another address`;
    ports.filter((candidate) => !taken.ports.has(candidate)).forEach((candidate) => taken.ports.set(candidate, request));
    return problem === undefined ? [] : [problem];
  }));
}

/** Why two Services do not share an address, different ports or not. */
function alienation(earlier: ServiceRequest, later: ServiceRequest, { candidates, open }: Outlook, address: string): string | undefined {
  if (earlier === later) return undefined;
  const both = `${earlier.title} and ${later.title} both want ${address}`;
  const byKey = earlier.sharingKey !== undefined && earlier.sharingKey === later.sharingKey;
  // What a pool that is made elsewhere says of it is not known.
  const automatic = (earlier.sharesAutomatically && later.sharesAutomatically) || open || candidates.some(({ sharing }) => sharing);
  if (!byKey && !automatic) {
    return `${both}, but do not share it: give both the same \`sharing\`, or one of them another address`;
  }
  if (earlier.backends !== later.backends) {
    return `${both}, but their traffic goes to different nodes: only Services without preserveClientIp, ` +
      'or with it and the same selector, share an address, so make them alike or give one of them another address';
  }
  return undefined;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none, for there is no pool' : names.join(', ');
}
