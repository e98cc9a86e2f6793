import * as fc from 'fast-check';
import { bgpAdvertisement, day, parse, pool } from './fixtures';
import { Config, ConfigInput, routeConflict } from '../../src/config';

const rack = (name: string) => ({ nodeSelectors: [{ matchLabels: { rack: name } }] });
const nodes = [{ name: 'n1', labels: { rack: 'a' } }, { name: 'n2', labels: { rack: 'b' } }];
const four = pool('p', ['10.0.0.0/16']);
const six = pool('p', ['fd00::/48']);
const both = pool('p', ['10.0.0.0/16', 'fd00::/48']);
const announced = (config: Config) =>
  config.bgpAdvertisements.map((each) => `${each.name} ${config.pools.filter((p) => each.matchesPool(p)).map(({ name }) => name).join(' ')}`.trim());

describe('two advertisements of one pool with another localPref', () => {
  test.each<[string, object, object, object, boolean]>([
    ['contradict each other', four, {}, {}, true],
    ['by name and by selector', pool('p', ['10.0.0.0/16'], {}, { labels: { x: 'y' } }), { ipAddressPools: ['p'] }, { ipAddressPoolSelectors: [{ matchLabels: { x: 'y' } }] }, true],
    ['of other pools', four, { ipAddressPools: ['q'] }, {}, false],
    ['to other peers', four, { peers: ['a'] }, { peers: ['b'] }, false],
    ['to a common peer', four, { peers: ['a', 'b'] }, { peers: ['b', 'c'] }, true],
    ['to some peers and to all', four, { peers: ['a'] }, {}, true],
    ['from other nodes', four, rack('a'), rack('b'), false],
    ['from a common node', four, rack('a'), {}, true],
    ['from no node', four, rack('z'), rack('z'), false],
    ['IPv4: other IPv4 lengths', four, { aggregationLength: 24 }, {}, false],
    ['IPv4: other IPv6 lengths', four, { aggregationLengthV6: 64 }, {}, true],
    ['IPv6: other IPv6 lengths', six, { aggregationLengthV6: 64 }, {}, false],
    ['IPv6: other IPv4 lengths', six, { aggregationLength: 24 }, {}, true],
    ['both: other IPv4 lengths', both, { aggregationLength: 24 }, {}, true],
    ['both: other IPv6 lengths', both, { aggregationLengthV6: 64 }, {}, true],
    ['both: other lengths of both', both, { aggregationLength: 24, aggregationLengthV6: 64 }, {}, false],
    ['one for Services: known when they are announced', four, { serviceSelectors: [{}] }, {}, false],
    ['both for Services', four, { serviceSelectors: [{}] }, { serviceSelectors: [{}] }, false],
  ])('%s', (_, p, a, b, refused) => {
    const { config, problems } = parse({
      ipAddressPools: [p], nodes, bgpAdvertisements: [bgpAdvertisement('a', { localPref: 100, ...a }, day(1)), bgpAdvertisement('b', { localPref: 200, ...b }, day(2))],
    });
    expect(problems).toMatchObject(!refused ? [] : [{
      code: 'ConflictingRoutes',
      kind: 'BGPAdvertisement',
      name: 'b',
      field: 'spec.localPref',
      value: '200',
      message: expect.stringMatching(/invalid local preference 200: .* already set for the same type of BGP update, by "a" for pool "p"/),
    }]);
    expect(config.bgpAdvertisements[1].matchesPool(config.pools[0])).toBe(!refused);
    expect(config.unusable).toEqual([]);
  });

  test('are told of both attributes in which they differ', () => {
    const { problems } = parse({ ipAddressPools: [four], bgpAdvertisements: [bgpAdvertisement('a', { asPathPrepend: 1 }), bgpAdvertisement('b', { localPref: 5 })] });
    expect(problems.map(({ field, message }) => `${field} ${message}`)).toEqual([
      expect.stringMatching(/^spec.localPref .*invalid local preference 5: /), expect.stringMatching(/^spec.asPathPrepend .*invalid as path prepend 0: /),
    ]);
  });

  test('are taken to meet when no node is known, unless each has a selector of its own', () => {
    const found = (a: object, b: object) => parse({
      ipAddressPools: [four], bgpAdvertisements: [bgpAdvertisement('a', { localPref: 1, ...a }), bgpAdvertisement('b', { localPref: 2, ...b })],
    }).problems.length;
    expect([found({}, {}), found(rack('a'), {}), found(rack('a'), rack('a')), found(rack('a'), rack('b'))]).toEqual([1, 1, 1, 0]);
  });

  test('may have other communities, of which a route has all', () => {
    const bgpAdvertisements = [bgpAdvertisement('a', { communities: ['1:1'] }), bgpAdvertisement('b', { communities: ['2:2'] })];
    expect(parse({ ipAddressPools: [four], bgpAdvertisements }).problems).toEqual([]);
  });
});

