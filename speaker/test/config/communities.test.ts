import * as fc from 'fast-check';
import { bgpAdvertisement, community, day, parse } from './fixtures';
import { CommunityValue, Config } from '../../src/config';

const advertised = (communities: unknown, objects?: object[]) =>
  parse({ bgpAdvertisements: [bgpAdvertisement('adv', { communities })], communities: objects });
const names = (config: Config) => config.communities.flatMap(({ aliases }) => [...aliases].map(([name, value]) => `${name}=${value}`));

describe('a community', () => {
  test.each<[string, string, string, number[]]>([
    ['64512:100', 'legacy', '64512:100', [64512, 100]],
    ['0:0', 'legacy', '0:0', [0, 0]],
    ['65535:65535', 'legacy', '65535:65535', [65535, 65535]],
    ['00100:007', 'legacy', '100:7', [100, 7]],
    ['large:64512:1:100', 'large', '64512:1:100', [64512, 1, 100]],
    ['large:4294967295:0:4294967295', 'large', '4294967295:0:4294967295', [4294967295, 0, 4294967295]],
  ])('%s is %s and prints as %s', (text, kind, printed, parts) => {
    const value = CommunityValue.parse(text) as CommunityValue;
    expect([value.kind, `${value}`, value.parts]).toEqual([kind, printed, parts]);
  });

  test.each<[string, string, boolean]>([
    ['65536:1', 'invalid community value: invalid section "65536"', false],
    ['1:-1', 'invalid community value: invalid section "-1"', false],
    ['1:+1', 'invalid community value: invalid section "+1"', false],
    ['1:', 'invalid community value: invalid section ""', false],
    [':', 'invalid community value: invalid section ""', false],
    ['1:0x10', 'invalid community value: invalid section "0x10"', false],
    ['large:1:2:4294967296', 'invalid community value: invalid section "4294967296"', false],
    ['large:1:2:x', 'invalid community value: invalid section "x"', false],
    ['Large:1:2:3', 'invalid community value: invalid marker for large community, expected community to be of format large:<uint32>:<uint32>:<uint32>', false],
    ['1:2:3:4', 'invalid marker for large community', false],
    ['', 'invalid community format: ""', true],
    ['100', 'invalid community format: "100"', true],
    ['1:2:3', 'invalid community format: "1:2:3"', true],
    ['large:1:2:3:4', 'invalid community format', true],
    // Not a name that is known by itself, here as there.
    ['no-export', 'invalid community format: "no-export"', true],
  ])('%j is none: %s', (text, message, unknown) => {
    expect(CommunityValue.parse(text)).toEqual({ message: expect.stringContaining(message), unknown });
  });

  test('is read again from what it prints', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 65535 }), fc.integer({ min: 0, max: 65535 }), (a, b) => {
      expect(`${CommunityValue.parse(`${a}:${b}`)}`).toBe(`${a}:${b}`);
    }));
  });
});

describe('communities of a BGPAdvertisement', () => {
  test('come in order of number, each once, legacy ones counting by their 32 bits', () => {
    // 1:2 counts as 65538.
    const { config, problems } = advertised(['large:65539:0:0', 'two', '65535:1', 'large:65538:0:0', '1:2', 'large:1:2:3', '001:2'], [community('c', { two: '65535:1' })]);
    expect(problems).toEqual([]);
    expect(config.bgpAdvertisements[0].communities.map(String)).toEqual(['1:2:3', '1:2', '65538:0:0', '65539:0:0', '65535:1']);
  });

  test('may be names, which come before what the text would mean', () => {
    const { config, problems } = advertised(['vpn', '1:1', '1:2:3'], [community('c', { 'vpn': '64512:1', '1:1': '64512:2' }), community('d', { '1:2:3': '64512:3' })]);
    expect([problems, config.bgpAdvertisements[0].communities.map(String)]).toEqual([[], ['64512:1', '64512:2', '64512:3']]);
  });

  test.each<[unknown, string, string, string, boolean]>([
    [['1:1', '1:1'], 'DuplicateEntry', '[1]', 'duplicate definition of community', false],
    [['1:1', '1:70000'], 'InvalidCommunity', '[1]', 'invalid community value: invalid section "70000"', false],
    [['x:1:2:3'], 'InvalidCommunity', '[0]', 'invalid marker for large community', false],
    [['vpn'], 'MissingReference', '[0]', 'invalid community format: "vpn"', true],
    [['1:2:3'], 'MissingReference', '[0]', 'invalid community format: "1:2:3"', true],
    [[7], 'InvalidValue', '[0]', 'not text', false],
    ['1:1', 'InvalidValue', '', 'not a list', false],
  ])('%j are refused', (communities, code, index, message, transient) => {
    expect(advertised(communities, []).problems).toMatchObject([{
      code, kind: 'BGPAdvertisement', name: 'adv', field: `spec.communities${index}`, message: expect.stringContaining(message), transient,
    }]);
  });

  test('that are names are left out where Communities are not looked at', () => {
    const { config, problems } = advertised(['vpn', '1:1']);
    expect([problems, config.bgpAdvertisements[0].communities.map(String)]).toEqual([[], ['1:1']]);
    expect(advertised(['1:2:3']).problems).toHaveLength(1);
  });

  test('follow the name when it changes, and stay when it goes', () => {
    const first = advertised(['vpn'], [community('c', { vpn: '1:1' })]).config;
    const bgpAdvertisements = [bgpAdvertisement('adv', { communities: ['vpn'] })];
    const second = parse({ bgpAdvertisements, communities: [community('c', { vpn: '2:2' })] }, first);
    expect(second.config.bgpAdvertisements[0].communities.map(String)).toEqual(['2:2']);
    const third = parse({ bgpAdvertisements, communities: [] }, second.config);
    expect([third.config.bgpAdvertisements[0].communities.map(String), third.problems.map(({ code }) => code)]).toEqual([['2:2'], ['MissingReference']]);
  });
});

