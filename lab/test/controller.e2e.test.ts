import { Cluster, Role } from '..';
import { addressPool, CRDS, eventually, eventsOf, getService, ingressOf, logOf, NAMESPACE, service, wants } from './support';
import { IP_ADDRESS_POOLS, Secret, SECRETS, Service, SERVICES } from '../../speaker/src/kube';

const FIRST = 150, COUNT = 50;
const RANGE = `93.5.22.${FIRST}-93.5.22.${FIRST + COUNT - 1}`;
const names = Array.from({ length: COUNT }, (_, i) => `s${String(i).padStart(2, '0')}`);

/** An address that somebody uses must not move because the controller does. */
describe('a pool of 50 addresses, 50 Services that have one, and one that waits', () => {
  let cluster: Cluster;
  let controller: Role;

  /** Of every Service: its addresses and the version of the object, which every write changes. */
  const state = async (): Promise<Map<string, string>> => {
    const { items } = await cluster.client.list<Service>(SERVICES, { namespace: 'default' });
    return new Map(items.filter(({ spec }) => spec.type === 'LoadBalancer').map((item) => (
      [item.metadata.name, `${ingressOf(item).join()} at ${item.metadata.resourceVersion}`]
    )));
  };
  const addresses = async (): Promise<string[]> => [...(await state()).values()].map((text) => text.split(' at ')[0]).filter(Boolean).sort();
  /** It has looked at every Service once it has given an address to one that is made after its start. */
  const settled = async (): Promise<void> => {
    await cluster.apply(service('probe', { annotations: wants('93.5.22.230') }));
    expect(await cluster.addressesOf({ name: 'probe' })).toEqual(['93.5.22.230']);
    await cluster.client.delete(SERVICES, 'probe', { namespace: 'default' });
    await eventually(async () => expect(await cluster.client.get(SERVICES, 'probe', { namespace: 'default' }).catch(({ code }) => code)).toBe('NotFound'));
  };

  beforeAll(async () => {
    cluster = await Cluster.start({ api: 'real', nodes: 1 });
    await cluster.apply(CRDS, addressPool('home', [RANGE]), addressPool('aside', ['93.5.22.230/32'], { autoAssign: false }));
    controller = await cluster.startController();
    await Promise.all(names.map(async (name) => cluster.apply(service(name))));
    await eventually(async () => expect(await addresses()).toHaveLength(COUNT));
    await cluster.apply(service('waiting'));
    await eventually(async () => expect((await eventsOf(cluster, 'waiting')).map(({ reason }) => reason)).toContain('AllocationFailed'));
  });
  afterAll(async () => cluster?.stop());

  test('each has one of its own', async () => {
    const expected = Array.from({ length: COUNT }, (_, i) => `93.5.22.${FIRST + i}`);
    expect(await addresses()).toEqual(expected.sort());
  });

  test.each(['SIGKILL', 'SIGTERM'] as const)('after %s and a new start nothing has been written, and nothing given away', async (signal) => {
    await settled();
    const before = await state();
    controller.process.kill(signal);
    expect(await controller.process.exited).toEqual(signal === 'SIGTERM' ? { code: 0, signal: null } : { code: null, signal });
    controller = await cluster.startController();
    await settled();
    expect(await state()).toEqual(before);
    expect(before.get('waiting')).toMatch(/^ at/);
  });

  test('killed in the middle of fifty changes, it neither gives an address twice nor moves one', async () => {
    const before = await state();
    const [freed] = ingressOf(await getService(cluster, 's00'));
    const changes = names.slice(25).map(async (name) => cluster.client.delete(SERVICES, name, { namespace: 'default' }));
    changes.push(...names.slice(25).map(async (name) => cluster.apply(service(`new-${name}`))));
    controller.process.kill('SIGKILL');
    await Promise.all(changes);
    controller = await cluster.startController();
    await eventually(async () => expect(await addresses()).toHaveLength(COUNT));
    expect(new Set(await addresses()).size).toBe(COUNT);
    const after = await state();
    for (const name of names.slice(0, 25)) expect(after.get(name)).toBe(before.get(name));
    expect(await addresses()).toContain(freed);
  });

  test('an address that becomes free while it is away goes to who waits', async () => {
    const waiting = [...await state()].filter(([, text]) => text.startsWith(' at')).map(([name]) => name);
    expect(waiting).toHaveLength(1);
    const [freed] = ingressOf(await getService(cluster, 's00'));
    await controller.stop();
    await cluster.client.delete(SERVICES, 's00', { namespace: 'default' });
    controller = await cluster.startController();
    expect(await cluster.addressesOf({ name: waiting[0] })).toEqual([freed]);
  });

  test('a pool that is taken away and given back while it is away moves nothing', async () => {
    const before = await addresses();
    await controller.stop();
    await cluster.client.delete(IP_ADDRESS_POOLS, 'home', { namespace: NAMESPACE });
    await cluster.apply(addressPool('renamed', [RANGE]));
    controller = await cluster.startController();
    await eventually(async () => expect((await getService(cluster, 's01')).metadata.annotations).toMatchObject({
      'metallb.io/ip-allocated-from-pool': 'renamed',
    }));
    await settled();
    expect(await addresses()).toEqual(before);
  });

  test('the key of the heartbeats outlives it', async () => {
    const secret = async () => cluster.client.get<Secret>(SECRETS, 'home-load-balancer-heartbeat', { namespace: NAMESPACE });
    const { data, metadata } = await secret();
    expect(Buffer.from(data!.secretkey, 'base64')).toHaveLength(32);
    controller.process.kill('SIGKILL');
    controller = await cluster.startController();
    await settled();
    expect((await secret()).metadata).toEqual(metadata);
    expect(logOf(controller).filter(({ level }) => level === 'error')).toEqual([]);
  });
});
