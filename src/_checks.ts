import { isToken } from './_names';
import { ServiceRequest } from './_service';
import { AddressPool } from './address-pool';
import { IpRange } from './ip-range';

/** The pools that Services of a load balancer may draw from. */
export interface Supply {
  /** Defined in the app: their addresses are known. */
  readonly pools: AddressPool[];
  /** Names of pools made elsewhere. */
  readonly imported: string[];
}

/** Why the wishes of a Service can never be met together, or undefined. A Service has one address, or one of each family. */
export function wishesProblem(addresses: string[]): string | undefined {
  const known = addresses.filter((address) => !isToken(address));
  const malformed = known.find((address) => !isAddress(address));
  if (malformed !== undefined) return `'${malformed}' is not an IP address: expected one such as 192.168.1.200 or fd00::c8`;
  const families = known.map((address) => IpRange.address(address).family);
  if (new Set(families).size < families.length || addresses.length > 2) {
    return `asks for ${addresses.join(' and ')}: a Service has one address, or one IPv4 and one IPv6 address`;
  }
  return undefined;
}

/** Everything that the load balancer could not do for these Services, were they applied. */
export function serviceProblems(requests: ServiceRequest[], supply: Supply): string[] {
  return [...requests.flatMap((request) => wishProblems(request, supply)), ...clashes(requests, supply)];
}

function wishProblems({ title, ports, headless, pool, addresses }: ServiceRequest, supply: Supply): string[] {
  const problems: string[] = [];
  if (ports.length === 0) problems.push(`${title} has no ports: a load balancer serves ports, so add those of the application`);
  if (headless) {
    problems.push(`${title} has clusterIP None: only a Service with a cluster address can have one from the load balancer, so leave clusterIP out`);
  }

  const wishes = wishesProblem(addresses);
  if (wishes) return [...problems, `${title} ${wishes}`];

  const named = supply.pools.find(({ poolName }) => poolName === pool);
  if (pool !== undefined && !isToken(pool) && !named && !supply.imported.includes(pool)) {
    const names = [...supply.pools.map(({ poolName }) => poolName), ...supply.imported];
    return [...problems, `${title} asks for unknown pool '${pool}': expected ${list(names)}; ` +
      'if it is made elsewhere, say so with AddressPool.fromPoolName()'];
  }
  if (pool === undefined && addresses.length === 0 && supply.imported.length === 0 && !supply.pools.some(({ _autoAssign }) => _autoAssign)) {
    return [...problems, `${title} asks for no pool and no address, but ${list(supply.pools.map(({ poolName }) => poolName))} ` +
      'gives addresses only to those who ask: pass pool or addresses, or set autoAssign of a pool'];
  }
  const candidates = named ? [named] : supply.pools;
  const open = pool === undefined ? supply.imported.length > 0 : !named;
  if (open || candidates.some((candidate) => !hasKnownRanges(candidate))) return problems;

  const known = addresses.filter((address) => !isToken(address));
  const contents = list(candidates.map(({ poolName, _ranges }) => `${poolName} (${_ranges.join(', ')})`));
  for (const address of known.filter((wish) => !candidates.some((candidate) => holds(candidate, wish)))) {
    problems.push(`${title} asks for ${address}, which is in no pool that it may use: expected an address of ${contents}`);
  }
  if (problems.length === 0 && !candidates.some((candidate) => known.every((wish) => holds(candidate, wish)))) {
    problems.push(`${title} asks for ${known.join(' and ')}, which are in different pools: ` +
      `both addresses of a Service must come from one of ${contents}`);
  }
  return problems;
}

/** Pairs of Services that cannot have the address that both of them get. */
function clashes(requests: ServiceRequest[], supply: Supply): string[] {
  const holders = requests.map((request) => ({ request, addresses: certainAddresses(request, supply) }));
  return holders.flatMap(({ request: later, addresses }, i) => holders.slice(0, i).flatMap(({ request: earlier, addresses: taken }) =>
    addresses.filter((address) => taken.includes(address)).flatMap((address) => clash(earlier, later, address))));
}

function clash(a: ServiceRequest, b: ServiceRequest, address: string): string[] {
  const both = `${a.title} and ${b.title}`;
  const port = a.ports.find((mine) => b.ports.some((theirs) => mine.port === theirs.port && mine.protocol === theirs.protocol));
  if (port) return [`${both} both want port ${port.protocol}/${port.port} of ${address}: give one of them another port or another address`];
  if (!a.sharingKey || a.sharingKey !== b.sharingKey) {
    return [`${both} both want ${address}, but do not share it: give both the same \`sharing\`, or one of them another address`];
  }
  if (a.backends !== b.backends) {
    return [`${both} both want ${address}, but their traffic goes to different nodes: only Services without preserveClientIp, ` +
      'or with it and the same selector, share an address, so make them alike or give one of them another address'];
  }
  return [];
}

/** The addresses that a Service will have if it has any: those it asks for, or the only one there is. */
function certainAddresses({ pool, addresses }: ServiceRequest, { pools, imported }: Supply): string[] {
  if (addresses.length > 0) return addresses.filter(isAddress).map((address) => IpRange.address(address).first);
  const candidates = pool === undefined ? pools.filter(({ _autoAssign }) => _autoAssign) : pools.filter(({ poolName }) => poolName === pool);
  if (pool === undefined && imported.length > 0) return [];
  const ranges = candidates.flatMap(({ _ranges }) => _ranges);
  return ranges.length === 1 && ranges[0]._known && ranges[0].first === ranges[0].last ? [ranges[0].first] : [];
}

function holds(pool: AddressPool, address: string): boolean {
  return pool._ranges.some((range) => range.contains(address));
}

function hasKnownRanges(pool: AddressPool): boolean {
  return pool._ranges.every(({ _known }) => _known);
}

function isAddress(text: string): boolean {
  try {
    return IpRange.address(text) !== undefined;
  } catch {
    return false;
  }
}

function list(names: string[]): string {
  return names.length === 0 ? 'none, for there is no pool' : names.join(', ');
}
