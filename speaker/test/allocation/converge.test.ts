import { allocatorFor, Cluster, config, ips, pool, POOL_OUT, request, service } from './fixtures';
import { converge } from '../../src/allocation';

const home = [pool('workstation-ip-pool', ['93.5.22.100/32'])];
const lan = [pool('p', ['10.0.0.0/24'])];
const both = [pool('p', ['10.0.0.1-10.0.0.9', '2001:db8::1-2001:db8::9'])];
const dualStack = (policy: string) => ({ families: ['IPv4', 'IPv6'] as ('IPv4' | 'IPv6')[], spec: { ipFamilyPolicy: policy, clusterIPs: ['10.96.0.1', 'fd00::1'] } });

describe('a new Service', () => {
  test('of the reference cluster gets its address, its annotation and an event', () => {
    const cluster = new Cluster(home);
    expect(cluster.apply(service('ingress/traefik'))).toMatchObject({
      ingress: ['93.5.22.100'],
      poolAnnotation: 'workstation-ip-pool',
      write: true,
      outcome: 'assigned',
      events: [{ type: 'Normal', reason: 'IPAllocated', message: 'Assigned IP ["93.5.22.100"]' }],
      reason: undefined,
      freed: false,
      retryWaiters: false,
      waiting: false,
    });
  });

  test('when nothing is free is refused, waits, and is served as soon as something is', () => {
    const cluster = new Cluster(home);
    cluster.apply(service('ingress/traefik'));
    expect(cluster.apply(service('media/jellyfin'))).toMatchObject({
      ingress: [], poolAnnotation: undefined, outcome: 'refused', waiting: true, reason: { code: 'NoAvailableIPs' },
    });
    expect(cluster.events).toEqual([expect.stringMatching(/^AllocationFailed Failed to allocate IP for "media\/jellyfin": no available IPs; asked for: an IPv4 address; free: nothing; add IPv4 addresses/)]);
    cluster.delete('ingress/traefik');
    expect(cluster.shown()).toEqual({ 'media/jellyfin': '93.5.22.100 (workstation-ip-pool)' });
  });

  test('that asks for both families gets a pair, IPv4 first, in that order for good', () => {
    const cluster = new Cluster(both);
    const wish = { annotations: { 'metallb.io/loadBalancerIPs': ' 2001:db8::2 , 10.0.0.2 ' }, ...dualStack('RequireDualStack') };
    expect(cluster.apply(service('a/b', wish)).ingress).toEqual(['10.0.0.2', '2001:db8::2']);
    expect(cluster.apply(service('a/b', wish))).toMatchObject({ outcome: 'kept', write: false });
  });

  test.each<[string, Parameters<typeof service>[1], string]>([
    ['a bad wish', { annotations: { 'metallb.io/loadBalancerIPs': 'x' } }, 'AllocationFailed Failed to allocate IP for "a/b": invalid requested loadBalancer IP "x"'],
    ['an unknown pool', { annotations: { 'metallb.io/address-pool': 'x' } }, 'AllocationFailed Failed to allocate IP for "a/b": unknown pool "x"'],
    ['two families needed, one cluster IP', { spec: { ipFamilyPolicy: 'RequireDualStack', clusterIPs: ['10.96.0.1'] } }, 'not enough clusterips service requires dual-stack'],
    ['strange cluster IPs', { spec: { clusterIPs: ['10.96.0.1', '10.96.0.2'] } }, 'noclusterIPsIPFamily can not tell'],
  ])('with %s is refused', (_, wish, event) => {
    const cluster = new Cluster(lan);
    expect(cluster.apply(service('a/b', wish))).toMatchObject({ ingress: [], outcome: 'refused', waiting: false });
    expect(cluster.events).toEqual([expect.stringContaining(event)]);
  });

  test('without a cluster IP is told so', () => {
    const cluster = new Cluster(lan);
    expect(cluster.apply(service('a/b', { spec: { clusterIPs: [] } }))).toMatchObject({ outcome: 'refused', reason: { code: 'NoClusterIP' } });
    expect(cluster.events).toEqual([expect.stringContaining('AllocationFailed Failed to allocate IP for "a/b": service has no cluster IP')]);
  });

  test('without any pool is told so', () => {
    const cluster = new Cluster([]);
    expect(cluster.apply(service('a/b'))).toMatchObject({ outcome: 'refused', reason: { code: 'NoPools', message: 'no IPAddressPool exists' } });
    cluster.setPools([pool('p', ['x'])]);
    expect(cluster.decisions[0].decision.reason).toMatchObject({ code: 'NoPools', fix: 'correct IPAddressPool "p"' });
  });
});

