import { Chart, Duration, Testing } from 'cdk8s';
import { ControllerMetrics, SpeakerMetrics } from '../speaker/src/observability';
import { MonitorKind } from '../src';
import { balancer, manifests } from './util';

let chart: Chart;
beforeEach(() => {
  chart = Testing.chart();
});

const lb = () => balancer(chart, { addresses: ['10.0.0.1'] });
const port = (kind: string) => manifests(chart, kind)[0].spec.template.spec.containers[0].ports.find(({ name }: any) => name === 'metrics');

test('by default pods are scraped where they listen', () => {
  lb().addMonitoring({ labels: { release: 'prometheus' }, interval: Duration.minutes(1) });
  const monitors = manifests(chart, 'PodMonitor');
  expect(monitors.map(({ metadata }) => metadata.name)).toEqual(['controller-monitor', 'speaker-monitor']);
  for (const { metadata, spec } of monitors) {
    expect(metadata).toMatchObject({ namespace: 'metallb-system', labels: { 'release': 'prometheus', 'app.kubernetes.io/managed-by': 'cdk8s' } });
    expect(spec.podMetricsEndpoints).toEqual([{ port: 'metrics', path: '/metrics', interval: '60s' }]);
    expect(spec.namespaceSelector).toEqual({ matchNames: ['metallb-system'] });
  }
  for (const [i, kind] of ['Deployment', 'DaemonSet'].entries()) {
    expect(port(kind)).toMatchObject({ containerPort: 9120 });
    expect(manifests(chart, kind)[0].spec.template.metadata.labels).toMatchObject(monitors[i].spec.selector.matchLabels);
  }
});

test('Services stand between where there are no PodMonitors', () => {
  lb().addMonitoring({ monitor: MonitorKind.SERVICE_MONITOR, alerts: false });
  const services = manifests(chart, 'Service');
  expect(services.map(({ spec }) => [spec.clusterIP, spec.ports[0].port])).toEqual([['None', 9120], ['None', 9120]]);
  for (const [i, { spec }] of manifests(chart, 'ServiceMonitor').entries()) expect(services[i].metadata.labels).toMatchObject(spec.selector.matchLabels);
  expect(manifests(chart, 'PrometheusRule')).toEqual([]);
});

test('alerts have MetalLB\'s names, and are about metrics that the program has', async () => {
  lb().addMonitoring({ monitor: MonitorKind.NONE });
  expect([...manifests(chart, 'PodMonitor'), ...manifests(chart, 'ServiceMonitor')]).toEqual([]);
  const rules = manifests(chart, 'PrometheusRule')[0].spec.groups.flatMap((group: any) => group.rules);
  expect(rules.map(({ alert }: any) => alert)).toEqual([
    'MetalLBStaleConfig', 'MetalLBConfigNotLoaded', 'MetalLBAddressPoolExhausted', 'MetalLBAddressPoolUsage75Percent', 'MetalLBAddressPoolUsage85Percent',
    'MetalLBAddressPoolUsage95Percent', 'HomeLoadBalancerServicePending', 'HomeLoadBalancerSpeakerSilent',
  ]);
  const texts = await Promise.all([new ControllerMetrics(), new SpeakerMetrics()].map((metrics) => metrics.text()));
  for (const { expr } of rules) {
    for (const metric of expr.match(/(metallb|hlb)_\w+/g)) expect(texts.join('\n')).toContain(`# TYPE ${metric} gauge`);
  }
});

test('the controller is kept to itself on request', () => {
  const made = lb();
  made.addNetworkPolicy({ apiServerPorts: [6443] });
  const [{ metadata, spec }] = manifests(chart, 'NetworkPolicy');
  expect(metadata).toMatchObject({ name: 'controller', namespace: 'metallb-system' });
  expect(spec).toEqual({
    podSelector: { matchLabels: { app: 'metallb', component: 'controller' } },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ ports: [{ protocol: 'TCP', port: 9120 }, { protocol: 'TCP', port: 17472 }] }],
    egress: [{ ports: [{ protocol: 'TCP', port: 6443 }] }],
  });
  expect(manifests(chart, 'Deployment')[0].spec.template.metadata.labels).toMatchObject(spec.podSelector.matchLabels);
});
