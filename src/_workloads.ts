import { ApiObject, Duration, JsonPatch, Size } from 'cdk8s';
import {
  Capability, ContainerProps, ContainerResources, Cpu, DaemonSet, Deployment, DeploymentStrategy, DnsPolicy, EnvFieldPaths, EnvValue,
  ImagePullPolicy, ISecret, k8s, LabelSelector, Node, NodeTaintQuery, PercentOrAbsolute, PodScheduling, Probe, Protocol, SeccompProfileType,
  TaintEffect, Volume,
} from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { LABELS } from './_names';
import { createServiceAccount } from './_rbac';
import { textOf } from './_tokens';

export const METRICS_PORT = 9120;
export const HEALTH_PORT = 17472;
export const WEBHOOK_PORT = 9443;
const HEARTBEAT_PORT = 7946;

/** Where the certificate for `/metrics` is in the container. */
const METRICS_CERTIFICATE = '/etc/home-load-balancer/metrics';

/** An unprivileged user that exists on no node, as in most distributions. */
const NOBODY = 65534;

/** What the two workloads have in common. */
export interface WorkloadSettings {
  readonly namespace: string;
  readonly image: string;
  readonly imagePullPolicy: ImagePullPolicy;
  readonly logLevel: string;
  readonly loadBalancerClass?: string;
  readonly ignoreExcludeLb: boolean;
  readonly controllerReplicas: number;
  readonly controllerResources?: ContainerResources;
  readonly speakerResources?: ContainerResources;
  /** Undefined for what the program does by itself, so that it may change its mind with a new version. */
  readonly heartbeats?: boolean;
  readonly heartbeatPort?: number;
  readonly heartbeatIntervalMs?: number;
  readonly heartbeatMultiplier?: number;
  readonly fastDetection?: boolean;
  readonly excludeInterfaces?: string;
  readonly promiscuousInterfaces?: string;
  readonly conflictDetection?: boolean;
  readonly failback?: string;
  readonly failbackHoldDownSeconds?: number;
  readonly gratuitousArpIntervalSeconds?: number;
  /** Whether the API server asks the controller about changes of the configuration. */
  readonly webhook: boolean;
  readonly metricsInsecure?: boolean;
  /** Secret with the certificate for `/metrics`. */
  readonly metricsCertificate?: ISecret;
  readonly tlsMinVersion?: string;
  readonly tlsCipherSuites?: readonly string[];
}

/** The role that gives addresses to Services: one pod somewhere in the cluster, or several of which one does it. */
export function createController(scope: Construct, settings: WorkloadSettings): Deployment {
  const controller = new Deployment(scope, 'Controller', {
    ...workload('controller', settings),
    replicas: settings.controllerReplicas,
    // A Lease lets one controller at a time keep the ledger of addresses. One that is told to stop hands the Lease over at once, one that is still there
    // keeps it: so the old one goes first. The seconds between delay new Services only; addresses in use are announced all the same.
    strategy: DeploymentStrategy.rollingUpdate({ maxSurge: PercentOrAbsolute.absolute(0), maxUnavailable: PercentOrAbsolute.absolute(1) }),
    serviceAccount: createServiceAccount(scope, 'controller', settings.namespace),
    securityContext: { ensureNonRoot: true, user: NOBODY, group: NOBODY, fsGroup: NOBODY },
    containers: [container('controller', settings, {
      args: settings.webhook ? [] : ['--webhook-mode=disabled'],
      resources: settings.controllerResources,
      ports: [
        { name: 'metrics', number: METRICS_PORT },
        { name: 'health', number: HEALTH_PORT },
        ...settings.webhook ? [{ name: 'webhook', number: WEBHOOK_PORT }] : [],
      ],
      securityContext: { ...unprivileged, ensureNonRoot: true, user: NOBODY, group: NOBODY },
    })],
  });
  finish(controller, 'controller', settings);
  return controller;
}

