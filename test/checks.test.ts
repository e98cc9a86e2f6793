import { ApiObject, Chart, JsonPatch, Testing } from 'cdk8s';
import { Protocol, Service } from 'cdk8s-plus-28';
import { AddressPool, AddressSharing, Advertisement, HomeLoadBalancer, IpRange, Selector } from '../src';
import { application, balancer, manifests } from './util';

let chart: Chart;
beforeEach(() => {
  chart = Testing.chart();
});

const accepted = () => expect(manifests(chart, 'Service').length).toBeGreaterThan(0);
const refused = (message: RegExp) => expect(() => Testing.synth(chart)).toThrow(message);

/** A Service as somebody else wrote it. */
function written(name: string, annotations: Record<string, string>, spec: object = {}): ApiObject {
  return new ApiObject(chart, name, { apiVersion: 'v1', kind: 'Service', metadata: { name, annotations }, spec: { ports: [{ port: 80 }], ...spec } });
}

describe('wanted addresses', () => {
  let lb: HomeLoadBalancer;
  let lan: AddressPool;
  beforeEach(() => {
    lb = balancer(chart, { addresses: ['10.0.0.0/24', 'fd00::/120'], poolName: 'first' });
    lan = lb.addPool('lan', { ranges: [IpRange.parse('10.0.1.1-10.0.1.9')], poolName: 'lan', autoAssign: false });
  });

  test('one of a pool', () => {
    lb.expose(application(chart, 'web', 80), { addresses: ['10.0.1.9'] });
    accepted();
  });

  test('one of no pool', () => {
    lb.expose(application(chart, 'web', 80), { addresses: ['10.0.1.10'] });
    refused(/\[test\/lb\] Service .* \(test\/web\/Service\/Resource\) asks for 10.0.1.10, which is in no pool that it may use: expected an address of first \(10.0.0.0\/24, fd00::\/120\), lan \(10.0.1.1-10.0.1.9\)/);
  });

  test('one of another pool than the wanted one', () => {
    lb.expose(application(chart, 'web', 80), { pool: lan, addresses: ['10.0.0.1'] });
    refused(/asks for 10.0.0.1, which is in no pool that it may use: expected an address of lan \(10.0.1.1-10.0.1.9\)/);
  });

  test('two of different pools', () => {
    lb.expose(application(chart, 'web', 80), { addresses: ['10.0.1.1', 'fd00::1'] });
    refused(/asks for 10.0.1.1 and fd00::1, which are in different pools: both addresses of a Service must come from one of/);
  });

  test('none, where every pool has to be asked', () => {
    const other = balancer(chart, { namespace: 'other', loadBalancerClass: 'other' }, 'other');
    other.addPool('shy', { ranges: [IpRange.parse('10.0.2.0/24')], poolName: 'shy', autoAssign: false });
    other.expose(application(chart, 'web', 80));
    refused(/\[test\/other\] Service .* asks for no pool and no address, but shy gives addresses only to those who ask/);
  });

  test('one of a pool made elsewhere cannot be judged', () => {
    lb.expose(application(chart, 'web', 80), { pool: AddressPool.fromPoolName(chart, 'other', 'other'), addresses: ['172.16.0.1'] });
    accepted();
  });

  test('one of any pool cannot be judged once there is a pool made elsewhere', () => {
    AddressPool.fromPoolName(chart, 'other', 'other');
    lb.expose(application(chart, 'web', 80), { addresses: ['172.16.0.1'] });
    accepted();
  });

  test.each([
    [{ 'metallb.io/address-pool': 'typo' }, /Service web \(test\/web\) asks for unknown pool 'typo': expected first, lan; if it is made elsewhere, say so/],
    [{ 'metallb.io/loadBalancerIPs': '10.0.0' }, /Service web \(test\/web\) '10.0.0' is not an IP address/],
    [{ 'metallb.io/loadBalancerIPs': '10.0.0.1, 10.0.0.2' }, /asks for 10.0.0.1 and 10.0.0.2: a Service has one address/],
    [{ 'metallb.io/loadBalancerIPs': '10.9.9.9' }, /asks for 10.9.9.9, which is in no pool/],
  ])('annotations that were there before are judged too: %j', (annotations, message) => {
    lb.bind(written('web', annotations));
    refused(message);
  });
});

