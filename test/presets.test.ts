import { ApiObject, Chart, Testing } from 'cdk8s';
import { HomeLoadBalancer } from '../src';
import { application, manifests } from './util';

let chart: Chart;
beforeEach(() => {
  chart = Testing.chart();
});
const addresses = ['10.0.0.1'];
const pod = (kind: string) => manifests(chart, kind)[0].spec.template.spec;

describe('on a single node', () => {
  test('controller and speaker run and announce, although it is a control-plane node', () => {
    HomeLoadBalancer.onSingleNode(chart, 'lb', { crds: false, addresses });
    expect(pod('DaemonSet').containers[0].args).toContain('--ignore-exclude-lb');
    for (const kind of ['Deployment', 'DaemonSet']) {
      expect(pod(kind).tolerations).toContainEqual({ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' });
    }
  });

  test('options go before', () => {
    HomeLoadBalancer.onSingleNode(chart, 'lb', { crds: false, addresses, ignoreExcludeLb: false, nodes: [{ name: 'node' }] });
    expect(pod('DaemonSet').containers[0].args).not.toContain('--ignore-exclude-lb');
  });

  test('are not two', () => {
    expect(() => HomeLoadBalancer.onSingleNode(chart, 'lb', { nodes: [{ name: 'a' }, { name: 'b' }] }))
      .toThrow(/test\/lb: nodes .* is not valid: expected one node, or new HomeLoadBalancer\(\) instead of onSingleNode\(\)/);
  });
});

describe('beside ServiceLB', () => {
  test('Services that are exposed here have a class, and others are left alone', () => {
    const lb = HomeLoadBalancer.besideServiceLb(chart, 'lb', { crds: false, addresses });
    lb.expose(application(chart, 'web', 80));
    new ApiObject(chart, 'other', { apiVersion: 'v1', kind: 'Service', metadata: { name: 'other' }, spec: { type: 'LoadBalancer', ports: [{ port: 80 }] } });
    expect(manifests(chart, 'Service').map(({ spec }) => spec.loadBalancerClass)).toEqual(['home-load-balancer', undefined]);
    for (const kind of ['Deployment', 'DaemonSet']) expect(pod(kind).containers[0].args).toContain('--lb-class=home-load-balancer');
  });

  test('the class can be another one', () => {
    expect(HomeLoadBalancer.besideServiceLb(chart, 'lb', { crds: false, addresses, loadBalancerClass: 'example.com/lan' })).toBeInstanceOf(HomeLoadBalancer);
    expect(pod('Deployment').containers[0].args).toContain('--lb-class=example.com/lan');
  });
});

describe('in the place of MetalLB', () => {
  test('its namespace is there already, and so are its pools', () => {
    const lb = HomeLoadBalancer.inPlaceOfMetalLb(chart, 'lb', { crds: false, existingPools: ['lan', 'media'] });
    lb.bind(new ApiObject(chart, 'web', {
      apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', annotations: { 'metallb.io/address-pool': 'media' } }, spec: { ports: [{ port: 80 }] },
    }));
    expect(lb.namespace).toBe('metallb-system');
    expect([...manifests(chart, 'Namespace'), ...manifests(chart, 'IPAddressPool')]).toEqual([]);
  });

  test('a pool that is not there is unknown', () => {
    const lb = HomeLoadBalancer.inPlaceOfMetalLb(chart, 'lb', { crds: false, namespace: 'network', existingPools: ['lan'] });
    expect(lb.namespace).toBe('network');
    lb.bind(new ApiObject(chart, 'web', {
      apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', annotations: { 'metallb.io/address-pool': 'typo' } }, spec: { ports: [{ port: 80 }] },
    }));
    expect(() => Testing.synth(chart)).toThrow(/asks for unknown pool 'typo': expected lan/);
  });

  test.each([['lan'], [['Lan']], [[42]]])('pools %j are refused', (existingPools) => {
    expect(() => HomeLoadBalancer.inPlaceOfMetalLb(chart, 'lb', { existingPools: existingPools as any })).toThrow(/test\/lb: existingPools/);
  });
});
