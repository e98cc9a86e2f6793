import { ApiObject, App, Chart, Testing } from 'cdk8s';
import { IConstruct } from 'constructs';
import { Advertisement, Community, HomeLoadBalancer, HomeLoadBalancerCrds, IpRange } from '../src';

const NAMES = ['bfdprofiles', 'bgpadvertisements', 'bgppeers', 'communities', 'configurationstates', 'ipaddresspools', 'l2advertisements',
  'servicebgpstatuses', 'servicel2statuses'].map((plural) => `${plural}.metallb.io`);

function definitions(chart: Chart): string[] {
  return Testing.synth(chart).filter(({ kind }) => kind === 'CustomResourceDefinition').map(({ metadata }) => metadata.name);
}

test('a chart of definitions has nothing else in it', () => {
  const chart = Testing.chart();
  new HomeLoadBalancerCrds(chart, 'crds');
  expect(definitions(chart).sort()).toEqual(NAMES);
  expect(Testing.synth(chart)).toHaveLength(NAMES.length);
});

test('a load balancer brings the definitions, before the first object of them', () => {
  const chart = Testing.chart();
  new HomeLoadBalancer(chart, 'lb', { addresses: ['10.0.0.1'] });
  const kinds = Testing.synth(chart).map(({ kind }) => kind);
  expect(definitions(chart)).toHaveLength(NAMES.length);
  expect(kinds.lastIndexOf('CustomResourceDefinition')).toBeLessThan(kinds.indexOf('IPAddressPool'));
});

test.each<[string, (lb: HomeLoadBalancer) => IConstruct]>([
  ['IPAddressPool', (lb) => lb.addPool('x', { ranges: [IpRange.parse('10.0.1.0/24')] })],
  ['L2Advertisement', (lb) => lb.addAdvertisement('x', Advertisement.l2())],
  ['BGPPeer', (lb) => lb.addBgpPeer('x', { address: '192.0.2.1', asn: 64512, localAsn: 64513 })],
  ['BFDProfile', (lb) => lb.addBfdProfile('x')],
  ['Community', (lb) => lb.addCommunityAliases('x', { aliases: { a: Community.NO_EXPORT } })],
])('definitions go before a %s that something else needs earlier', (kind, make) => {
  const chart = Testing.chart();
  const early = new ApiObject(chart, 'early', { apiVersion: 'v1', kind: 'ConfigMap' });
  early.addDependency(make(new HomeLoadBalancer(chart, 'lb', { addresses: ['10.0.0.1'] })));
  const kinds = Testing.synth(chart).map((object) => object.kind);
  expect(kinds.indexOf(kind)).toBeLessThan(kinds.indexOf('ConfigMap'));
  expect(kinds.lastIndexOf('CustomResourceDefinition')).toBeLessThan(kinds.indexOf(kind));
});

test('a load balancer leaves them out on request', () => {
  const chart = new Chart(new App(), 'test');
  new HomeLoadBalancer(chart, 'lb', { addresses: ['10.0.0.1'], crds: false });
  expect(definitions(chart)).toEqual([]);
});
