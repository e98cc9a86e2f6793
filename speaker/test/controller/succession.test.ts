import { Cluster, eventually } from './cluster';
import { KubeClient, KubeObject, LEASES, SERVICES, Service } from '../../src/kube';
import { ControllerMetrics } from '../../src/observability';

/** A leader gives up after 0.6 s, and another one begins after a second. */
const ELECTION = { leaseDurationMs: 1_000, renewDeadlineMs: 600, retryMs: 100 };

let cluster: Cluster, cutOff: () => void, client: KubeClient;

beforeEach(async () => {
  cluster = await Cluster.start();
  client = cluster.connect();
  cutOff = () => {
    // Its requests about the Lease do not get through any more.
    client.get = (async (_resource, _name, { signal } = {}) => new Promise<never>((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new Error('aborted')));
    })) as typeof client.get;
  };
});
afterEach(() => cluster.stop());

const has = (name: string, addresses: string[]) => eventually(() => cluster.addresses(name), (value) => expect(value).toEqual(addresses));
const version = async (name: string) => (await cluster.client.get<Service>(SERVICES, name, { namespace: 'home' })).metadata.resourceVersion;
const leader = async () => (await cluster.client.get<KubeObject & { spec: { holderIdentity: string } }>(LEASES, 'home-load-balancer-controller', { namespace: 'metallb-system' })).spec.holderIdentity;

test('a leader that loses the Lease ends its term, and its successor moves nothing', async () => {
  await cluster.pool('home', ['93.5.22.100-93.5.22.119']);
  await cluster.startController({ election: ELECTION }, client);
  const names = Array.from({ length: 10 }, (_, i) => `s${i}`);
  await Promise.all(names.map((name) => cluster.service(name)));
  const read = () => Promise.all(names.map((name) => cluster.addresses(name)));
  await eventually(read, (value) => expect(new Set(value.flat()).size).toBe(10));
  const before = await read(), identity = await leader();

  await cluster.startController({ election: ELECTION });
  cutOff();
  await eventually(leader, (value) => expect(value).not.toBe(identity));
  await cluster.service('next');
  await eventually(() => cluster.addresses('next'), (value) => expect(value).toHaveLength(1));
  expect(await read()).toEqual(before);
  expect(before.flat()).not.toContain((await cluster.addresses('next'))![0]);
});

test('a write of a former leader that was under way when its term ended changes nothing that its successor has decided', async () => {
  await cluster.pool('home', ['93.5.22.100-93.5.22.119']);
  await cluster.startController({ election: ELECTION }, client);
  await cluster.service('first');
  await has('first', ['93.5.22.100']);

  const release = cluster.server.faults.hold({ verb: 'patch', resource: 'services/status', name: 'web' });
  await cluster.service('web'); // its address is decided, and the write hangs
  await new Promise((resolve) => { setTimeout(resolve, 200); });
  const identity = await leader();
  cutOff();
  await cluster.startController({ election: ELECTION });
  await eventually(leader, (value) => expect(value).not.toBe(identity));
  await cluster.client.delete(SERVICES, 'first', { namespace: 'home' });
  await cluster.service('other'); // gets what is lowest by the successor's book
  await eventually(() => cluster.addresses('other'), (value) => expect(value).toHaveLength(1));
  release(); // both writes, the stale one first
  await eventually(() => cluster.addresses('web'), (value) => expect(value).toHaveLength(1));
  await new Promise((resolve) => { setTimeout(resolve, 300); });
  const [web, other] = await Promise.all(['web', 'other'].map((name) => cluster.addresses(name)));
  expect(web).not.toEqual(other);
  const settled = await Promise.all(['web', 'other'].map(version));
  await new Promise((resolve) => { setTimeout(resolve, 300); });
  expect(await Promise.all(['web', 'other'].map(version))).toEqual(settled);
});

test('an address is not told before the Service shows it, and told once', async () => {
  await cluster.pool('home', ['93.5.22.100']);
  await cluster.startController();
  const allow = cluster.server.faults.deny({ verb: 'patch', resource: 'services/status' });
  await cluster.service('web');
  await new Promise((resolve) => { setTimeout(resolve, 600); }); // several attempts
  expect(await cluster.events('web')).toEqual([]);
  allow();
  await has('web', ['93.5.22.100']);
  await eventually(() => cluster.events('web'), (events) => expect(events).toEqual(['IPAllocated Assigned IP ["93.5.22.100"]']));
});

test('metrics say what happens: writes under way, Services that wait for their turn, time to the address, age of the watches', async () => {
  const metrics = new ControllerMetrics();
  const read = async (pattern: RegExp) => Number(pattern.exec(await metrics.text())?.[1]);
  await cluster.pool('home', ['93.5.22.100-93.5.22.119']);
  await cluster.startController({ metrics });
  const release = cluster.server.faults.hold({ verb: 'patch', resource: 'services/status' });
  await Promise.all(Array.from({ length: 20 }, (_, i) => cluster.service(`s${i}`)));
  await eventually(() => read(/^hlb_status_writes_in_flight (\d+)/m), (value) => expect(value).toBe(16));
  await eventually(() => read(/^hlb_work_queue_depth (\d+)/m), (value) => expect(value).toBe(4));
  expect(await read(/^hlb_allocation_seconds_count (\d+)/m)).toBe(0);
  expect(await read(/^hlb_watch_age_seconds\{resource="services"\} (\S+)/m)).toBeLessThan(60);
  release();
  await eventually(() => read(/^hlb_allocation_seconds_count (\d+)/m), (value) => expect(value).toBe(20));
  expect(await read(/^hlb_allocation_seconds_sum (\S+)/m)).toBeGreaterThan(0);
  expect(await read(/^hlb_status_writes_in_flight (\d+)/m)).toBe(0);
  expect(await read(/^hlb_work_queue_depth (\d+)/m)).toBe(0);
  expect(await read(/^metallb_allocator_addresses_in_use_total\{pool="home"\} (\d+)/m)).toBe(20);
});

test('a Service that waits is told so once, however often it is tried again', async () => {
  await cluster.pool('home', ['93.5.22.100-93.5.22.101']);
  const metrics = new ControllerMetrics();
  await cluster.startController({ metrics });
  await cluster.service('one');
  await cluster.service('two');
  await has('two', ['93.5.22.101']);
  await Promise.all(['a', 'b', 'c'].map((name) => cluster.service(name)));
  for (let i = 0; i < 5; i += 1) {
    await cluster.client.delete(SERVICES, 'two', { namespace: 'home' });
    await cluster.service('two', { annotations: { 'metallb.io/loadBalancerIPs': '93.5.22.99' } }); // in no pool, so the freed address goes to who waits
    await cluster.client.delete(SERVICES, 'two', { namespace: 'home' });
    await cluster.service('two');
  }
  await eventually(async () => /hlb_services_pending\{reason="NoAvailableIPs"\} (\d+)/.exec(await metrics.text())?.[1], (value) => expect(value).toBe('3'));
  for (const name of ['a', 'b', 'c']) {
    const failed = (await cluster.events(name)).filter((text) => text.startsWith('AllocationFailed'));
    expect(failed.length).toBeLessThanOrEqual(1);
  }
});
