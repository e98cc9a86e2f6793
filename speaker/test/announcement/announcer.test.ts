import { AnnouncedService, Announcer, Decision, Endpoint, NodeView } from '../../src/announcement';
import { parseConfig } from '../../src/config';

const EXCLUDE = 'node.kubernetes.io/exclude-from-external-load-balancers';

function node(name: string, labels: Record<string, string> = {}, networkUnavailable = false): NodeView {
  return { name, labels: { 'kubernetes.io/hostname': name, ...labels }, networkUnavailable };
}

const THREE = [node('n1'), node('n2'), node('n3')];

/** A configuration with the pool of the reference home and the advertisements that a test gives. */
function config(...advertisements: object[]) {
  const { config: parsed, problems } = parseConfig({
    ipAddressPools: [
      { metadata: { name: 'home', namespace: 'metallb-system', labels: { zone: 'lan' } }, spec: { addresses: ['93.5.22.100-93.5.22.110', 'fd00:93::/120'] } },
      { metadata: { name: 'other', namespace: 'metallb-system' }, spec: { addresses: ['10.0.0.0/24'] } },
    ],
    l2Advertisements: advertisements.map((spec, i) => ({ metadata: { name: `l2-${i}`, namespace: 'metallb-system' }, spec })),
    namespaces: [],
  });
  expect(problems).toEqual([]);
  return parsed;
}

function service(change: Partial<AnnouncedService> = {}): AnnouncedService {
  return { key: 'media/jellyfin', type: 'LoadBalancer', labels: {}, ingress: ['93.5.22.100'], externalTrafficPolicy: 'Cluster', allowsSharing: false, ...change };
}

const READY: Endpoint[] = [{ nodeName: 'n2', ready: true }];

interface Case {
  readonly config?: ReturnType<typeof config>;
  readonly nodes?: NodeView[];
  readonly service?: Partial<AnnouncedService>;
  readonly endpoints?: Endpoint[];
  readonly node?: string;
  readonly ignoreExcludeLabel?: boolean;
}

function decide(given: Case): Decision {
  return new Announcer(given.config ?? config({}), given.nodes ?? THREE, { node: given.node ?? 'n1', ignoreExcludeLabel: given.ignoreExcludeLabel ?? false })
    .decide(service(given.service), given.endpoints ?? READY);
}

describe('a Service is announced', () => {
  test.each<[string, Case, Partial<Decision>]>([
    ['by every node when the advertisement says nothing', {}, { candidates: ['n2', 'n3', 'n1'] }],
    ['on all interfaces when the advertisement names none', {}, { interfaces: undefined }],
    ['on the interfaces of all advertisements that select this node', {
      config: config({ interfaces: ['eth1'] }, { interfaces: ['eth0'], nodeSelectors: [{ matchLabels: { 'kubernetes.io/hostname': 'n1' } }] },
        { interfaces: ['eth2'], nodeSelectors: [{ matchLabels: { 'kubernetes.io/hostname': 'n3' } }] }),
    }, { interfaces: ['eth0', 'eth1'] }],
    ['on all interfaces when one advertisement names none', { config: config({ interfaces: ['eth1'] }, {}) }, { interfaces: undefined }],
    ['by the selected nodes only', { config: config({ nodeSelectors: [{ matchLabels: { 'kubernetes.io/hostname': 'n3' } }] }) }, { candidates: ['n3'] }],
    ['by the preferred node first', {
      config: config({ preferredNodeSelectors: [{ weight: 10, preference: { matchLabels: { 'kubernetes.io/hostname': 'n1' } } }] }),
    }, { candidates: ['n1', 'n2', 'n3'] }],
    ['by the nodes with an endpoint under externalTrafficPolicy Local', {
      service: { externalTrafficPolicy: 'Local' }, endpoints: [{ nodeName: 'n1' }, { nodeName: 'n2', ready: false }],
    }, { candidates: ['n1'] }],
    ['for a terminating endpoint that still serves', { endpoints: [{ nodeName: 'n2', ready: false, serving: true }] }, { candidates: ['n2', 'n3', 'n1'] }],
    ['by a node that is excluded when that is to be ignored', {
      nodes: [node('n1', { [EXCLUDE]: '' })], ignoreExcludeLabel: true,
    }, { candidates: ['n1'] }],
    ['by another node when this one is unknown', { node: 'n9' }, { candidates: ['n2', 'n3', 'n1'] }],
    ['for the pool that the advertisement selects by label', {
      config: config({ ipAddressPoolSelectors: [{ matchLabels: { zone: 'lan' } }] }),
    }, { pool: 'home' }],
    ['when it shares its address and no advertisement selects by Service', { service: { allowsSharing: true } }, { pool: 'home' }],
  ])('%s', (_, given, expected) => {
    expect({ interfaces: undefined, ...decide(given) }).toMatchObject({ announced: true, ...expected });
  });

  test('in both families by the order of its first address', () => {
    const both = decide({ service: { ingress: ['93.5.22.100', 'fd00:93::1'] } });
    const one = decide({});
    expect(both).toMatchObject({ announced: true, candidates: one.announced && one.candidates });
    expect(both.announced && both.addresses.map(String)).toEqual(['93.5.22.100', 'fd00:93::1']);
  });
});

