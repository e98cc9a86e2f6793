import { Case, Manifest, namespace, object, selectorCases } from './manifests.cases';

/** The part of the cases of `manifests.cases.ts` that is about BGP. */

const attic = { matchLabels: { zone: 'attic' } };
const lan = object('IPAddressPool', 'lan', { addresses: ['10.0.0.0/24', 'fd00::/64'] });
const router = { myASN: 64512, peerASN: 64513, peerAddress: '192.0.2.1' };
const peer = (change: object = {}, name = 'router') => object('BGPPeer', name, { ...router, ...change });
const profile = (spec: object = {}, name = 'fast') => object('BFDProfile', name, spec);
const bgp = (spec: unknown, name = 'bgp') => object('BGPAdvertisement', name, spec);
const aliases = (communities: unknown, name = 'names') => object('Community', name, { communities });
const secret = (stringData: object, type = 'kubernetes.io/basic-auth'): Manifest => ({
  apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key', namespace }, ...{ type, stringData },
});
const keyed = { passwordSecret: { name: 'key' } };

export const RIGHT_BGP: Case[] = [
  { why: 'a peer', objects: [lan, peer(), bgp({})] },
  {
    why: 'a peer with everything',
    objects: [lan, profile(), secret({ password: 'x'.repeat(80) }), peer({
      localASN: 4200000000,
      sourceAddress: '192.0.2.2',
      peerPort: 16384,
      holdTime: '1m30s',
      keepaliveTime: '30s',
      connectTime: '65535s',
      routerID: '192.0.2.44',
      nodeSelectors: [attic],
      ...keyed,
      bfdProfile: 'fast',
      enableGracefulRestart: true,
      ebgpMultiHop: true,
      vrf: 'red',
      disableMP: true,
      dualStackAddressFamily: true,
    })],
  },
  { why: 'a peer behind an interface', objects: [lan, object('BGPPeer', 'p', { myASN: 1, dynamicASN: 'external', interface: 'eth0' })] },
  { why: 'no hold time', objects: [lan, peer({ holdTime: '0s', keepaliveTime: '0s' })] },
  { why: 'keepalives alone', objects: [lan, peer({ keepaliveTime: '1s' })] },
  { why: 'a fraction of a second', objects: [lan, peer({ holdTime: '3.9s', keepaliveTime: '1.5s' })] },
  { why: 'two routers', objects: [lan, peer(), peer({ peerAddress: '192.0.2.2' }, 'second')] },
  { why: 'one router for two racks', objects: [lan, peer({ nodeSelectors: [attic] }), peer({ nodeSelectors: [{ matchLabels: { zone: 'cellar' } }] }, 'second')] },
  { why: 'one router in two VRFs', objects: [lan, peer(), peer({ vrf: 'red' }, 'second')] },
  { why: 'a profile of limits', objects: [lan, profile({ receiveInterval: 10, transmitInterval: 60000, detectMultiplier: 255, echoInterval: 10, minimumTtl: 1 })] },
  { why: 'echo for IPv4', objects: [object('IPAddressPool', 'four', { addresses: ['10.0.0.0/24'] }), profile({ echoMode: true }), peer({ bfdProfile: 'fast' }), bgp({})] },
  { why: 'names of communities', objects: [lan, peer(), aliases([{ name: 'a', value: '1:2' }, { name: 'b:c', value: 'large:1:2:3' }]), bgp({ communities: ['a', 'b:c', '065000:1'] })] },
  {
    why: 'an advertisement with everything',
    objects: [lan, peer(), bgp({
      aggregationLength: 24,
      aggregationLengthV6: 64,
      localPref: 2147483647,
      asPathPrepend: 10,
      communities: ['64512:1'],
      ipAddressPools: ['lan'],
      nodeSelectors: [attic],
      peers: ['router'],
    })],
  },
  { why: 'Services with whole lengths', objects: [lan, peer(), bgp({ aggregationLength: 32, aggregationLengthV6: 128, serviceSelectors: [attic] })] },
  { why: 'preferences for different nodes', objects: [lan, peer(), bgp({ localPref: 1, nodeSelectors: [attic] }), bgp({ nodeSelectors: [{ matchLabels: { zone: 'cellar' } }] }, 'other')] },
  { why: 'preferences for different lengths', objects: [lan, peer(), bgp({ localPref: 1 }), bgp({ aggregationLength: 25, aggregationLengthV6: 65 }, 'other')] },
  { why: 'preferences for Services', objects: [lan, peer(), bgp({ localPref: 1 }), bgp({ serviceSelectors: [attic] }, 'other')] },
];

