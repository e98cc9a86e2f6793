import { Cluster, eventually, NAMESPACE } from './cluster';
import { Allocator } from '../../src/allocation';
import { StickyMemory } from '../../src/controller/memory';
import { Quarantines } from '../../src/controller/quarantine';
import { CONFIG_MAPS, IP_ADDRESS_POOLS, SERVICES, type KubeClient, type KubeObject, type Service, type Stored } from '../../src/kube';
import { createLogger } from '../../src/observability';
import { config, pool, request } from '../allocation/fixtures';
import { ManualClock } from '../kube/support';

/*
 * The wall clock of a machine is set: by NTP after a start without a battery, by hand, by a hypervisor. How long an address is kept or held back is no matter of that clock.
 */

const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
/** By how much the wall clock is set while a controller runs. */
const STEPS = [-3650 * DAY, -HOUR, -MINUTE, 0, MINUTE, HOUR, 3650 * DAY];
const ADDRESS = '93.5.22.100';

const log = createLogger('none');
let clock: ManualClock;
beforeEach(() => { clock = new ManualClock(); });

function allocatorOf(annotations: Record<string, string>): Allocator {
  const allocator = new Allocator();
  allocator.setPools(config([pool('home', [ADDRESS], {}, annotations)]).pools);
  return allocator;
}

describe('a quarantine of an hour', () => {
  /** The Service that has the address, as a speaker says of it that a foreign host uses it, or no more. */
  const web = (status: 'True' | 'False') => ({
    metadata: { namespace: 'media', name: 'web', resourceVersion: '1', uid: 'web' },
    status: { conditions: [{ type: 'home-load-balancer.github.io/AddressConflict', status, reason: 'X', message: `${ADDRESS} is answered for: the host x uses it; mend it`, lastTransitionTime: '' }] },
  }) as unknown as Stored<Service>;

  test.each(STEPS.flatMap((step) => [[step, 0], [step, 30 * MINUTE], [step, HOUR - 1]]))('lasts an hour when the wall clock is set by %i ms, %i ms after the conflict', (step, after) => {
    const annotations = { quarantine: '1h' };
    const allocator = allocatorOf(annotations), decide = jest.fn();
    const quarantines = new Quarantines({ allocator, log, decide, changed: () => undefined, clock });
    quarantines.reconfigure(config([pool('home', [ADDRESS], {}, annotations)]), []);
    allocator.allocate(request('web'));
    quarantines.look(web('True'));
    quarantines.look(web('False'));
    allocator.release('media/web');
    expect(allocator.allocate(request('late'))).toMatchObject({ ok: false });

    clock.advance(after);
    clock.step(step);
    clock.advance(HOUR - 1 - after);
    expect(allocator.expire(clock.now())).toBe(false);
    clock.advance(1);
    expect(allocator.expire(clock.now())).toBe(true);
    expect(allocator.allocate(request('late'))).toMatchObject({ ok: true });
  });
});

