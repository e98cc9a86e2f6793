import { App, Chart, Lazy, Testing } from 'cdk8s';
import { AddressPool, Advertisement, HomeLoadBalancer, IpRange } from '../src';
import { application, balancer, manifests } from './util';

const version = jest.requireActual('../package.json').version;

test('the whole installation', () => {
  const chart = Testing.chart();
  const lb = balancer(chart, {
    addresses: ['93.5.22.100'],
    poolName: 'workstation-ip-pool',
    advertise: [Advertisement.l2({ name: 'workstation-l2adv' })],
    image: 'example.org/home-load-balancer',
  });
  lb.expose(application(chart, 'web', 80, 443));
  expect(Testing.synth(chart)).toMatchSnapshot();
});

describe('namespace', () => {
  test('is made when none is known, and admits the speakers', () => {
    const chart = Testing.chart();
    expect(balancer(chart, { addresses: ['10.0.0.1'] }).namespace).toBe('metallb-system');
    expect(manifests(chart, 'Namespace')).toMatchObject([{
      metadata: {
        name: 'metallb-system',
        labels: {
          'pod-security.kubernetes.io/enforce': 'privileged',
          'pod-security.kubernetes.io/audit': 'privileged',
          'pod-security.kubernetes.io/warn': 'privileged',
        },
      },
    }]);
  });

  test.each([
    ['that of the chart', 'network', undefined, 'network'],
    ['the given one, rather than that of the chart', 'network', 'metallb', 'metallb'],
  ])('is %s', (_, ofChart, given, expected) => {
    const chart = new Chart(new App(), 'test', { namespace: ofChart });
    expect(balancer(chart, { addresses: ['10.0.0.1'], namespace: given }).namespace).toBe(expected);
    expect(manifests(chart, 'Namespace')).toEqual([]);
    for (const { kind, metadata, subjects } of Testing.synth(chart)) {
      if (kind.startsWith('ClusterRole')) expect(metadata.name).toMatch(new RegExp(`^${expected}:(controller|speaker)$`));
      else if (kind !== 'ValidatingWebhookConfiguration') expect(metadata.namespace).toBe(expected);
      for (const subject of subjects ?? []) expect(subject.namespace).toBe(expected);
    }
  });
});

test('everything that is made says what it belongs to', () => {
  const chart = Testing.chart();
  balancer(chart, { addresses: ['10.0.0.1'] });
  for (const { metadata } of Testing.synth(chart)) {
    expect(metadata.labels).toMatchObject({ 'app.kubernetes.io/name': 'home-load-balancer', 'app.kubernetes.io/managed-by': 'cdk8s' });
  }
});

test('the image is the one of this version unless another one is given', () => {
  const chart = Testing.chart();
  balancer(chart, { addresses: ['10.0.0.1'] });
  const images = ['Deployment', 'DaemonSet'].map((kind) => manifests(chart, kind)[0].spec.template.spec.containers[0].image);
  expect(images).toEqual(Array(2).fill(`ghcr.io/home-load-balancer/home-load-balancer:${version}`));
});

test('addresses are read in every notation', () => {
  const chart = Testing.chart();
  const lb = balancer(chart, { addresses: ['10.0.0.1', '10.0.1.0/24', '10.0.2.1 - 10.0.2.9', 'fd00::/120'] });
  expect(manifests(chart, 'IPAddressPool')[0]).toMatchObject({
    metadata: { name: lb.defaultPool!.poolName },
    spec: { addresses: ['10.0.0.1/32', '10.0.1.0/24', '10.0.2.1-10.0.2.9', 'fd00::/120'] },
  });
});

test('pools can be added', () => {
  const chart = Testing.chart();
  const lb = balancer(chart);
  const pool = lb.addPool('lan', { ranges: [IpRange.cidr('10.0.0.0/24')] });
  expect(lb.defaultPool).toBeUndefined();
  expect(manifests(chart, 'IPAddressPool')).toMatchObject([{ metadata: { name: pool.poolName, namespace: lb.namespace } }]);
});

describe('tokens', () => {
  test('among the addresses are left alone', () => {
    const chart = Testing.chart();
    const lb = balancer(chart, { addresses: [Lazy.any({ produce: () => '10.9.9.9/32' }), '${Token[TOKEN.1]}', '10.0.0.1'] });
    lb.addPool('overlapping-or-not', { ranges: [IpRange.parse('0.0.0.0-10.0.0.0')] });
    lb.expose(application(chart, 'web', 80), { addresses: ['172.16.0.1'] });
    expect(manifests(chart, 'IPAddressPool')[0].spec.addresses).toEqual(['10.9.9.9/32', '${Token[TOKEN.1]}', '10.0.0.1/32']);
  });

  test('that are the only address do not make it certain', () => {
    const chart = Testing.chart();
    const lb = balancer(chart, { addresses: [Lazy.any({ produce: () => '10.0.0.0/24' })] });
    lb.expose(application(chart, 'a', 80));
    lb.expose(application(chart, 'b', 80));
    expect(manifests(chart, 'Service')).toHaveLength(2);
  });

  test('may be anything that is text', () => {
    const later = (text: string): any => Lazy.any({ produce: () => text });
    const chart = Testing.chart();
    const lb = balancer(chart, {
      addresses: [later('10.0.0.0/24')],
      poolName: later('lan'),
      namespace: later('network'),
      loadBalancerClass: later('example.com/lan'),
      logLevel: later('debug'),
      excludeInterfaces: later('^lo$'),
      image: later('example.org/hlb'),
    });
    lb.expose(application(chart, 'web', 80), { pool: AddressPool.fromPoolName(chart, 'other', later('other')), addresses: [later('10.9.9.9')] });
    const [daemonSet] = manifests(chart, 'DaemonSet');
    expect(daemonSet.metadata.namespace).toBe('network');
    expect(daemonSet.spec.template.spec.containers[0]).toMatchObject({
      image: 'example.org/hlb', args: ['speaker', '--log-level=debug', '--lb-class=example.com/lan', '--exclude-interfaces=^lo$'],
    });
    expect(manifests(chart, 'ClusterRole').map(({ metadata }) => metadata.name)).toEqual(['network:controller', 'network:speaker']);
    expect(manifests(chart, 'Service')[0]).toMatchObject({
      metadata: { annotations: { 'metallb.io/address-pool': 'other', 'metallb.io/loadBalancerIPs': '10.9.9.9' } },
      spec: { loadBalancerClass: 'example.com/lan' },
    });
  });

  test('as names are left alone', () => {
    const chart = Testing.chart();
    balancer(chart, { addresses: ['10.0.0.1'], poolName: Lazy.any({ produce: () => 'lan' }) });
    expect(manifests(chart, 'IPAddressPool')[0].metadata.name).toBe('lan');
    expect(manifests(chart, 'L2Advertisement')[0].spec.ipAddressPools).toEqual(['lan']);
  });
});

