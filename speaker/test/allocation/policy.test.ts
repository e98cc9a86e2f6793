import { allocatorFor, asks, Cluster, dual, ips, own, pool, port, request, say, service } from './fixtures';

/*
 * What is ours and not MetalLB's: annotations of pools and Services in the group home-load-balancer.github.io. See docs/allocation.md.
 */

const reasonOf = (cluster: Cluster, key: string) => cluster.services.get(key)?.status?.conditions?.[0].reason;

describe('a draining pool', () => {
  const draining = { draining: 'true' };

  test('keeps what it gave, over a restart, and gives nothing new', () => {
    const cluster = new Cluster([pool('p', ['10.0.0.0/24'])]);
    cluster.apply(service('a/old'));
    const pools = [pool('p', ['10.0.0.0/24'], {}, draining)];
    cluster.setPools(pools);
    cluster.apply(service('a/new'));
    cluster.apply(service('a/wish', asks('10.0.0.7')));
    cluster.apply(service('a/named', { annotations: { 'metallb.io/address-pool': 'p' } }));
    for (let times = 0; times < 2; times += 1) {
      expect(cluster.shown()).toEqual({ 'a/old': '10.0.0.0 (p)', 'a/new': '-', 'a/wish': '-', 'a/named': '-' });
      expect(['a/new', 'a/wish', 'a/named'].map((key) => reasonOf(cluster, key))).toEqual(['PoolDraining', 'PoolDraining', 'PoolDraining']);
      cluster.restart(pools);
    }
    cluster.setPools([pool('p', ['10.0.0.0/24'])]);
    expect(cluster.shown()).toEqual({ 'a/old': '10.0.0.0 (p)', 'a/named': '10.0.0.1 (p)', 'a/new': '10.0.0.2 (p)', 'a/wish': '10.0.0.7 (p)' });
  });

  test('is passed over for another that admits the Service', () => {
    const allocator = allocatorFor(pool('p', ['10.0.0.0/24'], { serviceAllocation: { priority: 1 } }, draining), pool('q', ['10.0.1.0/24']));
    expect(say(allocator.allocate(request('a')))).toBe('10.0.1.0 q');
  });

  test('adds no second family, and no Service to an address', () => {
    const cluster = new Cluster([pool('p', ['10.0.0.0/24', '2001:db8::/64'])]);
    const shared = (number: number) => ({ annotations: { 'metallb.io/allow-shared-ip': 'k' }, spec: port(number) });
    cluster.apply(service('a/one', shared(80)));
    cluster.setPools([pool('p', ['10.0.0.0/24', '2001:db8::/64'], {}, draining)]);
    expect(cluster.apply(service('a/two', shared(443))).reason?.code).toBe('PoolDraining');
    const both = { ...shared(80), families: dual.families, spec: { ...port(80), clusterIPs: ['10.96.0.1', 'fd00::1'], ipFamilyPolicy: 'PreferDualStack' } };
    expect(cluster.apply(service('a/one', both))).toMatchObject({ ingress: ['10.0.0.0'], reason: { code: 'PoolDraining' } });
  });
});

describe('excluded addresses', () => {
  const excluding = (text: string, addresses = ['10.0.0.0-10.0.0.7']) => pool('p', addresses, {}, { 'excluded-addresses': text });

  test.each<[string, string[], string[]]>([
    ['10.0.0.0', ['10.0.0.0-10.0.0.2'], ['10.0.0.1', '10.0.0.2', 'NoAvailableIPs']],
    ['10.0.0.1, 10.0.0.3-10.0.0.5', ['10.0.0.0-10.0.0.7'], ['10.0.0.0', '10.0.0.2', '10.0.0.6', '10.0.0.7', 'NoAvailableIPs']],
    ['10.0.0.0/24', ['10.0.0.0-10.0.0.2'], ['NoAvailableIPs']],
    ['192.0.2.1', ['10.0.0.1'], ['10.0.0.1', 'NoAvailableIPs']],
    ['2001:db8::', ['10.0.0.1'], ['10.0.0.1']],
    ['0.0.0.0-255.255.255.255', ['10.0.0.0/8'], ['NoAvailableIPs']],
  ])('%s of %j leave %j', (text, addresses, expected) => {
    const allocator = allocatorFor(excluding(text, addresses));
    expect(expected.map((_, index) => say(allocator.allocate(request(`s${index}`))).split(' ')[0])).toEqual(expected);
  });

  test('are not had by asking for them', () => {
    expect(say(allocatorFor(excluding('10.0.0.1')).allocate(request('a', { wanted: ips('10.0.0.1') })))).toBe('AddressExcluded');
  });

  test.each<[string, string[], object, bigint]>([
    ['10.0.0.1', ['10.0.0.0/24'], {}, 255n],
    ['10.0.0.1, 10.0.0.0/30', ['10.0.0.0/24'], {}, 252n],
    ['10.0.0.0-10.0.0.1', ['10.0.0.0/24'], { avoidBuggyIPs: true }, 253n],
    ['10.0.0.0-10.1.255.255', ['10.0.0.0/8'], {}, 2n ** 24n - 2n ** 17n],
    ['9.0.0.0/8', ['10.0.0.0/24'], {}, 256n],
  ])('%s reduce the counters of %j, %j', (text, addresses, spec, available) => {
    expect(allocatorFor(pool('p', addresses, spec, { 'excluded-addresses': text })).counters('p')).toMatchObject({ assignedIPv4: 0n, availableIPv4: available });
  });

  test('that a Service has stay with it, over a restart, and it is told; what it leaves is not given again', () => {
    const cluster = new Cluster([pool('p', ['10.0.0.0-10.0.0.7'])]);
    cluster.apply(service('a/b'));
    const pools = [excluding('10.0.0.0')];
    cluster.setPools(pools);
    for (let times = 0; times < 2; times += 1) {
      expect(cluster.shown()).toEqual({ 'a/b': '10.0.0.0 (p)' });
      expect(cluster.events).toEqual([expect.stringMatching(/^AddressExcluded Kept \["10\.0\.0\.0"\]: 10\.0\.0\.0 is among the excluded addresses of pool "p"/)]);
      expect(cluster.services.get('a/b')!.status!.conditions).toMatchObject([{ status: 'True', reason: 'AddressExcluded' }]);
      expect(cluster.allocator.counters('p')).toMatchObject({ assignedIPv4: 1n, availableIPv4: 7n });
      cluster.restart(pools);
    }
    cluster.delete('a/b');
    cluster.apply(service('a/c'));
    expect(cluster.shown()).toEqual({ 'a/c': '10.0.0.1 (p)' });
  });

  test('are not shared any more', () => {
    const cluster = new Cluster([pool('p', ['10.0.0.0-10.0.0.7'])]);
    const shared = (number: number) => ({ annotations: { 'metallb.io/allow-shared-ip': 'k' }, spec: port(number) });
    cluster.apply(service('a/one', shared(80)));
    cluster.setPools([excluding('10.0.0.0')]);
    cluster.apply(service('a/two', shared(443)));
    expect(cluster.shown()).toEqual({ 'a/one': '10.0.0.0 (p)', 'a/two': '10.0.0.1 (p)' });
  });
});

