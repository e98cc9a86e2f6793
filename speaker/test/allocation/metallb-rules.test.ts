import { Cluster, pool, POOL_OUT, service } from './fixtures';
import { ServiceInput } from '../../src/allocation';

/*
 * What MetalLB's controller does with one Service, step by step in its order, as a list to check against. Each row is one rule; where the rule is different
 * here on purpose, the row says "here:", and docs/metallb-differences.md says why.
 */

type Wish = Parameters<typeof service>[1];

const lan = [pool('p', ['10.0.0.0/24'])];
const both = [pool('p', ['10.0.0.0/24', '2001:db8::/64'])];
const spec = (more: NonNullable<ServiceInput['spec']>) => ({ clusterIPs: ['10.96.0.1'], ports: [{ port: 80 }], ...more });
const pair = ['10.96.0.1', 'fd00::1'];
const asks = (text: string) => ({ 'metallb.io/loadBalancerIPs': text });
const fromPool = (name: string) => ({ 'metallb.io/address-pool': name });

/** What the Service shows after one pass, and reasons of the events. */
function pass(pools: object[] | undefined, wish: Wish, before?: Wish): string {
  const cluster = new Cluster(pools);
  if (before) cluster.apply(service('a/b', before));
  cluster.apply(service('a/b', wish));
  return [cluster.shown()['a/b'], ...cluster.decisions.flatMap(({ decision }) => decision.events.map(({ reason }) => reason))].join('; ');
}

test.each<[string, object[] | undefined, Wish, Wish | undefined, string]>([
  ['1: before the first configuration nothing is done', undefined, { shows: ['10.0.0.5'], from: 'p' }, undefined, '10.0.0.5 (p)'],
  ['2: a Service of another type is cleared, which is no error', lan, { spec: spec({ type: 'NodePort' }) }, {}, '-'],
  ['2: so is one that becomes an ExternalName', lan, { spec: { type: 'ExternalName' } }, {}, '-'],
  ['3: without pools it is cleared, which is an error', [], {}, undefined, '-; AllocationFailed'],
  ['4, here: without a cluster IP it is cleared, and told so', lan, { spec: { clusterIPs: [] } }, {}, '-; AllocationFailed'],
  ['5: entries with a host name only are no addresses', lan, { shows: [] }, undefined, '10.0.0.0 (p); IPAllocated'],
  ['6: RequireDualStack needs two cluster IPs', both, { spec: spec({ ipFamilyPolicy: 'RequireDualStack' }) }, undefined, '-; not enough clusterips'],
  ['7: without an address it gets one', lan, {}, undefined, '10.0.0.0 (p); IPAllocated'],
  ['8: a status that is no pair is cleared', lan, { shows: ['10.0.0.5', '10.0.0.6'], from: 'p' }, undefined, '10.0.0.0 (p); nolbIPsIPFamily; IPAllocated'],
  ['8: cluster IPs that are no pair are an error', lan, { spec: { clusterIPs: ['10.96.0.1', '10.96.0.2'] } }, undefined, '-; noclusterIPsIPFamily'],
  ['8: another family clears', both, { families: ['IPv6'] }, {}, '2001:db8:: (p); ClearAssignment; IPAllocated'],
  ['8, here: of a pair the family that stays is kept', both, { families: ['IPv4'] }, { families: ['IPv4', 'IPv6'], spec: spec({ clusterIPs: pair }) },
    '10.0.0.0 (p); ClearAssignment'],
  ['8: PreferDualStack may show one', lan, { families: ['IPv4', 'IPv6'], spec: spec({ clusterIPs: pair, ipFamilyPolicy: 'PreferDualStack' }), shows: ['10.0.0.5'], from: 'p' },
    undefined, '10.0.0.5 (p); AdditionalAssignFailed'],
  ['9: what it shows is claimed', lan, { shows: ['10.0.0.5'], from: 'p' }, undefined, '10.0.0.5 (p)'],
  ['9: what it may not have is cleared', lan, { shows: ['10.9.0.5'], from: 'p' }, undefined, '10.0.0.0 (p); ClearAssignment; IPAllocated'],
  ['10: another pool asked for clears', [...lan, pool('q', ['10.0.1.1'])], { annotations: fromPool('q') }, {}, '10.0.1.1 (q); ClearAssignment; IPAllocated'],
  ['11: a wish that cannot be read keeps what is there', lan, { annotations: asks('10.0.0') }, {}, '10.0.0.0 (p); LoadBalancerFailed'],
  ['11: a wish that cannot be had clears', lan, { annotations: asks('10.9.0.9') }, {}, '-; ClearAssignment; AllocationFailed'],
  ['11: a wish in another order is the same wish', both, { annotations: asks('2001:db8::5,10.0.0.5'), families: ['IPv4', 'IPv6'], spec: spec({ clusterIPs: pair }) },
    { annotations: asks('10.0.0.5,2001:db8::5'), families: ['IPv4', 'IPv6'], spec: spec({ clusterIPs: pair }) }, '10.0.0.5 2001:db8::5 (p)'],
  ['12: PreferDualStack gets the other family from the same pool', both, { families: ['IPv4', 'IPv6'], spec: spec({ clusterIPs: pair, ipFamilyPolicy: 'PreferDualStack' }) },
    {}, '10.0.0.0 2001:db8:: (p); IPAllocated'],
  ['12, here: not in a cluster of one family', both, { spec: spec({ ipFamilyPolicy: 'PreferDualStack' }) }, {}, '10.0.0.0 (p)'],
  ['13: a failure says for whom', [pool('p', ['10.0.0.1'], { autoAssign: false })], {}, undefined, '-; AllocationFailed'],
  ['3.1: both wishes at once are refused', lan, { annotations: asks('10.0.0.5'), spec: spec({ loadBalancerIP: '10.0.0.5' }) }, undefined, '-; AllocationFailed'],
  ['3.1: spec.loadBalancerIP is a wish', lan, { spec: spec({ loadBalancerIP: '10.0.0.5' }) }, undefined, '10.0.0.5 (p); IPAllocated'],
  ['3.1: the deprecated prefix is read, with a warning', lan, { annotations: { 'metallb.universe.tf/loadBalancerIPs': '10.0.0.5' } }, undefined,
    '10.0.0.5 (p); IPAllocated; deprecatedAnnotation'],
  ['3.2: a class of others is left alone', lan, { spec: spec({ loadBalancerClass: 'example.com/x' }), shows: ['192.0.2.1'] }, undefined, '192.0.2.1 (undefined)'],
  ['3.2: a null class is none', lan, { spec: spec({ loadBalancerClass: null }) }, undefined, '10.0.0.0 (p); IPAllocated'],
  ['3.4: the network address is given', [pool('p', ['10.0.0.0/30'])], {}, undefined, '10.0.0.0 (p); IPAllocated'],
  ['3.4: a wish needs no autoAssign', [pool('p', ['10.0.0.0/24'], { autoAssign: false })], { annotations: asks('10.0.0.5') }, undefined, '10.0.0.5 (p); IPAllocated'],
  ['3.4: a pool asked for needs no autoAssign', [pool('p', ['10.0.0.0/24'], { autoAssign: false })], { annotations: fromPool('p') }, undefined,
    '10.0.0.0 (p); IPAllocated'],
  ['3.4: but serviceAllocation holds', [pool('p', ['10.0.0.0/24'], { serviceAllocation: { namespaces: ['games'] } })], { annotations: fromPool('p') }, undefined,
    '-; AllocationFailed'],
  ['not used: node ports are no matter of addresses', lan, { spec: spec({ allocateLoadBalancerNodePorts: false } as object) }, undefined, '10.0.0.0 (p); IPAllocated'],
  ['not used: source ranges and external addresses', lan, { spec: spec({ loadBalancerSourceRanges: ['10.0.0.0/8'], externalIPs: ['10.0.0.1'] } as object) }, undefined,
    '10.0.0.0 (p); IPAllocated'],
])('%s', (_, pools, wish, before, expected) => {
  expect(pass(pools, wish, before)).toBe(expected);
});

