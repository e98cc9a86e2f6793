import { ApiObject, Chart, Duration, Lazy, Testing } from 'cdk8s';
import {
  AddressPool, Advertisement, AddressSharing, BfdProfile, BgpPeer, Community, CommunityAliases, DynamicAsn, Failback, HomeLoadBalancer, IpRange,
  Selector, TlsVersion, type HomeLoadBalancerProps,
} from '../src';
import { HUGE, KINDS } from './bad-input.values';
import { application, balancer } from './util';

interface Subject {
  readonly of: string;
  /** How every message begins: the construct that the user made. */
  readonly where?: string;
  readonly properties: Record<string, keyof typeof KINDS>;
  /** What was there before. */
  readonly leaves?: string[];
  /** Makes the thing with one property changed. */
  make(chart: Chart, change: object): unknown;
}

/** What a failure must not leave behind. */
const HALVES = ['Service', 'IPAddressPool', 'L2Advertisement', 'BGPAdvertisement', 'BGPPeer', 'BFDProfile', 'PodMonitor', 'PrometheusRule'];

const range = IpRange.parse('10.0.0.1');
const router = { address: '10.0.0.1', asn: 64512, localAsn: 64513 };

const SUBJECTS: Subject[] = [
  {
    of: 'HomeLoadBalancer',
    where: 'test/lb: ',
    make: (chart, change) => new HomeLoadBalancer(chart, 'lb', { crds: false, addresses: ['10.0.0.1'], ...change }),
    properties: {
      addresses: 'list',
      poolName: 'name',
      namespace: 'name',
      loadBalancerClass: 'name',
      image: 'text',
      crds: 'boolean',
      ignoreExcludeLb: 'boolean',
      imagePullPolicy: 'enum',
      logLevel: 'enum',
      webhookPolicy: 'enum',
      metricsInsecure: 'boolean',
      metricsCertificate: 'secret',
      tlsMinVersion: 'enum',
      heartbeats: 'boolean',
      fastDetection: 'boolean',
      gratuitousArpInterval: 'duration',
      conflictDetection: 'boolean',
      failback: 'enum',
      heartbeatPort: 'number',
      heartbeatMultiplier: 'number',
      heartbeatInterval: 'duration',
      excludeInterfaces: 'text',
      promiscuousInterfaces: 'text',
      controllerReplicas: 'number',
      nodes: 'nodes',
      advertise: 'objects',
    },
  },
  {
    of: 'HomeLoadBalancer with what some properties need',
    where: 'test/lb: ',
    make: (chart, change) => balancer(chart, { tlsMinVersion: TlsVersion.TLS_1_2, failback: Failback.HOLD_DOWN, ...change }),
    properties: { tlsCipherSuites: 'suites', failbackHoldDown: 'duration' },
  },
  {
    of: 'AddressPool',
    make: (chart, change) => balancer(chart).addPool('pool', { ranges: [range], ...change }),
    properties: {
      ranges: 'objects',
      poolName: 'name',
      autoAssign: 'boolean',
      avoidBuggyIps: 'boolean',
      priority: 'number',
      namespaces: 'names',
      namespaceSelectors: 'selectors',
      serviceSelectors: 'selectors',
      labels: 'labels',
      advertise: 'objects',
      draining: 'boolean',
      sharing: 'enum',
      sticky: 'boolean',
      stickyFor: 'duration',
      namespaceLimit: 'number',
      excludedAddresses: 'objects',
      excludeNodeAddresses: 'boolean',
      quarantine: 'duration',
    },
  },
  {
    of: 'BgpPeer',
    make: (chart, change) => new BgpPeer(chart, 'peer', { ...router, ...change }),
    properties: {
      peerName: 'name',
      namespace: 'name',
      localAsn: 'number',
      asn: 'number',
      presentedAsn: 'number',
      address: 'address',
      sourceAddress: 'address',
      routerId: 'address',
      port: 'number',
      holdTime: 'duration',
      keepaliveTime: 'duration',
      connectTime: 'duration',
      nodeSelectors: 'selectors',
      passwordSecret: 'secret',
      bfdProfile: 'enum',
      gracefulRestart: 'boolean',
      multihop: 'boolean',
      vrf: 'name',
      dualStackAddressFamily: 'boolean',
    },
  },
  {
    of: 'BgpPeer behind an interface',
    make: (chart, change) => new BgpPeer(chart, 'peer', { asn: 64512, localAsn: 64513, interfaceName: 'eth0', ...change }),
    properties: { interfaceName: 'name' },
  },
  {
    of: 'BfdProfile',
    make: (chart, change) => new BfdProfile(chart, 'profile', change),
    properties: {
      profileName: 'name',
      namespace: 'name',
      receiveInterval: 'duration',
      transmitInterval: 'duration',
      echoInterval: 'duration',
      detectMultiplier: 'number',
      minimumTtl: 'number',
      echoMode: 'boolean',
      passiveMode: 'boolean',
    },
  },
  {
    of: 'Advertisement.l2()',
    make: (_, change) => Advertisement.l2(change),
    properties: { name: 'name', interfaces: 'names', nodeSelectors: 'selectors', serviceSelectors: 'selectors', preferredNodes: 'preferences' },
  },
  {
    of: 'Advertisement.bgp()',
    make: (_, change) => Advertisement.bgp(change),
    properties: {
      name: 'name',
      nodeSelectors: 'selectors',
      serviceSelectors: 'selectors',
      aggregationLength: 'number',
      aggregationLengthV6: 'number',
      localPref: 'number',
      asPathPrepend: 'number',
      communities: 'objects',
      peers: 'objects',
    },
  },
  {
    of: 'expose()',
    where: 'test/web: ',
    make: (chart, change) => balancer(chart).expose(application(chart, 'web', 80), change),
    properties: { pool: 'enum', addresses: 'list', sharing: 'enum', sticky: 'boolean', preserveClientIp: 'boolean' },
  },
  {
    of: 'bind()',
    where: 'test/web: ',
    leaves: ['Service'],
    make: (chart, change) => balancer(chart).bind(new ApiObject(chart, 'web', { apiVersion: 'v1', kind: 'Service' }), change),
    properties: { pool: 'enum', addresses: 'list', sharing: 'enum', sticky: 'boolean', preserveClientIp: 'boolean' },
  },
  {
    of: 'addAdvertisement()',
    where: 'test/lb/x: ',
    make: (chart, change) => balancer(chart).addAdvertisement('x', Advertisement.l2(), change),
    properties: { pools: 'objects', poolSelectors: 'selectors' },
  },
  {
    of: 'CommunityAliases',
    make: (chart, change) => balancer(chart).addCommunityAliases('names', { aliases: { a: Community.NO_EXPORT }, ...change }),
    properties: { objectName: 'name', aliases: 'objects' },
  },
  {
    of: 'CommunityAliases without a load balancer',
    where: 'test/names: ',
    make: (chart, change) => new CommunityAliases(chart, 'names', { aliases: { a: Community.NO_EXPORT }, ...change }),
    properties: { namespace: 'name' },
  },
  {
    of: 'addNetworkPolicy()',
    make: (chart, change) => balancer(chart).addNetworkPolicy(change),
    properties: { apiServerPorts: 'ports' },
  },
  ...([['AddressPool.fromPoolName()', AddressPool.fromPoolName, 'poolName'], ['BgpPeer.fromPeerName()', BgpPeer.fromPeerName, 'peerName'],
    ['BfdProfile.fromProfileName()', BfdProfile.fromProfileName, 'profileName']] as const).map(([of, from, property]): Subject => (
    { of, make: (chart, change: any) => from(chart, 'x', change[property]), properties: { [property]: 'name' } })),
  {
    of: 'addMonitoring()',
    make: (chart, change) => balancer(chart).addMonitoring(change),
    properties: {
      monitor: 'enum',
      alerts: 'boolean',
      labels: 'labels',
      interval: 'duration',
      certificateAuthority: 'secret',
      serverName: 'text',
    },
  },
];

