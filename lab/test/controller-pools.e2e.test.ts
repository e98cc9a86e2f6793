import { Cluster, Role } from '..';
import { addressPool, CRDS, eventually, ingressOf, NAMESPACE, service } from './support';
import { CONFIGURATION_STATES, IP_ADDRESS_POOLS, KubeObject, Service, SERVICES } from '../../speaker/src/kube';

const COUNT = 100;
const names = Array.from({ length: COUNT }, (_, i) => `s${i}`);
const POOL_ANNOTATION = 'metallb.io/ip-allocated-from-pool';

/** Pools change while Services come and go. */
describe('100 Services, and more that come and go', () => {
  let cluster: Cluster, controller: Role;

  const services = async (): Promise<ReadonlyMap<string, Service>> => new Map(
    (await cluster.client.list<Service>(SERVICES, { namespace: 'default' })).items.filter(({ spec }) => spec.type === 'LoadBalancer').map((item) => [item.metadata.name, item]),
  );
  const addresses = async (): Promise<Record<string, string>> => {
    const found = await services();
    return Object.fromEntries(names.map((name) => [name, ingressOf(found.get(name)!).join()]));
  };
  const state = async (): Promise<{ result: string; errorSummary: string }> => {
    const { status } = await cluster.client.get<KubeObject & { status: { result: string; errorSummary: string } }>(CONFIGURATION_STATES, 'controller', { namespace: NAMESPACE });
    return status;
  };
  const setAddresses = async (pool: string, ...entries: string[]) => (
    cluster.client.patch(IP_ADDRESS_POOLS, pool, { spec: { addresses: entries } }, { namespace: NAMESPACE })
  );
  const remove = async (pool: string) => cluster.client.delete(IP_ADDRESS_POOLS, pool, { namespace: NAMESPACE });

  /** Makes and deletes other Services the whole time. */
  const underLoad = async (change: () => Promise<unknown>): Promise<void> => {
    let going = true, made = 0;
    const load = Promise.all(Array.from({ length: 4 }, async (_, worker) => {
      for (let i = 0; going; i++) {
        const name = `load-${worker}-${i}`;
        await cluster.apply(service(name));
        made += 1;
        await cluster.client.delete(SERVICES, name, { namespace: 'default' });
      }
    }));
    try {
      await eventually(() => expect(made).toBeGreaterThan(10));
      await change();
      const then = made;
      await eventually(() => expect(made).toBeGreaterThan(then + 10));
    } finally {
      going = false;
      await load;
    }
  };
  /** All of the 100 have an address of their own, which passes the check. */
  const settled = async (check: (address: string, object: Service) => void): Promise<Record<string, string>> => eventually(async () => {
    const found = await services();
    names.forEach((name) => {
      expect(ingressOf(found.get(name)!)).toHaveLength(1);
      check(ingressOf(found.get(name)!)[0], found.get(name)!);
    });
    const now = await addresses();
    expect(new Set(Object.values(now)).size).toBe(COUNT);
    return now;
  });

  beforeAll(async () => {
    cluster = await Cluster.start({ api: 'real', nodes: 1 });
    await cluster.apply(CRDS, addressPool('home', ['10.100.0.0/24']));
    controller = await cluster.startController();
    await Promise.all(names.map(async (name) => cluster.apply(service(name))));
    await settled((address) => expect(address).toMatch(/^10\.100\.0\./));
  });
  afterAll(async () => cluster?.stop());

  test('a pool that is broken moves nothing and goes on giving, is reported, and no more once it is repaired', async () => {
    const before = await addresses();
    await underLoad(async () => {
      await setAddresses('home', '10.100.0.0/24', '10.100.300.1');
      await eventually(async () => expect(await state()).toMatchObject({ result: 'Invalid', errorSummary: expect.stringContaining('10.100.300.1') }));
    });
    await cluster.apply(service('while-broken'));
    expect((await cluster.addressesOf({ name: 'while-broken' }))[0]).toMatch(/^10\.100\.0\./);
    expect(await addresses()).toEqual(before);
    await setAddresses('home', '10.100.0.0/24');
    await eventually(async () => expect(await state()).toMatchObject({ result: 'Valid' }));
    expect(await addresses()).toEqual(before);
  });

  test('a controller that starts with a broken pool leaves its Services alone until it is repaired', async () => {
    const before = await addresses();
    await setAddresses('home', '10.100.0.0/24', '10.100.300.1');
    await controller.stop();
    controller = await cluster.startController();
    await cluster.apply(addressPool('other', ['10.100.9.0/28']), service('elsewhere'));
    expect((await cluster.addressesOf({ name: 'elsewhere' }))[0]).toMatch(/^10\.100\.9\./);
    expect(await addresses()).toEqual(before);
    await setAddresses('home', '10.100.0.0/24');
    await eventually(async () => expect(await state()).toMatchObject({ result: 'Valid' }));
    await remove('other');
    expect(await settled((address) => expect(address).toMatch(/^10\.100\.0\./))).toEqual(before);
  });

  test('a pool that is replaced at once by one of another name moves nothing', async () => {
    const before = await addresses();
    await controller.stop(); // a running one may see the moment without a pool, and then the addresses are gone for a reason
    await remove('home');
    await cluster.apply(addressPool('renamed', ['10.100.0.0/24']));
    controller = await cluster.startController();
    expect(await settled((_, { metadata }) => expect(metadata.annotations).toMatchObject({ [POOL_ANNOTATION]: 'renamed' }))).toEqual(before);
  });

  test('a pool that is cut in two under load moves none of its first half', async () => {
    const before = await addresses();
    await underLoad(async () => {
      await setAddresses('renamed', '10.100.0.0/25');
      await cluster.apply(addressPool('second', ['10.100.0.128/25']));
    });
    const after = await settled((address) => expect(address).toMatch(/^10\.100\.0\./));
    const low = (address: string) => Number(address.split('.')[3]) < 128;
    for (const name of names) if (low(before[name])) expect(after[name]).toBe(before[name]);
  });

  test('a pool that shrinks under load moves those that it has no address for any more, and no others', async () => {
    await cluster.apply(addressPool('spare', ['10.100.7.0/24']));
    const before = await addresses();
    const stays = (address: string) => Number(address.split('.')[3]) < 64 || Number(address.split('.')[3]) >= 128;
    await underLoad(async () => setAddresses('renamed', '10.100.0.0/26'));
    const after = await settled((address) => expect(address).toMatch(/^10\.100\.(0\.(\d|[1-5]\d|6[0-3]|12[89]|1[3-9]\d|2\d\d)|7\.\d+)$/));
    for (const name of names) if (stays(before[name])) expect(after[name]).toBe(before[name]);
    expect(names.filter((name) => after[name] !== before[name]).length).toBeGreaterThan(0);
  });

  test('a pool that is removed under load moves its Services to the others, and the last one takes all addresses with it', async () => {
    await underLoad(async () => {
      await remove('renamed');
      await remove('second');
    });
    await settled((address, { metadata }) => {
      expect(address).toMatch(/^10\.100\.7\./);
      expect(metadata.annotations).toMatchObject({ [POOL_ANNOTATION]: 'spare' });
    });
    await remove('spare');
    await eventually(async () => {
      for (const [, object] of await services()) {
        expect(ingressOf(object)).toEqual([]);
        expect(object.status?.conditions).toContainEqual(expect.objectContaining({ status: 'False', reason: 'NoPools' }));
      }
    });
  });
});
