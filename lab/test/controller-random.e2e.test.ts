import { Cluster, Role } from '..';
import { addressPool, CRDS, Event, eventually, ingressOf, metrics, NAMESPACE, service as serviceObject, wants } from './support';
import { Random, RandomOperations } from './support-random-operations';
import { EVENTS, IP_ADDRESS_POOLS, KubeObject, Service, SERVICES } from '../../speaker/src/kube';

const BATCHES = 25, OPERATIONS = 200;
/** Batches in the middle of which the controller is killed. */
const KILLED_IN = [8, 16];
/** Batches after which events and counters, which may come a second later, are looked at, too. */
const EVERY = 5;
/** The pool and the Service that come after each batch. */
const LAST = 'last';
/** `RANDOM_SEED=n` repeats a run. */
const SEED = Number(process.env.RANDOM_SEED ?? Date.now() % 1_000_000);

type Pool = KubeObject & { readonly status?: { readonly assignedIPv4: number; readonly availableIPv4: number } };

/** What must hold after whatever happened, once the controller has seen all of it. Each violation is a sentence. */
describe('5000 random operations on Services and pools', () => {
  let cluster: Cluster, controller: Role, operations: RandomOperations;

  const services = async (): Promise<Service[]> => (
    (await cluster.client.list<Service>(SERVICES, { namespace: 'default' })).items.filter(({ metadata: { name } }) => /^s\d+$/.test(name))
  );
  const annotation = ({ metadata }: Service, name: string) => metadata.annotations?.[`metallb.io/${name}`] || undefined;
  const isPending = (service: Service) => service.spec.type === 'LoadBalancer' && ingressOf(service).length === 0;

  /** Addresses, one by one: in their pool, as asked for, and with whom they may be shared. */
  const violations = (all: readonly Service[]): string[] => {
    const holders = new Map<string, Service[]>();
    const found: string[] = [];
    for (const service of all) {
      const { metadata: { name }, spec } = service;
      const [address, ...more] = ingressOf(service);
      if (more.length > 0) found.push(`${name} has more than one address`);
      if (address === undefined) continue;
      holders.set(address, [...holders.get(address) ?? [], service]);
      const pool = operations.poolOf(address);
      const wish = annotation(service, 'loadBalancerIPs'), poolWish = annotation(service, 'address-pool');
      if (spec.type !== 'LoadBalancer') found.push(`${name} is no LoadBalancer and has ${address}`);
      if (pool === undefined) found.push(`${name} has ${address}, which is in no pool`);
      else if (annotation(service, 'ip-allocated-from-pool') !== pool) found.push(`${name} says that ${address} is not of ${pool}`);
      if (wish !== undefined && wish !== address) found.push(`${name} asks for ${wish} and has ${address}`);
      if (poolWish !== undefined && poolWish !== pool) found.push(`${name} asks for ${poolWish} and has ${address} of ${pool}`);
    }
    for (const [address, sharing] of holders) {
      const keys = new Set(sharing.map((service) => annotation(service, 'allow-shared-ip')));
      const ports = sharing.flatMap(({ spec }) => spec.ports!.map(({ port, protocol = 'TCP' }) => `${protocol}/${port}`));
      const names = sharing.map(({ metadata: { name } }) => name).join(' and ');
      if (sharing.length > 1 && (keys.size > 1 || keys.has(undefined))) found.push(`${names} share ${address} with keys ${[...keys].join()}`);
      if (new Set(ports).size < ports.length) found.push(`${names} share ${address} with ports ${ports.join()}`);
    }
    const free = operations.addresses().filter((address) => !holders.has(address));
    for (const service of all.filter(isPending)) {
      const wish = annotation(service, 'loadBalancerIPs'), poolWish = annotation(service, 'address-pool');
      const candidates = free.filter((address) => (wish ?? address) === address && (!poolWish || poolWish === operations.poolOf(address)));
      if (candidates.length > 0) found.push(`${service.metadata.name} waits although ${candidates[0]} is free`);
      const condition = service.status?.conditions?.find(({ type }) => type === 'home-load-balancer.github.io/AddressAssigned');
      if (condition?.status !== 'False' || !condition.reason || !condition.message) found.push(`${service.metadata.name} waits and its condition does not say why`);
    }
    return found;
  };

  /** Whatever was done before has reached the controller, and is answered: a pool and a Service that come last are served, and nothing is under way. */
  const settled = async (batch: number): Promise<void> => {
    const address = `10.200.0.${batch}`;
    await cluster.apply(addressPool(LAST, [address], { autoAssign: false }), serviceObject(LAST, { annotations: wants(address) }));
    await eventually(async () => {
      expect(ingressOf(await cluster.client.get<Service>(SERVICES, LAST, { namespace: 'default' }))).toEqual([address]);
      const now = await metrics(cluster, 'ctl');
      expect([now.get('hlb_work_queue_depth'), now.get('hlb_status_writes_in_flight')]).toEqual([0, 0]);
    }, 15_000);
  };

  /** What is written later than the Services: events and counters. */
  const lateViolations = async (all: readonly Service[]): Promise<string[]> => {
    const { items: events } = await cluster.client.list<Event & { involvedObject: { uid: string } }>(EVENTS, { namespace: 'default' });
    const warned = new Set(events.filter(({ type }) => type === 'Warning').map(({ involvedObject: { uid } }) => uid));
    const untold = all.filter((service) => isPending(service) && !warned.has(service.metadata.uid!)).map(({ metadata: { name } }) => `${name} waits without an event`);
    const { items: pools } = await cluster.client.list<Pool>(IP_ADDRESS_POOLS, { namespace: NAMESPACE });
    const given = [...new Set(all.flatMap(ingressOf))], there = operations.addresses();
    const wrong = pools.filter(({ metadata: { name } }) => name !== LAST).flatMap(({ metadata: { name }, status }) => {
      const used = given.filter((address) => operations.poolOf(address) === name).length;
      const available = there.filter((address) => operations.poolOf(address) === name).length - used;
      return status?.assignedIPv4 === used && status.availableIPv4 === available ? [] : [`${name} counts ${JSON.stringify(status)}, and ${used} are given, ${available} free`];
    });
    return [...untold, ...wrong];
  };

  beforeAll(async () => {
    cluster = await Cluster.start({ api: 'real', nodes: 1 });
    await cluster.apply(CRDS);
    operations = new RandomOperations(cluster.client, new Random(SEED));
    await operations.begin();
    controller = await cluster.startController();
  });
  afterAll(async () => cluster?.stop());

  test(`leave every invariant true (RANDOM_SEED=${SEED})`, async () => {
    let before = new Map<string, string>(), moved = 0;
    for (let batch = 1; batch <= BATCHES; batch++) {
      const running = operations.batch(OPERATIONS);
      if (KILLED_IN.includes(batch)) {
        controller.process.kill('SIGKILL');
        await controller.process.exited;
        controller = await cluster.startController();
      }
      const { touched, throughout } = await running;
      await settled(batch);
      const all = await eventually(async () => {
        const now = await services();
        expect(violations(now)).toEqual([]);
        if (batch % EVERY === 0) expect(await lateViolations(now)).toEqual([]);
        return now;
      }, 15_000);
      const after = new Map(all.map((service) => [service.metadata.name, ingressOf(service).join()]));
      const movers = [...before].filter(([name, address]) => address !== '' && !touched.has(name) && after.get(name) !== address);
      moved += movers.length;
      // Of two that shared an address and may not any more, the one that changed has to go. A controller that did not see the change keeps the older one.
      const disturbed = new Set(KILLED_IN.includes(batch) ? [...before].filter(([name]) => touched.has(name)).map(([, address]) => address) : []);
      const unmoved = ([, address]: [string, string]) => throughout.has(address) && !disturbed.has(address);
      expect(movers.filter(unmoved).map(([name, address]) => `${name} had ${address} and has ${after.get(name)}`)).toEqual([]);
      before = after;
    }
    const has = [...before.values()].filter(Boolean).length;
    process.stdout.write(`${BATCHES * OPERATIONS} operations (seed ${SEED}): ${before.size} Services at the end, ${has} with addresses; ${moved} moved, as their pool did\n`);
    expect(has).toBeGreaterThan(0);
  });
});
