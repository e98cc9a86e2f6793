import * as fc from 'fast-check';
import { allocatorFor, Cluster, own, pool, port, request, service } from './fixtures';
import { ADDRESS_ASSIGNED, converge } from '../../src/allocation';

const lan = [pool('p', ['10.0.0.0/24'])];
const longest = `${'n'.repeat(63)}/${'s'.repeat(63)}`;

describe('pools', () => {
  test('of everything there is are as good as others, and quick', () => {
    const allocator = allocatorFor(pool('p', ['0.0.0.0/0', '::/0'], {}, { 'excluded-addresses': '0.0.0.0/1, ::/1' }));
    expect(allocator.counters('p')).toEqual({ assignedIPv4: 0n, assignedIPv6: 0n, availableIPv4: 2n ** 31n, availableIPv6: 2n ** 63n - 1n });
    expect(allocator.allocate(request('a'))).toMatchObject({ ok: true, pool: 'p' });
    expect(`${allocator.get('media/a')!.ips}`).toBe('128.0.0.0');
    expect(allocator.allocate(request('b', { families: ['IPv6'] })).ok).toBe(true);
    expect(`${allocator.get('media/b')!.ips}`).toBe('8000::');
  });

  test('of very many entries, with as many exclusions', () => {
    const entries = (last: number) => Array.from({ length: 2_000 }, (_, i) => `10.${Math.floor(i / 250)}.${i % 250}.${last}`);
    const allocator = allocatorFor(pool('p', [...entries(1), ...entries(3)], {}, { 'excluded-addresses': entries(1).join() }));
    expect(allocator.counters('p')).toMatchObject({ availableIPv4: 2_000n });
    allocator.allocate(request('a'));
    expect(`${allocator.get('media/a')!.ips}`).toBe('10.0.0.3');
  });

  test.each<[string, object[], string]>([
    ['of another family', [pool('p', ['2001:db8::/64'])], 'NoAvailableIPs'],
    ['that exclude all they have', [pool('p', ['10.0.0.1'], {}, { 'excluded-addresses': '10.0.0.0/8' })], 'NoAvailableIPs'],
    ['that withhold all they have', [pool('p', ['10.0.0.0', '10.0.0.255'], { avoidBuggyIPs: true })], 'NoAvailableIPs'],
    ['that are empty', [pool('p', [])], 'NoPools'],
    ['without a specification', [{ metadata: { name: 'p' } }], 'NoPools'],
    ['with a selector that does not compile', [pool('p', ['10.0.0.1'], { serviceAllocation: { serviceSelectors: [{ matchExpressions: [{ key: 'a', operator: 'Is' }] }] } })], 'NoPools'],
  ])('%s give nothing, with the reason', (_, pools, code) => {
    const cluster = new Cluster(pools);
    cluster.apply(service('a/b'));
    expect(cluster.services.get('a/b')!.status!.conditions).toMatchObject([{ type: ADDRESS_ASSIGNED, status: 'False', reason: code }]);
  });

  test('with a selector that does not compile leave the others alone', () => {
    const broken = pool('bad', ['10.0.1.0/24'], { serviceAllocation: { namespaceSelectors: [{ matchLabels: { '': 'x' } }] } });
    const cluster = new Cluster([broken, ...lan]);
    cluster.apply(service('a/b'));
    expect(cluster.shown()).toEqual({ 'a/b': '10.0.0.0 (p)' });
  });
});

