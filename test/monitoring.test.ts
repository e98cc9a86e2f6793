import { Chart, Duration, Testing } from 'cdk8s';
import { Secret } from 'cdk8s-plus-28';
import { ControllerMetrics, SpeakerMetrics } from '../speaker/src/observability';
import { type HomeLoadBalancerProps, MonitorKind } from '../src';
import { balancer, manifests } from './util';

let chart: Chart;
beforeEach(() => {
  chart = Testing.chart();
});

const lb = (props: HomeLoadBalancerProps = {}) => balancer(chart, { addresses: ['10.0.0.1'], ...props });
const port = (kind: string) => manifests(chart, kind)[0].spec.template.spec.containers[0].ports.find(({ name }: any) => name === 'metrics');

test('by default pods are scraped where they listen', () => {
  lb().addMonitoring({ labels: { release: 'prometheus' }, interval: Duration.minutes(1) });
  const monitors = manifests(chart, 'PodMonitor');
  expect(monitors.map(({ metadata }) => metadata.name)).toEqual(['controller-monitor', 'speaker-monitor']);
  for (const { metadata, spec } of monitors) {
    expect(metadata).toMatchObject({ namespace: 'metallb-system', labels: { 'release': 'prometheus', 'app.kubernetes.io/managed-by': 'cdk8s' } });
    expect(spec.podMetricsEndpoints).toEqual([{
      port: 'metrics',
      path: '/metrics',
      interval: '60s',
      scheme: 'https',
      authorization: { type: 'Bearer', credentials: { name: 'metrics-reader-token', key: 'token' } },
      tlsConfig: { insecureSkipVerify: true },
    }]);
    expect(spec.namespaceSelector).toEqual({ matchNames: ['metallb-system'] });
  }
  for (const [i, kind] of ['Deployment', 'DaemonSet'].entries()) {
    expect(port(kind)).toMatchObject({ containerPort: 9120 });
    expect(manifests(chart, kind)[0].spec.template.metadata.labels).toMatchObject(monitors[i].spec.selector.matchLabels);
  }
});

test('Prometheus shows the token of an account that may read metrics, and nothing else', () => {
  lb().addMonitoring();
  const [token] = manifests(chart, 'Secret');
  expect(token).toMatchObject({
    type: 'kubernetes.io/service-account-token', metadata: { name: 'metrics-reader-token', namespace: 'metallb-system', annotations: { 'kubernetes.io/service-account.name': 'metrics-reader' } },
  });
  expect(token).not.toHaveProperty('data');
  expect(manifests(chart, 'ServiceAccount').map(({ metadata }) => metadata.name)).toContain('metrics-reader');
  const [role] = manifests(chart, 'ClusterRole').filter(({ metadata }) => metadata.name === 'metallb-system:metrics-reader');
  expect(role.rules).toEqual([{ nonResourceURLs: ['/metrics'], verbs: ['get'] }]);
  const [binding] = manifests(chart, 'ClusterRoleBinding').filter(({ metadata }) => metadata.name === role.metadata.name);
  expect(binding).toMatchObject({ roleRef: { name: role.metadata.name }, subjects: [{ kind: 'ServiceAccount', name: 'metrics-reader', namespace: 'metallb-system' }] });
});

test('whoever else collects them can be bound to the role', () => {
  lb().addMonitoring({ monitor: MonitorKind.NONE });
  expect(manifests(chart, 'ClusterRole').map(({ metadata }) => metadata.name)).toContain('metallb-system:metrics-reader');
  expect([...manifests(chart, 'Secret'), ...manifests(chart, 'ClusterRoleBinding').filter(({ metadata }) => /metrics/.test(metadata.name))]).toEqual([]);
});

test('certificates can be verified', () => {
  lb({ metricsCertificate: Secret.fromSecretName(chart, 'tls', 'metrics-tls') })
    .addMonitoring({ certificateAuthority: Secret.fromSecretName(chart, 'ca', 'metrics-ca'), serverName: 'hlb.example.com' });
  expect(manifests(chart, 'PodMonitor')[0].spec.podMetricsEndpoints[0].tlsConfig).toEqual({ ca: { secret: { name: 'metrics-ca', key: 'ca.crt' } }, serverName: 'hlb.example.com' });
  for (const kind of ['Deployment', 'DaemonSet']) {
    const { containers: [container], volumes } = manifests(chart, kind)[0].spec.template.spec;
    expect(container.args).toContain('--metrics-cert-dir=/etc/home-load-balancer/metrics');
    expect(container.volumeMounts).toEqual([{ mountPath: '/etc/home-load-balancer/metrics', name: volumes[0].name, readOnly: true }]);
    expect(volumes[0].secret).toEqual({ secretName: 'metrics-tls' });
  }
});

test('without HTTPS nothing has to be shown', () => {
  lb({ metricsInsecure: true }).addMonitoring();
  expect(manifests(chart, 'PodMonitor')[0].spec.podMetricsEndpoints).toEqual([{ port: 'metrics', path: '/metrics' }]);
  expect([...manifests(chart, 'Secret'), ...manifests(chart, 'ClusterRole').filter(({ metadata }) => /metrics/.test(metadata.name))]).toEqual([]);
  for (const kind of ['Deployment', 'DaemonSet']) expect(manifests(chart, kind)[0].spec.template.spec.containers[0].args).toContain('--metrics-insecure');
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
    'HomeLoadBalancerInterfaceGivenUp', 'HomeLoadBalancerKernelAnswers',
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
    ingress: [{ ports: [{ protocol: 'TCP', port: 9120 }, { protocol: 'TCP', port: 17472 }, { protocol: 'TCP', port: 9443 }] }],
    egress: [{ ports: [{ protocol: 'TCP', port: 6443 }] }],
  });
  expect(manifests(chart, 'Deployment')[0].spec.template.metadata.labels).toMatchObject(spec.podSelector.matchLabels);
});
