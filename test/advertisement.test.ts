import { Testing } from 'cdk8s';
import { AddressPool, Advertisement, IpRange, Selector } from '../src';
import { balancer, manifests } from './util';

function announced(...advertise: Advertisement[]): any[] {
  const chart = Testing.chart();
  new AddressPool(chart, 'pool', { poolName: 'lan', ranges: [IpRange.parse('10.0.0.0/24')], advertise });
  return manifests(chart, 'L2Advertisement');
}

test('by itself, an advertisement is about one pool, every node and every interface', () => {
  const [{ metadata, spec }] = announced(Advertisement.l2());
  expect(spec).toEqual({ ipAddressPools: ['lan'] });
  expect(metadata).toMatchObject({ namespace: 'metallb-system', name: expect.stringMatching(/^test-pool-advertisement-/) });
});

test('all options reach the object', () => {
  const [{ metadata, spec }] = announced(Advertisement.l2({
    name: 'wired',
    interfaces: ['eth0', 'enp3s0.20'],
    nodeSelectors: [Selector.labels({ 'kubernetes.io/hostname': 'nas' }), Selector.labels({ zone: 'attic', cable: 'yes' })],
    preferredNodes: [{ selector: Selector.labels({ cable: 'yes' }) }, { selector: Selector.labels({ ups: 'yes' }), weight: 20 }],
  }));
  expect(metadata.name).toBe('wired');
  expect(spec).toEqual({
    ipAddressPools: ['lan'],
    interfaces: ['eth0', 'enp3s0.20'],
    nodeSelectors: [{ matchLabels: { 'kubernetes.io/hostname': 'nas' } }, { matchLabels: { zone: 'attic', cable: 'yes' } }],
    preferredNodeSelectors: [
      { weight: 100, preference: { matchLabels: { cable: 'yes' } } },
      { weight: 20, preference: { matchLabels: { ups: 'yes' } } },
    ],
  });
});

test('several pools, of this app and of others, are announced in one way', () => {
  const chart = Testing.chart();
  const lb = balancer(chart);
  const [here, there] = [
    lb.addPool('here', { poolName: 'here', ranges: [IpRange.parse('10.0.0.1')], advertise: [], labels: { tier: 'public' } }),
    AddressPool.fromPoolName(chart, 'there', 'there'),
  ];
  const made = lb.addAdvertisement('all', Advertisement.l2({ name: 'all' }), { pools: [here, there], poolSelectors: [Selector.labels({ tier: 'public' })] });
  expect(made.name).toBe('all');
  expect(manifests(chart, 'L2Advertisement')[0].spec).toEqual({
    ipAddressPools: ['here', 'there'], ipAddressPoolSelectors: [{ matchLabels: { tier: 'public' } }],
  });
});

test('labels that no pool has are refused, when all pools are known', () => {
  const chart = Testing.chart();
  const lb = balancer(chart, { addresses: ['10.0.0.1'], advertise: [] });
  lb.addAdvertisement('some', Advertisement.l2({ name: 'some' }), { poolSelectors: [Selector.labels({ tier: 'pubilc' })] });
  expect(() => Testing.synth(chart)).toThrow(
    /\[test\/lb\] L2Advertisement some \(test\/lb\/some\): ipAddressPoolSelectors: 'tier=pubilc' matches no pool of this app: correct it, or give a pool these labels/);
  AddressPool.fromPoolName(chart, 'other', 'other');
  expect(manifests(chart, 'L2Advertisement')).toHaveLength(1);
});

test('a pool may have several advertisements', () => {
  expect(announced(Advertisement.l2({ name: 'one' }), Advertisement.l2({ name: 'two' })).map(({ metadata }) => metadata.name)).toEqual(['one', 'two']);
});

test.each([
  [{ name: 'Workstation_L2' }, /name of the layer 2 advertisement 'Workstation_L2' is not valid: expected up to 253 lower-case letters/],
  [{ interfaces: ['eth0', 'wlan0/24'] }, /interfaces of the layer 2 advertisement\[1\] 'wlan0\/24' is not valid: expected the exact name/],
  [{ interfaces: ['a-name-that-is-too-long'] }, /expected the exact name of a network interface, up to 15 characters/],
  [{ preferredNodes: [{ selector: Selector.everything(), weight: 0 }] }, /preferredNodes: weight of the layer 2 advertisement 0 is not valid: expected a whole number from 1 to 100/],
  [{ preferredNodes: [{ selector: Selector.everything(), weight: 1.5 }] }, /1.5 is not valid/],
])('%j is refused', (options, message) => {
  expect(() => Advertisement.l2(options)).toThrow(message);
});