describe('an address that is kept for an hour', () => {
  const annotations = { sticky: '1h' };
  let data: Record<string, string> | undefined;
  let writes: number;
  let memories: StickyMemory[];
  beforeEach(() => {
    [data, writes, memories] = [undefined, 0, []];
  });
  afterEach(() => memories.forEach((memory) => memory.stop()));

  /** The one object that a memory has, as the API server keeps it. */
  const client = {
    get: async () => ({ data }),
    patch: async (_resource: object, _name: string, { data: changes }: { data: Record<string, string | null> }) => {
      writes += 1;
      data = Object.fromEntries(Object.entries({ ...data, ...changes }).filter(([, text]) => text !== null)) as Record<string, string>;
    },
  } as unknown as KubeClient;

  const memoryOf = (allocator: Allocator, ended: () => void = () => undefined): StickyMemory => {
    const memory = new StickyMemory({ client, namespace: NAMESPACE, allocator, ended, log, clock });
    memories.push(memory);
    return memory;
  };
  /** A controller gives the address, the Service goes, and that is written down. */
  const begin = async (ended?: () => void) => {
    const allocator = allocatorOf(annotations);
    allocator.allocate(request('web'));
    allocator.depart('media/web', clock.now());
    const memory = memoryOf(allocator, ended);
    memory.request();
    await eventually(async () => writes, (count) => expect(count).toBe(1));
    return { allocator, memory };
  };
  /** Another controller reads it. @returns for how long it keeps the address, in milliseconds */
  const restart = async (text: Record<string, string> = annotations): Promise<number | undefined> => {
    memories.forEach((memory) => memory.stop());
    const allocator = allocatorOf(text);
    allocator.restore(await memoryOf(allocator).recall(), clock.now());
    const [reservation] = allocator.reservations();
    return reservation && reservation.until - clock.now();
  };
  const writtenEnd = () => Date.parse((JSON.parse(data!.media_web) as { until: string }).until);

  test.each(STEPS)('is kept for an hour when the wall clock is set by %i ms meanwhile', async (step) => {
    const { allocator } = await begin();
    clock.step(step);
    const [{ until }] = allocator.reservations();
    expect(until - clock.now()).toBe(HOUR);
    expect(allocator.expire(until - 1)).toBe(false);
    expect(allocator.expire(until)).toBe(true);
  });

  test.each<[string, number, number | undefined]>([
    ['goes on where it was', 0, 50 * MINUTE],
    ['that reads an earlier wall clock keeps it for an hour and no more', -HOUR, HOUR],
    ['that reads a wall clock of years ago does so, too', -3650 * DAY, HOUR],
    ['that reads a slightly earlier one, so much longer', -5 * MINUTE, 55 * MINUTE],
    ['that reads a later one, so much shorter', 5 * MINUTE, 45 * MINUTE],
    ['that reads one that is later than the end has nothing to keep', HOUR, undefined],
  ])('a restart after ten minutes %s', async (_, step, expected) => {
    await begin();
    clock.advance(10 * MINUTE);
    clock.step(step); // after the last comparison
    expect(await restart()).toBe(expected);
  });

  test('is cut to what the pool says after a restart', async () => {
    await begin();
    expect(await restart({ sticky: '10m' })).toBe(10 * MINUTE);
  });

  test('is kept as long as it was written down while its pool is wrong, as nobody knows what that said', async () => {
    await begin();
    clock.step(-2 * HOUR);
    const allocator = new Allocator();
    const { pools, unusable } = config([pool('home', [ADDRESS, 'rubbish'], {}, annotations)]);
    allocator.setPools(pools, unusable);
    allocator.restore(await memoryOf(allocator).recall(), clock.now());
    expect(allocator.reservations().map(({ until }) => until - clock.now())).toEqual([3 * HOUR]);
  });

  test.each([-HOUR, HOUR])('has its end written down anew within a minute when the wall clock is set by %i ms', async (step) => {
    await begin();
    const before = writtenEnd();
    clock.step(step);
    clock.advance(MINUTE);
    await eventually(async () => writtenEnd(), (end) => expect(end).toBe(before + step));
    expect(await restart()).toBe(writtenEnd() - clock.wallTime());
  });

  test('is not written down again for a clock that is being adjusted', async () => {
    const { memory } = await begin();
    clock.step(4_000);
    memory.stop();
    const allocator = allocatorOf(annotations);
    const next = memoryOf(allocator);
    allocator.restore(await next.recall(), clock.now());
    clock.step(-4_000);
    next.request();
    await new Promise((resolve) => { setImmediate(resolve); }); // a write would have begun in this turn
    expect(writes).toBe(1);
  });

  test('is free after an hour, and that is told', async () => {
    const ended = jest.fn();
    const { allocator } = await begin(ended);
    clock.step(-HOUR);
    await eventually(async () => {
      clock.advance(10 * MINUTE);
      return allocator.reservations();
    }, (left) => expect(left).toEqual([]));
    expect(ended).toHaveBeenCalledTimes(1);
    expect(clock.now()).toBeGreaterThanOrEqual(HOUR);
  });
});

test('a controller whose wall clock is set back ends a quarantine and a reservation when their time has passed', async () => {
  const cluster = await Cluster.start();
  const { client } = cluster;
  const own = (annotations: Record<string, string>) => Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`home-load-balancer.github.io/${key}`, value]));
  await client.create(IP_ADDRESS_POOLS, {
    metadata: { name: 'home', namespace: NAMESPACE, annotations: own({ quarantine: '1h', sticky: '1h' }) }, spec: { addresses: ['93.5.22.100-93.5.22.101'] },
  });
  await cluster.startController({ clock });
  const has = (name: string, addresses?: string[]) => eventually(() => cluster.addresses(name), (value) => expect(value).toEqual(addresses));
  for (const [name, address] of [['web', '93.5.22.100'], ['game', '93.5.22.101']]) {
    await cluster.service(name);
    await has(name, [address]);
  }
  const conflict = async (status: string) => {
    const shown = { type: 'home-load-balancer.github.io/AddressConflict', status, reason: 'X', message: `${ADDRESS} is answered for: the host x uses it; mend it`, lastTransitionTime: '2026-01-01T00:00:00Z' };
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'home' }, status: { conditions: [shown] } } as KubeObject;
    await client.apply(SERVICES, service, { fieldManager: 'speaker', force: true, namespace: 'home', subresource: 'status' });
  };
  const reasonOf = async (name: string) => (await client.get<Service>(SERVICES, name, { namespace: 'home' })).status?.conditions?.find(({ type }) => type.endsWith('/AddressAssigned'))?.reason;
  await conflict('True');
  await eventually(() => reasonOf('web'), (reason) => expect(reason).toBe('AddressQuarantined'));
  for (const name of ['web', 'game']) {
    await client.delete(SERVICES, name, { namespace: 'home' });
    await has(name, undefined);
  }
  const late = ['late', 'later'];
  for (const name of late) {
    await cluster.service(name);
    await eventually(() => reasonOf(name), (reason) => expect(reason).toBe('NoAvailableIPs'));
  }
  await eventually(async () => Object.keys((await client.get<KubeObject & { data?: object }>(CONFIG_MAPS, 'home-load-balancer-reservations', { namespace: NAMESPACE })).data ?? {}),
    (names) => expect(names.sort()).toEqual(['home_game', 'home_web']));
  clock.step(-HOUR);
  await eventually(async () => {
    clock.advance(10 * MINUTE);
    return (await Promise.all(late.map((name) => cluster.addresses(name)))).flat();
  }, (addresses) => expect(addresses).toEqual([ADDRESS, '93.5.22.101']));
  expect(clock.now()).toBeGreaterThanOrEqual(HOUR);
  await cluster.stop();
});