describe('a Service keeps its address', () => {
  test.each<[string, Parameters<typeof service>[1], Parameters<typeof service>[1]]>([
    ['when nothing changed', {}, {}],
    ['when ports, labels or selector change', {}, { labels: { a: 'b' }, spec: { clusterIPs: ['10.96.0.1'], ports: [{ port: 443 }], selector: { x: 'y' } } }],
    ['when it gets a sharing key', {}, { annotations: { 'metallb.io/allow-shared-ip': 'k' } }],
    ['when it asks for the address it has', {}, { annotations: { 'metallb.io/loadBalancerIPs': '10.0.0.0' } }],
    ['when it asks for the pool it has', {}, { annotations: { 'metallb.io/address-pool': 'p' } }],
    ['when it asks for no address any more', { annotations: { 'metallb.io/loadBalancerIPs': '10.0.0.7' } }, {}],
    ['when its traffic policy changes', {}, { spec: { clusterIPs: ['10.96.0.1'], externalTrafficPolicy: 'Local' } }],
  ])('%s', (_, first, second) => {
    const cluster = new Cluster(lan);
    const { ingress } = cluster.apply(service('a/b', first));
    expect(cluster.apply(service('a/b', second))).toMatchObject({ ingress, outcome: 'kept', write: false, freed: false, events: [] });
  });

  test('when its wish cannot be read, with a warning', () => {
    const cluster = new Cluster(lan);
    cluster.apply(service('a/b'));
    expect(cluster.apply(service('a/b', { annotations: { 'metallb.io/loadBalancerIPs': 'x' } }))).toMatchObject({
      ingress: ['10.0.0.0'], outcome: 'kept', reason: { code: 'InvalidWantedIP' }, events: [{ type: 'Warning', reason: 'LoadBalancerFailed' }],
    });
  });

  test('when its status is read from a cache that is behind, or was emptied by hand', () => {
    const allocator = allocatorFor(...lan);
    const stale = service('a/b');
    allocator.assign(request('x'), ips('10.0.0.0'));
    expect(converge(stale, allocator, config(lan)).ingress).toEqual(['10.0.0.1']);
    allocator.release('media/x');
    expect(converge(stale, allocator, config(lan))).toMatchObject({ ingress: ['10.0.0.1'], write: true, freed: false, events: [] });
    expect(converge(service('a/b', { shows: ['10.0.0.9'], from: 'p' }), allocator, config(lan))).toMatchObject({ ingress: ['10.0.0.1'], write: true });
  });

  test('when the pool is renamed; the annotation follows', () => {
    const cluster = new Cluster(lan);
    cluster.apply(service('a/b'));
    cluster.setPools([pool('q', ['10.0.0.0/24'])]);
    expect(cluster.shown()).toEqual({ 'a/b': '10.0.0.0 (q)' });
    expect(cluster.decisions).toMatchObject([{ decision: { outcome: 'kept', write: true, events: [] } }]);
  });

  test('when a better pool appears', () => {
    const cluster = new Cluster(lan);
    cluster.apply(service('a/b'));
    cluster.setPools([...lan, pool('better', ['10.0.1.0/24'], { serviceAllocation: { priority: 1 } })]);
    expect(cluster.shown()).toEqual({ 'a/b': '10.0.0.0 (p)' });
  });

  test('when its pool becomes wrong', () => {
    const cluster = new Cluster(lan);
    cluster.apply(service('a/b'));
    cluster.setPools([pool('p', ['10.0.0.0/33'])]);
    expect(cluster.shown()).toEqual({ 'a/b': '10.0.0.0 (p)' });
  });
});

