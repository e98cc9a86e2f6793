import { allocatorFor, Cluster, ip, ips, own, pool, request, service } from './fixtures';
import { AssignResult } from '../../src/allocation';

/*
 * What is ours and not MetalLB's: annotations of pools and Services in the group home-load-balancer.github.io. See docs/allocation.md.
 */

const HOUR = 3_600_000;
const say = (result: AssignResult) => result.ok ? `${result.ips.join(' ')} ${result.pool}` : result.reason.code;
const dual = { families: ['IPv4', 'IPv6'] as ('IPv4' | 'IPv6')[], ipFamilyPolicy: 'RequireDualStack' };
const asks = (...wanted: string[]) => ({ annotations: { 'metallb.io/loadBalancerIPs': wanted.join() } });
const port = (...numbers: number[]) => ({ clusterIPs: ['10.96.0.1'], ports: numbers.map((number) => ({ port: number })) });
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

describe('a sticky address', () => {
  const sticky = [pool('p', ['10.0.0.1-10.0.0.2'], {}, { sticky: '1h' })];

  test('comes back to a Service of the same namespace and name, and to no other', () => {
    const cluster = new Cluster(sticky);
    cluster.apply(service('a/1'));
    cluster.delete('a/1');
    for (const key of ['b/1', 'a/2']) cluster.apply(service(key));
    expect(cluster.shown()).toEqual({ 'b/1': '10.0.0.2 (p)', 'a/2': '-' });
    expect(cluster.services.get('a/2')!.status!.conditions).toMatchObject([{
      reason: 'NoAvailableIPs', message: expect.stringContaining('held back: 10.0.0.1 reserved for a/1, which was deleted'),
    }]);
    expect(cluster.allocator.counters('p')).toEqual({ assignedIPv4: 1n, availableIPv4: 0n, assignedIPv6: 0n, availableIPv6: 0n });
    cluster.apply(service('a/1'));
    expect(cluster.shown()).toMatchObject({ 'a/1': '10.0.0.1 (p)' });
    expect(cluster.allocator.reservations()).toEqual([]);
  });

  test('is free after its time, for who waits; the time does not begin anew with a restart', () => {
    const cluster = new Cluster(sticky);
    cluster.apply(service('a/1'));
    cluster.apply(service('a/2'));
    cluster.delete('a/1');
    cluster.apply(service('a/3'));
    cluster.wait(HOUR - 1);
    cluster.restart(sticky);
    expect(cluster.shown()).toMatchObject({ 'a/3': '-' });
    cluster.wait(1);
    expect(cluster.shown()).toMatchObject({ 'a/3': '10.0.0.1 (p)' });
  });

  test.each<[string, Parameters<typeof service>[1], object[], boolean]>([
    ['where the pool says so', {}, sticky, true],
    ['where the Service says so', { annotations: own({ sticky: 'true' }) }, [pool('p', ['10.0.0.1-10.0.0.2'])], true],
    ['not where the Service says no', { annotations: own({ sticky: 'false' }) }, sticky, false],
    ['not by default', {}, [pool('p', ['10.0.0.1-10.0.0.2'])], false],
    ['not in a draining pool', { annotations: own({ sticky: 'true' }), shows: ['10.0.0.1'] }, [pool('p', ['10.0.0.1-10.0.0.2'], {}, { draining: 'true', sticky: '1h' })], false],
  ])('is kept %s', (_, wish, pools, expected) => {
    const cluster = new Cluster(pools);
    cluster.apply(service('a/1', wish));
    cluster.delete('a/1');
    expect(cluster.allocator.reservations().map(({ key }) => key)).toEqual(expected ? ['a/1'] : []);
  });

  test('goes to a wish of its own namespace, and not to one of another', () => {
    const cluster = new Cluster(sticky);
    cluster.apply(service('a/1'));
    cluster.delete('a/1');
    expect(cluster.apply(service('b/1', asks('10.0.0.1')))).toMatchObject({ outcome: 'refused', waiting: true, reason: { code: 'AddressReserved' } });
    expect(cluster.apply(service('a/2', asks('10.0.0.1'))).ingress).toEqual(['10.0.0.1']);
    expect(cluster.allocator.reservations()).toEqual([]);
  });

  test('of a pair is completed, or cut, to what the Service is now', () => {
    const pools = [pool('p', ['10.0.0.1-10.0.0.9', '2001:db8::1-2001:db8::9'], {}, { sticky: 'true' })];
    const both = { families: dual.families, spec: { ...port(80), clusterIPs: ['10.96.0.1', 'fd00::1'], ipFamilyPolicy: 'RequireDualStack' } };
    const cluster = new Cluster(pools);
    cluster.apply(service('x/x'));
    cluster.apply(service('a/1'));
    cluster.delete('a/1');
    expect(cluster.apply(service('a/1', both)).ingress).toEqual(['10.0.0.2', '2001:db8::1']);
    cluster.delete('a/1');
    expect(cluster.apply(service('a/1', { families: ['IPv6'] })).ingress).toEqual(['2001:db8::1']);
  });

  test('that was shared comes back to all who shared it', () => {
    const shared = (number: number) => ({ annotations: { 'metallb.io/allow-shared-ip': 'k' }, spec: port(number) });
    const cluster = new Cluster([pool('p', ['10.0.0.1-10.0.0.9'], {}, { sticky: '1h' })]);
    cluster.apply(service('x/x', asks('10.0.0.1')));
    cluster.apply(service('a/tcp', shared(80)));
    cluster.apply(service('a/udp', shared(81)));
    cluster.delete('x/x');
    cluster.wait(HOUR);
    cluster.delete('a/tcp');
    cluster.delete('a/udp');
    cluster.apply(service('a/tcp', shared(80)));
    cluster.apply(service('a/udp', shared(81)));
    expect(cluster.shown()).toEqual({ 'a/tcp': '10.0.0.2 (p)', 'a/udp': '10.0.0.2 (p)' });
  });

  test('is dropped with its pool, with the end of stickiness, and not while the pool is wrong', () => {
    const build = () => {
      const cluster = new Cluster(sticky);
      cluster.apply(service('a/1'));
      cluster.delete('a/1');
      return cluster;
    };
    const after = (...pools: object[][]) => {
      const cluster = build();
      for (const some of pools) cluster.setPools(some);
      return cluster.allocator.reservations().length;
    };
    expect(after([])).toBe(0);
    expect(after([pool('p', ['10.0.0.1-10.0.0.2'])])).toBe(0);
    expect(after([pool('q', ['10.0.0.1'], {}, { sticky: '1h' })])).toBe(1);
    const broken = build();
    broken.restart([pool('p', ['10.0.0.1-10.0.0.2', 'x'], {}, { sticky: '1h' })]);
    expect(broken.allocator.reservations()).toHaveLength(1);
    broken.setPools(sticky);
    expect(broken.apply(service('b/1')).ingress).toEqual(['10.0.0.2']);
  });

  test('cannot be had where it is excluded or asked away; then another is given', () => {
    const cluster = new Cluster(sticky);
    cluster.apply(service('a/1'));
    cluster.delete('a/1');
    cluster.setPools([pool('p', ['10.0.0.1-10.0.0.2'], {}, { 'sticky': '1h', 'excluded-addresses': '10.0.0.1' })]);
    expect(cluster.apply(service('a/1')).ingress).toEqual(['10.0.0.2']);
  });
});

