import { ETH0 } from './fakes';
import { interestOf } from '../../src/dataplane/interest';
import { arpFilter, neighborFilter } from '../../src/sys';

const VIP = 0x5d051664, OWN = 0x5d05162c, NODE2 = 0x5d05162d;
const VIP6 = 0x100, NODE2_6 = 0x45;
const addresses = [{ address: '93.5.22.100', candidates: ['a', 'b'] }, { address: 'fd93:5:22::100', candidates: ['a', 'b'] }];
const plan = { node: 'a', addresses, peers: [{ node: 'b', addresses: ['93.5.22.45', 'fd93:5:22::45'] }] };
const LAN = { ...ETH0, addresses: ['93.5.22.44/24', 'fe80::2c/64'] };
const WIFI = { ...LAN, index: 3, name: 'wlan0' };

const groupsOf = (...args: Parameters<typeof interestOf>) =>
  interestOf(...args).groups.map(({ interfaceIndex, address }) => `${interfaceIndex} ${Buffer.from(address).toString('hex')}`);

test('frames of planned addresses, of peers, whose hardware addresses they tell, and to this node, which has asked; each family by its own protocol', () => {
  expect(interestOf(plan, [LAN], undefined)).toMatchObject({
    arp: arpFilter({ interfaces: [2], addresses: [VIP, NODE2], own: [OWN] }),
    neighbor: neighborFilter({ interfaces: [2], targets: [VIP6, NODE2_6] }),
  });
});

test('an address above 127.255.255.255, and one whose end is, are numbers without sign', () => {
  const high = { ...plan, addresses: [{ address: '192.168.1.1', candidates: ['a'] }, { address: 'fd93::ffff:ffff', candidates: ['a'] }], peers: [] };
  expect(interestOf(high, [LAN], undefined)).toMatchObject({
    arp: arpFilter({ interfaces: [2], addresses: [0xc0a80101], own: [OWN] }),
    neighbor: neighborFilter({ interfaces: [2], targets: [0xffffffff] }),
  });
});

test('nothing before the first plan', () => {
  expect(interestOf(undefined, [LAN], undefined)).toEqual({
    arp: arpFilter({ interfaces: [2], addresses: [] }), neighbor: neighborFilter({ interfaces: [2], targets: [] }), groups: [],
  });
});

test.each([
  ['loopback', { loopback: true }, false],
  ['a port of a bridge', { enslaved: true }, false],
  ['what has no Ethernet addresses', { ethernet: false }, false],
  ['an excluded name', { name: 'veth12' }, false],
  ['one that is down: it may come up between two looks', { up: false }, true],
])('interfaces: %s', (_, values, wanted) => {
  const { arp, neighbor, groups } = interestOf(plan, [{ ...LAN, ...values }], /^veth/);
  expect(arp).toEqual(arpFilter({ interfaces: wanted ? [2] : [], addresses: [VIP, NODE2], own: wanted ? [OWN] : [] }));
  expect(neighbor).toEqual(neighborFilter({ interfaces: wanted ? [2] : [], targets: [VIP6, NODE2_6] }));
  expect(groups).toHaveLength(wanted ? 1 : 0);
});

describe('solicited-node groups', () => {
  const GROUP = 'ff0200000000000000000001ff000100';

  test('on each interface that has IPv6', () => {
    expect(groupsOf(plan, [LAN, WIFI, { ...LAN, index: 4, addresses: ['93.5.22.44/24'] }], undefined)).toEqual([`2 ${GROUP}`, `3 ${GROUP}`]);
  });

  test('only where the address is announced', () => {
    expect(groupsOf({ ...plan, addresses: [{ ...addresses[1], interfaces: ['wlan0'] }] }, [LAN, WIFI], undefined)).toEqual([`3 ${GROUP}`]);
  });

  test('none for an address that this node may not announce', () => {
    expect(groupsOf({ ...plan, addresses: [{ ...addresses[1], candidates: ['b'] }] }, [LAN], undefined)).toEqual([]);
  });

  test('one for addresses with the same end', () => {
    const alike = ['fd93:5:22::100', 'fd93:5:23::100'].map((address) => ({ address, candidates: ['a'] }));
    expect(groupsOf({ ...plan, addresses: alike }, [LAN], undefined)).toEqual([`2 ${GROUP}`]);
  });
});
