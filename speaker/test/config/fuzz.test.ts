import * as fc from 'fast-check';
import { advertisement, bfdProfile, bgpAdvertisement, community, day, parse, peer, pool, secret } from './fixtures';
import { Config, ConfigInput, parseConfig, Problem, problemText } from '../../src/config';

const text = fc.oneof(fc.string(), fc.constantFrom('10.0.0.0/24', '10.0.0.1-10.0.0.9', '::/0', '93.5.22.100', 'a', 'In', 'Exists', '__proto__', 'constructor', '90s', '0s',
  '1:2', 'large:1:2:3', 'name', 'internal', 'true', 'nodes', ' , '));
const json: fc.Arbitrary<unknown> = fc.oneof(fc.jsonValue(), fc.jsonValue({ stringUnit: text }), fc.constantFrom(undefined, null, [], {}, '', 0, -1, true));

const matchLabels = { a: 'b' };
const serviceAllocation = {
  priority: 1,
  namespaces: ['a'],
  namespaceSelectors: [{ matchLabels }],
  serviceSelectors: [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }],
};
const poolSeed = pool('p', ['10.0.0.0/24', '10.0.1.1-10.0.1.9', '2001:db8::/64'], { autoAssign: true, avoidBuggyIPs: true, serviceAllocation },
  {
    labels: { x: 'y' },
    annotations: Object.fromEntries(Object.entries({
      'draining': 'true', 'sharing': 'automatic', 'sticky': '1h', 'namespace-limit': '5', 'excluded-addresses': 'nodes, 10.0.1.1-10.0.1.3', 'quarantine': '10m',
    }).map(([name, value]) => [`home-load-balancer.github.io/${name}`, value])),
    creationTimestamp: '2026-01-01T00:00:00Z',
    uid: 'u',
    generation: 1,
  });
const advertisementSeed = advertisement('l', {
  ipAddressPools: ['p'],
  ipAddressPoolSelectors: [{}],
  nodeSelectors: [{ matchLabels }],
  interfaces: ['eth0'],
  serviceSelectors: [{}],
  preferredNodeSelectors: [{ weight: 1, preference: {} }],
});
const selectors = { nodeSelectors: [{ matchLabels }], ipAddressPools: ['p'], ipAddressPoolSelectors: [{}], peers: ['b'] };
const peerSeed = peer('b', {
  localASN: 3,
  sourceAddress: '10.0.0.1',
  peerPort: 179,
  holdTime: '90s',
  keepaliveTime: '30s',
  connectTime: '5s',
  routerID: '1.2.3.4',
  bfdProfile: 'f',
  nodeSelectors: [{ matchLabels }],
  passwordSecret: { name: 's' },
  enableGracefulRestart: true,
  ebgpMultiHop: true,
  vrf: 'red',
  dualStackAddressFamily: true,
});
const profileSeed = bfdProfile('f', {
  receiveInterval: 10, transmitInterval: 10, detectMultiplier: 2, echoInterval: 10, echoMode: true, passiveMode: true, minimumTtl: 1,
});
const plainSeed = bgpAdvertisement('g', { ...selectors, aggregationLength: 24, aggregationLengthV6: 64, localPref: 1, asPathPrepend: 1, communities: ['1:2', 'name'] });
const serviceSeed = bgpAdvertisement('h', { serviceSelectors: [{}], communities: ['large:1:2:3'] });
const seeds = [
  poolSeed, advertisementSeed, peerSeed, profileSeed, plainSeed, serviceSeed, community('c', { name: '1:2', far: 'large:1:2:3' }), secret('s', 'key'),
];
const changes = fc.array(fc.tuple(fc.array(fc.nat(9), { minLength: 1, maxLength: 7 }), json), { minLength: 1, maxLength: 4 });