const peers: [object, RegExp][] = [
  [{ myASN: undefined }, /myASN is missing/], [{ myASN: 0 }, /myASN 0 is not valid/], [{ myASN: 0, peerASN: undefined, dynamicASN: 'internal' }, /myASN 0 is not valid/],
  [{ myASN: 2 ** 32 }, /myASN 4294967296/], [{ myASN: '1' }, /myASN '1'/],
  [{ peerASN: undefined }, /neither peerASN nor dynamicASN/], [{ peerASN: 0 }, /neither peerASN nor dynamicASN/], [{ peerASN: -1 }, /peerASN -1/],
  [{ dynamicASN: 'internal' }, /both peerASN 64513 and dynamicASN/], [{ peerASN: undefined, dynamicASN: 'both' }, /dynamicASN 'both'/], [{ localASN: 0 }, /localASN 0/],
  [{ peerAddress: undefined }, /neither peerAddress nor interface/], [{ peerAddress: '' }, /neither peerAddress nor interface/], [{ interface: 'eth0' }, /both peerAddress/],
  [{ peerAddress: 'router' }, /peerAddress 'router'/], [{ peerAddress: '192.0.2.1/24' }, /peerAddress/], [{ peerAddress: '::ffff:1.2.3.4' }, /peerAddress/],
  [{ peerAddress: 5 }, /peerAddress 5/], [{ sourceAddress: 'x' }, /sourceAddress 'x'/], [{ routerID: 'fd00::1' }, /routerID 'fd00::1'/], [{ routerID: '0.0.0.0' }, /routerID/],
  [{ peerPort: 16385 }, /peerPort 16385/], [{ peerPort: 1.5 }, /peerPort 1.5/], [{ holdTime: '90' }, /holdTime '90'/], [{ holdTime: 90 }, /holdTime 90/],
  [{ holdTime: '2s' }, /holdTime 2s is not valid/], [{ holdTime: '500ms' }, /holdTime 500ms/], [{ holdTime: '-3s' }, /holdTime -3s/], [{ holdTime: '65536s' }, /holdTime 65536s/],
  [{ keepaliveTime: '500ms' }, /keepaliveTime 500ms makes a hold time, three times as long, of 1500ms/], [{ keepaliveTime: '6h5m' }, /makes a hold time/],
  [{ keepaliveTime: '-1s' }, /keepaliveTime -1s/], [{ holdTime: '9s', keepaliveTime: '10s' }, /keepaliveTime 10s is longer than holdTime 9s/],
  [{ connectTime: '0s' }, /connectTime '0s'/], [{ connectTime: '1500ms' }, /connectTime/], [{ connectTime: '65536s' }, /connectTime/], [{ peerASN: 64512, ebgpMultiHop: true }, /ebgpMultiHop/],
  ...['ebgpMultiHop', 'enableGracefulRestart', 'dualStackAddressFamily', 'disableMP'].map((field): [object, RegExp] => [{ [field]: 'yes' }, new RegExp(`${field} 'yes' is not valid`)]),
  [{ vrf: 5 }, /vrf 5/], [{ bfdProfile: 5 }, /bfdProfile 5/], [{ bfdProfile: 'typo' }, /unknown BFD profile 'typo'/], [{ password: 5 }, /password 5/],
  [{ passwordSecret: 'key' }, /passwordSecret 'key' is not valid/],
];

const routes: [object, RegExp][] = [
  [{ aggregationLength: 0 }, /aggregationLength 0 is not valid/], [{ aggregationLength: 33 }, /aggregationLength 33/], [{ aggregationLengthV6: 129 }, /aggregationLengthV6 129/],
  [{ aggregationLengthV6: 0 }, /aggregationLengthV6 0 is not valid/],
  [{ aggregationLength: '24' }, /aggregationLength '24'/], [{ aggregationLength: 23 }, /aggregationLength 23 is shorter than \/24/], [{ aggregationLengthV6: 63 }, /shorter than \/64/],
  [{ localPref: -1 }, /localPref -1/], [{ localPref: 2 ** 32 }, /localPref/], [{ asPathPrepend: 0 }, /asPathPrepend 0/], [{ asPathPrepend: 11 }, /asPathPrepend 11/],
  [{ aggregationLength: 24, serviceSelectors: [attic] }, /serviceSelectors and aggregationLength are mutually exclusive/],
  [{ aggregationLengthV6: 64, serviceSelectors: [attic] }, /serviceSelectors and aggregationLengthV6 are mutually exclusive/],
  [{ communities: ['1:70000'] }, /'1:70000' is not a BGP community/], [{ communities: ['a:b'] }, /'a:b'/], [{ communities: ['1:2:3'] }, /'1:2:3'/],
  [{ communities: ['small:1:2:3'] }, /'small:1:2:3'/], [{ communities: ['large:1:2:4294967296'] }, /is not a BGP community/], [{ communities: [5] }, /communities 5/],
  [{ communities: ['1:2', '1:2'] }, /communities names 1:2 twice/], [{ peers: ['router', 'router'] }, /peers names router twice/], [{ peers: 'router' }, /peers 'router'/],
  [{ ipAddressPools: ['lan', 'lan'] }, /ipAddressPools names lan twice/],
];