describe('refused at once', () => {
  test.each([
    ['an empty list', { addresses: [] }, /test\/lb: addresses is empty: pass at least one/],
    ['what is no address', { addresses: ['93.5.22'] }, /'93.5.22' is not an IP range/],
    ['overlapping addresses', { addresses: ['10.0.0.0/24', '10.0.0.7'] }, /test\/lb\/Pool: range 10.0.0.7 overlaps 10.0.0.0\/24 of the same pool/],
    ['a name for no pool', { poolName: 'lan' }, /test\/lb: poolName is about the pool of addresses, but there are no addresses/],
    ['advertisements of no pool', { advertise: [Advertisement.l2()] }, /test\/lb: advertise is about the pool/],
    ['a namespace that Kubernetes refuses', { namespace: 'MetalLB' }, /test\/lb: namespace 'MetalLB' is not valid/],
    ['a class that Kubernetes refuses', { loadBalancerClass: 'a/b/c' }, /test\/lb: loadBalancerClass 'a\/b\/c' is not valid/],
  ])('%s', (_, props, message) => {
    expect(() => new HomeLoadBalancer(Testing.chart(), 'lb', { crds: false, ...props })).toThrow(message);
  });
});

describe('refused at synthesis', () => {
  test('no addresses at all', () => {
    const chart = Testing.chart();
    balancer(chart);
    expect(() => Testing.synth(chart)).toThrow(/\[test\/lb\] has no addresses to give: pass addresses, use addPool\(\), or refer to a pool made elsewhere/);
  });

  test.each([
    ['a pool of its namespace', (chart: Chart) => new AddressPool(chart, 'pool', { ranges: [IpRange.parse('10.0.0.1')] })],
    ['a pool made elsewhere', (chart: Chart) => AddressPool.fromPoolName(chart, 'pool', 'lan')],
  ])('... but %s is enough', (_, add) => {
    const chart = Testing.chart();
    balancer(chart);
    add(chart);
    expect(manifests(chart, 'DaemonSet')).toHaveLength(1);
  });

  test('two load balancers for the same Services', () => {
    const chart = Testing.chart();
    balancer(chart, { addresses: ['10.0.0.1'], namespace: 'one' }, 'a');
    balancer(chart, { addresses: ['10.0.0.2'], namespace: 'two' }, 'b');
    expect(() => Testing.synth(chart)).toThrow(/\[test\/b\] has the same loadBalancerClass \(none\) as test\/a, .* give them different classes/);
  });

  test('two load balancers in one namespace', () => {
    const chart = Testing.chart();
    balancer(chart, { addresses: ['10.0.0.1'], namespace: 'one' }, 'a');
    balancer(chart, { addresses: ['10.0.0.2'], namespace: 'one', loadBalancerClass: 'second' }, 'b');
    expect(() => Testing.synth(chart)).toThrow(/\[test\/b\] is in the same namespace \(one\) as test\/a/);
  });

  test('two load balancers with definitions', () => {
    const chart = Testing.chart();
    balancer(chart, { addresses: ['10.0.0.1'], namespace: 'one', crds: true }, 'a');
    balancer(chart, { addresses: ['10.0.0.2'], namespace: 'two', loadBalancerClass: 'second', crds: true }, 'b');
    expect(() => Testing.synth(chart)).toThrow(/\[test\/b\] defines the same custom resources as test\/a: pass crds: false to one of them/);
  });

  test('... but two load balancers can live side by side', () => {
    const chart = Testing.chart();
    balancer(chart, { addresses: ['10.0.0.1'], namespace: 'one' }, 'a');
    const second = balancer(chart, { addresses: ['10.0.0.2'], namespace: 'two', loadBalancerClass: 'example.com/second' }, 'b');
    second.expose(application(chart, 'web', 80));
    expect(manifests(chart, 'Service')[0].spec.loadBalancerClass).toBe('example.com/second');
    expect(manifests(chart, 'DaemonSet').map(({ spec }) => spec.template.spec.containers[0].args)).toEqual([
      ['speaker', '--log-level=info'],
      ['speaker', '--log-level=info', '--lb-class=example.com/second'],
    ]);
  });
});
