import { advertisement, home, parse } from './fixtures';

const read = (spec: object) => {
  const { config, problems } = parse({ l2Advertisements: [advertisement('adv', spec)] });
  expect(problems).toEqual([]);
  return config.l2Advertisements[0];
};
const selector = (labels: object) => ({ matchLabels: labels });

describe('an L2Advertisement', () => {
  test('of the reference cluster announces its pool from every node on every interface', () => {
    const { config, problems } = parse(home);
    const [l2] = config.l2Advertisements;
    expect(problems).toEqual([]);
    expect([l2.name, l2.matchesPool(config.pools[0]), l2.matchesPool({ name: 'other', labels: {} }), l2.matchesNode({}), l2.matchesService({}), l2.interfaces])
      .toEqual(['workstation-l2adv', true, false, true, true, []]);
  });

  test.each<[string, object, [string, Record<string, string>][], [string, Record<string, string>][]]>([
    ['nothing: every pool', {}, [['a', {}], ['b', { x: 'y' }]], []],
    ['names', { ipAddressPools: ['a', 'gone'] }, [['a', {}]], [['b', {}]]],
    ['selectors', { ipAddressPoolSelectors: [selector({ x: '1' }), selector({ x: '2' })] }, [['a', { x: '1' }], ['b', { x: '2' }]], [['c', {}]]],
    ['names and selectors: either', { ipAddressPools: ['a'], ipAddressPoolSelectors: [selector({ x: '1' })] }, [['a', {}], ['b', { x: '1' }]], [['c', { x: '2' }]]],
  ])('selects pools by %s', (_, spec, yes, no) => {
    const l2 = read(spec);
    for (const [name, labels] of yes) expect(l2.matchesPool({ name, labels })).toBe(true);
    for (const [name, labels] of no) expect(l2.matchesPool({ name, labels })).toBe(false);
  });

  test('selects nodes and Services by any of its selectors', () => {
    const l2 = read({ nodeSelectors: [selector({ rack: 'a' }), selector({ rack: 'b' })], serviceSelectors: [selector({ app: 'tv' })] });
    expect([l2.matchesNode({ rack: 'b' }), l2.matchesNode({ rack: 'c' }), l2.matchesService({ app: 'tv' }), l2.matchesService({})]).toEqual([true, false, true, false]);
  });

  test('scores a node by the sum of the weights that match, 0 where it does not announce', () => {
    const l2 = read({
      nodeSelectors: [selector({ edge: 'yes' })],
      preferredNodeSelectors: [{ weight: 10, preference: selector({ wired: 'yes' }) }, { weight: 5, preference: {} }, { weight: 5, preference: {} }],
    });
    expect([{ edge: 'yes', wired: 'yes' }, { edge: 'yes' }, { wired: 'yes' }].map((labels) => l2.nodeScore(labels as Record<string, string>))).toEqual([20, 10, 0]);
  });

  test.each<[object, string, string, string]>([
    [{ ipAddressPools: ['a', 'a'] }, 'DuplicateEntry', 'spec.ipAddressPools[1]', 'duplicate definition of ipAddressPools'],
    [{ ipAddressPoolSelectors: [{}, {}] }, 'DuplicateEntry', 'spec.ipAddressPoolSelectors[1]', 'duplicate definition of ipAddressPoolSelectors'],
    [{ nodeSelectors: [selector({ a: 'b' }), selector({ a: 'b' })] }, 'DuplicateEntry', 'spec.nodeSelectors[1]', 'duplicate definition of nodeSelectors'],
    [{ serviceSelectors: [{}, {}] }, 'DuplicateEntry', 'spec.serviceSelectors[1]', 'duplicate definition of serviceSelectors'],
    [{ nodeSelectors: [{ matchExpressions: [{ key: '', operator: 'Exists' }] }] }, 'InvalidLabelSelector', 'spec.nodeSelectors[0].matchExpressions[0].key', 'label key'],
    [{ nodeSelectors: [null] }, 'InvalidLabelSelector', 'spec.nodeSelectors[0]', 'invalid label selector null'],
    [{ interfaces: 'eth0' }, 'InvalidValue', 'spec.interfaces', 'not a list'],
    [{ interfaces: [0] }, 'InvalidValue', 'spec.interfaces[0]', 'not text'],
    [{ preferredNodeSelectors: [{ weight: 0, preference: {} }] }, 'InvalidValue', 'spec.preferredNodeSelectors[0].weight', 'a whole number from 1 to 100'],
    [{ preferredNodeSelectors: [{ weight: 101, preference: {} }] }, 'InvalidValue', 'spec.preferredNodeSelectors[0].weight', 'a whole number from 1 to 100'],
    [{ preferredNodeSelectors: [{ preference: {} }] }, 'InvalidValue', 'spec.preferredNodeSelectors[0].weight', 'is absent'],
    [{ preferredNodeSelectors: [{ weight: 1 }] }, 'InvalidLabelSelector', 'spec.preferredNodeSelectors[0].preference', 'invalid label selector'],
  ])('is refused with %j', (spec, code, field, message) => {
    const { config, problems } = parse({ l2Advertisements: [advertisement('adv', spec), advertisement('good')] });
    expect(problems).toMatchObject([{ code, field, kind: 'L2Advertisement', name: 'adv', message: expect.stringContaining(message) }]);
    expect(config.l2Advertisements.map(({ name }) => name)).toEqual(['good']);
    expect(config.unusable).toEqual([{ kind: 'L2Advertisement', name: 'adv', ranges: [], rangesKnown: true }]);
  });

  test('goes on in its last good version', () => {
    const before = parse({ l2Advertisements: [advertisement('adv', { interfaces: ['eth0'] })] }).config;
    const { config, problems } = parse({ l2Advertisements: [advertisement('adv', { interfaces: 'eth1' })] }, before);
    expect(config.l2Advertisements[0].interfaces).toEqual(['eth0']);
    expect([config.unusable, problems.length]).toEqual([[], 1]);
    expect(config).toBe(before);
  });
});
