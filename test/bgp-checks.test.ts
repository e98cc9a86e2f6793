import { ApiObject, Chart, Testing } from 'cdk8s';
import { BasicAuthSecret, Secret } from 'cdk8s-plus-28';
import { Advertisement, BfdProfile, BgpPeer, BgpPeerOptions, Community, HomeLoadBalancer, IpRange, Selector } from '../src';
import { application, balancer } from './util';

const router: BgpPeerOptions = { address: '192.168.1.1', asn: 64512, localAsn: 64513 };
const edge = IpRange.cidr('203.0.113.8/29');

let chart: Chart;
let lb: HomeLoadBalancer;
beforeEach(() => {
  chart = Testing.chart();
  lb = balancer(chart);
});

const synthesis = () => Testing.synth(chart);

describe('found at synthesis', () => {
  const pool = (options: Parameters<typeof Advertisement.bgp>[0] = {}, range = edge, id = 'edge') =>
    lb.addPool(id, { poolName: id, ranges: [range], advertise: [Advertisement.bgp({ name: `${id}-bgp`, ...options })] });
  const raw = (kind: string, name: string, of: object) => new ApiObject(chart, name, {
    apiVersion: `metallb.io/${kind === 'BGPPeer' ? 'v1beta2' : 'v1beta1'}`, kind, metadata: { name, namespace: lb.namespace }, spec: of,
  });

  test.each<[string, () => void, RegExp]>([
    ['an advertisement without a peer', () => pool(),
      /\[test\/lb\/edge\] BGPAdvertisement edge-bgp \(test\/lb\/edge\/Advertisement\): there is no BGP peer to announce to: add the router with addBgpPeer\(\)/],
    ['an advertisement to a peer of another name', () => {
      lb.addBgpPeer('router', { ...router, peerName: 'router' });
      raw('BGPAdvertisement', 'x', { peers: ['ruoter'] });
      pool();
    }, /unknown peer 'ruoter': expected router; if it is made elsewhere, say so/],
    ['an aggregate that is larger than the pool', () => {
      lb.addBgpPeer('router', router);
      pool({ aggregationLength: 28 });
    }, /aggregationLength 28 is shorter than \/29, the largest block in 203.0.113.8\/29 of pool edge: .* so make it 29 to 32/],
    ['an aggregate that is larger than a part of the pool', () => {
      lb.addBgpPeer('router', router);
      pool({ aggregationLength: 24 }, IpRange.parse('10.0.0.1-10.0.0.6'));
    }, /aggregationLength 24 is shorter than \/31, the largest block in 10.0.0.1-10.0.0.6/],
    ['an aggregate of IPv6 that is larger than the pool', () => {
      lb.addBgpPeer('router', router);
      pool({ aggregationLengthV6: 48 }, IpRange.cidr('fd00::/64'));
    }, /aggregationLengthV6 48 is shorter than \/64/],
    ['two local preferences for one route', () => {
      lb.addBgpPeer('router', router);
      lb.addPool('edge', { ranges: [edge], advertise: [Advertisement.bgp({ name: 'a', localPref: 100 }), Advertisement.bgp({ name: 'b' })] });
    }, /BGPAdvertisement b .*: localPref 0 contradicts localPref 100 of BGPAdvertisement a .*: both announce pool/],
    ['two path lengths for one route', () => {
      lb.addBgpPeer('router', router);
      lb.addPool('edge', { ranges: [edge], advertise: [Advertisement.bgp({ name: 'a', asPathPrepend: 1 }), Advertisement.bgp({ name: 'b', asPathPrepend: 2 })] });
    }, /asPathPrepend 2 contradicts asPathPrepend 1/],
    ['one router twice', () => {
      lb.addBgpPeer('one', { ...router, peerName: 'one' });
      lb.addBgpPeer('two', { ...router, peerName: 'two' });
      pool();
    }, /\[test\/lb\/two\] BGPPeer two .*: the router 192.168.1.1 is also that of BGPPeer one .*: a router keeps one session with each node/],
    ['a profile of another name', () => {
      raw('BGPPeer', 'p', { myASN: 1, peerASN: 2, peerAddress: '10.0.0.1', bfdProfile: 'typo' });
      pool();
    }, /BGPPeer p \(test\/p\): unknown BFD profile 'typo': expected none, for there is no profile; if it is made elsewhere/],
    ['echo for IPv6', () => {
      lb.addBgpPeer('router', { ...router, bfdProfile: lb.addBfdProfile('echo', { echoMode: true }) });
      pool({}, IpRange.cidr('fd00::/64'));
    }, /pool edge has IPv6 addresses, but BGPPeer .* uses BFDProfile .* with echoMode, which works for IPv4 only/],
    ['a key of another type', () => {
      const secret = new Secret(chart, 'key', { metadata: { namespace: lb.namespace }, stringData: { password: 'x' } });
      lb.addBgpPeer('router', { ...router, passwordSecret: secret });
      pool();
    }, /the Secret .* has the type '?Opaque'?: expected kubernetes.io\/basic-auth/],
    ['a community that is none', () => {
      lb.addBgpPeer('router', router);
      raw('BGPAdvertisement', 'x', { communities: ['65000:70000'] });
      pool();
    }, /BGPAdvertisement x \(test\/x\): communities: '65000:70000' is not a BGP community/],
    ['a name for two communities', () => {
      lb.addCommunityAliases('a', { aliases: { x: Community.of(1, 1) } });
      lb.addCommunityAliases('b', { aliases: { x: Community.of(1, 2) } });
      lb.addBgpPeer('router', router);
      pool();
    }, /\[test\/lb\/b\] .* the alias 'x' is also defined by Community/],
    ...([
      [{ myASN: 0 }, /myASN 0 is not valid/],
      [{ myASN: undefined }, /myASN is missing/],
      [{ peerASN: undefined }, /there is neither peerASN nor dynamicASN/],
      [{ dynamicASN: 'internal' }, /there are both peerASN 2 and dynamicASN internal/],
      [{ dynamicASN: 'any', peerASN: undefined }, /dynamicASN 'any' is not valid/],
      [{ peerAddress: undefined }, /there is neither peerAddress nor interface/],
      [{ interface: 'eth0' }, /there are both peerAddress '10.0.0.1' and interface 'eth0'/],
      [{ peerAddress: 'router' }, /peerAddress 'router' is not valid/],
      [{ routerID: 'x' }, /routerID 'x' is not valid/],
      [{ peerPort: 20000 }, /peerPort 20000 is not valid/],
      [{ holdTime: '90' }, /holdTime '90' is not valid: expected a duration with a unit/],
      [{ holdTime: '2900ms' }, /holdTime 2900ms is not valid: expected 0 \(never\), or 3 s to 65535 s/],
      [{ holdTime: '9s', keepaliveTime: '10s' }, /keepaliveTime 10s is longer than holdTime 9s/],
      [{ connectTime: '1500ms' }, /connectTime '1500ms' is not valid/],
      [{ ebgpMultiHop: true, peerASN: 1 }, /ebgpMultiHop is for routers of another AS/],
      [{ password: 'x', passwordSecret: { name: 'y' } }, /there are both password and passwordSecret/],
      [{ nodeSelectors: [{}, {}] }, /nodeSelectors says 'everything' twice/],
    ] as [object, RegExp][]).map(([change, message]): [string, () => void, RegExp] => [`a peer with ${JSON.stringify(change)}`, () => {
      raw('BGPPeer', 'p', { myASN: 1, peerASN: 2, peerAddress: '10.0.0.1', ...change });
      pool();
    }, message]),
    ['a profile out of its limits', () => {
      raw('BFDProfile', 'x', { receiveInterval: 5 });
      lb.addPool('edge', { ranges: [edge] });
    }, /\[test\/lb\] BFDProfile x \(test\/x\): receiveInterval 5 is not valid: expected a whole number from 10 to 60000/],
  ])('%s', (_, build, message) => {
    build();
    expect(synthesis).toThrow(message);
  });

  test.each<[string, () => void]>([
    ['peers made elsewhere', () => {
      pool({ peers: [BgpPeer.fromPeerName(chart, 'router', 'router')] });
    }],
    ['profiles made elsewhere', () => {
      lb.addBgpPeer('router', { ...router, bfdProfile: BfdProfile.fromProfileName(chart, 'fast', 'fast') });
      pool();
    }],
    ['one router twice, from different nodes', () => {
      lb.addBgpPeer('one', { ...router, nodeSelectors: [Selector.hostnames('a')] });
      lb.addBgpPeer('two', { ...router, nodeSelectors: [Selector.hostnames('b')] });
      pool();
    }],
    ['two local preferences for different routers', () => {
      const [a, b] = [lb.addBgpPeer('a', router), lb.addBgpPeer('b', { ...router, address: '192.168.1.2' })];
      lb.addPool('edge', { ranges: [edge], advertise: [Advertisement.bgp({ peers: [a], localPref: 100 }), Advertisement.bgp({ peers: [b] })] });
    }],
    ['two local preferences for different routes', () => {
      lb.addBgpPeer('router', router);
      lb.addPool('edge', { ranges: [edge], advertise: [Advertisement.bgp({ localPref: 100 }), Advertisement.bgp({ aggregationLength: 29 })] });
    }],
    ['two local preferences from different nodes', () => {
      lb.addBgpPeer('router', router);
      lb.addPool('edge', { ranges: [edge], advertise: ['a', 'b'].map((node, localPref) => Advertisement.bgp({ localPref, nodeSelectors: [Selector.hostnames(node)] })) });
    }],
    ['an aggregate of exactly the pool', () => {
      lb.addBgpPeer('router', router);
      pool({ aggregationLength: 29 });
    }],
    ['a key of the right type', () => {
      const secret = new BasicAuthSecret(chart, 'key', { metadata: { namespace: lb.namespace }, username: 'bgp', password: 'x' });
      lb.addBgpPeer('router', { ...router, passwordSecret: secret });
      pool();
    }],
    ['an alias that is defined elsewhere', () => {
      lb.addBgpPeer('router', router);
      pool({ communities: [Community.fromAlias('elsewhere')] });
    }],
  ])('not found: %s', (_, build) => {
    build();
    lb.expose(application(chart, 'web', 80));
    expect(synthesis().length).toBeGreaterThan(0);
  });
});
