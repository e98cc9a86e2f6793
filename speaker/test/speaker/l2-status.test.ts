import { KubeClient, KubeObject, SERVICE_L2_STATUSES } from '../../src/kube';
import { createLogger, Metrics } from '../../src/observability';
import { Watches } from '../../src/role';
import { L2Statuses, L2StatusOptions } from '../../src/speaker/l2-status';
import { Cluster, eventually, NAMESPACE } from '../controller/cluster';

const WEB = 'home/web';
const LABELS = { 'metallb.io/service-namespace': 'home', 'metallb.io/service-name': 'web' };
const within = { namespace: NAMESPACE };

interface L2Status extends KubeObject {
  readonly status?: { readonly node?: string; readonly serviceName?: string; readonly interfaces?: readonly { readonly name: string }[] };
}

let cluster: Cluster;
/** What is to be ended after the test. */
const running: { statuses: L2Statuses; watches: Watches; client: KubeClient }[] = [];
const up = new Set<string>();

/** What one node says; nodes are alive unless they are taken out of `up`. */
async function node(name: string, options: Partial<L2StatusOptions> = {}): Promise<L2Statuses> {
  const client = cluster.connect(), log = createLogger('none');
  const watches = new Watches(client, log, new Metrics());
  const owner = { apiVersion: 'v1', kind: 'Pod', name: `speaker-${name}`, uid: `pod-of-${name}` };
  const isSpokesman = () => [...up].sort()[0] === name;
  const isUp = (other: string) => up.has(other);
  const statuses = new L2Statuses({ client, namespace: NAMESPACE, node: name, owner, log, isUp, isSpokesman, ...options }, watches);
  running.push({ statuses, watches, client });
  up.add(name);
  await watches.start();
  return statuses;
}

const list = async () => (await cluster.client.list<L2Status>(SERVICE_L2_STATUSES, within)).items;
const nodes = async () => (await list()).map(({ metadata, status }) => `${metadata.labels?.['metallb.io/node']}: ${status?.node}`).sort();
const said = (...expected: string[]) => eventually(nodes, (found) => expect(found).toEqual(expected));

/** An object as a node leaves it that died. */
async function leftover(name: string, labels: object = LABELS): Promise<L2Status> {
  const made = await cluster.client.create<L2Status>(SERVICE_L2_STATUSES, {
    metadata: { generateName: 'l2-', namespace: NAMESPACE, labels: { 'metallb.io/node': name, ...labels } }, spec: {},
  } as unknown as L2Status);
  return cluster.client.patch<L2Status>(SERVICE_L2_STATUSES, made.metadata.name, { status: { node: name, serviceName: 'web', serviceNamespace: 'home' } },
    { ...within, subresource: 'status' });
}

beforeAll(async () => { cluster = await Cluster.start(); });
afterAll(() => cluster.stop());
afterEach(async () => {
  for (const { statuses, watches, client } of running.splice(0)) {
    await statuses.stop();
    await watches.stop();
    client.close();
  }
  up.clear();
  await Promise.all((await list()).map(({ metadata }) => cluster.client.delete(SERVICE_L2_STATUSES, metadata.name, within)));
});

test('an announced Service has one object, with labels, owner and status; a withdrawn one has none', async () => {
  const n1 = await node('n1');
  n1.announce(WEB, []);
  await eventually(list, (found) => expect(found).toMatchObject([{
    metadata: {
      name: expect.stringMatching(/^l2-/),
      labels: { 'metallb.io/node': 'n1', ...LABELS },
      ownerReferences: [{ kind: 'Pod', name: 'speaker-n1', uid: 'pod-of-n1' }],
    },
    status: { node: 'n1', serviceName: 'web', serviceNamespace: 'home' },
  }]));
  n1.withdraw(WEB);
  await said();
});

test('interfaces are shown in order, and no longer when they are all', async () => {
  const n1 = await node('n1');
  const interfaces = async () => (await list()).map(({ status }) => status?.interfaces);
  n1.announce(WEB, ['eth1', 'eth0']);
  await eventually(interfaces, (found) => expect(found).toEqual([[{ name: 'eth0' }, { name: 'eth1' }]]));
  const [{ metadata: { name } }] = await list();
  n1.announce(WEB, []);
  await eventually(interfaces, (found) => expect(found).toEqual([undefined]));
  expect((await list())[0].metadata.name).toBe(name);
});

test('what somebody deletes is made again, what somebody writes is put right', async () => {
  const n1 = await node('n1');
  n1.announce(WEB, []);
  await said('n1: n1');
  const [{ metadata: { name, uid } }] = await list();
  await cluster.client.delete(SERVICE_L2_STATUSES, name, within);
  await eventually(list, (found) => {
    expect(found).toMatchObject([{ status: { node: 'n1' } }]);
    expect(found[0].metadata.uid).not.toBe(uid);
  });
  const again = (await list())[0].metadata.name;
  await cluster.client.patch(SERVICE_L2_STATUSES, again, { status: { interfaces: [{ name: 'lo' }] } }, { ...within, subresource: 'status' });
  await eventually(list, (found) => expect(found[0].status?.interfaces).toBeUndefined());
});