/** The role that announces addresses: one pod on every node. */
export function createSpeaker(scope: Construct, settings: WorkloadSettings): DaemonSet {
  const speaker = new DaemonSet(scope, 'Speaker', {
    ...workload('speaker', settings),
    hostNetwork: true,
    // It reaches the API server by address; with the resolver of the node it starts before the cluster's DNS does.
    dns: { policy: DnsPolicy.DEFAULT },
    serviceAccount: createServiceAccount(scope, 'speaker', settings.namespace),
    securityContext: { ensureNonRoot: false },
    containers: [container('speaker', settings, {
      args: speakerArguments(settings),
      resources: settings.speakerResources,
      ports: [
        { name: 'metrics', number: METRICS_PORT },
        ...settings.heartbeats === false ? [] : [{ name: 'heartbeat', number: settings.heartbeatPort ?? HEARTBEAT_PORT, protocol: Protocol.UDP }],
      ],
      probeHost: '127.0.0.1', // it shares the node's network, which has no business with its health
      // Capabilities of a container reach a process through its file or through user 0; the image has none on its file.
      securityContext: { ...unprivileged, ensureNonRoot: false, user: 0, capabilities: { drop: [Capability.ALL], add: [Capability.NET_RAW] } },
      env: {
        METALLB_NODE_NAME: EnvValue.fromFieldRef(EnvFieldPaths.NODE_NAME),
        METALLB_HOST: EnvValue.fromFieldRef(EnvFieldPaths.NODE_IP),
      },
    })],
  });
  // Nodes that keep ordinary workloads away still take part in the network. (What Kubernetes itself puts on a node in trouble - not ready,
  // unreachable, short of memory, disk or pids, cordoned, network unavailable - the DaemonSet controller tolerates for every such pod.)
  tolerateControlPlane(speaker.scheduling);
  finish(speaker, 'speaker', settings,
    JsonPatch.add('/spec/updateStrategy', { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: k8s.IntOrString.fromNumber(1) } }),
    // A node short of memory or disk evicts pods by priority. Without its speaker it would lose every address that it answers for.
    JsonPatch.add('/spec/template/spec/priorityClassName', 'system-node-critical'),
  );
  return speaker;
}

/** Lets pods run on the nodes that the usual distributions keep for their control plane. */
export function tolerateControlPlane(scheduling: PodScheduling): void {
  for (const taint of [
    NodeTaintQuery.exists('node-role.kubernetes.io/control-plane', { effect: TaintEffect.NO_SCHEDULE }),
    NodeTaintQuery.exists('node-role.kubernetes.io/master', { effect: TaintEffect.NO_SCHEDULE }), // before Kubernetes 1.24
    NodeTaintQuery.exists('node-role.kubernetes.io/etcd', { effect: TaintEffect.NO_EXECUTE }), // RKE2
    NodeTaintQuery.exists('CriticalAddonsOnly'), // k3s servers
  ]) {
    scheduling.tolerate(Node.tainted(taint));
  }
}

function speakerArguments(settings: WorkloadSettings): string[] {
  const flags = {
    'heartbeat-port': settings.heartbeatPort,
    'heartbeat-interval': settings.heartbeatIntervalMs,
    'heartbeat-multiplier': settings.heartbeatMultiplier,
    'exclude-interfaces': settings.excludeInterfaces,
    'promiscuous-interfaces': settings.promiscuousInterfaces,
    'failback': settings.failback,
    'failback-hold-down': settings.failbackHoldDownSeconds,
    'gratuitous-arp-interval': settings.gratuitousArpIntervalSeconds,
  };
  return [
    ...settings.ignoreExcludeLb ? ['--ignore-exclude-lb'] : [],
    ...settings.heartbeats === false ? ['--heartbeats=off'] : [],
    ...settings.fastDetection === false ? ['--fast-detection=off'] : [],
    ...settings.conflictDetection === false ? ['--conflict-detection=off'] : [],
    ...flagsOf(flags),
  ];
}