describe('pools that are not for everybody', () => {
  let lb: HomeLoadBalancer;
  beforeEach(() => {
    lb = balancer(chart);
    lb.addPool('media', {
      poolName: 'media', ranges: [IpRange.cidr('10.0.0.0/24')], namespaces: ['media'], serviceSelectors: [Selector.labels({ public: 'yes' })], avoidBuggyIps: true,
    });
  });
  const service = (namespace: string | undefined, labels: Record<string, string>, annotations = {}) => new ApiObject(chart, 'web', {
    apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace, labels, annotations }, spec: { ports: [{ port: 80 }] },
  });

  test.each<[string, string | undefined, Record<string, string>, RegExp | undefined]>([
    ['a Service of another namespace', 'default', { public: 'yes' },
      /Service web \(test\/web\) is served by no pool: media serves only the namespaces media, not default: change the pool, or the Service/],
    ['a Service with other labels', 'media', {}, /is served by no pool: media serves only Services with labels that this one does not have/],
    ['a Service that it is for', 'media', { public: 'yes' }, undefined],
    ['a Service of which only kubectl will say the namespace', undefined, { public: 'yes' }, undefined],
  ])('%s', (_, namespace, labels, message) => {
    lb.bind(service(namespace, labels));
    if (message) refused(message);
    else accepted();
  });

  test('a Service that could be served by another pool', () => {
    lb.addPool('rest', { ranges: [IpRange.cidr('10.1.0.0/24')] });
    lb.bind(service('default', {}));
    accepted();
  });

  test('an address that the pool keeps back', () => {
    lb.bind(service('media', { public: 'yes' }), { addresses: ['10.0.0.255'] });
    refused(/asks for 10.0.0.255, which pool media keeps back: ask for an address that does not end in .0 or .255, or unset avoidBuggyIps/);
  });
});

test.each([
  [{ ipFamilyPolicy: 'RequireDualStack' }, /is served by no pool: lan has no IPv6 addresses, which the Service must have/],
  [{ ipFamilies: ['IPv6'] }, /is served by no pool: lan has no IPv6 addresses/],
  [{ ipFamilies: ['IPv6', 'IPv4'] }, /is served by no pool: lan has no IPv6 addresses/],
  [{ ipFamilies: ['IPv6', 'IPv4'], ipFamilyPolicy: 'SingleStack' }, undefined],
  [{ ipFamilies: ['IPv4'] }, undefined],
  [{ ipFamilies: ['IPv6'], ipFamilyPolicy: 'PreferDualStack' }, undefined],
  [{ ipFamilyPolicy: 'PreferDualStack' }, undefined],
])('a pool of IPv4 for a Service with %j', (spec, message) => {
  balancer(chart, { addresses: ['10.0.0.0/24'], poolName: 'lan' }).bind(written('web', {}, spec));
  if (message) refused(message);
  else accepted();
});

