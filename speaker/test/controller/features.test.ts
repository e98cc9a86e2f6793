import { Cluster, NAMESPACE, eventually } from './cluster';
import { CONFIG_MAPS, CONFIGURATION_STATES, IP_ADDRESS_POOLS, KubeObject, NODES, SERVICES, Service } from '../../src/kube';

/** They wait for what they expect, however slow the machine is: ten seconds for each thing. */
jest.setTimeout(60_000);

let cluster: Cluster;

beforeEach(async () => { cluster = await Cluster.start(); });
afterEach(() => cluster.stop());

const TYPE = 'home-load-balancer.github.io/AddressAssigned';
const POOL_OUT = 'metallb.io/ip-allocated-from-pool';
const at = { namespace: 'home' };
const read = (name: string) => cluster.client.get<Service>(SERVICES, name, at);
const has = (name: string, addresses: string[] | undefined) => eventually(() => cluster.addresses(name), (value) => expect(value).toEqual(addresses));
const condition = async (name: string) => (await read(name)).status?.conditions?.find(({ type }) => type === TYPE);
const event = (name: string, text: string) => eventually(() => cluster.events(name), (events) => expect(events.join('\n')).toContain(text));
const gone = (name: string) => eventually(() => cluster.addresses(name), (value) => expect(value).toBeUndefined());
const remove = async (name: string) => {
  await cluster.client.delete(SERVICES, name, at);
  await gone(name);
};

async function pool(name: string, addresses: string[], annotations: Record<string, string>): Promise<void> {
  await cluster.client.create(IP_ADDRESS_POOLS, { metadata: { name, namespace: NAMESPACE, annotations: own(annotations) }, spec: { addresses } });
}

const own = (annotations: Record<string, string>) => Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`home-load-balancer.github.io/${key}`, value]));

