import { ApiObject, Chart, Duration, JsonPatch, Testing } from 'cdk8s';
import { Secret } from 'cdk8s-plus-28';
import { Advertisement, BgpPeerOptions, Community, CommunityAliases, DynamicAsn, HomeLoadBalancer, IpRange, Selector } from '../src';
import { balancer, manifests } from './util';

const router: BgpPeerOptions = { address: '192.168.1.1', asn: 64512, localAsn: 64513 };
const edge = IpRange.cidr('203.0.113.8/29');

let chart: Chart;
let lb: HomeLoadBalancer;
beforeEach(() => {
  chart = Testing.chart();
  lb = balancer(chart);
});

const spec = (kind: string) => manifests(chart, kind)[0].spec;

describe('a peer', () => {
  beforeEach(() => void lb.addPool('edge', { ranges: [edge] }));

  test('needs a router and two AS numbers', () => {
    expect(lb.addBgpPeer('router', router).peerName).toMatch(/^test-lb-router-/);
    expect(spec('BGPPeer')).toEqual({ myASN: 64513, peerASN: 64512, peerAddress: '192.168.1.1' });
    expect(manifests(chart, 'BGPPeer')[0]).toMatchObject({ apiVersion: 'metallb.io/v1beta2', metadata: { namespace: 'metallb-system' } });
  });

  test('takes everything that a BGPPeer has', () => {
    lb.addBgpPeer('router', {
      ...router,
      peerName: 'router',
      presentedAsn: 64999,
      port: 1790,
      sourceAddress: '192.168.1.44',
      holdTime: Duration.seconds(30),
      keepaliveTime: Duration.millis(2500),
      connectTime: Duration.minutes(1),
      routerId: '10.0.0.1',
      nodeSelectors: [Selector.labels({ rack: '1' })],
      passwordSecret: Secret.fromSecretName(chart, 'secret', 'router-key'),
      bfdProfile: lb.addBfdProfile('fast', { profileName: 'fast' }),
      gracefulRestart: true,
      multihop: true,
      vrf: 'red',
      dualStackAddressFamily: true,
    });
    expect(spec('BGPPeer')).toEqual({
      myASN: 64513,
      peerASN: 64512,
      localASN: 64999,
      peerAddress: '192.168.1.1',
      sourceAddress: '192.168.1.44',
      peerPort: 1790,
      holdTime: '30s',
      keepaliveTime: '2500ms',
      connectTime: '60s',
      routerID: '10.0.0.1',
      nodeSelectors: [{ matchLabels: { rack: '1' } }],
      passwordSecret: { name: 'router-key' },
      bfdProfile: 'fast',
      enableGracefulRestart: true,
      ebgpMultiHop: true,
      vrf: 'red',
      dualStackAddressFamily: true,
    });
  });

  test('may be found by its interface, and be in any AS', () => {
    lb.addBgpPeer('router', { interfaceName: 'eth1', dynamicAsn: DynamicAsn.EXTERNAL, localAsn: 64513 });
    expect(spec('BGPPeer')).toEqual({ myASN: 64513, dynamicASN: 'external', interface: 'eth1' });
  });

  test('gives the speakers the right to read its key, and no other Secret', () => {
    const secretsOf = (role: string) => manifests(chart, 'Role').find(({ metadata }) => metadata.name === role).rules
      .filter(({ resources }: any) => resources.includes('secrets')).flatMap(({ resourceNames = [] }: any) => resourceNames);
    lb.addBgpPeer('router', { ...router, passwordSecret: Secret.fromSecretName(chart, 'secret', 'router-key') });
    expect(secretsOf('speaker')).toEqual(['home-load-balancer-heartbeat', 'router-key']);
    expect(secretsOf('controller')).toEqual(['metallb-webhook-cert']);
  });

  test('can be patched', () => {
    const peer = lb.addBgpPeer('router', router);
    ApiObject.of(peer).addJsonPatch(JsonPatch.add('/spec/holdTime', '9s'));
    expect(spec('BGPPeer').holdTime).toBe('9s');
  });

  test.each<[string, Partial<BgpPeerOptions>, RegExp]>([
    ['no AS', { asn: undefined }, /test\/lb\/router: neither asn nor dynamicAsn says the AS of the router: pass one of them/],
    ['two AS', { dynamicAsn: DynamicAsn.INTERNAL }, /both asn \(64512\) and dynamicAsn \('internal'\) say the AS of the router: pass only one/],
    ['no router', { address: undefined }, /neither address nor interfaceName says where the router is/],
    ['two routers', { interfaceName: 'eth0' }, /both address \('192.168.1.1'\) and interfaceName \('eth0'\)/],
    ['AS 0', { localAsn: 0 }, /test\/lb\/router: localAsn 0 is not valid: expected a whole number from 1 to 4294967295/],
    ['an AS of 33 bits', { asn: 2 ** 32 }, /asn 4294967296 is not valid/],
    ['an AS as text', { asn: '64512' as any }, /asn '64512' is not valid/],
    ['a name for an address', { address: 'router.lan' }, /address 'router.lan' is not valid: expected an IP address/],
    ['a source that is none', { sourceAddress: 'eth0' }, /sourceAddress 'eth0' is not valid/],
    ['an IPv6 router id', { routerId: 'fd00::1' }, /routerId 'fd00::1' is not valid: expected an IPv4 address/],
    ['port 0', { port: 0 }, /port 0 is not valid: expected a whole number from 1 to 16384/],
    ['a hold time of 2 s', { holdTime: Duration.seconds(2) }, /holdTime '2000 ms' is not valid: expected 0 \(never\), or whole seconds from 3 s to 65535 s/],
    ['a hold time as a number', { holdTime: 90 as any }, /holdTime 90 is not valid: expected a Duration of .* such as Duration.seconds\(90\)/],
    ['keepalives that are too rare', { holdTime: Duration.seconds(9), keepaliveTime: Duration.seconds(10) }, /keepaliveTime 10s is longer than holdTime 9s/],
    ['a connect time of 0', { connectTime: Duration.seconds(0) }, /connectTime '0 ms' is not valid/],
    ['several hops inside an AS', { asn: 64513, multihop: true }, /multihop is for routers of another AS, but asn and localAsn are both 64513/],
    ['a selector that is a map', { nodeSelectors: [{ rack: '1' } as any] }, /nodeSelectors\[0\] {"rack":"1"} is not valid: expected Selector/],
    ['a profile by name', { bfdProfile: 'fast' as any }, /bfdProfile 'fast' is not valid: expected what addBfdProfile\(\)/],
    ['an unknown enum member', { dynamicAsn: 'any' as any, asn: undefined }, /dynamicAsn 'any' is not valid/],
    ['a name that Kubernetes refuses', { peerName: 'My Router' }, /peerName 'My Router' is not valid/],
  ])('is refused with %s', (_, change, message) => {
    const add = () => lb.addBgpPeer('router', { ...router, ...change });
    expect(add).toThrow(message);
  });
});

