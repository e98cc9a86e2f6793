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
    ['by an advertisement that selects it by its labels', {
      config: config({ serviceSelectors: [{ matchLabels: { app: 'x' } }] }), service: { labels: { app: 'x' } },
    }, { candidates: ['n2', 'n3', 'n1'] }],
    ['when it shares its address, and an advertisement that selects by Service is for others', {
      config: config({}, { serviceSelectors: [{ matchLabels: { app: 'x' } }] }), service: { allowsSharing: true },
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

const HOST = (name: string) => [{ matchLabels: { 'kubernetes.io/hostname': name } }];

describe('a Service is not announced', () => {
  test.each<[string, Case, string, string, RegExp]>([
    ['of another type', { service: { type: 'ClusterIP' } }, 'notLoadBalancer', 'notLoadBalancer', /ClusterIP/],
    ['without an address', { service: { ingress: [] } }, 'noIPAllocated', 'noIPAllocated', /no address/],
    ['with a host name in its status', { service: { ingress: ['93.5.22.100', ''] } }, 'invalidIP', 'invalidIP', /\["93.5.22.100",""\]/],
    ['with an address of no pool', { service: { ingress: ['93.5.22.99'] } }, 'ipNotAllowed', 'ipNotAllowed', /93.5.22.99/],
    ['with addresses of two pools', { service: { ingress: ['93.5.22.100', '10.0.0.1'] } }, 'ipNotAllowed', 'ipNotAllowed', /93.5.22.100 and 10.0.0.1/],
    ['without endpoints', { endpoints: [] }, 'notOwner', 'noServingEndpoint', /none of 0 endpoints/],
    ['without an endpoint that serves', { endpoints: [{ nodeName: 'n1', ready: false, serving: false }] }, 'notOwner', 'noServingEndpoint', /none of 1 endpoints/],
    ['without an endpoint, before its advertisements are looked at', { endpoints: [], config: config({ ipAddressPools: ['other'] }) }, 'notOwner', 'noServingEndpoint', /none of 0/],
    ['without an advertisement for its pool', { config: config({ ipAddressPools: ['other'] }) }, 'noMatchingAdvertisement', 'noAdvertisement', /pool home/],
    ['without an advertisement for its labels', {
      config: config({ serviceSelectors: [{ matchLabels: { app: 'x' } }] }),
    }, 'noMatchingAdvertisement', 'noAdvertisement', /pool home/],
    ['when it shares and an advertisement selects by Service', {
      config: config({ serviceSelectors: [{ matchLabels: { app: 'x' } }] }), service: { labels: { app: 'x' }, allowsSharing: true },
    }, 'sharedIPWithServiceSelector', 'sharedIPWithServiceSelector', /share/],
    ['when it shares, one advertisement selects by Service, and another does not', {
      config: config({}, { serviceSelectors: [{ matchLabels: { app: 'x' } }] }), service: { labels: { app: 'x' }, allowsSharing: true },
    }, 'sharedIPWithServiceSelector', 'sharedIPWithServiceSelector', /share/],
    ['when the selectors match no node', { config: config({ nodeSelectors: HOST('n7') }) }, 'noMatchingAdvertisement', 'noNodeSelected', /l2-0 match no node/],
    ['when the selectors match no node, though another is excluded', {
      config: config({ nodeSelectors: HOST('n7') }), nodes: [node('n1', { [EXCLUDE]: '' })],
    }, 'noMatchingAdvertisement', 'noNodeSelected', /match no node/],
    ['when there is no node', { nodes: [] }, 'noMatchingAdvertisement', 'noNodeSelected', /match no node/],
    ['when the only node is excluded, which is said with the label', {
      nodes: [node('n1', { [EXCLUDE]: 'true' })],
    }, 'notOwner', 'nodesExcluded', /the only node may not announce: n1 \(label node.kubernetes.io/],
    ['when the label of the only node is empty, or says false', { nodes: [node('n1', { [EXCLUDE]: 'false' })] }, 'notOwner', 'nodesExcluded', /the only node/],
    ['when the selected nodes are excluded, whatever the others are', {
      config: config({ nodeSelectors: HOST('n1') }), nodes: [node('n1', { [EXCLUDE]: '' }), node('n2')],
    }, 'notOwner', 'nodesExcluded', /every node that could may not announce: n1/],
    ['when the only node has no network', { nodes: [node('n1', {}, true)] }, 'notOwner', 'nodesWithoutNetwork', /n1 \(condition NetworkUnavailable\)/],
    ['when the only node has no network, also if the label is ignored', {
      nodes: [node('n1', { [EXCLUDE]: '' }, true)], ignoreExcludeLabel: true,
    }, 'notOwner', 'nodesWithoutNetwork', /n1 \(condition NetworkUnavailable\)/],
    ['under policy Local when the endpoints are on nodes that may not announce', {
      config: config({ nodeSelectors: HOST('n3') }), service: { externalTrafficPolicy: 'Local' },
    }, 'notOwner', 'noLocalEndpoint', /Local/],
    ['under policy Local when the endpoints name no node', {
      service: { externalTrafficPolicy: 'Local' }, endpoints: [{ ready: true }],
    }, 'notOwner', 'noLocalEndpoint', /Local/],
  ])('%s', (_, given, reason, cause, message) => {
    expect(decide(given)).toMatchObject({ announced: false, reason, cause, message: expect.stringMatching(message), fix: expect.stringMatching(/\w/) });
  });

  test('for the label of the only node, with the command that takes it away', () => {
    expect(decide({ nodes: [node('n1', { [EXCLUDE]: '' })] })).toMatchObject({
      fix: 'run kubectl label node n1 node.kubernetes.io/exclude-from-external-load-balancers-, or start the speakers with --ignore-exclude-lb',
    });
  });
});

/** Rule by rule, which of three nodes are candidates; by hash the order for 93.5.22.100 is n2, n3, n1. */
describe('the candidates', () => {
  test.each<[string, Case, string[]]>([
    ['ready is absent: it serves', { endpoints: [{ nodeName: 'n1' }] }, ['n2', 'n3', 'n1']],
    ['ready is true and serving false: it serves', { endpoints: [{ nodeName: 'n1', ready: true, serving: false }] }, ['n2', 'n3', 'n1']],
    ['policy Cluster: an endpoint on any node is enough for all', { endpoints: [{ nodeName: 'n3' }] }, ['n2', 'n3', 'n1']],
    ['policy Local: a terminating endpoint that serves counts', {
      service: { externalTrafficPolicy: 'Local' }, endpoints: [{ nodeName: 'n3', ready: false, serving: true }],
    }, ['n3']],
    ['policy Local: the order stays', { service: { externalTrafficPolicy: 'Local' }, endpoints: [{ nodeName: 'n1' }, { nodeName: 'n2' }] }, ['n2', 'n1']],
    ['NetworkUnavailable takes a node out', { nodes: [node('n1'), node('n2', {}, true), node('n3')] }, ['n3', 'n1']],
    ['the exclude label takes a node out', { nodes: [node('n1'), node('n2', { [EXCLUDE]: '' }), node('n3')] }, ['n3', 'n1']],
    ['--ignore-exclude-lb keeps it in', { nodes: [node('n1'), node('n2', { [EXCLUDE]: '' }), node('n3')], ignoreExcludeLabel: true }, ['n2', 'n3', 'n1']],
    ['node selectors of two advertisements add up', { config: config({ nodeSelectors: HOST('n1') }, { nodeSelectors: HOST('n3') }) }, ['n3', 'n1']],
    ['an advertisement for other Services adds no node', {
      config: config({ nodeSelectors: HOST('n1') }, { serviceSelectors: [{ matchLabels: { app: 'x' } }] }),
    }, ['n1']],
    ['preferences of two advertisements add up', {
      config: config(
        { preferredNodeSelectors: [{ weight: 10, preference: { matchLabels: { 'kubernetes.io/hostname': 'n1' } } }] },
        {
          preferredNodeSelectors: [
            { weight: 6, preference: { matchLabels: { 'kubernetes.io/hostname': 'n3' } } }, { weight: 6, preference: { matchLabels: { 'kubernetes.io/hostname': 'n3' } } },
          ],
        },
      ),
    }, ['n3', 'n1', 'n2']],
    ['a preferred node that is excluded stays out', {
      nodes: [node('n1', { [EXCLUDE]: '' }), node('n2'), node('n3')],
      config: config({ preferredNodeSelectors: [{ weight: 100, preference: { matchLabels: { 'kubernetes.io/hostname': 'n1' } } }] }),
    }, ['n2', 'n3']],
    ['preferences of an advertisement for other Services do not count', {
      config: config({}, {
        serviceSelectors: [{ matchLabels: { app: 'x' } }], preferredNodeSelectors: [{ weight: 100, preference: { matchLabels: { 'kubernetes.io/hostname': 'n1' } } }],
      }),
    }, ['n2', 'n3', 'n1']],
  ])('%s', (_, given, candidates) => {
    expect(decide(given)).toMatchObject({ announced: true, candidates });
  });
});