describe('a Service gets another address', () => {
  test.each<[string, Parameters<typeof service>[1], object[], string, string]>([
    ['it asks for one', { annotations: { 'metallb.io/loadBalancerIPs': '10.0.0.7' } }, lan, '10.0.0.7 (p)', 'ClearAssignment Cleared ["10.0.0.0"]: ["10.0.0.7"] is requested'],
    ['it asks for another pool', { annotations: { 'metallb.io/address-pool': 'q' } }, [...lan, pool('q', ['10.0.1.1'])], '10.0.1.1 (q)',
      'ClearAssignment Cleared ["10.0.0.0"]: pool "q" is requested'],
    ['its pool loses it', {}, [pool('p', ['10.0.0.128/25'])], '10.0.0.128 (p)', 'ClearAssignment Cleared ["10.0.0.0"]: ["10.0.0.0"] is not allowed in config'],
    ['its pool withholds it', {}, [pool('p', ['10.0.0.0/24'], { avoidBuggyIPs: true })], '10.0.0.1 (p)', 'ClearAssignment Cleared ["10.0.0.0"]'],
    ['its pool admits it no more', {}, [pool('p', ['10.0.0.0/24'], { serviceAllocation: { namespaces: ['games'] } }), pool('q', ['10.0.1.1'])], '10.0.1.1 (q)',
      'ClearAssignment Cleared ["10.0.0.0"]: pool p not compatible for ip assignment'],
  ])('when %s, naming the cause', (_, wish, pools, expected, event) => {
    const cluster = new Cluster(lan);
    cluster.apply(service('a/b'));
    cluster.setPools([...pools]);
    const events = [...cluster.events];
    cluster.apply(service('a/b', wish));
    events.push(...cluster.events);
    expect(cluster.shown()).toEqual({ 'a/b': expected });
    expect(events[0]).toContain(event);
    expect(events[1]).toMatch(/^IPAllocated Assigned IP/);
  });

  test('and loses the one it has when the one it asks for cannot be had', () => {
    const cluster = new Cluster(lan);
    cluster.apply(service('a/b'));
    expect(cluster.apply(service('a/b', { annotations: { 'metallb.io/loadBalancerIPs': '10.9.0.1' } })))
      .toMatchObject({ ingress: [], outcome: 'refused', freed: true, retryWaiters: true, write: true });
  });

  test('when a Service it shares with takes its port: the one that changed moves', () => {
    const cluster = new Cluster(lan);
    const shared = (port: number) => ({ annotations: { 'metallb.io/allow-shared-ip': 'k' }, spec: { clusterIPs: ['10.96.0.1'], ports: [{ port }] } });
    cluster.apply(service('a/a', shared(80)));
    cluster.apply(service('a/b', shared(443)));
    expect(cluster.shown()).toEqual({ 'a/a': '10.0.0.0 (p)', 'a/b': '10.0.0.0 (p)' });
    expect(cluster.apply(service('a/b', shared(80)))).toMatchObject({ ingress: ['10.0.0.1'], freed: true });
    expect(cluster.events[0]).toContain('port TCP/80 is already in use on "10.0.0.0"');
  });
});

describe('whatever frees an address serves who waits for it', () => {
  const asks = { annotations: { 'metallb.io/loadBalancerIPs': '10.0.0.0' } };
  test.each<[string, (cluster: Cluster) => void]>([
    ['deletion', (cluster) => cluster.delete('a/holder')],
    ['another type', (cluster) => cluster.apply(service('a/holder', { spec: { type: 'ClusterIP' } }))],
    ['another wish', (cluster) => cluster.apply(service('a/holder', { annotations: { 'metallb.io/loadBalancerIPs': '10.0.0.9' } }))],
    ['an impossible wish', (cluster) => cluster.apply(service('a/holder', { annotations: { 'metallb.io/loadBalancerIPs': '10.9.0.9' } }))],
    ['another family', (cluster) => cluster.apply(service('a/holder', { families: ['IPv6'] }))],
  ])('%s', (_, act) => {
    const cluster = new Cluster(lan);
    cluster.apply(service('a/holder'));
    expect(cluster.apply(service('a/waiter', asks))).toMatchObject({ outcome: 'refused', waiting: true, reason: { code: 'SharingKeyConflict' } });
    act(cluster);
    expect(cluster.shown()['a/waiter']).toBe('10.0.0.0 (p)');
  });

  test('a new sharing key, and a port that becomes free', () => {
    const cluster = new Cluster(lan);
    const shared = (port: number, key = 'k') =>
      ({ annotations: { ...asks.annotations, 'metallb.io/allow-shared-ip': key }, spec: { clusterIPs: ['10.96.0.1'], ports: [{ port }] } });
    cluster.apply(service('a/holder', shared(80, 'other')));
    cluster.apply(service('a/waiter', shared(80)));
    expect(cluster.apply(service('a/holder', shared(80)))).toMatchObject({ outcome: 'kept', freed: false, retryWaiters: true });
    expect(cluster.shown()['a/waiter']).toBe('-');
    cluster.apply(service('a/holder', shared(81)));
    expect(cluster.shown()).toEqual({ 'a/holder': '10.0.0.0 (p)', 'a/waiter': '10.0.0.0 (p)' });
  });
});