/** Of `/metrics`, and of the webhook as far as it is about TLS. */
function servingArguments({ metricsInsecure, metricsCertificate, tlsMinVersion, tlsCipherSuites }: WorkloadSettings): string[] {
  return [
    ...metricsInsecure ? ['--metrics-insecure'] : [],
    ...flagsOf({ 'metrics-cert-dir': metricsCertificate && METRICS_CERTIFICATE, 'tls-min-version': tlsMinVersion, 'tls-cipher-suites': tlsCipherSuites?.join(',') }),
  ];
}

/** Flags that have a value; the program decides about the others. */
function flagsOf(flags: Record<string, any>): string[] {
  return Object.entries(flags).filter(([, value]) => value !== undefined && value !== null).map(([name, value]) => flag(name, value));
}

function flag(name: string, value: any): string {
  return textOf([value], ([text]) => `--${name}=${text}`);
}

const unprivileged = {
  privileged: false,
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: [Capability.ALL] },
  seccompProfile: { type: SeccompProfileType.RUNTIME_DEFAULT },
};

function workload(role: string, { namespace }: WorkloadSettings) {
  return {
    metadata: { name: role, namespace, labels: labelsOf(role) },
    podMetadata: { labels: labelsOf(role) },
    select: false, // finish() selects by MetalLB's labels
    automountServiceAccountToken: true,
    terminationGracePeriod: Duration.seconds(10),
  };
}

/** MetalLB's labels beside the recommended ones: monitoring and network policies written for MetalLB find the pods. */
function labelsOf(role: string): { [key: string]: string } {
  return { ...LABELS, 'app.kubernetes.io/component': role, ...selectorOf(role) };
}

/** MetalLB's labels of the pods of a role. */
export function selectorOf(role: string): { [key: string]: string } {
  return { app: 'metallb', component: role };
}

interface ContainerSettings extends Pick<ContainerProps, 'ports' | 'resources' | 'securityContext'> {
  readonly args?: string[];
  readonly env?: Record<string, EnvValue>;
  readonly probeHost?: string;
}

function container(role: string, settings: WorkloadSettings, own: ContainerSettings): ContainerProps {
  const lbClass = settings.loadBalancerClass ? [flag('lb-class', settings.loadBalancerClass)] : [];
  const probe = { port: HEALTH_PORT, host: own.probeHost, periodSeconds: Duration.seconds(10), timeoutSeconds: Duration.seconds(5) };
  return {
    name: role,
    image: settings.image,
    imagePullPolicy: settings.imagePullPolicy,
    args: [role, flag('log-level', settings.logLevel), ...lbClass, ...servingArguments(settings), ...own.args ?? []],
    ports: own.ports,
    securityContext: own.securityContext,
    envVariables: {
      METALLB_NAMESPACE: EnvValue.fromFieldRef(EnvFieldPaths.POD_NAMESPACE),
      METALLB_POD_NAME: EnvValue.fromFieldRef(EnvFieldPaths.POD_NAME),
      ...own.env,
    },
    readiness: Probe.fromHttpGet('/readyz', probe),
    liveness: Probe.fromHttpGet('/healthz', { ...probe, initialDelaySeconds: Duration.seconds(10) }),
    // No limits: throttled for a moment, a speaker would be late with heartbeats and lose its addresses to another node.
    resources: own.resources ?? { cpu: { request: Cpu.millis(20) }, memory: { request: Size.mebibytes(64) } },
  };
}

/**
 * What kplus has no words for. The selector is exactly MetalLB's, because the API server lets nobody change the selector of a
 * workload that exists: so the manifest can be applied over a running MetalLB.
 */
function finish(made: Deployment | DaemonSet, role: string, { metricsCertificate }: WorkloadSettings, ...more: JsonPatch[]): void {
  made.select(LabelSelector.of({ labels: selectorOf(role) }));
  if (metricsCertificate) {
    made.containers[0].mount(METRICS_CERTIFICATE, Volume.fromSecret(made, 'MetricsCertificate', metricsCertificate), { readOnly: true });
  }
  ApiObject.of(made).addJsonPatch(
    JsonPatch.add('/spec/revisionHistoryLimit', 3),
    JsonPatch.add('/spec/template/spec/nodeSelector', { 'kubernetes.io/os': 'linux' }),
    ...more,
  );
}