describe('Services', () => {
  test('without ports share with whoever may', () => {
    const shared = { annotations: { 'metallb.io/allow-shared-ip': 'k' } };
    const cluster = new Cluster(lan);
    cluster.apply(service('a/1', { ...shared, spec: port() }));
    cluster.apply(service('a/2', { ...shared, spec: port() }));
    cluster.apply(service('a/3', { ...shared, spec: port(80) }));
    cluster.apply(service('a/4', { ...shared, spec: port(80) }));
    cluster.delete('a/1');
    cluster.apply(service('a/5', { ...shared, spec: { clusterIPs: ['10.96.0.1'], ports: undefined } }));
    expect(cluster.shown()).toEqual({ 'a/2': '10.0.0.0 (p)', 'a/3': '10.0.0.0 (p)', 'a/4': '10.0.0.1 (p)', 'a/5': '10.0.0.0 (p)' });
  });

  test('that name one port twice lose it once', () => {
    const cluster = new Cluster([pool('p', ['10.0.0.0/24'], {}, { sharing: 'automatic' })]);
    cluster.apply(service('a/1', { spec: port(80, 80) }));
    cluster.apply(service('a/2', { spec: port(81) }));
    cluster.delete('a/1');
    cluster.apply(service('a/3', { spec: port(80) }));
    expect(cluster.shown()).toEqual({ 'a/2': '10.0.0.0 (p)', 'a/3': '10.0.0.0 (p)' });
  });

  test('with the longest names are served, and remembered', () => {
    const cluster = new Cluster([pool('p', ['10.0.0.0/24'], {}, { sticky: '1h' })]);
    cluster.apply(service(longest));
    cluster.delete(longest);
    cluster.restart([pool('p', ['10.0.0.0/24'], {}, { sticky: '1h' })]);
    cluster.apply(service('a/other'));
    cluster.apply(service(longest));
    expect(cluster.shown()).toEqual({ 'a/other': '10.0.0.1 (p)', [longest]: '10.0.0.0 (p)' });
  });

  test('with next to nothing in them are refused, or ignored', () => {
    const allocator = allocatorFor(...lan);
    const { config } = new Cluster(lan);
    expect(converge({ metadata: { name: 'b' } }, allocator, config)).toMatchObject({ outcome: 'ignored', write: false });
    expect(converge({ metadata: { name: 'b' }, spec: { type: 'LoadBalancer' } }, allocator, config)).toMatchObject({ outcome: 'refused', reason: { code: 'NoClusterIP' } });
  });

  test.each([',', ' , ,', '10.0.0.1 10.0.0.2', '10.0.0.1,', '10.0.0.0/24', '010.0.0.1', '::ffff:10.0.0.1', 'fe80::1%eth0', 'x'.repeat(262_000), ','.repeat(262_000)])(
    'number %# that ask for what is no address keep what they have, are told in a short line, and get nothing new', (text) => {
      const cluster = new Cluster(lan);
      const annotations = { 'metallb.io/loadBalancerIPs': text };
      cluster.apply(service('a/b'));
      cluster.apply(service('a/b', { annotations }));
      cluster.apply(service('a/new', { annotations }));
      expect(cluster.shown()).toEqual({ 'a/b': '10.0.0.0 (p)', 'a/new': '-' });
      for (const key of ['a/b', 'a/new']) {
        const [{ reason, message }] = cluster.services.get(key)!.status!.conditions!;
        expect(reason).toBe('InvalidWantedIP');
        expect(message!.length).toBeLessThan(1_100);
      }
      expect(cluster.events.every((event) => event.length < 1_100)).toBe(true);
    },
  );
});

test('annotations of any text never throw, and no Service is left without an address or a reason', () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('10.0.0.1', '2001:db8::1', 'p', 'k', 'automatic', 'true', 'false', ',', ' ', '10.0.0.1,2001:db8::1'));
  const names = ['metallb.io/loadBalancerIPs', 'metallb.io/address-pool', 'metallb.io/allow-shared-ip', 'metallb.universe.tf/address-pool',
    'home-load-balancer.github.io/sticky', 'home-load-balancer.github.io/sharing', '__proto__', 'constructor'];
  fc.assert(fc.property(fc.dictionary(fc.constantFrom(...names), text), fc.dictionary(fc.string(), fc.string()), (annotations, labels) => {
    const cluster = new Cluster([pool('p', ['10.0.0.0/24', '2001:db8::/64'], {}, { sharing: 'automatic', sticky: '1h' })]);
    const { ingress, reason, condition } = cluster.apply(service('a/b', { annotations, labels }));
    expect(ingress.length > 0 || reason !== undefined).toBe(true);
    expect(condition?.message).toMatch(/./);
  }));
});

test('a pool of random annotations is read or refused, never half', () => {
  const value = fc.oneof(fc.string(), fc.constantFrom('true', 'automatic', '1h', '5', '10.0.0.1', 'nodes', '10.0.0.5-10.0.0.1'));
  const names = fc.constantFrom('draining', 'sharing', 'sticky', 'namespace-limit', 'excluded-addresses', 'quarantine', 'other');
  fc.assert(fc.property(fc.dictionary(names, value), (annotations) => {
    const object = { metadata: { name: 'p', namespace: 'metallb-system', annotations: own(annotations) }, spec: { addresses: ['10.0.0.0/24'] } };
    const { config } = new Cluster([object]);
    expect(config!.pools.length + config!.unusable.length).toBe(1);
  }));
});
