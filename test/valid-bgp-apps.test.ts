import { App, Chart, Duration, Testing } from 'cdk8s';
import { Secret } from 'cdk8s-plus-28';
import * as fc from 'fast-check';
import { parseConfig } from '../speaker/src/config';
import { Advertisement, BgpPeerOptions, Community, DynamicAsn, IpRange, Selector } from '../src';
import { balancer } from './util';

/** Apps with BGP that are right, made at random; those of `valid-apps.test.ts` have none. */
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const seconds = (min: number, max: number) => fc.integer({ min, max }).map((amount) => Duration.seconds(amount));
const asn = fc.integer({ min: 1, max: 4_294_967_295 });
const racks = maybe(fc.uniqueArray(fc.constantFrom('1', '2', '3'), { maxLength: 2 }).map((names) => names.map((rack) => Selector.labels({ rack }))));

/** The place-th peer: a router of its own. */
const peer = (place: number): fc.Arbitrary<BgpPeerOptions & { profile: boolean; secret: boolean }> => fc.record({
  localAsn: fc.constant(64512),
  remote: fc.oneof(
    asn.filter((number) => number !== 64512).map((number) => ({ asn: number })),
    fc.constantFrom(DynamicAsn.EXTERNAL, DynamicAsn.INTERNAL).map((dynamicAsn) => ({ dynamicAsn })),
  ),
  router: fc.constantFrom({ address: `192.0.2.${place}` }, { address: `FD00::${place}` }, { interfaceName: `eth${place}` }),
  times: fc.constantFrom(
    {}, { holdTime: Duration.seconds(0) }, { holdTime: Duration.seconds(9), keepaliveTime: Duration.millis(2500) },
    { keepaliveTime: Duration.seconds(1) },
  ),
  presentedAsn: maybe(asn),
  sourceAddress: maybe(fc.constantFrom('192.0.2.200', 'fd00::200')),
  port: maybe(fc.integer({ min: 1, max: 16_384 })),
  connectTime: maybe(seconds(1, 65_535)),
  routerId: maybe(fc.constant('10.0.0.1')),
  nodeSelectors: racks,
  gracefulRestart: maybe(fc.boolean()),
  multihop: maybe(fc.boolean()),
  vrf: maybe(fc.constant('red')),
  dualStackAddressFamily: maybe(fc.boolean()),
  profile: fc.boolean(),
  secret: fc.boolean(),
}).map(({ remote, router, times, ...rest }) => ({ ...rest, ...remote, ...router, ...times }));

const number = (max: number) => fc.nat(max);
const community = fc.oneof(
  fc.tuple(number(65_535), number(65_535)).map(([a, b]) => Community.of(a, b)),
  fc.tuple(number(2 ** 31 - 1), number(2 ** 31 - 1), number(2 ** 31 - 1)).map(([a, b, c]) => Community.large(a, b, c)),
  fc.constantFrom(Community.NO_EXPORT, Community.BLACKHOLE),
);

const app = fc.record({
  peers: fc.integer({ min: 1, max: 4 }).chain((count) => fc.tuple(...Array.from({ length: count }, (_, place) => peer(place + 1)))),
  profile: fc.record({
    receiveInterval: maybe(fc.integer({ min: 10, max: 60_000 }).map(Duration.millis)),
    detectMultiplier: maybe(fc.integer({ min: 2, max: 255 })),
    passiveMode: maybe(fc.boolean()),
    minimumTtl: maybe(fc.integer({ min: 1, max: 254 })),
  }),
  aliases: fc.dictionary(fc.stringMatching(/^[a-z][-a-z]{0,8}$/), community, { minKeys: 1, maxKeys: 3 }),
  localPref: maybe(fc.nat(2_147_483_647)),
  pools: fc.array(fc.record({
    v4: fc.integer({ min: 20, max: 32 }),
    longer: fc.nat(12),
    chosen: fc.boolean(),
    communities: maybe(fc.uniqueArray(community, { selector: String, maxLength: 3 })),
    asPathPrepend: maybe(fc.integer({ min: 1, max: 10 })),
    nodeSelectors: racks,
    targets: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
  }), { minLength: 1, maxLength: 3 }),
});

test('what is right about BGP is never refused, neither at synthesis nor by the program', () => {
  fc.assert(fc.property(app, ({ peers, profile, aliases, localPref, pools }) => {
    const chart = new Chart(new App(), 'app');
    const lb = balancer(chart);
    const bfdProfile = lb.addBfdProfile('profile', profile);
    const names = lb.addCommunityAliases('names', { aliases: { ...aliases } });
    const secret = Secret.fromSecretName(chart, 'secret', 'key');
    const made = peers.map(({ profile: withProfile, secret: withSecret, ...options }, i) => lb.addBgpPeer(`peer${i}`, {
      ...options, bfdProfile: withProfile ? bfdProfile : undefined, passwordSecret: withSecret ? secret : undefined,
    }));
    pools.forEach(({ v4, longer, chosen, communities, asPathPrepend, nodeSelectors, targets }, i) => {
      const aggregation = chosen ? { serviceSelectors: [Selector.exists('public')] }
        : { aggregationLength: Math.min(32, v4 + longer), aggregationLengthV6: 64 + longer };
      const alias = names.community(Object.keys(aliases)[0]);
      lb.addPool(`pool${i}`, {
        ranges: [IpRange.cidr(`10.${i}.0.0/${v4}`), IpRange.cidr(`fd00:${i}::/64`)],
        advertise: [Advertisement.bgp({
          ...aggregation,
          localPref,
          asPathPrepend,
          nodeSelectors,
          communities: communities && [...communities, alias],
          peers: made.filter((_, place) => targets[place]),
        })],
      });
    });
    const objects = JSON.parse(JSON.stringify(Testing.synth(chart)));
    const ofKind = (kind: string) => objects.filter((object: any) => object.kind === kind);
    const { problems, config } = parseConfig({
      ipAddressPools: ofKind('IPAddressPool'),
      l2Advertisements: [],
      bgpPeers: ofKind('BGPPeer'),
      bfdProfiles: ofKind('BFDProfile'),
      bgpAdvertisements: ofKind('BGPAdvertisement'),
      communities: ofKind('Community'),
      namespaces: [],
    });
    expect(problems).toEqual([]);
    expect([config.bgpPeers.length, config.bgpAdvertisements.length]).toEqual([peers.length, pools.length]);
  }), { numRuns: 100 });
});