describe('a Service is not announced', () => {
  test.each<[string, Case, string, RegExp]>([
    ['of another type', { service: { type: 'ClusterIP' } }, 'notLoadBalancer', /ClusterIP/],
    ['without an address', { service: { ingress: [] } }, 'noIPAllocated', /no address/],
    ['with a host name in its status', { service: { ingress: ['93.5.22.100', ''] } }, 'invalidIP', /\["93.5.22.100",""\]/],
    ['with an address of no pool', { service: { ingress: ['93.5.22.99'] } }, 'ipNotAllowed', /93.5.22.99/],
    ['with addresses of two pools', { service: { ingress: ['93.5.22.100', '10.0.0.1'] } }, 'ipNotAllowed', /93.5.22.100 and 10.0.0.1/],
    ['without endpoints', { endpoints: [] }, 'notOwner', /none of 0 endpoints/],
    ['without an endpoint that serves', { endpoints: [{ nodeName: 'n1', ready: false, serving: false }] }, 'notOwner', /none of 1 endpoints/],
    ['without an advertisement for its pool', { config: config({ ipAddressPools: ['other'] }) }, 'noMatchingAdvertisement', /pool home/],
    ['without an advertisement for its labels', {
      config: config({ serviceSelectors: [{ matchLabels: { app: 'x' } }] }),
    }, 'noMatchingAdvertisement', /pool home/],
    ['when it shares and an advertisement selects by Service', {
      config: config({ serviceSelectors: [{ matchLabels: { app: 'x' } }] }), service: { labels: { app: 'x' }, allowsSharing: true },
    }, 'sharedIPWithServiceSelector', /share/],
    ['when the selectors match no node', {
      config: config({ nodeSelectors: [{ matchLabels: { 'kubernetes.io/hostname': 'n7' } }] }),
    }, 'noMatchingAdvertisement', /match no node/],
    ['when the only node is excluded, which is said with the label', { nodes: [node('n1', { [EXCLUDE]: 'true' })] }, 'notOwner', /n1 \(label node.kubernetes.io/],
    ['when the only node has no network', { nodes: [node('n1', {}, true)] }, 'notOwner', /n1 \(condition NetworkUnavailable\)/],
    ['under policy Local when the endpoints are on nodes that may not announce', {
      config: config({ nodeSelectors: [{ matchLabels: { 'kubernetes.io/hostname': 'n3' } }] }), service: { externalTrafficPolicy: 'Local' },
    }, 'notOwner', /Local/],
  ])('%s', (_, given, reason, message) => {
    expect(decide(given)).toMatchObject({ announced: false, reason, message: expect.stringMatching(message), fix: expect.stringMatching(/\w/) });
  });
});