describe('a Community', () => {
  test('defines names', () => {
    const { config, problems } = parse({ communities: [community('c', { vpn: '64512:100', far: 'large:1:2:3' }), community('empty', {}), { metadata: { name: 'bare' } }] });
    expect([problems, names(config)]).toEqual([[], ['vpn=64512:100', 'far=1:2:3']]);
  });

  test.each<[unknown, string, string, string]>([
    [[{ name: 'a', value: '1:1' }, { name: 'a', value: '1:1' }], 'DuplicateEntry', '[1].name', 'duplicate definition of community "a"'],
    [[{ name: 'a', value: 'vpn' }], 'InvalidCommunity', '[0].value', 'invalid community format: "vpn"'],
    [[{ name: 'a', value: '1:70000' }], 'InvalidCommunity', '[0].value', 'invalid community value: invalid section "70000"'],
    [[{ name: 'a', value: 7 }], 'InvalidValue', '[0].value', 'not text'],
    [[{ name: 'a' }], 'InvalidValue', '[0].value', 'is absent, not text'],
    [[{ value: '1:1' }], 'MissingValue', '[0].name', 'missing community name'],
    [[{ name: '', value: '1:1' }], 'MissingValue', '[0].name', 'missing community name'],
    [[{ name: 7, value: '1:1' }], 'InvalidValue', '[0].name', 'not text'],
    ['1:1', 'InvalidValue', '', 'not a list'],
  ])('%j is refused', (communities, code, field, message) => {
    const { config, problems } = parse({ communities: [{ metadata: { name: 'c' }, spec: { communities } }, community('good', { x: '1:1' })] });
    expect(problems).toMatchObject([{ code, kind: 'Community', name: 'c', field: `spec.communities${field}`, message: expect.stringContaining(message), transient: false }]);
    expect([names(config), config.unusable]).toMatchObject([['x=1:1'], [{ kind: 'Community', name: 'c' }]]);
  });

  test('is refused when another defines the name; who had it keeps it, else the older', () => {
    const a = community('a', { vpn: '1:1' }, day(2));
    const b = community('b', { vpn: '2:2', other: '3:3' }, day(1));
    const both = parse({ communities: [a, b] });
    expect(both.problems).toMatchObject([{ code: 'DuplicateEntry', name: 'a', field: 'spec.communities[0].name', message: expect.stringContaining('duplicate definition of community "vpn"') }]);
    expect(names(both.config)).toEqual(['vpn=2:2', 'other=3:3']);
    const before = parse({ communities: [a, community('b', { other: '4:4' }, day(1))] }).config;
    const after = parse({ communities: [a, b] }, before);
    expect([names(after.config), after.problems.map(({ name }) => name)]).toEqual([['vpn=1:1', 'other=4:4'], ['b']]);
  });

  test('may take over a name in the change in which the other drops it', () => {
    const before = parse({ communities: [community('a', { vpn: '1:1' }), community('b', { x: '2:2' })] }).config;
    const { config, problems } = parse({ communities: [community('a', { x: '1:1' }), community('b', { vpn: '2:2' })] }, before);
    expect([names(config), problems]).toEqual([['x=1:1', 'vpn=2:2'], []]);
  });
});
