import { setTimeout as sleep } from 'timers/promises';
import { Cluster, Role } from '..';
import { addressPool, CRDS, eventually, ingressOf, logOf, NAMESPACE, service } from './support';
import { EVENTS, IP_ADDRESS_POOLS, KubeObject, Lease, LEASES, Service, SERVICES } from '../../speaker/src/kube';

const COUNT = 200, ADDRESSES = 256;
/** A Lease lasts 15 s; then the successor has 200 Services to load. */
const TAKEOVER_MS = 30_000;

/** Of two controllers, one gives addresses; whatever becomes of it, no address moves, and none is given twice. */
describe('two controllers and 200 Services', () => {
  let cluster: Cluster;
  const controllers = new Map<string, Role>();

  const start = async (name: string): Promise<void> => {
    controllers.set(name, await cluster.startController({ place: name, pod: `controller-${name}` }));
  };
  const leader = async (): Promise<string> => {
    const { spec } = await cluster.client.get<Lease>(LEASES, 'home-load-balancer-controller', { namespace: NAMESPACE });
    return /^controller-(\w+)_/.exec(spec?.holderIdentity ?? '')?.[1] ?? '';
  };
  const services = async (): Promise<Service[]> => (
    (await cluster.client.list<Service>(SERVICES, { namespace: 'default' })).items.filter(({ spec }) => spec.type === 'LoadBalancer')
  );
  const addresses = async (): Promise<Map<string, string>> => new Map((await services()).map((item) => [item.metadata.name, ingressOf(item).join()]));
  /** Waits until all that there are have an address, and gives these. */
  const settled = async (count: number): Promise<Map<string, string>> => eventually(async () => {
    const found = await addresses();
    expect(found.size).toBe(count);
    expect([...found.values()].filter((address) => address === '')).toEqual([]);
    expect(new Set(found.values()).size).toBe(count);
    return found;
  }, TAKEOVER_MS);
  const create = async (prefix: string, count: number): Promise<void> => {
    await Promise.all(Array.from({ length: count }, async (_, i) => cluster.apply(service(`${prefix}-${i}`))));
  };
  /** The version of everything that a controller writes but its Lease. */
  const versions = async (): Promise<string[]> => {
    const { items: pools } = await cluster.client.list<KubeObject>(IP_ADDRESS_POOLS, { namespace: NAMESPACE });
    const { items: events } = await cluster.client.list<KubeObject>(EVENTS, { namespace: 'default' });
    return [...await services(), ...pools, ...events].map(({ metadata: { name, resourceVersion } }) => `${name} ${resourceVersion}`).sort();
  };

  beforeAll(async () => {
    cluster = await Cluster.start({ api: 'real', nodes: ['n1', 'n2'] });
    await cluster.apply(CRDS, addressPool('home', ['10.100.0.0/24']));
    await start('n1');
    await start('n2');
    await create('s', COUNT);
    await settled(COUNT);
  });
  afterAll(async () => cluster?.stop());

  test('the leader is killed in the middle of changes: the other one goes on', async () => {
    const before = await addresses(), dead = await leader();
    const changes = [create('after-kill', 20), ...Array.from({ length: 10 }, async (_, i) => cluster.client.delete(SERVICES, `s-${i}`, { namespace: 'default' }))];
    await sleep(20);
    controllers.get(dead)!.process.kill('SIGKILL');
    const killed = performance.now();
    await Promise.all(changes);
    const after = await settled(COUNT + 10);
    process.stdout.write(`all had addresses ${((performance.now() - killed) / 1000).toFixed(1)} s after the leader was killed\n`);
    for (const [name, address] of before) expect(after.get(name) ?? address).toBe(address);
    expect(await leader()).not.toBe(dead);
    await start(dead); // stands by from now on
  });

  test('the leader is paused in the middle of changes: the other one goes on, and who wakes up writes nothing', async () => {
    const before = await addresses(), paused = await leader();
    const role = controllers.get(paused)!;
    const changes = create('after-pause', 30);
    await eventually(async () => expect([...(await addresses()).keys()].filter((name) => name.startsWith('after-pause')).length).toBeGreaterThan(3));
    role.process.pause();
    await changes;
    const after = await settled(before.size + 30);
    for (const [name, address] of before) expect(after.get(name)).toBe(address);
    const successor = await leader();
    expect(successor).not.toBe(paused);
    // The counters of the pool are the last that is written.
    await eventually(async () => {
      const pool = await cluster.client.get<KubeObject & { status: object }>(IP_ADDRESS_POOLS, 'home', { namespace: NAMESPACE });
      expect(pool.status).toMatchObject({ assignedIPv4: after.size, availableIPv4: ADDRESSES - after.size });
    });
    await sleep(1_500);

    const seen = await versions(), lines = logOf(role).length;
    role.process.resume();
    await eventually(() => expect(logOf(role).slice(lines).map(({ msg }) => msg)).toContainEqual(expect.stringMatching(/^standing by/)));
    await sleep(3_000);
    expect(await versions()).toEqual(seen);
    expect(await leader()).toBe(successor);
    expect(await addresses()).toEqual(after);
  });

  test('the leader ends in order: the other one goes on within seconds', async () => {
    const before = await addresses(), first = await leader();
    await controllers.get(first)!.stop();
    const stopped = performance.now();
    await cluster.apply(service('after-stop'));
    expect(await cluster.addressesOf({ name: 'after-stop' }, 10_000)).toHaveLength(1);
    process.stdout.write(`a Service that was made after the leader ended had its address ${((performance.now() - stopped) / 1000).toFixed(1)} s later\n`);
    for (const [name, address] of before) expect((await addresses()).get(name)).toBe(address);
    expect(await leader()).not.toBe(first);
  });
});