describe('a dual-stack Service', () => {
  test('that prefers both on a single-stack cluster has one address, for good', () => {
    const cluster = new Cluster(both);
    const single = service('a/b', { spec: { ipFamilyPolicy: 'PreferDualStack', clusterIPs: ['10.96.0.1'] } });
    expect(cluster.apply(single)).toMatchObject({ ingress: ['10.0.0.1'], outcome: 'assigned' });
    for (let times = 0; times < 3; times += 1) expect(cluster.apply(single)).toMatchObject({ ingress: ['10.0.0.1'], outcome: 'kept', events: [] });
  });

  test('that shows a pair on a single-stack cluster keeps the address of its family', () => {
    const cluster = new Cluster(both);
    expect(cluster.apply(service('a/b', { shows: ['10.0.0.5', '2001:db8::5'], from: 'p', spec: { ipFamilyPolicy: 'PreferDualStack', clusterIPs: ['10.96.0.1'] } })))
      .toMatchObject({ ingress: ['10.0.0.5'], outcome: 'assigned' });
    expect(cluster.events).toEqual(['ClearAssignment Cleared ["2001:db8::5"]: the service has IPv4 cluster IPs only']);
  });

  test('that becomes so keeps its address and gets the other; back again keeps the first', () => {
    const cluster = new Cluster(both);
    cluster.apply(service('a/x'));
    cluster.apply(service('a/b'));
    expect(cluster.apply(service('a/b', dualStack('RequireDualStack')))).toMatchObject({ ingress: ['10.0.0.2', '2001:db8::1'], freed: false });
    expect(cluster.events).toEqual(['IPAllocated Assigned additional IP ["2001:db8::1"]']);
    expect(cluster.apply(service('a/b'))).toMatchObject({ ingress: ['10.0.0.2'], freed: true });
  });

  test('that must have both moves to a pool that has both, when its own has not', () => {
    const cluster = new Cluster([pool('a', ['10.9.0.1']), ...both]);
    cluster.apply(service('a/b'));
    expect(cluster.apply(service('a/b', dualStack('RequireDualStack')))).toMatchObject({ ingress: ['10.0.0.1', '2001:db8::1'], poolAnnotation: 'p', freed: true });
  });

  test('that prefers both keeps one from a pool of one family, says so, and waits for the other', () => {
    const cluster = new Cluster(lan);
    expect(cluster.apply(service('a/b', dualStack('PreferDualStack')))).toMatchObject({ ingress: ['10.0.0.0'], outcome: 'assigned', waiting: true });
    expect(cluster.apply(service('a/b', dualStack('PreferDualStack')))).toMatchObject({ ingress: ['10.0.0.0'], outcome: 'kept', waiting: true });
    expect(cluster.events).toEqual([expect.stringMatching(/^AdditionalAssignFailed Failed to assign additional IP for "a\/b": no available IPs in pool "p"/)]);
    cluster.setPools([pool('p', ['10.0.0.0/24', '2001:db8::/64'])]);
    expect(cluster.shown()).toEqual({ 'a/b': '10.0.0.0 2001:db8:: (p)' });
  });

  test('whose status makes no sense gets other addresses, with a warning', () => {
    const cluster = new Cluster(both);
    expect(cluster.apply(service('a/b', { shows: ['10.0.0.5', '10.0.0.6'], from: 'p' }))).toMatchObject({ ingress: ['10.0.0.1'] });
    expect(cluster.events[0]).toMatch(/^nolbIPsIPFamily /);
  });
});