/** A valid object in which some places, however deep, hold something else. */
const mutated = (seedsOfKind: object[]) => fc.tuple(fc.constantFrom(...seedsOfKind), changes)
  .map(([seed, replacements]) => {
    const object = structuredClone(seed) as Record<string, unknown>;
    for (const [path, value] of replacements) {
      let place = object;
      for (const step of path) {
        const keys = Object.keys(place);
        const key = keys[step % Math.max(keys.length, 1)];
        const next = place[key];
        if (key === undefined || step === 9 || typeof next !== 'object' || next === null) {
          place[key ?? 'added'] = value;
          break;
        }
        place = next as Record<string, unknown>;
      }
    }
    return object;
  });

function check(problems: readonly Problem[]): void {
  for (const problem of problems) {
    expect(problem.name).not.toBe('');
    expect(problem.field).not.toBe('');
    expect(problem.message).not.toBe('');
    expect(problem.fix).not.toBe('');
    expect(problemText(problem)).not.toMatch(/[\n\r]/);
  }
}

/** Anything that is a list for JavaScript; the lists themselves come from the list calls, not from users. */
const list = (...own: object[]) =>
  fc.array(fc.oneof(json, mutated(seeds), { weight: 3, arbitrary: mutated(own) }, fc.constantFrom(...own)), { maxLength: 5 });
const lists = fc.record({
  ipAddressPools: list(poolSeed),
  l2Advertisements: list(advertisementSeed),
  bgpPeers: list(peerSeed),
  bfdProfiles: list(profileSeed),
  bgpAdvertisements: list(plainSeed, serviceSeed),
  communities: list(seeds[6]),
  secrets: list(seeds[7]),
  nodes: fc.constantFrom(undefined, [], [{ name: 'n', labels: matchLabels }]),
}, { requiredKeys: ['ipAddressPools', 'l2Advertisements'] });

