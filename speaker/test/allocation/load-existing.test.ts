import { Cluster, config, pool, service } from './fixtures';
import { Allocator, loadExisting, loadOrder } from '../../src/allocation';

const lan = [pool('p', ['10.0.0.0/24'])];

function load(pools: object[], services: ReturnType<typeof service>[], loadBalancerClass?: string) {
  const allocator = new Allocator();
  const parsed = config(pools);
  allocator.setPools(parsed.pools, parsed.unusable);
  const { adopted, reserved, rejected } = loadExisting(services, allocator, parsed, { loadBalancerClass });
  return { allocator, adopted, reserved, rejected: rejected.map(({ key, reason }) => `${key} ${reason.code}`) };
}

describe('the first phase of a start', () => {
  test('takes over what Services show, and gives nothing new', () => {
    const { allocator, ...result } = load(lan, [service('a/new'), service('a/b', { shows: ['10.0.0.0'], from: 'p' }), service('a/c', { shows: ['10.0.0.9'] })]);
    expect(result).toEqual({ adopted: ['a/b', 'a/c'], reserved: [], rejected: [] });
    expect(allocator.get('a/new')).toBeUndefined();
    expect(allocator.counters('p')).toMatchObject({ assignedIPv4: 2n });
  });

  test('passes over other types, other classes and Services without addresses', () => {
    const result = load(lan, [
      service('a/b', { shows: ['10.0.0.1'], spec: { type: 'ClusterIP' } }),
      service('a/c', { shows: ['10.0.0.2'], spec: { loadBalancerClass: 'other', clusterIPs: ['10.96.0.1'] } }),
      service('a/d'),
    ]);
    expect([result.adopted, result.allocator.allocations()]).toEqual([[], []]);
    expect(load(lan, [service('a/c', { shows: ['10.0.0.2'], spec: { loadBalancerClass: 'ours', clusterIPs: ['10.96.0.1'] } })], 'ours').adopted).toEqual(['a/c']);
  });

  test('keeps the address of a Service whose wish or cluster IPs cannot be read', () => {
    const { adopted } = load(lan, [
      service('a/b', { shows: ['10.0.0.1'], annotations: { 'metallb.io/loadBalancerIPs': 'x' } }), service('a/c', { shows: ['10.0.0.2'], spec: { clusterIPs: ['x'] } }),
    ]);
    expect(adopted).toEqual(['a/b', 'a/c']);
  });

  test('rejects what a Service may not have, with the reason', () => {
    const { rejected } = load([...lan, pool('games', ['10.0.1.0/24'], { serviceAllocation: { namespaces: ['games'] } })], [
      service('a/a', { shows: ['10.0.0.1'], from: 'p' }), service('a/b', { shows: ['10.0.0.1'], from: 'p' }),
      service('a/c', { shows: ['10.9.0.1'] }), service('a/d', { shows: ['10.0.1.1'] }),
    ]);
    expect(rejected).toEqual(['a/b SharingKeyConflict', 'a/c NotAllowedInConfig', 'a/d PoolNotCompatible']);
  });

  test('leaves alone what the ledger knows, and takes over what a pool brings that comes later', () => {
    const cluster = new Cluster([]);
    // a/a must move and would take the lowest address, which z/z shows.
    cluster.apply(service('a/a', { shows: ['10.9.0.1'], from: 'old' }));
    cluster.apply(service('z/z', { shows: ['10.0.0.0'], from: 'p' }));
    cluster.setPools(lan);
    expect(cluster.shown()).toEqual({ 'a/a': '10.0.0.1 (p)', 'z/z': '10.0.0.0 (p)' });
    const stale = [service('a/a', { shows: ['10.0.0.7'] }), service('z/z')];
    expect(loadExisting(stale, cluster.allocator, cluster.config!)).toEqual({ adopted: [], reserved: [], rejected: [] });
    expect(cluster.allocator.get('a/a')!.ips.map(String)).toEqual(['10.0.0.1']);
  });

  test('rejects nothing while there are no pools', () => {
    expect(load([], [service('a/b', { shows: ['10.0.0.1'] })])).toMatchObject({ adopted: [], rejected: [] });
  });

  test('has a holder claim before a newcomer, whatever the order in which they are read', () => {
    const newcomer = service('a/a');
    const holder = service('z/z', { shows: ['10.0.0.0'], from: 'p' });
    for (const services of [[newcomer, holder], [holder, newcomer]]) {
      const cluster = new Cluster(undefined);
      for (const one of services) cluster.apply(one);
      cluster.restart([pool('p', ['10.0.0.0'])]);
      expect(cluster.shown()).toEqual({ 'a/a': '-', 'z/z': '10.0.0.0 (p)' });
    }
  });
});

test('load order: more addresses, then our annotation, then the older, then the name', () => {
  const old = service('a/old', { shows: ['10.0.0.1'] });
  const services = [
    service('a/none'), service('a/name-b', { shows: ['10.0.0.1'] }), service('a/name-a', { shows: ['10.0.0.1'] }),
    { ...old, metadata: { ...old.metadata, creationTimestamp: '2026-01-01T00:00:00Z' } },
    service('a/ours', { shows: ['10.0.0.1'], from: 'p' }), service('a/pair', { shows: ['10.0.0.1', '::1'] }),
  ];
  const expected = ['pair', 'ours', 'old', 'name-a', 'name-b', 'none'];
  expect(loadOrder(services).map(({ metadata }) => metadata.name)).toEqual(expected);
  expect(loadOrder([...services].reverse()).map(({ metadata }) => metadata.name)).toEqual(expected);
});

