import { bgpAdvertisement, parse, pool } from './fixtures';
import { BGPAdvertisement, Config, Pool } from '../../src/config';
import { IpAddress } from '../../src/ip';

const read = (spec: object): BGPAdvertisement => {
  const { config, problems } = parse({ bgpAdvertisements: [bgpAdvertisement('adv', spec)] });
  expect(problems).toEqual([]);
  return config.bgpAdvertisements[0];
};
const selector = (labels: object) => ({ matchLabels: labels });

describe('a valid BGPAdvertisement', () => {
  test('with an empty spec announces every pool, node, Service and peer, one route an address', () => {
    const adv = read({});
    expect(adv).toMatchObject({ aggregationLength: 32, aggregationLengthV6: 128, localPref: 0, asPathPrepend: 0, communities: [] });
    expect([adv.matchesPool({ name: 'any', labels: {} }), adv.matchesNode({}), adv.matchesService({}), adv.matchesPeer('any')]).toEqual([true, true, true, true]);
  });

  test('has everything that can be written', () => {
    const adv = read({
      aggregationLength: 24,
      aggregationLengthV6: 64,
      localPref: 4_294_967_295,
      asPathPrepend: 10,
      peers: ['a', 'gone'],
      ipAddressPools: ['p'],
      ipAddressPoolSelectors: [selector({ x: 'y' })],
      nodeSelectors: [selector({ rack: 'a' })],
    });
    expect(adv).toMatchObject({ aggregationLength: 24, aggregationLengthV6: 64, localPref: 4_294_967_295, asPathPrepend: 10 });
    const matches = [adv.matchesPool({ name: 'p', labels: {} }), adv.matchesPool({ name: 'q', labels: { x: 'y' } }), adv.matchesPool({ name: 'q', labels: {} })];
    expect(matches).toEqual([true, true, false]);
    expect([adv.matchesPeer('a'), adv.matchesPeer('b'), adv.matchesNode({ rack: 'a' }), adv.matchesNode({})]).toEqual([true, false, true, false]);
  });

  test('may select Services with the lengths written that it has anyway', () => {
    const adv = read({ serviceSelectors: [selector({ app: 'tv' })], aggregationLength: 32, aggregationLengthV6: 128 });
    expect([adv.matchesService({ app: 'tv' }), adv.matchesService({})]).toEqual([true, false]);
  });
});

describe('a BGPAdvertisement is refused, naming field and value,', () => {
  test.each<[string, object, string, string, string]>([
    ['a pool twice', { ipAddressPools: ['a', 'a'] }, 'DuplicateEntry', 'ipAddressPools[1]', 'duplicate definition of ipAddressPools'],
    ['a peer twice', { peers: ['a', 'b', 'a'] }, 'DuplicateEntry', 'peers[2]', 'duplicate definition of peers'],
    ['a pool selector twice', { ipAddressPoolSelectors: [{}, {}] }, 'DuplicateEntry', 'ipAddressPoolSelectors[1]', 'duplicate definition of ipAddressPoolSelectors'],
    ['a node selector twice', { nodeSelectors: [{}, {}] }, 'DuplicateEntry', 'nodeSelectors[1]', 'duplicate definition of nodeSelectors'],
    ['a Service selector twice', { serviceSelectors: [{}, {}] }, 'DuplicateEntry', 'serviceSelectors[1]', 'duplicate definition of serviceSelectors'],
    ['a bad selector', { nodeSelectors: [null] }, 'InvalidLabelSelector', 'nodeSelectors[0]', 'invalid label selector null'],
    ['IPv4 length 33', { aggregationLength: 33 }, 'InvalidAggregation', 'aggregationLength', 'invalid aggregation length 33 for IPv4'],
    ['IPv4 length 0', { aggregationLength: 0 }, 'InvalidAggregation', 'aggregationLength', 'invalid aggregation length 0 for IPv4'],
    ['IPv6 length 129', { aggregationLengthV6: 129 }, 'InvalidAggregation', 'aggregationLengthV6', 'invalid aggregation length 129 for IPv6'],
    ['IPv6 length 0', { aggregationLengthV6: 0 }, 'InvalidAggregation', 'aggregationLengthV6', 'invalid aggregation length 0 for IPv6'],
    ['IPv6 length -1', { aggregationLengthV6: -1 }, 'InvalidAggregation', 'aggregationLengthV6', 'invalid aggregation length -1 for IPv6'],
    ['a length as text', { aggregationLength: '24' }, 'InvalidValue', 'aggregationLength', 'not a whole number from 1 to 32'],
    ['a broken length', { aggregationLength: 24.5 }, 'InvalidValue', 'aggregationLength', 'not a whole number from 1 to 32'],
    ['a negative preference', { localPref: -1 }, 'InvalidValue', 'localPref', 'not a whole number from 0 to 4294967295'],
    ['no prepend', { asPathPrepend: 0 }, 'InvalidValue', 'asPathPrepend', 'not a whole number from 1 to 10'],
    ['too much prepend', { asPathPrepend: 11 }, 'InvalidValue', 'asPathPrepend', 'not a whole number from 1 to 10'],
    ['Services and IPv4 aggregation', { serviceSelectors: [{}], aggregationLength: 24 }, 'ExclusiveFields', 'aggregationLength',
      'serviceSelectors and aggregationLength are mutually exclusive'],
    ['Services and IPv6 aggregation', { serviceSelectors: [{}], aggregationLengthV6: 64 }, 'ExclusiveFields', 'aggregationLengthV6',
      'serviceSelectors and aggregationLengthV6 are mutually exclusive'],
  ])('with %s', (_, spec, code, field, message) => {
    const { config, problems } = parse({ bgpAdvertisements: [bgpAdvertisement('adv', spec), bgpAdvertisement('good')] });
    expect(problems).toMatchObject([{ code, field: `spec.${field}`, kind: 'BGPAdvertisement', name: 'adv', message: expect.stringContaining(message) }]);
    expect(problems[0].message).toContain('parsing BGP advertisement adv: ');
    expect(config.bgpAdvertisements.map(({ name }) => name)).toEqual(['good']);
    expect(config.unusable).toEqual([{ kind: 'BGPAdvertisement', name: 'adv', ranges: [], rangesKnown: true }]);
  });

  test('when the name is taken; two that say the same under two names are fine', () => {
    const { problems } = parse({ bgpAdvertisements: [bgpAdvertisement('a'), bgpAdvertisement('a'), bgpAdvertisement('b')] });
    expect(problems).toMatchObject([{ code: 'DuplicateName', message: expect.stringContaining('duplicate definition of bgpadvertisements') }]);
  });
});

