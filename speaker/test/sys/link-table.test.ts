import { LinkTable } from '../../src/sys/link-table';
import { LinkRecord, RouteMessage } from '../../src/sys/netlink';

const UP = 0x11043; // UP BROADCAST RUNNING MULTICAST LOWER_UP
const MAC = new Uint8Array([2, 0, 0, 0, 0, 3]);

const link = (values: Partial<LinkRecord> = {}, removed = false): RouteMessage => ({
  kind: 'link',
  removed,
  sequence: 0,
  interrupted: false,
  link: { index: 3, type: 1, flags: UP, name: 'eth0', mac: MAC, master: 0, operationalState: 'up', ...values },
});
const address = (text: string, removed = false, index = 3, prefixLength = 24): RouteMessage =>
  ({ kind: 'address', removed, sequence: 0, interrupted: false, address: { index, address: text, prefixLength } });

function tableOf(...messages: RouteMessage[]): LinkTable {
  const table = new LinkTable();
  messages.forEach((message) => table.apply(message));
  table.refresh();
  return table;
}

test('a link with its addresses, sorted', () => {
  expect(tableOf(link(), address('93.5.22.44'), address('fe80::3', false, 3, 64), address('93.5.22.43')).links).toEqual([{
    index: 3,
    incarnation: 0,
    name: 'eth0',
    mac: MAC,
    ethernet: true,
    up: true,
    broadcast: true,
    noArp: false,
    loopback: false,
    enslaved: false,
    operationalState: 'up',
    addresses: ['93.5.22.43/24', '93.5.22.44/24', 'fe80::3/64'],
  }]);
});

test.each([
  ['switched off', { flags: 0x1002, operationalState: 'down' }, { up: false }],
  ['without cable', { flags: 0x1003, operationalState: 'down' }, { up: false }],
  ['WiFi before its authentication', { flags: 0x11003, operationalState: 'dormant' }, { up: false }],
  ['a driver that knows no states', { operationalState: 'unknown' }, { up: true }],
  ['a port of a bridge', { master: 9 }, { enslaved: true }],
  ['loopback', { type: 772, flags: 0x10049, mac: new Uint8Array(6) }, { loopback: true, ethernet: false, broadcast: false }],
  ['a tunnel without link-layer address', { type: 65534, flags: 0x110d1, mac: new Uint8Array(0) }, { noArp: true, ethernet: false, broadcast: false }],
] as const)('%s', (_, record, expected) => {
  expect(tableOf(link(record)).links[0]).toMatchObject(expected);
});

describe('what is a change', () => {
  test.each<[string, RouteMessage, boolean]>([
    ['the same link again', link(), false],
    ['another state that changes nothing else', link({ flags: UP + 0x100 }), false], // IFF_PROMISC
    ['the cable was pulled', link({ flags: 0x1003 }), true],
    ['another name', link({ name: 'lan0' }), true],
    ['another MAC', link({ mac: new Uint8Array([2, 0, 0, 0, 0, 4]) }), true],
    ['the same address again', address('93.5.22.44'), false],
    ['a further address', address('93.5.22.45'), true],
    ['the same address with another prefix length', address('93.5.22.44', false, 3, 32), true],
    ['an address gone', address('93.5.22.44', true), true],
    ['an address gone that was never there', address('93.5.22.99', true), false],
    ['the link gone', link({}, true), true],
    ['an address of a link not known yet', address('10.0.0.1', false, 8), false],
  ])('%s', (_, message, changed) => {
    const table = tableOf(link(), address('93.5.22.44'));
    const before = table.links;
    table.apply(message);
    expect(table.refresh()).toBe(changed);
    expect(table.links === before).toBe(!changed);
  });
});

describe('a listing', () => {
  test('removes what it does not confirm', () => {
    const table = tableOf(link(), link({ index: 4, name: 'veth1' }), address('93.5.22.44'), address('93.5.22.45'));
    table.begin();
    table.apply(link());
    table.apply(address('93.5.22.44'));
    table.finish();
    expect(table.refresh()).toBe(true);
    expect(table.links).toMatchObject([{ index: 3, addresses: ['93.5.22.44/24'] }]);
  });

  test('keeps what a notification brought meanwhile', () => {
    const table = tableOf(link());
    table.begin();
    table.apply(link({ index: 5, name: 'new0' }));
    table.apply(link());
    table.finish();
    table.refresh();
    expect(table.links.map(({ name }) => name)).toEqual(['eth0', 'new0']);
  });

  test('that brings the same changes the incarnations alone, for what was lost may have told of an end', () => {
    const table = tableOf(link(), address('93.5.22.44')), [before] = table.links;
    table.begin();
    table.apply(link());
    table.apply(address('93.5.22.44'));
    table.finish();
    expect(table.refresh()).toBe(true);
    expect(table.links).toEqual([{ ...before, incarnation: 1 }]);
    expect(table.refresh()).toBe(false);
  });
});

describe('another incarnation', () => {
  const whole = [link(), address('93.5.22.44'), address('fe80::3', false, 3, 64)];

  test.each<[string, RouteMessage[], boolean]>([
    ['not of one that is told again', whole, false],
    ['of one that was removed and made again, all between two looks', [link({}, true), ...whole], true],
    ['of one that lost its link-local address, and IPv6 with it, for a moment', [address('fe80::3', true, 3, 64), address('fe80::3', false, 3, 64)], true],
    ['not of one that lost another address', [address('93.5.22.44', true), address('93.5.22.44')], false],
    ['not of one beside which another was removed', [link({ index: 4, name: 'veth1' }), link({ index: 4 }, true)], false],
  ])('%s', (_, messages, another) => {
    const table = tableOf(...whole), [before] = table.links;
    messages.forEach((message) => table.apply(message));
    expect(table.refresh()).toBe(another);
    expect(table.links).toEqual([{ ...before, incarnation: expect.any(Number) }]);
    expect(table.links[0].incarnation !== before.incarnation).toBe(another);
  });
});
