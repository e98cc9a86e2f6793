import { Cluster, NAMESPACE, eventually } from './cluster';
import { CONFIGURATION_STATES, IP_ADDRESS_POOLS, KubeObject, LEASES, Lease, SECRETS, SERVICES, Secret, Service } from '../../src/kube';

let cluster: Cluster;

beforeEach(async () => { cluster = await Cluster.start(); });
afterEach(() => cluster.stop());

const has = (name: string, addresses: string[] | undefined) => eventually(() => cluster.addresses(name), (value) => expect(value).toEqual(addresses));
const event = (name: string, text: string) => eventually(() => cluster.events(name), (events) => expect(events.join('\n')).toContain(text));

describe('a Service of type LoadBalancer', () => {
  test('gets an address, the annotation of its pool and an event', async () => {
    await cluster.pool('workstation-ip-pool', ['93.5.22.100']);
    await cluster.startController();
    await cluster.service('web');
    await has('web', ['93.5.22.100']);
    const { metadata } = await cluster.client.get<Service>(SERVICES, 'web', { namespace: 'home' });
    expect(metadata.annotations).toEqual({ 'metallb.io/ip-allocated-from-pool': 'workstation-ip-pool' });
    await event('web', 'IPAllocated Assigned IP ["93.5.22.100"]');
  });

  test('gets the address or the pool that it asks for', async () => {
    await cluster.pool('home', ['93.5.22.100-93.5.22.110']);
    await cluster.pool('manual', ['93.5.22.200'], { autoAssign: false });
    await cluster.startController();
    await cluster.service('wanted', { annotations: { 'metallb.io/loadBalancerIPs': '93.5.22.107' } });
    await cluster.service('pooled', { annotations: { 'metallb.universe.tf/address-pool': 'manual' } });
    await has('wanted', ['93.5.22.107']);
    await has('pooled', ['93.5.22.200']);
  });

  test('is told who has the address that it asks for, and gets it when that one goes', async () => {
    await cluster.pool('home', ['93.5.22.100-93.5.22.110']);
    await cluster.startController();
    await cluster.service('first', { annotations: { 'metallb.io/loadBalancerIPs': '93.5.22.100' } });
    await has('first', ['93.5.22.100']);
    await cluster.service('second', { annotations: { 'metallb.io/loadBalancerIPs': '93.5.22.100' } });
    await event('second', 'AllocationFailed Failed to allocate IP for "home/second": ');
    expect((await cluster.events('second')).join()).toContain('home/first');
    expect(await cluster.addresses('second')).toEqual([]);
    await cluster.client.delete(SERVICES, 'first', { namespace: 'home' });
    await has('second', ['93.5.22.100']);
  });

  test('loses its address when it changes its type, and another gets it', async () => {
    await cluster.pool('home', ['93.5.22.100']);
    await cluster.startController();
    await cluster.service('web');
    await has('web', ['93.5.22.100']);
    await cluster.service('next');
    await cluster.client.patch(SERVICES, 'web', { spec: { type: 'ClusterIP' } }, { namespace: 'home' });
    await has('web', []);
    await has('next', ['93.5.22.100']);
    const { metadata } = await cluster.client.get<Service>(SERVICES, 'web', { namespace: 'home' });
    expect(metadata.annotations ?? {}).toEqual({});
  });

  test('of another class is left alone', async () => {
    await cluster.pool('home', ['93.5.22.100-93.5.22.110']);
    await cluster.startController({ lbClass: 'example.com/home' });
    await cluster.service('other');
    await cluster.service('ours', { spec: { loadBalancerClass: 'example.com/home' } });
    await has('ours', ['93.5.22.100']);
    expect(await cluster.addresses('other')).toEqual([]);
  });
});

describe('a restart', () => {
  test('moves no address and gives none away, although a Service waits', async () => {
    await cluster.pool('home', ['93.5.22.100-93.5.22.129']);
    const controller = await cluster.startController();
    const names = Array.from({ length: 30 }, (_, i) => `s${String(i).padStart(2, '0')}`);
    await Promise.all(names.map((name) => cluster.service(name)));
    const read = () => Promise.all(names.map((name) => cluster.addresses(name)));
    await eventually(read, (value) => expect(value.flat().length).toBe(30));
    const before = await read();
    expect(new Set(before.flat()).size).toBe(30);
    await cluster.stopController(controller);
    await cluster.service('a-waits');
    await cluster.startController();
    await event('a-waits', 'no available IPs');
    expect(await read()).toEqual(before);
  });

  test('of the connection to the API server loses no change', async () => {
    await cluster.pool('home', ['93.5.22.100-93.5.22.110']);
    await cluster.startController();
    await cluster.service('web');
    await has('web', ['93.5.22.100']);
    cluster.server.dropConnections();
    await has('web', ['93.5.22.100']);
    await cluster.client.delete(SERVICES, 'web', { namespace: 'home' });
    await cluster.service('next');
    await has('next', ['93.5.22.100']);
  });
});