describe('a BFD profile', () => {
  beforeEach(() => void lb.addPool('edge', { ranges: [edge] }));

  test('takes everything that a BFDProfile has', () => {
    lb.addBfdProfile('fast', {
      receiveInterval: Duration.millis(10),
      transmitInterval: Duration.minutes(1),
      detectMultiplier: 5,
      echoInterval: Duration.millis(50),
      echoMode: true,
      passiveMode: false,
      minimumTtl: 250,
    });
    expect(spec('BFDProfile')).toEqual({
      receiveInterval: 10, transmitInterval: 60000, detectMultiplier: 5, echoInterval: 50, echoMode: true, passiveMode: false, minimumTtl: 250,
    });
  });

  test.each([
    [{ receiveInterval: Duration.millis(9) }, /receiveInterval '9 ms' is not valid: expected 10 ms to 60 s/],
    [{ transmitInterval: Duration.seconds(61) }, /transmitInterval '61000 ms'/],
    [{ detectMultiplier: 1 }, /detectMultiplier 1 is not valid: expected a whole number from 2 to 255/],
    [{ minimumTtl: 255 }, /minimumTtl 255 is not valid/],
    [{ echoMode: 'yes' as any }, /echoMode 'yes' is not valid: expected true or false/],
  ])('%j is refused', (options, message) => {
    expect(() => lb.addBfdProfile('fast', options)).toThrow(message);
  });
});