describe('the condition of a Service', () => {
  test('says what it has, in the write that gives it, once', async () => {
    await cluster.pool('home', ['93.5.22.100']);
    await cluster.startController();
    await cluster.service('web');
    await has('web', ['93.5.22.100']);
    const first = await read('web');
    expect(first.status?.conditions).toEqual([
      { type: TYPE, status: 'True', reason: 'Assigned', message: 'has ["93.5.22.100"] of pool "home"', lastTransitionTime: expect.stringMatching(/^[0-9T:-]+Z$/) },
    ]);
    expect(first.metadata.annotations).toEqual({ [POOL_OUT]: 'home' });
    // A change of another Service leads to decisions, and to no write here.
    await cluster.service('late');
    await event('late', 'AllocationFailed');
    expect((await read('web')).metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });

  test('says why it has none, with an event of the same words, once for many attempts, until it has one', async () => {
    await cluster.pool('home', ['93.5.22.100']);
    await cluster.startController();
    await cluster.service('web');
    await has('web', ['93.5.22.100']);
    await cluster.service('late');
    await eventually(() => condition('late'), (value) => expect(value).toMatchObject({
      status: 'False',
      reason: 'NoAvailableIPs',
      message: 'no available IPs; asked for: an IPv4 address; free: nothing; add IPv4 addresses to an IPAddressPool, or free one: nothing left in "home"',
    }));
    await event('late', 'Failed to allocate IP for "home/late": no available IPs; asked for: an IPv4 address; free: nothing; add IPv4 addresses');
    await event('late', '(NoAvailableIPs)');
    await remove('web');
    await has('late', ['93.5.22.100']);
    expect(await condition('late')).toMatchObject({ status: 'True', reason: 'Assigned' });
    expect((await cluster.events('late')).filter((text) => text.startsWith('AllocationFailed'))).toHaveLength(1);
  });

  test('leaves those of others, and goes when the Service is no LoadBalancer any more', async () => {
    await cluster.pool('home', ['93.5.22.100']);
    await cluster.service('web');
    const other = { type: 'example.com/Other', status: 'True', reason: 'X', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' };
    await cluster.client.patch(SERVICES, 'web', { status: { conditions: [other] } }, { ...at, subresource: 'status' });
    await cluster.startController();
    await has('web', ['93.5.22.100']);
    expect((await read('web')).status?.conditions).toMatchObject([{ type: 'example.com/Other' }, { type: TYPE }]);
    await cluster.client.patch(SERVICES, 'web', { spec: { type: 'ClusterIP' } }, at);
    await has('web', []);
    expect((await read('web')).status?.conditions).toMatchObject([{ type: 'example.com/Other' }]);
  });
});

describe('a status that somebody else writes', () => {
  test('is set back, and that is said', async () => {
    await cluster.pool('home', ['93.5.22.100']);
    await cluster.startController();
    await cluster.service('web');
    await has('web', ['93.5.22.100']);
    await cluster.client.patch(SERVICES, 'web', { status: { loadBalancer: { ingress: [{ ip: '192.168.1.5' }] } } }, { ...at, subresource: 'status' });
    await event('web', 'StatusOverwritten Status showed ["192.168.1.5"], which somebody else wrote; it is set back to ["93.5.22.100"]');
    await has('web', ['93.5.22.100']);
  });

  test('is taken over where it is right, and that is said', async () => {
    await cluster.pool('home', ['93.5.22.100-93.5.22.110']);
    await cluster.service('web');
    await cluster.client.patch(SERVICES, 'web', { status: { loadBalancer: { ingress: [{ ip: '93.5.22.105' }] } } }, { ...at, subresource: 'status' });
    await cluster.startController();
    await event('web', 'IPAdopted Took over ["93.5.22.105"] of pool "home"');
    await has('web', ['93.5.22.105']);
  });
});

describe('a sticky address', () => {
  type Reservations = KubeObject & { data?: Record<string, string> };
  const entries = async () => (await cluster.client.get<Reservations>(CONFIG_MAPS, 'home-load-balancer-reservations', { namespace: NAMESPACE })).data ?? {};
  const remembered = (names: string[]) => eventually(async () => Object.keys(await entries()).sort(), (value) => expect(value).toEqual(names));

  test('is kept for a deleted Service, over a restart, and said to others', async () => {
    await pool('home', ['93.5.22.100-93.5.22.101'], { sticky: '1h' });
    const controller = await cluster.startController();
    await cluster.service('jellyfin');
    await has('jellyfin', ['93.5.22.100']);
    await remove('jellyfin');
    await eventually(entries, ({ home_jellyfin: entry }) => expect(JSON.parse(entry)).toMatchObject({ ips: ['93.5.22.100'], pool: 'home', until: expect.any(String) }));
    await cluster.service('web');
    await has('web', ['93.5.22.101']);
    await cluster.stopController(controller);
    await cluster.service('late');
    await cluster.startController();
    await eventually(() => condition('late'), (value) => expect(value?.message).toContain('held back: 93.5.22.100 reserved for home/jellyfin, which was deleted'));
    await cluster.service('jellyfin');
    await has('jellyfin', ['93.5.22.100']);
  });

  test('is found by a Service that was deleted while no controller ran', async () => {
    await pool('home', ['93.5.22.100-93.5.22.110'], { sticky: 'true' });
    const controller = await cluster.startController();
    await cluster.service('web');
    await has('web', ['93.5.22.100']);
    await cluster.service('jellyfin');
    await has('jellyfin', ['93.5.22.101']);
    await remembered(['home_jellyfin', 'home_web']);
    await cluster.stopController(controller);
    await remove('web');
    await remove('jellyfin');
    await cluster.service('jellyfin');
    await cluster.startController();
    await has('jellyfin', ['93.5.22.101']);
    await cluster.service('other');
    await has('other', ['93.5.22.102']);
  });

  test('is free when its time has passed, and goes to who waits', async () => {
    await pool('home', ['93.5.22.100'], { sticky: '1500ms' });
    await cluster.startController();
    await cluster.service('jellyfin');
    await has('jellyfin', ['93.5.22.100']);
    await remove('jellyfin');
    await cluster.service('web');
    await has('web', []);
    await has('web', ['93.5.22.100']);
    await remembered(['home_web']);
  });

  test('costs nothing where nobody asks for it', async () => {
    await cluster.pool('home', ['93.5.22.100']);
    await cluster.startController();
    await cluster.service('web');
    await has('web', ['93.5.22.100']);
    await remove('web');
    await cluster.service('next');
    await has('next', ['93.5.22.100']);
    await expect(entries()).rejects.toMatchObject({ code: 'NotFound' });
  });

  test('survives rubbish in its memory, which goes', async () => {
    const data = { home_web: '{"ips":["93.5.22.100"],"pool":"home"}', home_x: 'not JSON', y: '{}', home_z: '{"ips":["1.2.3"],"pool":"home"}' };
    await cluster.client.create(CONFIG_MAPS, { metadata: { name: 'home-load-balancer-reservations', namespace: NAMESPACE }, data });
    await pool('home', ['93.5.22.100-93.5.22.110'], { sticky: '1h' });
    await cluster.startController();
    await cluster.service('web');
    await has('web', ['93.5.22.100']);
    await remembered(['home_web']);
  });
});

describe('a pool that excludes the nodes', () => {
  const node = async (name: string, address: string) => {
    await cluster.client.create(NODES, { metadata: { name } });
    await cluster.client.patch(NODES, name, { status: { addresses: [{ type: 'InternalIP', address }] } }, { subresource: 'status' });
  };

  test('gives none of their addresses, and learns of new nodes; who has such an address is told', async () => {
    await node('n1', '93.5.22.100');
    await pool('home', ['93.5.22.100-93.5.22.110'], { 'excluded-addresses': 'nodes' });
    await cluster.startController();
    await cluster.service('web');
    await has('web', ['93.5.22.101']);
    await node('n2', '93.5.22.101');
    await event('web', 'AddressExcluded Kept ["93.5.22.101"]');
    await eventually(() => condition('web'), (value) => expect(value).toMatchObject({ status: 'True', reason: 'AddressExcluded' }));
    await cluster.service('next', { annotations: { 'metallb.io/loadBalancerIPs': '93.5.22.100' } });
    await eventually(() => condition('next'), (value) => expect(value).toMatchObject({ status: 'False', reason: 'AddressExcluded' }));
  });
});

test('an annotation of a pool is taken over at once, and a bad one is reported while the last good ones hold', async () => {
  await pool('home', ['93.5.22.100-93.5.22.110'], { draining: 'true' });
  await cluster.startController();
  await cluster.service('late');
  await eventually(() => condition('late'), (value) => expect(value).toMatchObject({ status: 'False', reason: 'PoolDraining' }));
  const annotate = (annotations: Record<string, string>) => (
    cluster.client.patch(IP_ADDRESS_POOLS, 'home', { metadata: { annotations: own(annotations) } }, { namespace: NAMESPACE })
  );
  await annotate({ draining: 'maybe' });
  type State = KubeObject & { status?: { errorSummary?: string } };
  await eventually(async () => (await cluster.client.get<State>(CONFIGURATION_STATES, 'controller', { namespace: NAMESPACE })).status?.errorSummary, (text) => (
    expect(text).toContain('metadata.annotations[home-load-balancer.github.io/draining]')
  ));
  await cluster.service('later');
  await eventually(() => condition('later'), (value) => expect(value).toMatchObject({ reason: 'PoolDraining' }));
  await annotate({ draining: 'false' });
  await has('late', ['93.5.22.100']);
  await has('later', ['93.5.22.101']);
});

test('a /64 has as many free addresses as an int64 holds', async () => {
  await cluster.pool('six', ['2001:db8::/64']);
  await cluster.startController();
  await eventually(async () => (await cluster.client.get<KubeObject & { status?: object }>(IP_ADDRESS_POOLS, 'six', { namespace: NAMESPACE })).status, (status) => (
    expect(status).toMatchObject({ assignedIPv6: 0, availableIPv6: Number(2n ** 63n - 1n) })
  ));
});

test('Services that are deleted while they are being served leave nothing behind', async () => {
  await cluster.pool('home', ['93.5.22.100-93.5.22.119']);
  await cluster.startController();
  const names = Array.from({ length: 20 }, (_, i) => `s${i}`);
  await Promise.all(names.map(async (name) => {
    await cluster.service(name);
    await cluster.client.delete(SERVICES, name, at);
  }));
  await Promise.all(names.map(gone));
  await cluster.service('last');
  await eventually(() => cluster.addresses('last'), (value) => expect(value).toHaveLength(1)); // which one depends on what was still being freed
  const status = async () => (await cluster.client.get<KubeObject & { status?: object }>(IP_ADDRESS_POOLS, 'home', { namespace: NAMESPACE })).status;
  await eventually(status, (value) => expect(value).toMatchObject({ assignedIPv4: 1, availableIPv4: 19 }));
  // What somebody else writes there does not stay.
  await cluster.client.patch(IP_ADDRESS_POOLS, 'home', { status: { assignedIPv4: 7 } }, { namespace: NAMESPACE, subresource: 'status' });
  await eventually(status, (value) => expect(value).toMatchObject({ assignedIPv4: 1, availableIPv4: 19 }));
});