describe.each(SUBJECTS)('$of', ({ make, properties, where, leaves = [] }) => {
  test.each(Object.entries(properties))('%s that is no %s is refused, by name', (property, kind) => {
    for (const value of KINDS[kind]) {
      const chart = Testing.chart();
      let error: any;
      try {
        make(chart, { [property]: value });
      } catch (thrown) {
        error = thrown;
      }
      // Interface names may be anything without blanks and slashes, so some bad names are good ones.
      if (['vrf', 'interfaceName'].includes(property) && value === '-a') continue;
      expect([property, value, error?.name]).toEqual([property, value, 'ConstructError']);
      expect(error.code).toMatch(/^INVALID_/);
      expect(error.message).toMatch(property === 'ranges' && error.code === 'INVALID_POOL' ? /ranges is empty/ : new RegExp(`\\b${property}\\b`));
      if (where !== undefined) expect(error.message.slice(0, where.length)).toBe(where);
      expect(error.message.length).toBeLessThan(600);
      expect(error.message).not.toMatch(/[\n\u0000]/);
      const written = chart.node.findAll().filter(ApiObject.isApiObject).filter(({ node }) => !node.path.startsWith('test/lb/Webhook/')).map((object) => object.kind);
      expect(HALVES.filter((half) => written.includes(half))).toEqual(leaves);
    }
  });

  const simple = Object.entries(properties).filter(([, of]) => ['name', 'text', 'address', 'number', 'boolean'].includes(of));
  if (simple.length === 0) return;

  test.each(simple)(
    '%s that is known only later is accepted', (property, kind) => {
      // A Service sees booleans in another way; and whether there are definitions decides what is made.
      if (property === 'crds' || property === 'preserveClientIp') return;
      const tokens = [Lazy.any({ produce: () => 'later' }), { resolve: () => 'later' }, kind === 'number' ? -1.8881545897087626e+289 : '${Token[TOKEN.7]}'];
      for (const token of tokens) expect(() => make(Testing.chart(), { [property]: token })).not.toThrow();
    });
});

