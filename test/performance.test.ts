import { ApiObject, Chart, Testing } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Advertisement, HomeLoadBalancer, IpRange, Selector } from '../src';
import { balancer } from './util';

/** How often the manifests of an app are rendered, which is what synthesis spends its time on. */
function renderings(services: number, pools: number): number {
  const rendered = jest.spyOn(ApiObject.prototype, 'toJson');
  const chart = Testing.chart();
  build(chart, services, pools);
  const objects = chart.node.findAll().filter(ApiObject.isApiObject).length;
  Testing.synth(chart);
  const { length } = rendered.mock.calls;
  rendered.mockRestore();
  return length / objects;
}

function build(chart: Chart, services: number, pools: number): HomeLoadBalancer {
  const lb = balancer(chart, { addresses: ['10.0.0.0-10.0.255.255'] });
  for (let i = 0; i < pools; i++) {
    lb.addPool(`pool${i}`, {
      ranges: [IpRange.cidr(`10.${1 + i % 200}.${Math.floor(i / 200)}.0/24`)],
      serviceSelectors: [Selector.labels({ pool: `${i}` })],
      advertise: [Advertisement.l2()],
    });
  }
  for (let i = 0; i < services; i++) {
    const service = new k8s.KubeService(chart, `service${i}`, { spec: { ports: [{ port: 1 + i }], selector: { app: `app${i}` } } });
    lb.bind(service, i % 2 === 0 ? { addresses: ['10.0.0.7'] } : {});
  }
  return lb;
}

test('no object is rendered more than three times, whatever their number', () => {
  expect(renderings(10, 3)).toBeLessThanOrEqual(3);
  expect(renderings(100, 30)).toBeLessThanOrEqual(3);
});

test('a thousand Services, all on one address, and a hundred pools are checked and planned', () => {
  const chart = Testing.chart();
  const lb = build(chart, 1000, 100);
  expect(Testing.synth(chart).length).toBeGreaterThan(1200);
  expect(lb.plan().match(/10\.0\.0\.7 \|/g)).toHaveLength(1000);
});