describe('an address in quarantine', () => {
  const quarantine = { ip: ip('10.0.0.1'), until: 5_000_000, detail: 'a host with MAC 02:00:00:00:00:01 answers for it' };

  test('is not given, not even by asking, until that ends', () => {
    const allocator = allocatorFor(pool('p', ['10.0.0.1-10.0.0.2']));
    allocator.quarantine(quarantine);
    expect(allocator.counters('p')).toMatchObject({ assignedIPv4: 0n, availableIPv4: 1n });
    expect(allocator.nextExpiry()).toBe(5_000_000);
    expect(allocator.allocate(request('a', { wanted: ips('10.0.0.1') }))).toMatchObject({
      ok: false, reason: { code: 'AddressQuarantined', message: expect.stringContaining('02:00:00:00:00:01'), free: ['10.0.0.2'] },
    });
    expect(say(allocator.allocate(request('a')))).toBe('10.0.0.2 p');
    expect(say(allocator.allocate(request('b')))).toBe('NoAvailableIPs');
    expect(allocator.expire(4_999_999)).toBe(false);
    expect(allocator.expire(5_000_000)).toBe(true);
    expect(say(allocator.allocate(request('b')))).toBe('10.0.0.1 p');
  });

  test('stays with who has it, who is told, through a change of the pools; and nobody joins', () => {
    const cluster = new Cluster([pool('p', ['10.0.0.1-10.0.0.2'], {}, { sharing: 'automatic' })]);
    cluster.apply(service('a/1', { spec: port(80) }));
    cluster.allocator.quarantine(quarantine);
    cluster.setPools([pool('p', ['10.0.0.1-10.0.0.3'], {}, { sharing: 'automatic' })]);
    expect(cluster.apply(service('a/1', { spec: port(80) }))).toMatchObject({ ingress: ['10.0.0.1'], outcome: 'kept', reason: { code: 'AddressQuarantined' } });
    expect(cluster.apply(service('a/2', { spec: port(443) })).ingress).toEqual(['10.0.0.2']);
    cluster.allocator.acquit(ip('10.0.0.1'));
    expect(cluster.apply(service('a/3', { spec: port(443) })).ingress).toEqual(['10.0.0.1']);
  });
});

test.each(['Automatic', '', 'yes'])('an annotation of a Service that says %j is left out of account, with a warning', (word) => {
  const cluster = new Cluster([pool('p', ['10.0.0.0/24'])]);
  cluster.apply(service('a/b', { annotations: own({ sharing: word }) }));
  expect(cluster.shown()).toEqual({ 'a/b': '10.0.0.0 (p)' });
  expect(cluster.events[0]).toMatch(/^InvalidAnnotation annotation home-load-balancer\.github\.io\/sharing ".*" is none of automatic, by-key/);
});