test.each<[string, (lb: HomeLoadBalancer) => unknown, RegExp]>([
  ['Selector without labels', () => Selector.labels({}), /labels of the selector {} is not valid: expected at least one label, or Selector.everything\(\)/],
  ['Selector of nothing', () => Selector.labels(undefined as any), /labels of the selector undefined is not valid/],
  ['Selector without values', () => Selector.in('a'), /In needs at least one value/],
  ['Selector that contradicts itself', () => Selector.all(Selector.labels({ a: 'b' }), Selector.labels({ a: 'c' })), /wants the label a to be both 'b' and 'c'/],
  ['Selector with a bad key', () => Selector.exists('a b'), /'a b' is not the key of a label/],
  ['range as a number', () => IpRange.parse(7 as any), /7 is not an IP range|'' is not an IP range/],
  ['huge range', () => IpRange.parse(HUGE), /is not an IP range/],
  ['large community of text', () => Community.large('1' as any, 1, 1), /globalAdministrator of the large community '1' is not valid/],
  ['large community without its end', () => Community.large(1, 1, undefined as any), /localData2 of the large community NaN|localData2 of the large community null/],
  ['community as text', () => Community.of('65000' as any, 1), /asn of the community '65000' is not valid/],
  ['sharing key that is empty', () => AddressSharing.withKey(''), /the sharing key is empty/],
  ['advertisement that is none', (lb) => lb.addAdvertisement('x', {} as any), /test\/lb\/x: advertisement {} is not valid: expected an Advertisement/],
  ['pool that is none', (lb) => lb.addAdvertisement('x', Advertisement.l2(), { pools: ['lan' as any] }), /pools\[0\] 'lan' is not valid/],
  ['addresses, one too many beside one that is known only later', (lb) => lb.expose(application(Testing.chart(), 'w', 80), { addresses: ['10.0.0.1', 'fd00::1', '${Token[TOKEN.7]}'] }), /a Service has one address, or one IPv4 and one IPv6 address/],
  ['API server on port 0', (lb) => lb.addNetworkPolicy({ apiServerPorts: [0] }), /apiServerPorts\[0\] 0 is not valid/],
  ['node without a name', () => balancer(Testing.chart(), { nodes: [{} as any] }), /nodes\[0\].name '' is not valid/],
  ['node twice', () => balancer(Testing.chart(), { nodes: [{ name: 'a' }, { name: 'a' }] }), /nodes\[1\].name 'a' is not valid: expected each node once/],
  ['pattern that is none', () => balancer(Testing.chart(), { excludeInterfaces: '(' }), /excludeInterfaces '\(' is not valid: expected a regular expression/],
  ['pattern of interfaces that are asked for all frames, that is none', () => balancer(Testing.chart(), { promiscuousInterfaces: '*' }), /promiscuousInterfaces '\*' is not valid: expected a regular expression/],
  ['heartbeats that are off and have a port', () => balancer(Testing.chart(), { heartbeats: false, heartbeatPort: 7947 }), /test\/lb: heartbeatPort means nothing with heartbeats: false/],
  ['a certificate for HTTP', () => balancer(Testing.chart(), { metricsInsecure: true, metricsCertificate: { name: 'tls' } as any }), /metricsCertificate means nothing with metricsInsecure/],
  ['an authority without a name', (lb) => lb.addMonitoring({ certificateAuthority: { name: 'ca' } as any }), /certificateAuthority needs serverName, too/],
  ...['', ' ', 42, undefined].map((name): [string, (lb: HomeLoadBalancer) => unknown, RegExp] => [
    `an authority with the name ${name}`, (lb) => lb.addMonitoring({ certificateAuthority: { name } as any, serverName: 'metrics' }),
    /certificateAuthority: name .* is not valid: expected text that is not empty/,
  ]),
  ...[0, 999, 1500, 86_401_000].map((time): [string, () => unknown, RegExp] => [
    `a hold-down of ${time} ms`, () => balancer(Testing.chart(), { failback: Failback.HOLD_DOWN, failbackHoldDown: Duration.millis(time) }),
    /failbackHoldDown '\d+ ms' is not valid: expected whole seconds from 1 s to 1 day/,
  ]),
  ['a name without an authority', (lb) => lb.addMonitoring({ serverName: 'metrics' }), /serverName needs certificateAuthority, too/],
  ['heartbeats on the port of health', () => balancer(Testing.chart(), { heartbeatPort: 17472 }), /heartbeatPort 17472 is not valid/],
  ['aggregates and Services', () => Advertisement.bgp({ aggregationLengthV6: 64, serviceSelectors: [Selector.exists('a')] }), /aggregationLengthV6 of the BGP advertisement 64 and serviceSelectors exclude each other/],
  ['heartbeats on the port of metrics', () => balancer(Testing.chart(), { heartbeatPort: 9120 }), /heartbeatPort 9120 is not valid: expected a port that is not/],
  ['AS that is two things', (lb) => lb.addBgpPeer('x', { ...router, dynamicAsn: DynamicAsn.INTERNAL }), /both asn \(64512\) and dynamicAsn \('internal'\)/],
])('%s', (_, make, message) => {
  expect(() => make(balancer(Testing.chart()))).toThrow(message);
});

test.each<HomeLoadBalancerProps>([
  { failback: Failback.HOLD_DOWN, failbackHoldDown: Duration.seconds(1) },
  { failback: Failback.HOLD_DOWN, failbackHoldDown: Duration.days(1) },
])('limits are allowed: %j', (props) => {
  expect(() => balancer(Testing.chart(), props)).not.toThrow();
});

test('a Service that could not be bound is as it was', () => {
  const chart = Testing.chart();
  const service = new ApiObject(chart, 'web', { apiVersion: 'v1', kind: 'Service', spec: { ports: [{ port: 80 }] } });
  const before = service.toJson();
  expect(() => balancer(chart).bind(service, { addresses: ['10.0.0.1'], sticky: true, preserveClientIp: 'yes' as any })).toThrow();
  expect(service.toJson()).toEqual(before);
});

test('a value that refers to itself, or cannot be written, is named by its type', () => {
  const circle: any[] = [];
  circle.push(circle);
  expect(() => Advertisement.l2({ name: circle as any })).toThrow(/name of the layer 2 advertisement \(object that cannot be shown\) is not valid/);
  expect(() => Advertisement.bgp({ localPref: Testing.chart() as any })).toThrow(/localPref of the BGP advertisement of type Chart is not valid/);
});