export const WRONG_BGP: Case[] = [
  ...peers.map(([change, says]) => ({ why: `a peer with ${JSON.stringify(change)}`, objects: [lan, peer(change)], says })),
  ...routes.map(([spec, says]) => ({ why: `an advertisement with ${JSON.stringify(spec)}`, objects: [lan, peer(), bgp(spec)], says })),
  ...selectorCases((nodeSelectors) => [lan, peer({ nodeSelectors })], 'nodeSelectors'),
  ...['ipAddressPoolSelectors', 'nodeSelectors', 'serviceSelectors'].flatMap((field) => selectorCases((selectors) => [lan, peer(), bgp({ [field]: selectors })], field)),
  { why: 'one router twice', objects: [lan, peer(), peer({}, 'second')], says: /is also that of BGPPeer router/ },
  { why: 'one router on two ports', objects: [lan, peer(), peer({ peerPort: 1790 }, 'second')], says: /a router keeps one session with each node/ },
  { why: 'one router for one rack and all', objects: [lan, peer(), peer({ nodeSelectors: [attic] }, 'second')], says: /for the same nodes/ },
  { why: 'one interface twice', objects: [lan, ...['a', 'b'].map((name) => object('BGPPeer', name, { myASN: 1, peerASN: 2, interface: 'eth0' }))], says: /the router behind eth0 is also/ },
  { why: 'two peers of one name', objects: [lan, peer(), peer({ peerAddress: '192.0.2.2' })], says: /BGPPeer router is also defined by/ },
  { why: 'a password in two places', objects: [lan, secret({ password: 'x' }), peer({ ...keyed, password: 'y' })], says: /both password and passwordSecret/ },
  { why: 'a key of another type', objects: [lan, secret({ password: 'x' }, 'Opaque'), peer(keyed)], says: /the Secret key \(.*\) has the type 'Opaque'/ },
  { why: 'a key without a password', objects: [lan, secret({ username: 'x' }), peer(keyed)], says: /has no password/ },
  { why: 'a key that is too long', objects: [lan, secret({ password: 'ö'.repeat(41) }), peer(keyed)], says: /a password of more than 80 bytes/ },
  ...[['receiveInterval', 9], ['transmitInterval', 60001], ['echoInterval', '50'], ['detectMultiplier', 1], ['minimumTtl', 255], ['echoMode', 1], ['passiveMode', 'no']]
    .map(([field, value]) => ({ why: `a profile with ${field} ${value}`, objects: [lan, profile({ [field]: value })], says: new RegExp(`${field} .* is not valid`) })),
  { why: 'echo for IPv6', objects: [lan, profile({ echoMode: true }), peer({ bfdProfile: 'fast' }), bgp({})], says: /pool lan has IPv6 addresses, but BGPPeer router/ },
  { why: 'two preferences', objects: [lan, peer(), bgp({ localPref: 1 }), bgp({}, 'other')], says: /localPref 0 contradicts localPref 1/ },
  { why: 'two path lengths', objects: [lan, peer(), bgp({ asPathPrepend: 1 }), bgp({ peers: ['router'] }, 'other')], says: /asPathPrepend 0 contradicts asPathPrepend 1/ },
  { why: 'names that are no list', objects: [lan, aliases({})], says: /communities {} is not valid: expected a list/ },
  { why: 'a name for nothing', objects: [lan, aliases([{ name: 'a' }])], says: /the alias 'a': undefined is not a BGP community/ },
  { why: 'a community with an empty name', objects: [lan, aliases([{ name: '', value: '1:2' }])], says: /the name '' of an alias is not valid/ },
  { why: 'a community without a name', objects: [lan, aliases([{ value: '1:2' }])], says: /the name undefined of an alias is not valid/ },
  { why: 'a name for what is none', objects: [lan, aliases([{ name: 'a', value: 'b' }])], says: /the alias 'a': 'b' is not a BGP community/ },
  ...['', '1', '1:2:3', '1:', 'large:1:2', 'large:1:2:3:4', 'no-export', '-1:2', ' 1:2'].map((value) => (
    { why: `a name for '${value}'`, objects: [lan, aliases([{ name: 'a', value }])], says: /the alias 'a': '.*' is not a BGP community/ }
  )),
  { why: 'one name twice', objects: [lan, aliases([{ name: 'a', value: '1:2' }]), aliases([{ name: 'a', value: '1:3' }], 'more')], says: /the alias 'a' is also defined by/ },
];