describe('a limit for each namespace', () => {
  const limited = (limit: string, addresses = ['10.0.0.0/24']) => pool('p', addresses, {}, { 'namespace-limit': limit });

  test('counts different addresses, and is told with the figures', () => {
    const cluster = new Cluster([limited('2')]);
    for (const name of ['a/1', 'a/2', 'a/3', 'b/1']) cluster.apply(service(name));
    expect(cluster.shown()).toEqual({ 'a/1': '10.0.0.0 (p)', 'a/2': '10.0.0.1 (p)', 'a/3': '-', 'b/1': '10.0.0.2 (p)' });
    expect(cluster.services.get('a/3')!.status!.conditions).toMatchObject([{
      reason: 'NamespaceLimit', message: expect.stringContaining('namespace "a" has 2 of 2 addresses of pool "p"'),
    }]);
    cluster.delete('a/1');
    expect(cluster.shown()).toMatchObject({ 'a/3': '10.0.0.0 (p)' });
  });

  test('leaves room to share, though a free address is lower', () => {
    const cluster = new Cluster([limited('1')]);
    const shared = (number: number, more: object = {}) => ({ annotations: { 'metallb.io/allow-shared-ip': 'k', ...more }, spec: port(number) });
    cluster.apply(service('a/1', shared(80, asks('10.0.0.5').annotations)));
    cluster.apply(service('a/2', shared(443)));
    cluster.apply(service('a/3', shared(443)));
    expect(cluster.shown()).toEqual({ 'a/1': '10.0.0.5 (p)', 'a/2': '10.0.0.5 (p)', 'a/3': '-' });
  });

  test('holds for wishes, and sends others to the next pool', () => {
    const allocator = allocatorFor(limited('1'), pool('q', ['10.0.1.0/24']));
    expect(say(allocator.allocate(request('a')))).toBe('10.0.0.0 p');
    expect(say(allocator.allocate(request('b', { wanted: ips('10.0.0.9') })))).toBe('NamespaceLimit');
    expect(say(allocator.allocate(request('b', { pool: 'p' })))).toBe('NamespaceLimit');
    expect(say(allocator.allocate(request('b')))).toBe('10.0.1.0 q');
  });

  test('counts both addresses of a pair', () => {
    const both = ['10.0.0.0/24', '2001:db8::/64'];
    expect(say(allocatorFor(limited('1', both)).allocate(request('a', dual)))).toBe('NamespaceLimit');
    expect(say(allocatorFor(limited('2', both)).allocate(request('a', dual)))).toBe('10.0.0.0 2001:db8:: p');
    expect(say(allocatorFor(limited('1', both)).allocate(request('a', { ...dual, ipFamilyPolicy: 'PreferDualStack' })))).toBe('10.0.0.0 p');
  });

  test('takes nothing from who has more', () => {
    const cluster = new Cluster([pool('p', ['10.0.0.0/24'])]);
    for (const name of ['a/1', 'a/2', 'a/3']) cluster.apply(service(name));
    const before = cluster.shown();
    cluster.setPools([limited('1')]);
    expect(cluster.shown()).toEqual(before);
    cluster.restart([limited('1')]);
    expect(cluster.shown()).toEqual(before);
  });
});

test.each(['Automatic', '', 'yes'])('an annotation of a Service that says %j is left out of account, with a warning', (word) => {
  const cluster = new Cluster([pool('p', ['10.0.0.0/24'])]);
  cluster.apply(service('a/b', { annotations: own({ sharing: word }) }));
  expect(cluster.shown()).toEqual({ 'a/b': '10.0.0.0 (p)' });
  expect(cluster.events[0]).toMatch(/^InvalidAnnotation annotation home-load-balancer\.github\.io\/sharing ".*" is none of automatic, by-key/);
});