describe('parseConfig', () => {
  test('never throws; names object, field and fix of every problem; accounts for every named object', () => {
    fc.assert(fc.property(fc.array(lists, { minLength: 1, maxLength: 3 }), (generations) => {
      let previous: Config | undefined;
      for (const generation of generations) {
        const { config, problems } = parseConfig({ ...generation, namespaces: [{ name: 'a', labels: { a: 'b' } }] }, previous);
        check(problems);
        const { pools, l2Advertisements, bgpPeers, bfdProfiles, bgpAdvertisements, communities, unusable } = config;
        const accounted = [pools, l2Advertisements, bgpPeers, bfdProfiles, bgpAdvertisements, communities, unusable].flat().map(({ name }) => name);
        for (const { name } of problems) expect(name.startsWith('(item ') || accounted.includes(name)).toBe(true);
        const optional = ['bgpPeers', 'bfdProfiles', 'bgpAdvertisements', 'communities'] as const;
        for (const kind of optional) if (!generation[kind]) expect(config[kind]).toEqual([]);
        const again = parseConfig({ ...generation, namespaces: [{ name: 'a', labels: { a: 'b' } }] }, config);
        expect(again.config.fingerprint).toBe(config.fingerprint);
        previous = config;
      }
    }), { numRuns: 150 });
  });

  test('does not throw for JSON nested deeper than the platform can print', () => {
    const deep = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`) as unknown;
    const l2Advertisements = [advertisement('l', { nodeSelectors: [deep] })];
    const bgp = {
      bgpPeers: [peer('b', { peerAddress: deep, holdTime: deep, password: deep })],
      bfdProfiles: [bfdProfile('f', { echoInterval: deep })],
      bgpAdvertisements: [bgpAdvertisement('g', { communities: [deep], localPref: deep })],
      communities: [community('c', { name: deep })],
      secrets: [deep],
    };
    const { problems } = parseConfig({ ipAddressPools: [pool('p', deep), pool('q', [deep])], l2Advertisements, namespaces: [], ...bgp });
    expect(problems.map(({ name }) => name)).toEqual(['p', 'q', 'l', 'f', 'c', 'b', 'b', 'b', 'g', 'g']);
  });
});

describe('for any generations of peers and communities', () => {
  const named = <T>(spec: fc.Arbitrary<T>) => fc.uniqueArray(
    fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), spec, age: fc.integer({ min: 1, max: 3 }) }), { selector: ({ name }) => name },
  );
  const peers = named(fc.record({
    peerAddress: fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3', 'bad'), nodeSelectors: fc.constantFrom([], [{ matchLabels: { rack: 'a' } }], [{ matchLabels: { rack: 'b' } }]),
  }));
  const aliases = named(fc.dictionary(fc.constantFrom('u', 'v', 'w', 'x'), fc.constantFrom('1:1', '2:2', '3:3', 'bad')));
  const nodes = [{ name: 'n1', labels: { rack: 'a' } }, { name: 'n2', labels: { rack: 'b' } }];

  test('each is as written or as before; none contradicts another; order does not matter; it is settled at once; a text without contradictions holds whole', () => {
    fc.assert(fc.property(fc.array(fc.tuple(peers, aliases), { minLength: 1, maxLength: 4 }), (generations) => {
      let previous: Config | undefined;
      for (const [somePeers, someAliases] of generations) {
        const input: Partial<ConfigInput> = {
          nodes,
          bgpPeers: somePeers.map(({ name, spec, age }) => peer(name, spec, day(age))),
          communities: someAliases.map(({ name, spec, age }) => community(name, spec, day(age))),
        };
        const { config, problems } = parse(input, previous);
        const targets = nodes.flatMap(({ name, labels }) => config.bgpPeers.filter((each) => each.matchesNode(labels)).map(({ target }) => `${name} ${target}`));
        expect(new Set(targets).size).toBe(targets.length);
        const names = config.communities.flatMap((each) => [...each.aliases.keys()]);
        expect(new Set(names).size).toBe(names.length);
        const refused = new Set(problems.map(({ kind, name }) => `${kind} ${name}`));
        for (const { name, spec } of somePeers) {
          const now = config.bgpPeers.find((each) => each.name === name);
          const before = previous?.bgpPeers.find((each) => each.name === name);
          if (refused.has(`BGPPeer ${name}`)) expect(now?.target).toBe(before?.target);
          else expect(now?.target).toBe(spec.peerAddress);
        }
        for (const { name, spec } of someAliases) {
          const now = config.communities.find((each) => each.name === name);
          const before = previous?.communities.find((each) => each.name === name);
          if (refused.has(`Community ${name}`)) expect(now?.aliases).toEqual(before?.aliases);
          else expect([...now!.aliases].map(([alias, value]) => [alias, `${value}`])).toEqual(Object.entries(spec));
        }
        const reversed = { ...input, bgpPeers: [...input.bgpPeers!].reverse(), communities: [...input.communities!].reverse() };
        expect(parse(reversed, previous).config.fingerprint).toBe(config.fingerprint);
        expect(parse(reversed, previous).problems).toEqual(problems);
        expect(parse(input, config).config).toBe(config);
        if (parse(input).problems.length === 0) expect(problems).toEqual([]);
        previous = config;
      }
    }), { numRuns: 300 });
  });

  test('a thousand of each are settled, all of them in conflict', () => {
    const thousand = Array.from({ length: 1000 }, (_, n) => n);
    const { config, problems } = parse({
      bgpPeers: thousand.map((n) => peer(`p${n}`)),
      communities: thousand.map((n) => community(`c${n}`, { vpn: '1:1', [`own${n}`]: '2:2' })),
      ipAddressPools: thousand.map((n) => pool(`q${n}`, [`10.${Math.floor(n / 200)}.${n % 200}.0/24`])),
      bgpAdvertisements: thousand.map((n) => bgpAdvertisement(`g${n}`, { localPref: n, ipAddressPools: [`q${Math.floor(n / 2)}`] })),
    });
    expect([config.bgpPeers.length, config.communities.length, config.bgpAdvertisements.length]).toEqual([1, 1, 1000]);
    expect(problems).toHaveLength(999 + 999 + 500);
  });
});
