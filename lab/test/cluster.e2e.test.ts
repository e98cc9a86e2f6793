import { ask, Cluster, VIRTUAL_ADDRESS, watchHttp } from '..';
import { ResourceRef, SERVICES } from '../../speaker/src/kube';

const NAME = { namespace: 'default', name: 'web' };

function service(externalTrafficPolicy: 'Cluster' | 'Local'): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: NAME,
    spec: { type: 'LoadBalancer', externalTrafficPolicy, ports: [{ name: 'http', port: 80 }] },
  };
}

async function giveAddress(cluster: Cluster): Promise<void> {
  await cluster.client.patch(SERVICES as ResourceRef, 'web', { status: { loadBalancer: { ingress: [{ ip: VIRTUAL_ADDRESS, ipMode: 'VIP' }] } } }, {
    namespace: 'default', subresource: 'status',
  });
}

/** Fetches pages until the latest ones, as many as said, were answered as expected: each in one of these ways, all ways seen. */
async function expectAnswers(cluster: Cluster, pages: number, expected: readonly string[]): Promise<void> {
  const http = await watchHttp(cluster.network, VIRTUAL_ADDRESS, { intervalMs: 5, timeoutMs: 300, each: true });
  const latest = (): string[] => {
    const events = http.events().slice(-pages);
    return events.length < pages ? [] : [...new Set(events.map((event) => (event.event === 'ok' ? event.body : event.error)))].sort();
  };
  let seen: string[] = [];
  await http.until(() => `${seen = latest()}` === `${expected}`, `series of ${pages} answers ${expected.join(', ')}`, 10_000).catch(() => undefined);
  expect(seen).toEqual(expected);
  await http.stop();
}

describe.each([
  ['the embedded API server and the lab\'s own forwarding', { api: 'embedded' }],
  ['the real API server and kube-proxy', { api: 'real', kubeProxy: true }],
] as const)('a cluster with %s', (_, options) => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await Cluster.start({ ...options, nodes: 3 });
    await cluster.apply(service('Cluster'));
    await cluster.serve(NAME);
    await giveAddress(cluster);
    // The kernel of n1 answers ARP for the address in the part of a speaker.
    await cluster.network.exec('n1', ['ip', 'addr', 'add', `${VIRTUAL_ADDRESS}/32`, 'dev', 'eth0']);
  }, 400_000); // the real one may have to be built
  afterAll(async () => cluster.stop());

  test('the address is served by endpoints on every node', async () => {
    expect(await ask(cluster.network, VIRTUAL_ADDRESS, { count: 5 })).toMatchObject({ macs: { [cluster.network.node('n1').mac]: 5 } });
    await expectAnswers(cluster, 60, ['n1', 'n2', 'n3']);
  });

  test('endpoints that move are followed', async () => {
    await cluster.serve(NAME, ['n3']);
    await expectAnswers(cluster, 20, ['n3']);
    await cluster.serve(NAME);
    await expectAnswers(cluster, 60, ['n1', 'n2', 'n3']);
  });

  test('with externalTrafficPolicy Local, only the node that the packet came to serves it', async () => {
    await cluster.apply(service('Local'));
    await expectAnswers(cluster, 20, ['n1']);
    await cluster.serve(NAME, ['n2', 'n3']);
    await expectAnswers(cluster, 5, ['timeout']);
    await cluster.serve(NAME);
    await cluster.apply(service('Cluster'));
    await expectAnswers(cluster, 60, ['n1', 'n2', 'n3']);
  });

  test('a node that boots serves again', async () => {
    await cluster.powerOff('n3');
    await expectAnswers(cluster, 60, ['n1', 'n2', 'timeout']); // nobody has told Kubernetes that its pod is dead
    await cluster.powerOn('n3');
    await expectAnswers(cluster, 60, ['n1', 'n2', 'n3']);
  });
});
