import * as fc from 'fast-check';
import { advertisement, bgpAdvertisement, parse, peer } from './fixtures';
import { ConfigInput, selectForNode } from '../../src/config';

const rack = (name: string) => ({ nodeSelectors: [{ matchLabels: { rack: name } }] });
const bad = { nodeSelectors: [{ matchExpressions: [{ key: '', operator: 'Is' }] }] };
const names = (list: readonly unknown[] | undefined) => list?.map((object) => (object as { metadata: { name: string } }).metadata.name);

describe('what concerns a node', () => {
  test('is what selects it, what selects every node, and what cannot be read', () => {
    const objects = (make: typeof peer) => [
      make('mine', rack('a')), make('theirs', rack('b')), make('all', {}), make('either', { nodeSelectors: [...rack('b').nodeSelectors, ...rack('a').nodeSelectors] }),
      make('bad', bad), make('half', { nodeSelectors: [...rack('b').nodeSelectors, ...bad.nodeSelectors] }), make('text', { nodeSelectors: 'rack=b' }),
    ];
    const selected = selectForNode({ bgpPeers: objects(peer), bgpAdvertisements: objects(bgpAdvertisement) }, { rack: 'a' });
    const expected = ['mine', 'all', 'either', 'bad', 'half', 'text'];
    expect([names(selected.bgpPeers), names(selected.bgpAdvertisements)]).toEqual([expected, expected]);
  });

  test('is never an L2Advertisement less, and lists that are absent stay so', () => {
    const l2Advertisements = [advertisement('l2', rack('b'))];
    expect(selectForNode({ ipAddressPools: [], l2Advertisements, namespaces: [] }, { rack: 'a' }).l2Advertisements).toBe(l2Advertisements);
    expect(selectForNode<Partial<ConfigInput>>({}, {}).bgpPeers).toBeUndefined();
  });

  test('is configured whatever else is there: one selector that cannot be read stops nothing', () => {
    const input = { bgpPeers: [peer('bad', bad), peer('good', { ...rack('a'), peerAddress: '93.5.22.2' }), peer('theirs', { ...rack('b'), myASN: 0 })] };
    const { config, problems } = parse(selectForNode(input, { rack: 'a' }));
    expect(config.bgpPeers.map(({ name }) => name)).toEqual(['good']);
    expect(new Set(problems.map(({ name }) => name))).toEqual(new Set(['bad']));
  });

  test('keeps a last good version, which may be of other nodes than the text', () => {
    const before = parse(selectForNode({ bgpPeers: [peer('p', rack('a'))] }, { rack: 'a' })).config;
    const { config } = parse(selectForNode({ bgpPeers: [peer('p', bad)] }, { rack: 'a' }), before);
    expect(config.bgpPeers[0].matchesNode({ rack: 'a' })).toBe(true);
  });

  test('is found in anything', () => {
    fc.assert(fc.property(fc.array(fc.jsonValue()), (list) => {
      expect(selectForNode({ bgpPeers: list }, { a: 'b' }).bgpPeers!.length).toBeLessThanOrEqual(list.length);
    }));
  });
});
