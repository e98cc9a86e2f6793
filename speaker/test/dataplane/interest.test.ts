import { ETH0 } from './fakes';
import { interestingFrames } from '../../src/dataplane/interest';
import { arpFilter } from '../../src/sys';

const VIP = 0x5d051664, NODE2 = 0x5d05162d;
const plan = { node: 'a', addresses: [{ address: '93.5.22.100', candidates: ['a', 'b'] }], peers: [{ node: 'b', addresses: ['93.5.22.45', 'fd00::45'] }] };

test('frames of planned addresses and of peers, whose hardware addresses they tell; IPv6 has no ARP', () => {
  expect(interestingFrames(plan, [ETH0], undefined)).toEqual(arpFilter({ interfaces: [2], addresses: [VIP, NODE2] }));
  expect(interestingFrames({ ...plan, addresses: [{ address: 'fd00::100', candidates: ['a'] }], peers: [] }, [ETH0], undefined))
    .toEqual(arpFilter({ interfaces: [2], addresses: [] }));
});

test('nothing before the first plan', () => {
  expect(interestingFrames(undefined, [ETH0], undefined)).toEqual(arpFilter({ interfaces: [2], addresses: [] }));
});

test.each([
  ['loopback', { loopback: true }, false],
  ['a port of a bridge', { enslaved: true }, false],
  ['what has no Ethernet addresses', { ethernet: false }, false],
  ['an excluded name', { name: 'veth12' }, false],
  ['one that is down: it may come up between two looks', { up: false }, true],
])('interfaces: %s', (_, values, wanted) => {
  expect(interestingFrames(plan, [{ ...ETH0, ...values }], /^veth/)).toEqual(arpFilter({ interfaces: wanted ? [2] : [], addresses: [VIP, NODE2] }));
});
