import { ApiObject, Chart, Duration, Lazy, Testing } from 'cdk8s';
import { AddressPool, AddressPoolOptions, AddressSharing, HomeLoadBalancer, IpRange, PoolSharing } from '../src';
import { application, balancer, manifests } from './util';

const ranges = [IpRange.cidr('10.0.0.0/24')];
const OURS = 'home-load-balancer.github.io';

let chart: Chart;
beforeEach(() => {
  chart = Testing.chart();
});
const refused = (message: RegExp) => expect(() => Testing.synth(chart)).toThrow(message);
const accepted = () => expect(Testing.synth(chart)).not.toEqual([]);

describe('what MetalLB has no field for is an annotation', () => {
  test.each<[string, Omit<AddressPoolOptions, 'ranges'>, Record<string, string> | undefined]>([
    ['nothing', {}, undefined],
    ['what is false', { draining: false, sticky: false, excludeNodeAddresses: false }, undefined],
    ['draining', { draining: true }, { draining: 'true' }],
    ['sharing', { sharing: PoolSharing.AUTOMATIC }, { sharing: 'automatic' }],
    ['sharing by key', { sharing: PoolSharing.BY_KEY }, { sharing: 'by-key' }],
    ['sticky', { sticky: true }, { sticky: 'true' }],
    ['sticky for a time', { stickyFor: Duration.hours(72) }, { sticky: '259200s' }],
    ['a limit', { namespaceLimit: 5 }, { 'namespace-limit': '5' }],
    ['nodes', { excludeNodeAddresses: true }, { 'excluded-addresses': 'nodes' }],
    ['all notations', { excludedAddresses: [IpRange.address('10.0.0.1'), IpRange.parse('10.0.0.150 - 10.0.0.199'), IpRange.cidr('fd00::/120')] },
      { 'excluded-addresses': '10.0.0.1, 10.0.0.150-10.0.0.199, fd00::/120' }],
    ['nodes and others', { excludeNodeAddresses: true, excludedAddresses: [IpRange.address('10.0.0.1')] }, { 'excluded-addresses': 'nodes, 10.0.0.1' }],
    ['quarantine', { quarantine: Duration.minutes(10) }, { quarantine: '600s' }],
    ['tokens', { draining: Lazy.any({ produce: () => true }), namespaceLimit: Lazy.any({ produce: () => 3 }), excludeNodeAddresses: Lazy.any({ produce: () => true }) },
      { 'draining': 'true', 'namespace-limit': '3', 'excluded-addresses': 'nodes' }],
  ])('%s', (_, options, annotations) => {
    new AddressPool(chart, 'lan', { ranges, ...options });
    const expected = annotations && Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`${OURS}/${key}`, value]));
    expect(manifests(chart, 'IPAddressPool')[0].metadata.annotations).toEqual(expected);
  });

  test('of a Service, too', () => {
    const lb = balancer(chart, { addresses: ['10.0.0.1'] });
    lb.expose(application(chart, 'a', 80), { sticky: true, sharing: AddressSharing.AUTOMATIC });
    lb.expose(application(chart, 'b', 81), { sticky: false, sharing: AddressSharing.AUTOMATIC });
    expect(manifests(chart, 'Service').map(({ metadata }) => metadata.annotations)).toEqual([
      { [`${OURS}/sharing`]: 'automatic', [`${OURS}/sticky`]: 'true' }, { [`${OURS}/sharing`]: 'automatic' },
    ]);
  });
});

test.each<[Omit<AddressPoolOptions, 'ranges'>, RegExp]>([
  [{ sticky: true, stickyFor: Duration.hours(1) }, /test\/lan: both sticky \(true\) and stickyFor \(3600s\) say how long an address stays reserved: pass only one of them/],
  [{ stickyFor: Duration.seconds(0) }, /stickyFor '0 ms' is not valid: expected 1 s to 10 years/],
  [{ quarantine: Duration.days(4000) }, /quarantine .* is not valid: expected 1 s to 10 years/],
  [{ namespaceLimit: 0 }, /namespaceLimit 0 is not valid: expected a whole number from 1 to/],
])('%j contradicts itself', (options, message) => {
  expect(() => new AddressPool(chart, 'lan', { ranges, ...options })).toThrow(message);
});

