import { addressBits, IpAddress, IpFamily, IpPrefix, IpRange } from '../ip';
import { Advertisement, readSelection, Selection } from './advertisement';
import { COMMUNITY_FIX, CommunityValue } from './community-value';
import { Field } from './field';
import { Identity, Metadata } from './metadata';
import { Pool } from './pool';

/** Which routes a BGPAdvertisement makes, and to whom they go. */
export interface RouteSpec {
  /** Prefix length of IPv4 routes, 1 to 32. */
  readonly aggregationLength: number;
  /** Prefix length of IPv6 routes, 1 to 128. */
  readonly aggregationLengthV6: number;
  /** LOCAL_PREF (RFC 4271, 5.1.5), for peers of the same AS; 0 to 4294967295, by default 0. */
  readonly localPref: number;
  /** How many more times the own AS number is put before AS_PATH, 0 to 10, by default 0. */
  readonly asPathPrepend: number;
  /** In the order in which they are sent, each once; names are looked up. */
  readonly communities: readonly CommunityValue[];
  /** Names of BGPPeers, whether or not they exist; empty for every peer. */
  readonly peers: ReadonlySet<string>;
}

/** A valid BGPAdvertisement: which addresses are announced by BGP, from which nodes, to which peers, as which routes. Immutable. */
export class BGPAdvertisement extends Advertisement implements RouteSpec {
  readonly aggregationLength: number;
  readonly aggregationLengthV6: number;
  readonly localPref: number;
  readonly asPathPrepend: number;
  readonly communities: readonly CommunityValue[];
  readonly peers: ReadonlySet<string>;

  constructor(
    identity: Identity,
    selection: Selection,
    routes: RouteSpec,
    /** Names of pools of which another advertisement announces the same routes with other attributes; `matchesPool` is false for them. */
    readonly excludedPools: ReadonlySet<string> = new Set(),
  ) {
    super(identity, selection);
    this.aggregationLength = routes.aggregationLength;
    this.aggregationLengthV6 = routes.aggregationLengthV6;
    this.localPref = routes.localPref;
    this.asPathPrepend = routes.asPathPrepend;
    this.communities = routes.communities;
    this.peers = routes.peers;
  }

  /** This advertisement for all its pools but these, given by name. */
  without(pools: readonly string[]): BGPAdvertisement {
    return new BGPAdvertisement(this, this, this, new Set(pools));
  }

  override matchesPool(pool: Pick<Pool, 'name' | 'labels'>): boolean {
    return !this.excludedPools.has(pool.name) && super.matchesPool(pool);
  }

  /** True when its routes go to the BGPPeer with this name. */
  matchesPeer(name: string): boolean {
    return this.peers.size === 0 || this.peers.has(name);
  }

  aggregationLengthOf(family: IpFamily): number {
    return family === 'IPv4' ? this.aggregationLength : this.aggregationLengthV6;
  }

  /**
   * The route to an address of the pool: the prefix around it with the aggregation length.
   *
   * While that is too short for the pool, which is a problem reported, the route is not larger than the entry of the pool that has the address: a larger
   * one would draw in traffic for addresses that are somebody else's, and none would cut off those that are ours.
   */
  prefixOf(address: IpAddress, pool: Pick<Pool, 'ranges'>): IpPrefix {
    const entry = pool.ranges.find((range) => range.contains(address));
    const shortest = entry ? shortestMask(entry) : addressBits(address.family);
    return IpPrefix.of(address, Math.max(this.aggregationLengthOf(address.family), shortest));
  }
}

/** The prefix length of the largest prefix that an entry of a pool is made of. */
export function shortestMask(entry: IpRange): number {
  return Math.min(...entry.cidrs().map(({ length }) => length));
}

/**
 * Reads one BGPAdvertisement; undefined when something is wrong with it, which goes to the report of `root`.
 * @param aliases what Communities define; undefined when those are not looked at, and then names are left out
 */
export function readBGPAdvertisement(
  root: Field, metadata: Metadata, aliases: ReadonlyMap<string, CommunityValue> | undefined,
): BGPAdvertisement | undefined {
  const spec = root.child('spec').object();
  const selection = readSelection(spec);
  const routes = {
    aggregationLength: readLength(spec.child('aggregationLength'), 'IPv4'),
    aggregationLengthV6: readLength(spec.child('aggregationLengthV6'), 'IPv6'),
    localPref: spec.child('localPref').integer(0, 0xffffffff) ?? 0,
    asPathPrepend: spec.child('asPathPrepend').integer(1, 10) ?? 0,
    communities: readCommunities(spec.child('communities'), aliases),
    peers: new Set(spec.child('peers').strings('duplicate definition of peers')),
  };
  if (selection.serviceSelectors.length > 0) {
    if (routes.aggregationLength !== 32) excludeServiceSelectors(spec.child('aggregationLength'), 32);
    if (routes.aggregationLengthV6 !== 128) excludeServiceSelectors(spec.child('aggregationLengthV6'), 128);
  }
  return root.report.ok ? new BGPAdvertisement(metadata, selection, routes) : undefined;
}

function readLength(field: Field, family: IpFamily): number {
  const bits = addressBits(family);
  const { value } = field;
  if (typeof value !== 'number' || !Number.isInteger(value)) return field.integer(1, bits) ?? bits;
  if (value < 1 || value > bits) field.problem('InvalidAggregation', `invalid aggregation length ${value} for ${family}`, `write a number from 1 to ${bits}`);
  return value;
}

/** An aggregate is one route for several Services, so it cannot be there for some of them only. */
function excludeServiceSelectors(field: Field, bits: number): void {
  const name = field.path.slice('spec.'.length);
  field.problem('ExclusiveFields', `serviceSelectors and ${name} are mutually exclusive`, `remove serviceSelectors, or make ${name} ${bits}`);
}

function readCommunities(field: Field, aliases: ReadonlyMap<string, CommunityValue> | undefined): CommunityValue[] {
  const communities = new Map<string, CommunityValue>();
  for (const { item, value: text } of field.stringItems('duplicate definition of community')) {
    const value = aliases?.get(text) ?? CommunityValue.parse(text);
    if (value instanceof CommunityValue) {
      communities.set(`${value}`, value);
    } else if (!value.unknown) {
      item.problem('InvalidCommunity', value.message, COMMUNITY_FIX);
    } else if (aliases || text.includes(':')) {
      item.problem('MissingReference', `${value.message} is neither a community nor a name that a Community defines`, `define it in a Community, or ${COMMUNITY_FIX}`);
    }
  }
  return [...communities.values()].sort((a, b) => a.compare(b));
}