describe('of two advertisements in conflict', () => {
  const pools = [pool('p', ['10.0.0.0/24']), pool('q', ['10.0.1.0/24'])];
  const of = (name: string, localPref: number, spec: object = {}, created = 1) => bgpAdvertisement(name, { localPref, ...spec }, day(created));

  test('the older announces the pool, and the other its other pools', () => {
    const { config, problems } = parse({ ipAddressPools: pools, bgpAdvertisements: [of('young', 1, {}, 2), of('old', 2, { ipAddressPools: ['p'] }, 1)] });
    expect([announced(config), problems.map(({ name }) => name)]).toEqual([['old p', 'young q'], ['young']]);
  });

  test('the one that announced the pool goes on, and one that was changed stays as it was', () => {
    const before = parse({ ipAddressPools: pools, bgpAdvertisements: [of('a', 1, {}, 9), of('b', 1, {}, 1)] }).config;
    const { config, problems } = parse({ ipAddressPools: pools, bgpAdvertisements: [of('a', 1, {}, 9), of('b', 2, {}, 1)] }, before);
    expect([announced(config), config.bgpAdvertisements.map(({ localPref }) => localPref)]).toEqual([['a p q', 'b p q'], [1, 1]]);
    expect(problems.map(({ name, code }) => `${name} ${code}`)).toEqual(['b ConflictingRoutes', 'b ConflictingRoutes']);
  });

  test('the one that announced the pool goes on when a label of the pool brings them together', () => {
    const bgpAdvertisements = [of('a', 1, { ipAddressPools: ['p'] }, 9), of('b', 2, { ipAddressPoolSelectors: [{ matchLabels: { x: 'y' } }] }, 1)];
    const labels = { labels: { x: 'y' } };
    const before = parse({ ipAddressPools: [pools[0], pool('q', ['10.0.1.0/24'], {}, labels)], bgpAdvertisements }).config;
    expect(announced(before)).toEqual(['a p', 'b q']);
    const labelled = [pool('p', ['10.0.0.0/24'], {}, labels), pool('q', ['10.0.1.0/24'], {}, labels)];
    const after = parse({ ipAddressPools: labelled, bgpAdvertisements }, before).config;
    expect(announced(after)).toEqual(['a p', 'b q']);
    // One that is new takes nothing from the one that has lost something.
    const third = parse({ ipAddressPools: labelled, bgpAdvertisements: [...bgpAdvertisements, of('c', 3, {}, 1)] }, after).config;
    expect(announced(third)).toEqual(['a p', 'b q', 'c']);
    // And it has the pool once the other is gone.
    expect(announced(parse({ ipAddressPools: labelled, bgpAdvertisements: [bgpAdvertisements[1]] }, third).config)).toEqual(['b p q']);
  });

  test('the one that is wrong in itself keeps what it had', () => {
    const before = parse({ ipAddressPools: pools, bgpAdvertisements: [of('a', 1, { ipAddressPools: ['p'] }, 9)] }).config;
    const { config } = parse({ ipAddressPools: pools, bgpAdvertisements: [of('a', -1, { ipAddressPools: ['p'] }, 9), of('b', 2, {}, 1)] }, before);
    expect(announced(config)).toEqual(['a p', 'b q']);
  });
});