describe('a pool that is wrong at the start', () => {
  const cases: [string, object[], ReturnType<typeof service>][] = [
    ['is named by the annotation', [pool('p', ['x'])], service('a/b', { shows: ['10.0.0.5'], from: 'p' })],
    ['is named by the deprecated annotation', [pool('p', ['x'])],
      service('a/b', { shows: ['10.0.0.5'], annotations: { 'metallb.universe.tf/ip-allocated-from-pool': 'p' } })],
    ['has an entry with the address', [pool('p', ['10.0.0.0/24'], { autoAssign: 'no' })], service('a/b', { shows: ['10.0.0.5'] })],
    ['has an entry with it, though the annotation names a pool that is gone', [pool('p', ['10.0.0.0/24'], { autoAssign: 'no' })], service('a/b', { shows: ['10.0.0.5'], from: 'q' })],
    ['has entries that cannot be read, and the Service says nothing', [pool('p', ['x'])], service('a/b', { shows: ['10.0.0.5'] })],
  ];
  test.each(cases)('keeps its Services as they are: it %s', (_, broken, holder) => {
    const others = pool('other', ['10.0.0.4-10.0.0.9'], { avoidBuggyIPs: true });
    for (const pools of [broken, ...holder.metadata.annotations?.['metallb.io/ip-allocated-from-pool'] === 'p' ? [[...broken, others]] : []]) {
      const cluster = new Cluster(undefined);
      cluster.apply(holder);
      const shown = cluster.shown();
      cluster.restart(pools);
      expect(cluster.shown()).toEqual(shown);
      expect(cluster.allocator.get('a/b')).toMatchObject({ reserved: true, pool: 'p' });
      expect(cluster.decisions[0].decision).toMatchObject({ outcome: 'kept', write: false, reason: { code: 'PoolUnusable', fix: expect.stringContaining('"p"') } });
    }
  });

  test('has its addresses kept from others, takes its Services back once corrected', () => {
    const cluster = new Cluster(undefined);
    cluster.apply(service('a/b', { shows: ['10.0.0.4'], from: 'p' }));
    cluster.restart([pool('p', ['x']), pool('other', ['10.0.0.4-10.0.0.5'])]);
    expect(cluster.apply(service('a/c'))).toMatchObject({ ingress: ['10.0.0.5'] });
    expect(cluster.apply(service('a/d'))).toMatchObject({ outcome: 'refused' });
    cluster.setPools([pool('p', ['10.0.0.4']), pool('other', ['10.0.0.5'])]);
    expect(cluster.allocator.get('a/b')).toMatchObject({ reserved: false });
    expect(cluster.shown()).toMatchObject({ 'a/b': '10.0.0.4 (p)', 'a/c': '10.0.0.5 (other)' });
  });

  test('lets go of its Services when it is deleted', () => {
    const cluster = new Cluster(undefined);
    cluster.apply(service('a/b', { shows: ['10.0.0.4'], from: 'p' }));
    cluster.restart([pool('p', ['x']), pool('other', ['10.0.1.1'])]);
    cluster.setPools([pool('other', ['10.0.1.1'])]);
    expect(cluster.shown()).toEqual({ 'a/b': '10.0.1.1 (other)' });
  });

  test('lets go of its Services when it is deleted though there was never another pool', () => {
    const cluster = new Cluster(undefined);
    cluster.apply(service('a/b', { shows: ['10.0.0.4'], from: 'p' }));
    cluster.restart([pool('p', ['x'])]);
    expect(cluster.shown()).toEqual({ 'a/b': '10.0.0.4 (p)' });
    cluster.setPools([]);
    expect(cluster.shown()).toEqual({ 'a/b': '-' });
  });

  test('does not take Services from pools that are right', () => {
    const cluster = new Cluster(undefined);
    cluster.apply(service('a/b', { shows: ['10.0.0.4'] }));
    cluster.restart([pool('p', ['x']), pool('other', ['10.0.0.0/24'])]);
    expect(cluster.shown()).toEqual({ 'a/b': '10.0.0.4 (other)' });
  });

  test('keeps a Service that asks for it, or for an address of it, where it is', () => {
    const cluster = new Cluster(undefined);
    cluster.apply(service('a/b', { shows: ['10.0.0.4'], from: 'other', annotations: { 'metallb.io/address-pool': 'p' } }));
    cluster.apply(service('a/c', { shows: ['10.0.0.5'], from: 'other', annotations: { 'metallb.io/loadBalancerIPs': '10.0.1.1' } }));
    cluster.restart([pool('p', ['10.0.1.0/24', 'x']), pool('other', ['10.0.0.0/24'])]);
    expect(cluster.shown()).toEqual({ 'a/b': '10.0.0.4 (other)', 'a/c': '10.0.0.5 (other)' });
    cluster.setPools([pool('p', ['10.0.1.0/24']), pool('other', ['10.0.0.0/24'])]);
    expect(cluster.shown()).toEqual({ 'a/b': '10.0.1.0 (p)', 'a/c': '10.0.1.1 (p)' });
  });
});