describe('the aggregation length', () => {
  const check = (addresses: string[], spec: object, previous?: Config) =>
    parse({ ipAddressPools: [pool('p', addresses)], bgpAdvertisements: [bgpAdvertisement('adv', spec)] }, previous);

  test.each<[string[], object, string[]]>([
    [['1.1.1.0/24'], { aggregationLength: 24 }, []],
    [['1.1.1.0/24'], { aggregationLength: 26 }, []],
    [['1.1.1.0/28'], { aggregationLength: 26 }, ['26: prefix 28 in this pool is more specific than the aggregation length for addresses 1.1.1.0/28']],
    [['1.1.1.0'], { aggregationLength: 31 }, ['31: prefix 32 in this pool is more specific than the aggregation length for addresses 1.1.1.0']],
    // The largest prefix of an entry counts, not the smallest.
    [['3.3.3.2-3.3.3.254'], { aggregationLength: 26 }, []],
    [['3.3.3.2-3.3.3.254'], { aggregationLength: 24 }, ['24: prefix 26 in this pool is more specific than the aggregation length for addresses 3.3.3.2-3.3.3.254']],
    // Each entry counts, not the pool.
    [['1.1.0.0/16', '2.2.2.0/28', '3.3.3.3/32'], { aggregationLength: 24 }, ['24: prefix 28 in this pool', '24: prefix 32 in this pool']],
    [['1.1.1.0/28', 'fd00::/64'], { aggregationLengthV6: 64 }, []],
    // MetalLB shows the IPv4 length here.
    [['1.1.1.0/28', 'fd00::/64'], { aggregationLengthV6: 48 }, ['48: prefix 64 in this pool is more specific than the aggregation length for addresses fd00::/64']],
    [['fd00::1-fd00::ffff'], { aggregationLength: 1, aggregationLengthV6: 113 }, []],
  ])('for %j with %j', (addresses, spec, expected) => {
    const { problems } = check(addresses, spec);
    expect(problems.map(({ message }) => message)).toEqual(expected.map((text) => expect.stringContaining(`invalid aggregation length ${text}`) as string));
    for (const problem of problems) expect(problem).toMatchObject({ code: 'InvalidAggregation', kind: 'BGPAdvertisement', name: 'adv' });
  });

  test('is not checked with pools that are not announced', () => {
    expect(check(['1.1.1.0/28'], { aggregationLength: 24, ipAddressPools: ['other'] }).problems).toEqual([]);
  });

  const route = (config: Config, address: string) => `${config.bgpAdvertisements[0].prefixOf(IpAddress.parse(address), config.pools[0])}`;

  test('makes the route', () => {
    const { config } = check(['1.1.1.0/24', 'fd00::/64'], { aggregationLength: 26, aggregationLengthV6: 80 });
    expect([route(config, '1.1.1.77'), route(config, 'fd00::1:0:0:1')]).toEqual(['1.1.1.64/26', 'fd00::1:0:0:0/80']);
    expect(route(check(['1.1.1.0/24'], {}).config, '1.1.1.77')).toBe('1.1.1.77/32');
  });

  test('that was fine before: the advertisement stays as it was', () => {
    const before = check(['1.1.1.0/28'], { localPref: 1 }).config;
    const { config, problems } = check(['1.1.1.0/28'], { localPref: 2, aggregationLength: 24 }, before);
    expect([route(config, '1.1.1.7'), config.bgpAdvertisements[0].localPref, problems.length]).toEqual(['1.1.1.7/32', 1, 1]);
  });

  test('never reaches beyond the entry of the pool, also when it is the pool that shrank', () => {
    const before = check(['1.1.1.0/24'], { aggregationLength: 24 }).config;
    const { config, problems } = check(['1.1.1.0/28'], { aggregationLength: 24 }, before);
    expect([route(config, '1.1.1.7'), problems.map(({ code }) => code), config.unusable]).toEqual(['1.1.1.0/28', ['InvalidAggregation'], []]);
    const none: Pick<Pool, 'ranges'> = { ranges: [] };
    expect(`${config.bgpAdvertisements[0].prefixOf(IpAddress.parse('1.1.1.7'), none)}`).toBe('1.1.1.7/32');
  });
});