describe('routeConflict', () => {
  const conflict = (a: object, b: object, input: Partial<ConfigInput> = {}) => {
    const { config } = parse({ ipAddressPools: [four], bgpAdvertisements: [bgpAdvertisement('a', a), bgpAdvertisement('b', b)], ...input });
    return routeConflict(config.bgpAdvertisements[0], config.bgpAdvertisements[1], config.pools[0], nodes);
  };
  const services = { serviceSelectors: [{}] };

  test('finds what is left out of the configuration because of serviceSelectors', () => {
    expect(conflict({ localPref: 1, ...services }, { localPref: 2, ...services })).toEqual(['localPref']);
    expect(conflict({ localPref: 1, asPathPrepend: 1, ...services }, { localPref: 2 })).toEqual(['localPref', 'asPathPrepend']);
    expect(conflict({ localPref: 1, ...services }, { localPref: 1 })).toEqual([]);
    expect(conflict({ localPref: 1, peers: ['a'], ...services }, { localPref: 2, peers: ['b'] })).toEqual([]);
    expect(conflict({ localPref: 1, ...rack('a'), ...services }, { localPref: 2, ...rack('b') })).toEqual([]);
    expect(conflict({ localPref: 1, ...services }, { localPref: 2, aggregationLength: 24 })).toEqual([]);
  });
});

describe('for any generations of advertisements', () => {
  const spec = fc.record({
    localPref: fc.constantFrom(0, 0, 1, 2),
    asPathPrepend: fc.constantFrom(undefined, 1),
    aggregationLength: fc.constantFrom(32, 24, 20),
    ipAddressPools: fc.constantFrom([], ['p'], ['q'], ['p', 'q']),
    peers: fc.constantFrom([], ['x'], ['y'], 'bad'),
    nodeSelectors: fc.constantFrom([], rack('a').nodeSelectors),
  });
  const generation = fc.uniqueArray(fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), spec, age: fc.integer({ min: 1, max: 3 }) }), { selector: ({ name }) => name });
  const prefix = fc.constantFrom('24', '20');

  test('no route is made twice with other attributes; order does not matter; it is settled at once; a text without contradictions holds whole', () => {
    fc.assert(fc.property(fc.array(fc.tuple(generation, prefix), { minLength: 1, maxLength: 4 }), (generations) => {
      let previous: Config | undefined;
      for (const [advertisements, length] of generations) {
        const input: Partial<ConfigInput> = {
          ipAddressPools: [pool('p', [`10.0.0.0/${length}`]), pool('q', ['10.0.64.0/20'])],
          nodes,
          bgpAdvertisements: advertisements.map(({ name, spec: each, age }) => bgpAdvertisement(name, each, day(age))),
        };
        const { config, problems } = parse(input, previous);
        const { bgpAdvertisements, pools } = config;
        for (const a of bgpAdvertisements) {
          for (const b of bgpAdvertisements) {
            for (const p of pools) if (a.matchesPool(p) && b.matchesPool(p)) expect(routeConflict(a, b, p, nodes)).toEqual([]);
          }
        }
        const wrong = new Set(problems.map(({ name }) => name));
        for (const { name, spec: { localPref } } of advertisements) {
          const now = bgpAdvertisements.find((each) => each.name === name);
          if (!wrong.has(name)) expect([now!.localPref, now!.excludedPools.size]).toEqual([localPref, 0]);
          else if (previous?.bgpAdvertisements.some((each) => each.name === name)) expect(now).toBeDefined();
        }
        expect(parse({ ...input, bgpAdvertisements: [...input.bgpAdvertisements!].reverse() }, previous).config.fingerprint).toBe(config.fingerprint);
        expect(parse(input, config).config).toBe(config);
        if (parse(input).problems.length === 0) expect(problems).toEqual([]);
        previous = config;
      }
    }), { numRuns: 300 });
  });
});
