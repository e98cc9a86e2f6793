import { ask, Cluster, HttpEvent, monotonicNs, VIRTUAL_ADDRESS, watchHttp } from '..';
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

/** Fetches pages for a while and gives the different answers, sorted. */
async function answers(cluster: Cluster, pages: number): Promise<string[]> {
  const http = await watchHttp(cluster.network, VIRTUAL_ADDRESS, { intervalMs: 5, timeoutMs: 300, each: true });
  const since = monotonicNs() + 200e6; // rules that were just changed are written within some milliseconds
  const recent = (): HttpEvent[] => http.events().filter((event) => event.started > since);
  await http.until(() => recent().length >= pages, `${pages} answers`);
  await http.stop();
  return [...new Set(recent().map((event) => (event.event === 'ok' ? event.body : event.error)))].sort();
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
    expect(await answers(cluster, 60)).toEqual(['n1', 'n2', 'n3']);
  });

  test('endpoints that move are followed', async () => {
    await cluster.serve(NAME, ['n3']);
    expect(await answers(cluster, 20)).toEqual(['n3']);
    await cluster.serve(NAME);
    expect(await answers(cluster, 60)).toEqual(['n1', 'n2', 'n3']);
  });

  test('with externalTrafficPolicy Local, only the node that the packet came to serves it', async () => {
    await cluster.apply(service('Local'));
    expect(await answers(cluster, 20)).toEqual(['n1']);
    await cluster.serve(NAME, ['n2', 'n3']);
    expect((await answers(cluster, 5)).filter((answer) => /^n\d/.test(answer))).toEqual([]);
    await cluster.serve(NAME);
    await cluster.apply(service('Cluster'));
    expect(await answers(cluster, 60)).toEqual(['n1', 'n2', 'n3']);
  });

  test('a node that boots serves again', async () => {
    await cluster.powerOff('n3');
    expect(await answers(cluster, 60)).toContain('timeout'); // nobody has told Kubernetes that its pod is dead
    await cluster.powerOn('n3');
    expect(await answers(cluster, 60)).toEqual(['n1', 'n2', 'n3']);
  });
});