describe('a Service that is not ours', () => {
  test('because of its class is left as it is', () => {
    const foreign = service('a/b', { shows: ['192.0.2.1'], spec: { clusterIPs: ['10.96.0.1'], loadBalancerClass: 'example.com/other' } });
    expect(new Cluster(lan).apply(foreign)).toMatchObject({ ingress: ['192.0.2.1'], outcome: 'ignored', write: false, events: [], reason: { code: 'OtherClass' } });
    expect(new Cluster(lan, { loadBalancerClass: 'example.com/ours' }).apply(service('a/b', { shows: ['10.0.0.1'] }))).toMatchObject({ outcome: 'ignored', write: false });
    const ours = service('a/b', { spec: { clusterIPs: ['10.96.0.1'], loadBalancerClass: 'example.com/ours' } });
    expect(new Cluster(lan, { loadBalancerClass: 'example.com/ours' }).apply(ours)).toMatchObject({ outcome: 'assigned' });
  });

  test('any more because of its class keeps its record until it shows the address no longer', () => {
    const allocator = allocatorFor(...lan);
    converge(service('a/b'), allocator, config(lan));
    const other = { clusterIPs: ['10.96.0.1'], loadBalancerClass: 'example.com/other' };
    expect(converge(service('a/b', { shows: ['10.0.0.0'], spec: other }), allocator, config(lan))).toMatchObject({ outcome: 'ignored', freed: false });
    expect(converge(service('a/b', { spec: other }), allocator, config(lan))).toMatchObject({ outcome: 'ignored', freed: true, retryWaiters: true });
  });

  test('any more because of its type is cleared, annotation too, whatever class we serve', () => {
    for (const loadBalancerClass of [undefined, 'example.com/ours']) {
      const cluster = new Cluster(lan, { loadBalancerClass });
      cluster.apply(service('a/b', { spec: { clusterIPs: ['10.96.0.1'], loadBalancerClass } }));
      expect(cluster.apply(service('a/b', { spec: { type: 'ClusterIP', clusterIPs: ['10.96.0.1'] } })))
        .toMatchObject({ ingress: [], poolAnnotation: undefined, write: true, outcome: 'cleared', freed: true, events: [] });
      expect(cluster.apply(service('a/b', { spec: { type: 'ClusterIP', clusterIPs: ['10.96.0.1'] } }))).toMatchObject({ write: false, outcome: 'ignored' });
    }
  });

  test('because nothing has been configured yet is left as it is', () => {
    expect(converge(service('a/b', { shows: ['10.0.0.1'], from: 'p' }), allocatorFor(), undefined)).toMatchObject({ ingress: ['10.0.0.1'], write: false, outcome: 'ignored' });
  });
});

describe('addresses of no pool', () => {
  test('are replaced, also when the Service bears no annotation of ours', () => {
    const cluster = new Cluster(lan);
    expect(cluster.apply(service('a/b', { shows: ['192.0.2.1'] }))).toMatchObject({ ingress: ['10.0.0.0'], outcome: 'assigned' });
    expect(cluster.events[0]).toContain('ClearAssignment Cleared ["192.0.2.1"]: ["192.0.2.1"] is not allowed in config');
  });

  test('are kept while there has been no pool since the start, and cleared when the last pool goes', () => {
    const cluster = new Cluster([]);
    expect(cluster.apply(service('a/b', { shows: ['10.0.0.3'], from: 'p' }))).toMatchObject({ ingress: ['10.0.0.3'], write: false, outcome: 'kept', reason: { code: 'NoPools' } });
    cluster.setPools(lan);
    expect(cluster.shown()).toEqual({ 'a/b': '10.0.0.3 (p)' });
    cluster.setPools([]);
    expect(cluster.shown()).toEqual({ 'a/b': '-' });
    expect(cluster.decisions[0].decision).toMatchObject({ outcome: 'refused', poolAnnotation: undefined, write: true });
  });
});

describe('what is written', () => {
  test('is canonical, without host names; and nothing when it is so already', () => {
    const cluster = new Cluster(both);
    expect(cluster.apply(service('a/b', { families: ['IPv6'], shows: ['2001:DB8:0::5'], from: 'p' }))).toMatchObject({ ingress: ['2001:db8::5'], write: true });
    const named = service('a/c', { shows: ['10.0.0.5'], from: 'p' });
    named.status = { loadBalancer: { ingress: [{ hostname: 'x' }, { ip: '10.0.0.5' }] } };
    expect(cluster.apply(named)).toMatchObject({ ingress: ['10.0.0.5'], write: true, outcome: 'kept' });
    expect(cluster.apply(service('a/c'))).toMatchObject({ write: false, outcome: 'kept' });
  });

  test('warns of deprecated annotations, once for each that is read', () => {
    const cluster = new Cluster(lan);
    const annotations = { 'metallb.universe.tf/address-pool': 'p', 'metallb.universe.tf/allow-shared-ip': 'k', [POOL_OUT.replace('.io', '.universe.tf')]: 'p' };
    cluster.apply(service('a/b', { annotations }));
    expect(cluster.events.filter((event) => event.startsWith('deprecatedAnnotation'))).toEqual([
      'deprecatedAnnotation annotation metallb.universe.tf/address-pool is deprecated; use the prefix metallb.io/',
      'deprecatedAnnotation annotation metallb.universe.tf/allow-shared-ip is deprecated; use the prefix metallb.io/',
    ]);
    cluster.apply(service('a/b', { annotations }));
    expect(cluster.events).toEqual([]);
  });
});