describe('an address that is kept back', () => {
  const lb = (...excludedAddresses: IpRange[]) => {
    const made = balancer(chart);
    made.addPool('lan', { poolName: 'lan', ranges, excludedAddresses });
    return made;
  };

  test('cannot be asked for', () => {
    lb(IpRange.parse('10.0.0.150-10.0.0.199')).expose(application(chart, 'web', 80), { addresses: ['10.0.0.150'] });
    refused(/asks for 10.0.0.150, which pool lan keeps back: ask for another one, or take 10.0.0.150-10.0.0.199 out of excludedAddresses/);
  });

  test('does not concern its neighbours', () => {
    lb(IpRange.parse('10.0.0.150-10.0.0.199')).expose(application(chart, 'web', 80), { addresses: ['10.0.0.149'] });
    accepted();
  });

  test('may be outside of the pool', () => {
    lb(IpRange.address('10.0.9.1'), IpRange.cidr('fd00::/64')).expose(application(chart, 'web', 80), { addresses: ['10.0.0.1'] });
    accepted();
  });

  test('must not be every address', () => {
    lb(IpRange.cidr('10.0.0.0/16'));
    refused(/IPAddressPool lan \(test\/lb\/lan\): excludedAddresses leave nothing of its addresses: remove some of them, or the pool/);
  });
});

describe('sharing without a key', () => {
  const expose = (lb: HomeLoadBalancer, name: string, port: number, sharing: AddressSharing) =>
    lb.expose(application(chart, name, port), { sharing, addresses: ['10.0.0.7'] });
  const lb = (sharing?: PoolSharing) => {
    const made = balancer(chart);
    made.addPool('lan', { ranges, sharing });
    return made;
  };

  test('is for those who say so', () => {
    const made = lb();
    expose(made, 'a', 80, AddressSharing.AUTOMATIC);
    expose(made, 'b', 81, AddressSharing.AUTOMATIC);
    accepted();
  });

  test('is not for others', () => {
    const made = lb();
    expose(made, 'a', 80, AddressSharing.AUTOMATIC);
    expose(made, 'b', 81, AddressSharing.NEVER);
    refused(/both want 10.0.0.7, but do not share it/);
  });

  test('is for all Services of a pool that says so', () => {
    const made = lb(PoolSharing.AUTOMATIC);
    expose(made, 'a', 80, AddressSharing.NEVER);
    expose(made, 'b', 81, AddressSharing.withKey('lan'));
    accepted();
  });

  test('is not for one port', () => {
    const made = lb(PoolSharing.AUTOMATIC);
    expose(made, 'a', 80, AddressSharing.AUTOMATIC);
    expose(made, 'b', 80, AddressSharing.AUTOMATIC);
    refused(/both want port TCP\/80 of 10.0.0.7/);
  });

  test('cannot be judged in a pool made elsewhere', () => {
    const made = balancer(chart);
    const pool = AddressPool.fromPoolName(chart, 'other', 'other');
    for (const [name, port] of [['a', 80], ['b', 81]] as const) {
      made.expose(application(chart, name, port), { pool, addresses: ['10.9.0.1'], sharing: AddressSharing.NEVER });
    }
    accepted();
  });
});

test('the plan says who has the addresses of a pool that is drained, and which it keeps back', () => {
  const made = balancer(chart);
  made.addPool('old', { poolName: 'old', ranges, draining: true, excludedAddresses: [IpRange.address('10.0.0.1')] });
  expect(made.plan()).toContain('| old | 10.0.0.0/24 without 10.0.0.1 | who has an address already | L2Advertisement');
});

test('annotations that somebody wrote by hand are judged, too', () => {
  balancer(chart);
  new ApiObject(chart, 'pool', {
    apiVersion: 'metallb.io/v1beta1',
    kind: 'IPAddressPool',
    metadata: { name: 'lan', namespace: 'metallb-system', annotations: { [`${OURS}/draining`]: 'yes', [`${OURS}/excluded-addresses`]: 'nodes, 10.0.0' } },
    spec: { addresses: ['10.0.0.0/24'] },
  });
  refused(/\[test\/lb\] IPAddressPool lan \(test\/pool\): the annotation home-load-balancer.github.io\/draining 'yes' is not valid: expected true or false/);
  refused(/the annotation home-load-balancer.github.io\/excluded-addresses: '10.0.0' is not an IP range/);
});