describe('communities', () => {
  test.each([
    [Community.of(65000, 1), '65000:1'],
    [Community.large(4200000000, 0, 7), 'large:4200000000:0:7'],
    [Community.parse(' 65000:1 '), '65000:1'],
    [Community.parse('large:1:2:3'), 'large:1:2:3'],
    [Community.fromAlias('vpn-only'), 'vpn-only'],
    [Community.NO_EXPORT, '65535:65281'],
    [Community.NO_ADVERTISE, '65535:65282'],
    [Community.NO_EXPORT_SUBCONFED, '65535:65283'],
    [Community.NO_PEER, '65535:65284'],
    [Community.BLACKHOLE, '65535:666'],
    [Community.GRACEFUL_SHUTDOWN, '65535:0'],
  ])('%s', (community, text) => expect(`${community}`).toBe(text));

  test.each([
    [() => Community.of(65536, 1), /asn of the community 65536 is not valid: expected a whole number from 0 to 65535/],
    [() => Community.of(1, undefined as any), /value of the community .* is not valid/],
    [() => Community.large(1, -1, 1), /localData1 of the large community -1/],
    [() => Community.parse('65536:1'), /'65536:1' is not a BGP community: expected two numbers up to 65535/],
    [() => Community.parse('large:1:2'), /is not a BGP community/],
    [() => Community.parse('1:2:3'), /is not a BGP community/],
    [() => Community.parse('1:2x'), /is not a BGP community/],
    [() => Community.parse(''), /text of the community '' is not valid/],
    [() => Community.fromAlias(''), /name of the community '' is not valid/],
  ])('%s is refused', (make, message) => expect(make).toThrow(message));

  test('get names, by which advertisements refer to them', () => {
    const names = lb.addCommunityAliases('names', { aliases: { 'vpn-only': Community.of(64512, 100), 'far': Community.large(1, 2, 3) } });
    lb.addBgpPeer('router', router);
    lb.addPool('edge', { ranges: [edge], advertise: [Advertisement.bgp({ communities: [names.community('vpn-only'), Community.NO_EXPORT] })] });
    expect(spec('Community').communities).toEqual([{ name: 'far', value: 'large:1:2:3' }, { name: 'vpn-only', value: '64512:100' }]);
    expect(spec('BGPAdvertisement').communities).toEqual(['vpn-only', '65535:65281']);
    expect(() => names.community('typo')).toThrow(/test\/lb\/names: unknown alias 'typo': expected far, vpn-only/);
    expect(() => new CommunityAliases(chart, 'none', { aliases: {} })).toThrow(/test\/none: aliases is empty/);
  });
});

describe('an advertisement', () => {
  test('takes everything that a BGPAdvertisement has', () => {
    const peer = lb.addBgpPeer('router', { ...router, peerName: 'router' });
    lb.addPool('edge', {
      poolName: 'edge',
      ranges: [edge, IpRange.cidr('fd00:1::/64')],
      advertise: [Advertisement.bgp({
        name: 'edge',
        peers: [peer],
        aggregationLength: 29,
        aggregationLengthV6: 64,
        localPref: 200,
        asPathPrepend: 2,
        communities: [Community.NO_EXPORT],
        nodeSelectors: [Selector.hostnames('a', 'b')],
      })],
    });
    expect(manifests(chart, 'BGPAdvertisement')[0]).toMatchObject({ metadata: { name: 'edge' } });
    expect(spec('BGPAdvertisement')).toEqual({
      ipAddressPools: ['edge'],
      peers: ['router'],
      aggregationLength: 29,
      aggregationLengthV6: 64,
      localPref: 200,
      asPathPrepend: 2,
      communities: ['65535:65281'],
      nodeSelectors: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['a', 'b'] }] }],
    });
    expect(manifests(chart, 'L2Advertisement')).toEqual([]);
  });

  test('may choose Services', () => {
    lb.addBgpPeer('router', router);
    lb.addPool('edge', { ranges: [edge], advertise: [Advertisement.bgp({ serviceSelectors: [Selector.labels({ app: 'web' })] })] });
    expect(spec('BGPAdvertisement').serviceSelectors).toEqual([{ matchLabels: { app: 'web' } }]);
  });

  test.each([
    [{ aggregationLength: 0 }, /aggregationLength of the BGP advertisement 0 is not valid: expected a whole number from 1 to 32/],
    [{ aggregationLengthV6: 129 }, /aggregationLengthV6 of the BGP advertisement 129/],
    [{ localPref: -1 }, /localPref of the BGP advertisement -1/],
    [{ asPathPrepend: 11 }, /asPathPrepend of the BGP advertisement 11 is not valid: expected a whole number from 1 to 10/],
    [{ communities: ['65000:1' as any] }, /communities of the BGP advertisement\[0\] '65000:1' is not valid: expected Community, such as Community.of/],
    [{ peers: ['router' as any] }, /peers of the BGP advertisement\[0\] 'router' is not valid: expected what addBgpPeer\(\)/],
    [{ aggregationLength: 24, serviceSelectors: [Selector.everything()] }, /aggregationLength of the BGP advertisement 24 and serviceSelectors exclude each other/],
  ])('%j is refused', (options, message) => expect(() => Advertisement.bgp(options)).toThrow(message));
});