test('an object that is gone before it has its status, of which no watch tells, is made anew', async () => {
  const real = cluster.connect();
  let first = true;
  const create: KubeClient['create'] = async (...args) => {
    if (!first) return real.create(...args);
    first = false;
    const { metadata } = args[1] as KubeObject;
    return { metadata: { ...metadata, name: 'l2-gone', uid: 'gone', resourceVersion: '1' } } as never;
  };
  const n1 = await node('n1', { client: Object.assign(Object.create(real) as KubeClient, { create }) });
  n1.announce(WEB, []);
  await said('n1: n1');
  real.close();
});

test('an object without one of the three labels is nobody\'s, and stays', async () => {
  const { 'metallb.io/service-name': _, ...incomplete } = LABELS;
  await leftover('n1', incomplete);
  const n1 = await node('n1');
  n1.announce(WEB, []);
  await said('n1: n1', 'n1: n1');
  await n1.stop();
  await said('n1: n1');
});

test('whoever takes a Service removes what others said before it says so itself: never two at a time', async () => {
  const n1 = await node('n1');
  n1.announce(WEB, []);
  await said('n1: n1');
  const n2 = await node('n2');
  const counts: number[] = [];
  const watches = new Watches(cluster.client, createLogger('none'), new Metrics());
  const reflector = watches.add({
    resource: SERVICE_L2_STATUSES,
    namespace: NAMESPACE,
    project: (raw) => ({ metadata: raw.metadata as never }),
    onChange: () => counts.push(reflector.store.size),
  });
  await watches.start();
  n2.announce(WEB, []);
  n1.withdraw(WEB);
  await said('n2: n2');
  await watches.stop();
  expect(Math.max(...counts)).toBe(1);
});

test('a former life of the node left an object of another pod, and one of a Service that it has no longer: both go', async () => {
  const before = [await leftover('n1'), await leftover('n1', { ...LABELS, 'metallb.io/service-name': 'gone' })].map(({ metadata }) => metadata.uid);
  const n1 = await node('n1');
  n1.announce(WEB, []);
  await eventually(list, (found) => {
    expect(found).toMatchObject([{ metadata: { labels: LABELS, ownerReferences: [{ uid: 'pod-of-n1' }] }, status: { node: 'n1' } }]);
    expect(before).not.toContain(found[0].metadata.uid);
  });
});

describe('what another node says later', () => {
  test('is left standing for a while, for this one may be about to learn that it has lost the address', async () => {
    const n1 = await node('n1');
    n1.announce(WEB, []);
    await said('n1: n1');
    await leftover('n2');
    n1.announce('home/other', []);
    await said('n1: n1', 'n1: n1', 'n2: n2');
    n1.withdraw('home/other');
    n1.withdraw(WEB);
    await said('n2: n2');
  });

  test('is removed after it, if this one still announces the Service', async () => {
    const n1 = await node('n1', { patienceMs: 20 });
    n1.announce(WEB, []);
    await said('n1: n1');
    await leftover('n2');
    await said('n1: n1');
  });

  test('stays as long as this one has not all addresses, unless the other is dead', async () => {
    const [n1, n2] = [await node('n1', { patienceMs: 20 }), await node('n2', { patienceMs: 20 })];
    n1.announce(WEB, [], false);
    n2.announce(WEB, [], false);
    await said('n1: n1', 'n2: n2');
    n1.announce('home/other', []);
    await said('n1: n1', 'n1: n1', 'n2: n2');
    await running[1].watches.stop(); // it dies
    up.delete('n2');
    n1.nodeDown('n2');
    await said('n1: n1', 'n1: n1');
  });

  test('two that both hold the address, with the LAN cut in two, come to rest: both say so', async () => {
    const n1 = await node('n1');
    n1.announce(WEB, []);
    await said('n1: n1');
    const n2 = await node('n2');
    n2.announce(WEB, []);
    await said('n1: n1', 'n2: n2');
    const uids = async () => (await list()).map(({ metadata }) => metadata.uid).sort();
    const before = await uids();
    n1.announce('home/other', []);
    await said('n1: n1', 'n1: n1', 'n2: n2');
    expect(await uids()).toEqual(expect.arrayContaining(before));
  });
});

describe('what a dead node said', () => {
  test('is removed by the one of the living that tidies up, and by no other', async () => {
    up.add('n0');
    const n1 = await node('n1', { patienceMs: 20, isSpokesman: () => false }), n2 = await node('n2', { patienceMs: 20, isSpokesman: () => true });
    await leftover('n0');
    await said('n0: n0');
    up.delete('n0');
    n1.nodeDown('n0');
    n1.announce('home/other', []);
    await said('n0: n0', 'n1: n1');
    n2.nodeDown('n0');
    await said('n1: n1');
  });

  test('also of a node that was gone before this one began', async () => {
    await leftover('n9');
    await node('n1', { patienceMs: 20, isSpokesman: () => true });
    await said();
  });
});