describe('pools', () => {
  type WithStatus = KubeObject & { status?: object };
  const status = async (name: string) => (await cluster.client.get<WithStatus>(IP_ADDRESS_POOLS, name, { namespace: NAMESPACE })).status;

  test('show how many addresses are given and free', async () => {
    await cluster.pool('home', ['93.5.22.100-93.5.22.103', 'fd00::/126']);
    await cluster.startController();
    await cluster.service('web');
    await eventually(() => status('home'), (value) => (
      expect(value).toEqual({ assignedIPv4: 1, assignedIPv6: 0, availableIPv4: 3, availableIPv6: 4 })
    ));
  });

  test('that are renamed keep every address', async () => {
    await cluster.pool('old', ['93.5.22.100']);
    await cluster.startController();
    await cluster.service('web');
    await has('web', ['93.5.22.100']);
    await cluster.client.delete(IP_ADDRESS_POOLS, 'old', { namespace: NAMESPACE });
    await cluster.pool('new', ['93.5.22.100']);
    await eventually(async () => (await cluster.client.get<Service>(SERVICES, 'web', { namespace: 'home' })).metadata.annotations, (annotations) => (
      expect(annotations).toEqual({ 'metallb.io/ip-allocated-from-pool': 'new' })
    ));
    expect(await cluster.addresses('web')).toEqual(['93.5.22.100']);
  });

  test('that are malformed are reported with the fix, and the others go on working', async () => {
    await cluster.pool('broken', ['93.5.22.300']);
    await cluster.pool('home', ['93.5.22.100']);
    await cluster.startController();
    await cluster.service('web');
    await has('web', ['93.5.22.100']);
    const state = () => cluster.client.get<WithStatus>(CONFIGURATION_STATES, 'controller', { namespace: NAMESPACE });
    await eventually(state, ({ status: said }) => expect(said).toMatchObject({
      result: 'Invalid',
      errorSummary: expect.stringMatching(/IPAddressPool metallb-system\/broken, spec\.addresses\[0\]: .*93\.5\.22\.300/),
      conditions: [{ type: 'poolReconcilerValid', status: 'False' }],
    }));
    await cluster.client.patch(IP_ADDRESS_POOLS, 'broken', { spec: { addresses: ['93.5.22.130'] } }, { namespace: NAMESPACE });
    await eventually(state, ({ status: said }) => expect(said).toMatchObject({ result: 'Valid', conditions: [{ status: 'True' }] }));
  });

  test('that turn malformed keep what they gave', async () => {
    await cluster.pool('home', ['93.5.22.100']);
    const controller = await cluster.startController();
    await cluster.service('web');
    await has('web', ['93.5.22.100']);
    await cluster.client.patch(IP_ADDRESS_POOLS, 'home', { spec: { addresses: ['93.5.22.'] } }, { namespace: NAMESPACE });
    await cluster.stopController(controller);
    await cluster.pool('other', ['93.5.22.120']);
    await cluster.startController();
    await cluster.service('next');
    await has('next', ['93.5.22.120']);
    expect(await cluster.addresses('web')).toEqual(['93.5.22.100']);
  });
});

describe('of two controllers', () => {
  const holder = async () => (await cluster.client.get<Lease>(LEASES, 'home-load-balancer-controller', { namespace: NAMESPACE })).spec?.holderIdentity;

  test('one gives addresses, and the other goes on from there when it ends', async () => {
    await cluster.pool('home', ['93.5.22.100-93.5.22.110']);
    const first = await cluster.startController();
    await cluster.service('web');
    await has('web', ['93.5.22.100']);
    const leader = await holder();
    const second = await cluster.startController();
    await eventually(async () => second.ready.lease(), (problem) => expect(problem).toBeUndefined());
    await cluster.service('game');
    await has('game', ['93.5.22.101']);
    expect(await holder()).toBe(leader);

    await cluster.stopController(first);
    await cluster.service('late');
    await has('late', ['93.5.22.102']);
    expect(await holder()).not.toBe(leader);
    expect(await Promise.all(['web', 'game'].map((name) => cluster.addresses(name)))).toEqual([['93.5.22.100'], ['93.5.22.101']]);
  });

  test('none writes without the Lease', async () => {
    const allow = cluster.server.faults.deny({ verb: 'create', resource: 'leases' });
    await cluster.pool('home', ['93.5.22.100']);
    const controller = await cluster.startController();
    await cluster.service('web');
    await eventually(async () => controller.ready.lease(), (problem) => expect(problem).toContain('home-load-balancer-controller'));
    expect(await cluster.addresses('web')).toEqual([]);
    allow();
    await has('web', ['93.5.22.100']);
  });
});

test('the key of the heartbeats is made once, and left as it is', async () => {
  const read = async () => (
    (await cluster.client.get<Secret>(SECRETS, 'home-load-balancer-heartbeat', { namespace: NAMESPACE })).data?.secretkey
  );
  const controller = await cluster.startController();
  let key: string | undefined;
  await eventually(read, (value) => {
    expect(Buffer.from(value!, 'base64').length).toBe(32);
    key = value;
  });
  await cluster.stopController(controller);
  await cluster.startController();
  await cluster.pool('home', ['93.5.22.100']);
  await cluster.service('web');
  await has('web', ['93.5.22.100']);
  expect(await read()).toBe(key);
});
