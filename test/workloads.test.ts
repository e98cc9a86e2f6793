import { execFileSync } from 'child_process';
import { join } from 'path';
import { Duration, Size, Testing } from 'cdk8s';
import { Cpu, ImagePullPolicy, ISecret, Node, NodeLabelQuery, NodeTaintQuery } from 'cdk8s-plus-28';
import { Failback, HomeLoadBalancerProps, LogLevel, TlsVersion, WebhookPolicy } from '../src';
import { balancer, manifests } from './util';

function workload(kind: 'Deployment' | 'DaemonSet', props: HomeLoadBalancerProps = {}) {
  const chart = Testing.chart();
  balancer(chart, { addresses: ['10.0.0.1'], ...props });
  const [{ metadata, spec }] = manifests(chart, kind);
  const pod = spec.template.spec;
  return { metadata, spec, pod, container: pod.containers[0] };
}

describe.each([['Deployment', 'controller'], ['DaemonSet', 'speaker']] as const)('%s %s', (kind, role) => {
  test('can be applied over that of MetalLB: same name, same selector', () => {
    const { metadata, spec } = workload(kind);
    expect(metadata).toMatchObject({ name: role, namespace: 'metallb-system' });
    expect(spec.selector).toEqual({ matchLabels: { app: 'metallb', component: role } });
    expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
    expect(spec.template.metadata.labels).toHaveProperty(['app.kubernetes.io/component'], role);
  });

  test('has no way to more privileges', () => {
    expect(workload(kind).container.securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      seccompProfile: { type: 'RuntimeDefault' },
      capabilities: { drop: ['ALL'] },
    });
  });

  test('asks for little and is never throttled', () => {
    expect(workload(kind).container.resources).toEqual({ requests: { cpu: '20m', memory: '64Mi' } });
  });

  test('runs on Linux', () => {
    expect(workload(kind).pod.nodeSelector).toEqual({ 'kubernetes.io/os': 'linux' });
  });

  test('the props reach it', () => {
    const { container } = workload(kind, {
      image: 'example.org/hlb', imagePullPolicy: ImagePullPolicy.NEVER, logLevel: LogLevel.DEBUG, loadBalancerClass: 'lan',
    });
    expect(container).toMatchObject({ image: 'example.org/hlb', imagePullPolicy: 'Never', args: [role, '--log-level=debug', '--lb-class=lan'] });
  });
});

/** Every option that becomes a flag of the program, but those that exclude these. */
const ALL: HomeLoadBalancerProps = {
  ignoreExcludeLb: true,
  loadBalancerClass: 'lan',
  heartbeatPort: 1,
  heartbeatInterval: Duration.millis(10),
  heartbeatMultiplier: 2,
  excludeInterfaces: 'x',
  promiscuousInterfaces: 'auto',
  gratuitousArpInterval: Duration.seconds(0),
  failback: Failback.HOLD_DOWN,
  failbackHoldDown: Duration.minutes(5),
  metricsCertificate: { name: 'tls' } as ISecret,
  tlsMinVersion: TlsVersion.TLS_1_2,
  tlsCipherSuites: ['TLS_A'],
};

const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });

test('the controller is one pod without privileges, and never two', () => {
  const { spec, pod, container } = workload('Deployment');
  expect(spec).toMatchObject({ replicas: 1, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } });
  expect(pod).toMatchObject({ hostNetwork: false, securityContext: { runAsNonRoot: true, runAsUser: 65534 } });
  expect(container.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 65534, capabilities: { drop: ['ALL'] } });
  expect(container.args).toEqual(['controller', '--log-level=info']);
  expect(container.env).toEqual([field('METALLB_NAMESPACE', 'metadata.namespace'), field('METALLB_POD_NAME', 'metadata.name')]);
  expect(container.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 17472, scheme: 'HTTP' });
  expect(container.livenessProbe.httpGet).toEqual({ path: '/healthz', port: 17472, scheme: 'HTTP' });
});

test('the speaker is in the network of its node, and root with one capability', () => {
  const { pod, container } = workload('DaemonSet');
  expect(pod).toMatchObject({ hostNetwork: true, dnsPolicy: 'Default', terminationGracePeriodSeconds: 10 });
  expect(container.securityContext).toMatchObject({ runAsUser: 0, runAsNonRoot: false, capabilities: { drop: ['ALL'], add: ['NET_RAW'] } });
  expect(container.args).toEqual(['speaker', '--log-level=info']);
  expect(container.env).toEqual([
    field('METALLB_NAMESPACE', 'metadata.namespace'), field('METALLB_POD_NAME', 'metadata.name'),
    field('METALLB_NODE_NAME', 'spec.nodeName'), field('METALLB_HOST', 'status.hostIP'),
  ]);
});

test('the speaker\'s health is asked for where it listens', () => {
  const { container } = workload('DaemonSet');
  for (const { httpGet } of [container.readinessProbe, container.livenessProbe]) expect(httpGet).toMatchObject({ host: '127.0.0.1', port: 17472 });
});

test('the speaker runs on every node, is the last to be evicted, and is replaced node by node', () => {
  const { spec, pod } = workload('DaemonSet');
  expect(pod.priorityClassName).toBe('system-node-critical');
  expect(pod.tolerations.map(({ key }: any) => key)).toEqual([
    'node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master', 'node-role.kubernetes.io/etcd', 'CriticalAddonsOnly',
  ]);
  expect(spec.updateStrategy).toEqual({ type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } });
});

test('the speaker announces from excluded nodes on request', () => {
  expect(workload('DaemonSet', { ignoreExcludeLb: true }).container.args).toContain('--ignore-exclude-lb');
  expect(workload('Deployment', { ignoreExcludeLb: true }).container.args).not.toContain('--ignore-exclude-lb');
});

