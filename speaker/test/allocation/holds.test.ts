import { allocatorFor, asks, Cluster, dual, ip, ips, own, pool, port, request, say, service } from './fixtures';

/* Addresses that nobody has and that are not given either. See docs/allocation.md. */

const HOUR = 3_600_000;

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