describe('advertisements that choose Services', () => {
  const chosen = (labels: Record<string, string>, options = {}) => {
    const lb = balancer(chart);
    lb.addPool('lan', { poolName: 'lan', ranges: [IpRange.cidr('10.0.0.0/24')], advertise: [Advertisement.l2({ name: 'l2', serviceSelectors: [Selector.labels({ app: 'web' })] })] });
    const made = new ApiObject(chart, 'web', { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', labels }, spec: { ports: [{ port: 80 }] } });
    lb.bind(made, options);
  };

  test('a Service with these labels and an address of its own', () => {
    chosen({ app: 'web' }, { sharing: AddressSharing.NEVER });
    accepted();
  });

  test('a Service with other labels would have an address that nobody announces', () => {
    chosen({ app: 'wbe' }, { sharing: AddressSharing.NEVER });
    refused(/Service web \(test\/web\) would not be announced: the advertisements of pool lan \(L2Advertisement l2 .*\) are for Services with other labels/);
  });

  test.each([
    ['may share its address', {}],
    ['shares it automatically', { sharing: AddressSharing.AUTOMATIC }],
  ])('a Service that %s would not be announced either', (_, options) => {
    chosen({ app: 'web' }, options);
    refused(/would not be announced: it may share its address, and L2Advertisement l2 .* chooses by Service, .*: pass sharing: AddressSharing.NEVER/);
  });
});

describe('Services that were never bound', () => {
  const other = (spec: object) => new ApiObject(chart, 'other', {
    apiVersion: 'v1', kind: 'Service', metadata: { name: 'other' }, spec: { type: 'LoadBalancer', ports: [{ port: 80 }], ...spec },
  });

  test('are served all the same, so they are judged, too', () => {
    balancer(chart, { addresses: ['10.0.0.1'] });
    other({ loadBalancerIP: '10.9.9.9' });
    refused(/Service other \(test\/other\) asks for 10.9.9.9, which is in no pool/);
  });

  test('are none of our business with another class, or type', () => {
    balancer(chart, { addresses: ['10.0.0.1'] });
    other({ loadBalancerIP: '10.9.9.9', loadBalancerClass: 'example.com/other' });
    accepted();
  });

  test('cannot ask twice', () => {
    balancer(chart, { addresses: ['10.0.0.0/24'] }).bind(other({ loadBalancerIP: '10.0.0.1' }), { addresses: ['10.0.0.2'] });
    refused(/asks for 10.0.0.2 by annotation and for 10.0.0.1 by spec.loadBalancerIP: remove loadBalancerIP/);
  });

  test('may ask by MetalLB\'s older annotations', () => {
    balancer(chart, { addresses: ['10.0.0.1'] }).bind(written('web', { 'metallb.universe.tf/address-pool': 'typo' }));
    refused(/asks for unknown pool 'typo'/);
  });
});

test('a pool that was written by hand is as good as any other', () => {
  new ApiObject(chart, 'pool', {
    apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', metadata: { name: 'by-hand', namespace: 'metallb-system' }, spec: { addresses: ['10.0.0.9/30'] },
  });
  const lb = balancer(chart);
  lb.bind(written('web', { 'metallb.io/address-pool': 'by-hand' }), { addresses: ['10.0.0.11'] });
  accepted();
  lb.bind(written('late', {}), { addresses: ['10.0.0.12'] });
  refused(/asks for 10.0.0.12, which is in no pool that it may use: expected an address of by-hand \(10.0.0.9\/30\)/);
});

test('a patch counts for what it says', () => {
  const lb = balancer(chart, { addresses: ['10.0.0.1'] });
  ApiObject.of(lb.defaultPool!).addJsonPatch(JsonPatch.replace('/spec/addresses', ['10.0.0.2/32']));
  lb.bind(written('web', {}), { addresses: ['10.0.0.1'] });
  refused(/asks for 10.0.0.1, which is in no pool that it may use: expected an address of .* \(10.0.0.2\)/);
});

describe('what no load balancer can serve', () => {
  test.each([
    ['a headless Service', { clusterIP: 'None' }, /Service web \(test\/web\) has clusterIP None: .* leave clusterIP out/],
    ['a Service without ports', { ports: [] }, /Service web \(test\/web\) has no ports/],
  ])('%s', (_, spec, message) => {
    balancer(chart, { addresses: ['10.0.0.1'] }).bind(written('web', {}, spec));
    refused(message);
  });

  test('a Service that cannot be rendered is reported before anything is written', () => {
    balancer(chart, { addresses: ['10.0.0.1'] }).bind(new Service(chart, 'web'));
    refused(/A service must be configured with a port/);
  });
});

describe('one address for two Services', () => {
  const one = () => balancer(chart, { addresses: ['10.0.0.1'] });
  const many = () => balancer(chart, { addresses: ['10.0.0.0/24'] });
  const wish = { addresses: ['10.0.0.1'] };

  test('different ports', () => {
    const lb = one();
    lb.expose(application(chart, 'a', 80, 443));
    lb.expose(application(chart, 'b', 8096), wish);
    accepted();
  });

  test('one port number, but different protocols', () => {
    const lb = one();
    lb.expose(application(chart, 'a', 53));
    lb.expose(application(chart, 'b', { number: 53, protocol: Protocol.UDP, name: 'dns' }));
    accepted();
  });

  test('the same port, when the address is the only one', () => {
    const lb = one();
    lb.expose(application(chart, 'a', 80, 443));
    lb.expose(application(chart, 'b', 8096, 443));
    refused(/Service .* \(test\/a\/.*\) and Service .* \(test\/b\/.*\) both want port TCP\/443 of 10.0.0.1: give one of them another port or another address/);
  });

  test('the same port, when both ask for the address', () => {
    const lb = many();
    lb.expose(application(chart, 'a', 80), wish);
    lb.expose(application(chart, 'b', 80), wish);
    refused(/both want port TCP\/80 of 10.0.0.1/);
  });

  test('the same port, when both ask for the address in different words', () => {
    const lb = balancer(chart, { addresses: ['fd00::/120'] });
    lb.expose(application(chart, 'a', 80), { addresses: ['fd00::1'] });
    lb.expose(application(chart, 'b', 80), { addresses: ['FD00:0::1'] });
    refused(/both want port TCP\/80 of fd00::1/);
  });

  test('the same port, when there are other addresses', () => {
    const lb = many();
    lb.expose(application(chart, 'a', 80), wish);
    lb.expose(application(chart, 'b', 80));
    accepted();
  });

  test('the same port, when there may be a pool that we do not know', () => {
    const lb = one();
    AddressPool.fromPoolName(chart, 'other', 'other');
    lb.expose(application(chart, 'a', 80));
    lb.expose(application(chart, 'b', 80));
    accepted();
  });

  test('the same port, when the pool that both ask for has only this one', () => {
    const lb = many();
    const pool = lb.addPool('single', { ranges: [IpRange.address('10.0.1.1')], autoAssign: false });
    lb.expose(application(chart, 'a', 80), { pool });
    lb.expose(application(chart, 'b', 80), { pool });
    refused(/both want port TCP\/80 of 10.0.1.1/);
  });

  test('one that does not share', () => {
    const lb = one();
    lb.expose(application(chart, 'a', 80), { sharing: AddressSharing.NEVER });
    lb.expose(application(chart, 'b', 81));
    refused(/both want 10.0.0.1, but do not share it: give both the same `sharing`, or one of them another address/);
  });

  test('different circles', () => {
    const lb = one();
    lb.expose(application(chart, 'a', 80), { sharing: AddressSharing.withKey('lan') });
    lb.expose(application(chart, 'b', 81));
    refused(/do not share it/);
  });

  test('only one of them preserves the address of the client', () => {
    const lb = one();
    lb.expose(application(chart, 'a', 80), { preserveClientIp: true });
    lb.expose(application(chart, 'b', 81));
    refused(/both want 10.0.0.1, but their traffic goes to different nodes: only Services without preserveClientIp, or with it and the same selector/);
  });

  test('both preserve it, for the same pods', () => {
    const lb = one();
    const deployment = application(chart, 'a', 80, 81);
    lb.expose(deployment, { name: 'http', ports: [{ port: 80 }], preserveClientIp: true });
    lb.expose(deployment, { name: 'more', ports: [{ port: 81 }], preserveClientIp: true });
    accepted();
  });

  test('a Service that is bound twice does not clash with itself', () => {
    const lb = one();
    lb.bind(lb.expose(application(chart, 'a', 80)));
    accepted();
  });
});