test('0: a Service that goes frees what it had, and who waits gets it', () => {
  const cluster = new Cluster([pool('p', ['10.0.0.1'])]);
  cluster.apply(service('a/first'));
  cluster.apply(service('a/second'));
  cluster.delete('a/first');
  expect(cluster.shown()).toEqual({ 'a/second': '10.0.0.1 (p)' });
});

test('14, 15: what is written holds addresses only, and the annotation of the pool; without an address neither', () => {
  const cluster = new Cluster(lan);
  cluster.apply(service('a/b'));
  expect(cluster.services.get('a/b')).toMatchObject({ metadata: { annotations: { [POOL_OUT]: 'p' } }, status: { loadBalancer: { ingress: [{ ip: '10.0.0.0' }] } } });
  cluster.apply(service('a/b', { annotations: fromPool('gone') }));
  expect(cluster.services.get('a/b')!.metadata.annotations).toEqual(fromPool('gone'));
  expect(cluster.services.get('a/b')!.status!.loadBalancer).toEqual({ ingress: [] });
});

test('3.3: whoever waits for a sharing key, a port or an address is retried, the oldest first, however it became free', () => {
  const cluster = new Cluster([pool('p', ['10.0.0.1-10.0.0.2'])]);
  const aged = (key: string, day: number, wish: Wish = {}) => {
    const one = service(key, wish);
    return { ...one, metadata: { ...one.metadata, creationTimestamp: `2026-01-0${day}T00:00:00Z` } };
  };
  cluster.apply(service('a/1', { annotations: asks('10.0.0.1') }));
  cluster.apply(service('a/2'));
  cluster.apply(aged('a/young', 3));
  cluster.apply(aged('z/old', 1));
  cluster.apply(service('a/1', { annotations: asks('10.9.9.9') }));
  expect(cluster.shown()).toEqual({ 'a/1': '-', 'a/2': '10.0.0.2 (p)', 'a/young': '-', 'z/old': '10.0.0.1 (p)' });
});
