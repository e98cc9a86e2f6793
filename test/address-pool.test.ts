import { ApiObject, App, Chart, JsonPatch, Testing } from 'cdk8s';
import { AddressPool, Advertisement, IpRange, Selector } from '../src';
import { balancer, manifests } from './util';

const range = IpRange.parse('192.168.1.200-192.168.1.220');

test('a pool is an IPAddressPool and an L2Advertisement for it', () => {
  const chart = Testing.chart();
  const pool = new AddressPool(chart, 'lan', { ranges: [range, IpRange.cidr('fd00:1::/120')] });
  const [object] = manifests(chart, 'IPAddressPool');
  expect(object.metadata).toMatchObject({ name: pool.poolName, namespace: 'metallb-system' });
  expect(object.spec).toEqual({ addresses: ['192.168.1.200-192.168.1.220', 'fd00:1::/120'] });
  expect(manifests(chart, 'L2Advertisement')[0].spec.ipAddressPools).toEqual([pool.poolName]);
});

test('a bare address is written with its prefix length, the form that MetalLB accepts', () => {
  const chart = Testing.chart();
  new AddressPool(chart, 'lan', { ranges: [IpRange.address('93.5.22.100'), IpRange.address('fd00::c8')] });
  expect(manifests(chart, 'IPAddressPool')[0].spec.addresses).toEqual(['93.5.22.100/32', 'fd00::c8/128']);
});

test('options reach the object, and what is left out is left out', () => {
  const chart = Testing.chart();
  new AddressPool(chart, 'lan', { ranges: [range], poolName: 'edge', autoAssign: false, avoidBuggyIps: true });
  expect(manifests(chart, 'IPAddressPool')[0]).toMatchObject({ metadata: { name: 'edge' }, spec: { autoAssign: false, avoidBuggyIPs: true } });
});

test('who may have its addresses, and when, reaches the object', () => {
  const chart = Testing.chart();
  new AddressPool(chart, 'lan', {
    ranges: [range],
    priority: 5,
    namespaces: ['media'],
    namespaceSelectors: [Selector.labels({ team: 'home' })],
    serviceSelectors: [Selector.exists('public')],
    labels: { tier: 'public' },
  });
  const [{ metadata, spec }] = manifests(chart, 'IPAddressPool');
  expect(spec.serviceAllocation).toEqual({
    priority: 5,
    namespaces: ['media'],
    namespaceSelectors: [{ matchLabels: { team: 'home' } }],
    serviceSelectors: [{ matchExpressions: [{ key: 'public', operator: 'Exists' }] }],
  });
  expect(metadata.labels).toMatchObject({ 'tier': 'public', 'app.kubernetes.io/managed-by': 'cdk8s' });
});

test('a pool without advertisements has to be asked for', () => {
  const chart = Testing.chart();
  new AddressPool(chart, 'lan', { ranges: [range], advertise: [] });
  expect(manifests(chart, 'L2Advertisement')).toEqual([]);
});

test('the namespace is the given one, else that of the chart', () => {
  const chart = new Chart(new App(), 'test', { namespace: 'network' });
  new AddressPool(chart, 'a', { ranges: [range] });
  new AddressPool(chart, 'b', { ranges: [range], namespace: 'metallb' });
  expect(manifests(chart, 'IPAddressPool').map(({ metadata }) => metadata.namespace)).toEqual(['network', 'metallb']);
});

test('the object can be patched', () => {
  const chart = Testing.chart();
  const pool = new AddressPool(chart, 'lan', { ranges: [range] });
  ApiObject.of(pool).addJsonPatch(JsonPatch.add('/spec/serviceAllocation', { priority: 10, namespaces: ['media'] }));
  expect(manifests(chart, 'IPAddressPool')[0].spec.serviceAllocation).toEqual({ priority: 10, namespaces: ['media'] });
});

test('an imported pool makes nothing', () => {
  const chart = Testing.chart();
  expect(AddressPool.fromPoolName(chart, 'lan', 'workstation-ip-pool').poolName).toBe('workstation-ip-pool');
  expect(Testing.synth(chart)).toEqual([]);
});

describe('refused at once', () => {
  test.each([
    ['no ranges', { ranges: [] }, /test\/lan: ranges is empty: pass at least one/],
    ['overlap', { ranges: [range, IpRange.parse('10.0.0.1'), IpRange.parse('192.168.1.208/28')] },
      /test\/lan: range 192.168.1.208\/28 overlaps 192.168.1.200-192.168.1.220 of the same pool/],
    ['the same range twice', { ranges: [range, range] }, /of the same pool/],
    ['a name that Kubernetes refuses', { ranges: [range], poolName: 'My Pool' }, /test\/lan: poolName 'My Pool' is not valid/],
    ['a namespace that Kubernetes refuses', { ranges: [range], namespace: 'a.b' }, /test\/lan: namespace 'a.b' is not valid/],
  ])('%s', (_, props, message) => {
    expect(() => new AddressPool(Testing.chart(), 'lan', props)).toThrow(message);
  });

  test('an imported pool with a name that no pool can have', () => {
    expect(() => AddressPool.fromPoolName(Testing.chart(), 'lan', 'My Pool')).toThrow(/test\/lan: poolName 'My Pool' is not valid/);
  });
});

describe('refused at synthesis', () => {
  test('pools that overlap, whoever made them', () => {
    const chart = Testing.chart();
    balancer(chart, { addresses: ['192.168.1.210'], poolName: 'first' });
    new AddressPool(chart, 'lan', { ranges: [range], poolName: 'second' });
    expect(() => Testing.synth(chart)).toThrow(
      /\[test\/lan\] range 192.168.1.200-192.168.1.220 of pool second overlaps 192.168.1.210 of pool first \(test\/lb\/Pool\)/);
  });

  test('pools of two namespaces may overlap: each belongs to another load balancer', () => {
    const chart = Testing.chart();
    new AddressPool(chart, 'a', { ranges: [range], namespace: 'one' });
    new AddressPool(chart, 'b', { ranges: [range], namespace: 'two' });
    expect(manifests(chart, 'IPAddressPool')).toHaveLength(2);
  });

  test('one advertisement with a name on two pools, which would leave the first without', () => {
    const chart = Testing.chart();
    const advertise = [Advertisement.l2({ name: 'l2' })];
    new AddressPool(chart, 'a', { ranges: [IpRange.parse('10.0.0.1')], advertise });
    new AddressPool(chart, 'b', { ranges: [IpRange.parse('10.0.0.2')], advertise });
    expect(() => Testing.synth(chart)).toThrow(/\[test\/b\] L2Advertisement l2 is also defined by test\/a\/Advertisement: give one of them another name/);
  });

  test('two pools of one name', () => {
    const chart = Testing.chart();
    new AddressPool(chart, 'a', { ranges: [IpRange.parse('10.0.0.1')], poolName: 'lan' });
    new AddressPool(chart, 'b', { ranges: [IpRange.parse('10.0.0.2')], poolName: 'lan' });
    expect(() => Testing.synth(chart)).toThrow(/\[test\/b\] IPAddressPool lan is also defined by test\/a: give one of them another name/);
  });
});