test('the speaker listens and announces as it is told, and else as the program thinks best', () => {
  const { container } = workload('DaemonSet', {
    heartbeatPort: 7947, heartbeatInterval: Duration.seconds(1), heartbeatMultiplier: 5, excludeInterfaces: '^(docker|wg).*', promiscuousInterfaces: '^wl',
  });
  expect(container.args).toEqual([
    'speaker', '--log-level=info', '--heartbeat-port=7947', '--heartbeat-interval=1000', '--heartbeat-multiplier=5', '--exclude-interfaces=^(docker|wg).*',
    '--promiscuous-interfaces=^wl',
  ]);
  expect(container.ports).toContainEqual({ name: 'heartbeat', containerPort: 7947, protocol: 'UDP' });
  expect(workload('Deployment', { heartbeatPort: 7947 }).container.args).toEqual(['controller', '--log-level=info']);
});

describe.each([['DaemonSet', 'speaker'], ['Deployment', 'controller']] as const)('%s', (kind, role) => {
  test('the program knows the flags that it is given', () => {
    const main = join(__dirname, '../speaker/src/main.ts');
    const help = execFileSync(process.execPath, [require.resolve('tsx/cli'), main, role, '--help'], { encoding: 'utf8' });
    const off = { webhookPolicy: WebhookPolicy.NONE, metricsInsecure: true, heartbeats: false, conflictDetection: false };
    const patient = { fastDetection: false };
    const flags = [ALL, off, patient].flatMap((props) => {
      const [first, ...rest] = workload(kind, props).container.args;
      expect(first).toBe(role);
      return rest;
    });
    expect(flags.length).toBeGreaterThan(5);
    for (const flag of flags) expect(help).toMatch(new RegExp(`^ +${flag.split('=')[0]}\\b`, 'm'));
  });
});

test('what is switched off is said to the speaker, and what is on by itself is not', () => {
  const args = (on: boolean) => workload('DaemonSet', { conflictDetection: on, fastDetection: on }).container.args.slice(2);
  expect([args(false), args(true)]).toEqual([['--fast-detection=off', '--conflict-detection=off'], []]);
});

test('when an address goes back is said to the speaker', () => {
  const args = (props: HomeLoadBalancerProps) => workload('DaemonSet', props).container.args.slice(2);
  expect(args({ failback: Failback.IMMEDIATE })).toEqual(['--failback=immediate']);
  expect(args({ failback: Failback.HOLD_DOWN, failbackHoldDown: Duration.minutes(5) })).toEqual(['--failback=hold-down', '--failback-hold-down=300']);
  expect(() => args({ failbackHoldDown: Duration.minutes(5) })).toThrow(/test\/lb: failbackHoldDown is for failback: Failback.HOLD_DOWN: pass both, or none/);
});

test('how it is served is the same for both', () => {
  for (const kind of ['Deployment', 'DaemonSet'] as const) {
    const { args } = workload(kind, { tlsMinVersion: TlsVersion.TLS_1_2, tlsCipherSuites: ['TLS_A', 'TLS_B'] }).container;
    expect(args.slice(2)).toEqual(['--tls-min-version=VersionTLS12', '--tls-cipher-suites=TLS_A,TLS_B']);
  }
  expect(() => workload('Deployment', { tlsCipherSuites: ['TLS_A'] })).toThrow(/test\/lb: tlsCipherSuites are for TLS 1.2, for TLS 1.3 has its own/);
});

test('speakers that do not tell each other that they live need no port for it', () => {
  const { container } = workload('DaemonSet', { heartbeats: false });
  expect(container.args).toContain('--heartbeats=off');
  expect(container.ports.map(({ name }: any) => name)).toEqual(['metrics']);
});

test('there is one controller, or as many as wanted', () => {
  const replicas = (props: HomeLoadBalancerProps) => workload('Deployment', props).spec.replicas;
  expect([replicas({}), replicas({ controllerReplicas: 3 })]).toEqual([1, 3]);
  expect(() => replicas({ controllerReplicas: 0 })).toThrow(/controllerReplicas.*0.*1 to 10/);
});

test.each([['Deployment', 'controllerResources'], ['DaemonSet', 'speakerResources']] as const)('%s has the resources it is given', (kind, property) => {
  const resources = { cpu: { request: Cpu.millis(50), limit: Cpu.units(1) }, memory: { limit: Size.mebibytes(256) } };
  const { container } = workload(kind, { [property]: resources });
  expect(container.resources).toEqual({ requests: { cpu: '50m' }, limits: { cpu: '1', memory: '256Mi' } });
});

test('the workloads can be changed by the means of cdk8s-plus', () => {
  const chart = Testing.chart();
  const lb = balancer(chart, { addresses: ['10.0.0.1'] });
  lb.speaker.scheduling.tolerate(Node.tainted(NodeTaintQuery.exists('gpu')));
  lb.controller.scheduling.attract(Node.labeled(NodeLabelQuery.is('disk', 'ssd')));
  lb.controller.metadata.addAnnotation('example.org/owner', 'me');
  expect(manifests(chart, 'DaemonSet')[0].spec.template.spec.tolerations).toContainEqual({ key: 'gpu', operator: 'Exists' });
  const { nodeAffinity } = manifests(chart, 'Deployment')[0].spec.template.spec.affinity;
  expect(nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms)
    .toEqual([{ matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] }]);
  expect(manifests(chart, 'Deployment')[0].metadata.annotations).toEqual({ 'example.org/owner': 'me' });
});
