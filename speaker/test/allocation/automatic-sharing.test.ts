import { allocatorFor, Cluster, own, pool, port, request, say, service } from './fixtures';

/* Addresses that Services share without a key, where a pool or they themselves want it. See docs/allocation.md. */

describe('automatic sharing', () => {
  const automatic = pool('p', ['10.0.0.1-10.0.0.9'], {}, { sharing: 'automatic' });
  const word = own({ sharing: 'automatic' });

  test.each<[string, object[], Parameters<typeof service>[1], Parameters<typeof service>[1], string]>([
    ['of a pool puts different ports on one address', [automatic], { spec: port(80) }, { spec: port(443) }, '10.0.0.1 10.0.0.1'],
    ['of a pool keeps one port apart', [automatic], { spec: port(80) }, { spec: port(80, 443) }, '10.0.0.1 10.0.0.2'],
    ['keeps Local and Cluster apart', [automatic], { spec: port(80) }, { spec: { ...port(443), externalTrafficPolicy: 'Local' } }, '10.0.0.1 10.0.0.2'],
    ['joins Local ones of one selector', [automatic], { spec: { ...port(80), externalTrafficPolicy: 'Local', selector: { a: 'b' } } },
      { spec: { ...port(443), externalTrafficPolicy: 'Local', selector: { a: 'b' } } }, '10.0.0.1 10.0.0.1'],
    ['does not mix with keys', [automatic], { spec: port(80), annotations: { 'metallb.io/allow-shared-ip': 'true' } }, { spec: port(443) }, '10.0.0.1 10.0.0.2'],
    ['leaves alone who wants keys', [automatic], { spec: port(80), annotations: own({ sharing: 'by-key' }) }, { spec: port(443) }, '10.0.0.1 10.0.0.2'],
    ['of two Services needs no pool', [pool('p', ['10.0.0.1-10.0.0.9'])], { spec: port(80), annotations: word }, { spec: port(443), annotations: word }, '10.0.0.1 10.0.0.1'],
    ['of one Service alone joins nobody', [pool('p', ['10.0.0.1-10.0.0.9'])], { spec: port(80), annotations: word }, { spec: port(443) }, '10.0.0.1 10.0.0.2'],
    ['is off by default', [pool('p', ['10.0.0.1-10.0.0.9'])], { spec: port(80) }, { spec: port(443) }, '10.0.0.1 10.0.0.2'],
  ])('%s', (_, pools, first, second, expected) => {
    const cluster = new Cluster(pools);
    const given = [cluster.apply(service('a/1', first)), cluster.apply(service('b/2', second))].map(({ ingress }) => ingress.join());
    expect(given.join(' ')).toBe(expected);
    const before = cluster.shown();
    cluster.restart(pools);
    expect(cluster.shown()).toEqual(before);
  });

  test('switched on moves nobody, and lets those who wait in', () => {
    const cluster = new Cluster([pool('p', ['10.0.0.1'])]);
    cluster.apply(service('a/1', { spec: port(80) }));
    cluster.apply(service('a/2', { spec: port(443) }));
    expect(cluster.shown()).toEqual({ 'a/1': '10.0.0.1 (p)', 'a/2': '-' });
    cluster.setPools([pool('p', ['10.0.0.1'], {}, { sharing: 'automatic' })]);
    expect(cluster.shown()).toEqual({ 'a/1': '10.0.0.1 (p)', 'a/2': '10.0.0.1 (p)' });
  });

  test('switched off leaves the address to the oldest, and the others move, naming the cause; as a restart would have it', () => {
    const off = [pool('p', ['10.0.0.1-10.0.0.9'])];
    const build = (end: (cluster: Cluster) => void) => {
      const cluster = new Cluster([automatic]);
      for (const [key, number, created] of [['a/1', 80, '2026-03-01'], ['a/2', 81, '2026-01-01'], ['a/3', 82, '2026-02-01']] as const) {
        const one = service(key, { spec: port(number) });
        cluster.apply({ ...one, metadata: { ...one.metadata, creationTimestamp: `${created}T00:00:00Z` } });
      }
      end(cluster);
      return cluster;
    };
    const live = build((cluster) => cluster.setPools(off));
    expect(live.shown()).toEqual({ 'a/1': '10.0.0.3 (p)', 'a/2': '10.0.0.1 (p)', 'a/3': '10.0.0.2 (p)' });
    expect(live.events.filter((text) => text.startsWith('ClearAssignment')).join()).toContain('also in use by a/2');
    expect(build((cluster) => cluster.restart(off)).shown()).toEqual(live.shown());
  });

  test('with ports in any pattern stays cheap and dense', () => {
    const allocator = allocatorFor(pool('p', ['10.0.0.0/16'], {}, { sharing: 'automatic' }));
    const ports = (...numbers: number[]) => ({ ports: numbers.map((number) => ({ protocol: 'TCP', port: number })) });
    for (let i = 0; i < 3_000; i += 1) allocator.allocate(request(`s${i}`, ports(...i % 2 ? [80] : [443, 80])));
    expect(say(allocator.allocate(request('x', ports(443))))).toBe('10.0.0.1 p');
    expect(say(allocator.allocate(request('y', ports(8080))))).toBe('10.0.0.0 p');
    allocator.release('media/s0');
    expect(say(allocator.allocate(request('z', ports(443, 80))))).toBe('10.0.0.0 p');
  });
});
