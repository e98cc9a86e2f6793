import { App, Chart, Testing } from 'cdk8s';
import { HomeLoadBalancer, HomeLoadBalancerCrds } from '../src';

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

test('a load balancer leaves them out on request', () => {
  const chart = new Chart(new App(), 'test');
  new HomeLoadBalancer(chart, 'lb', { addresses: ['10.0.0.1'], crds: false });
  expect(definitions(chart)).toEqual([]);
});
