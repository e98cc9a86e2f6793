import { readFileSync } from 'fs';
import { join } from 'path';
import { ImagePullPolicy } from 'cdk8s-plus-28';
import { ConstructError } from './_errors';
import { checkLabels, checkName } from './_names';
import { Balancer } from './_registry';
import { checkBoolean, checkDuration, checkList, checkMember, checkMembers, checkText, checkWhole, isGiven, refuse } from './_values';
import { WorkloadSettings } from './_workloads';
import { Advertisement } from './advertisement';
import { HomeLoadBalancerProps } from './home-load-balancer-props';
import { Failback, LogLevel, TlsVersion, WebhookPolicy } from './settings';

/** The image of the program; library and program have one version. */
const IMAGE = `ghcr.io/home-load-balancer/home-load-balancer:${JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')).version}`;

/** Refuses properties that are wrong in themselves or contradict each other. */
export function checkProps(path: string, props: HomeLoadBalancerProps): void {
  const where = (property: keyof HomeLoadBalancerProps) => `${path}: ${property}`;
  checkName(where('namespace'), 'label', props.namespace);
  checkName(where('loadBalancerClass'), 'class', props.loadBalancerClass);
  checkList(where('addresses'), props.addresses);
  if (isGiven(props.addresses) && props.addresses!.length === 0) {
    throw new ConstructError('INVALID_PROPS', `${where('addresses')} is empty: ` +
      "pass at least one, such as '192.168.1.200', or leave it out and use addPool()");
  }
  for (const property of ['poolName', 'advertise'] as const) {
    if (props[property] !== undefined && !props.addresses) {
      throw new ConstructError('INVALID_PROPS', `${where(property)} is about the pool of addresses, but there are no addresses: ` +
        `pass them too, or pass ${property} to addPool()`);
    }
  }
  checkName(where('poolName'), 'subdomain', props.poolName);
  checkMembers(where('advertise'), props.advertise, Advertisement, 'Advertisement.l2()');
  checkText(where('image'), props.image);
  for (const property of ['crds', 'ignoreExcludeLb', 'heartbeats', 'fastDetection', 'conflictDetection', 'metricsInsecure'] as const) checkBoolean(where(property), props[property]);
  checkMember(where('logLevel'), props.logLevel, LogLevel);
  checkMember(where('imagePullPolicy'), props.imagePullPolicy, ImagePullPolicy);
  checkWhole(where('controllerReplicas'), props.controllerReplicas, 1, 10);
  checkMember(where('webhookPolicy'), props.webhookPolicy, WebhookPolicy);
  checkHeartbeats(path, props);
  checkServing(path, props);
  checkNodes(where('nodes'), props.nodes);
}

/** What the workloads need to know. */
export function settingsOf(props: HomeLoadBalancerProps, namespace: string): WorkloadSettings {
  return {
    namespace,
    image: props.image ?? IMAGE,
    imagePullPolicy: props.imagePullPolicy ?? ImagePullPolicy.IF_NOT_PRESENT,
    logLevel: props.logLevel ?? LogLevel.INFO,
    loadBalancerClass: props.loadBalancerClass,
    ignoreExcludeLb: props.ignoreExcludeLb ?? false,
    controllerReplicas: props.controllerReplicas ?? 1,
    controllerResources: props.controllerResources,
    speakerResources: props.speakerResources,
    webhook: props.webhookPolicy !== WebhookPolicy.NONE,
    metricsInsecure: props.metricsInsecure,
    metricsCertificate: props.metricsCertificate,
    tlsMinVersion: props.tlsMinVersion,
    tlsCipherSuites: props.tlsCipherSuites,
    heartbeats: props.heartbeats,
    heartbeatPort: props.heartbeatPort,
    heartbeatIntervalMs: props.heartbeatInterval?.toMilliseconds(),
    heartbeatMultiplier: props.heartbeatMultiplier,
    fastDetection: props.fastDetection,
    conflictDetection: props.conflictDetection,
    failback: props.failback,
    failbackHoldDownSeconds: props.failbackHoldDown?.toSeconds(),
    excludeInterfaces: props.excludeInterfaces,
    promiscuousInterfaces: props.promiscuousInterfaces,
    gratuitousArpIntervalSeconds: props.gratuitousArpInterval?.toSeconds(),
  };
}

/** The nodes with the label that every node has. */
export function nodesOf({ nodes }: HomeLoadBalancerProps): Balancer['nodes'] {
  return nodes?.map(({ name, labels }) => ({ name, labels: { 'kubernetes.io/hostname': name, ...labels } }));
}

function checkHeartbeats(path: string, props: HomeLoadBalancerProps): void {
  const idle = (['heartbeatPort', 'heartbeatInterval', 'heartbeatMultiplier', 'fastDetection'] as const).find((property) => isGiven(props[property]));
  if (props.heartbeats === false && idle) {
    throw new ConstructError('INVALID_PROPS', `${path}: ${idle} means nothing with heartbeats: false: leave out one of them`);
  }
  checkWhole(`${path}: heartbeatPort`, props.heartbeatPort, 1, 65_535);
  if (props.heartbeatPort === 9120 || props.heartbeatPort === 17_472) {
    refuse(`${path}: heartbeatPort`, props.heartbeatPort, 'a port that is not the one of metrics (9120) or health (17472)');
  }
  checkDuration(`${path}: heartbeatInterval`, props.heartbeatInterval, { text: '10 ms to 10 s', test: (time) => time >= 10 && time <= 10_000 });
  checkWhole(`${path}: heartbeatMultiplier`, props.heartbeatMultiplier, 2, 50);
  checkMember(`${path}: failback`, props.failback, Failback);
  checkDuration(`${path}: failbackHoldDown`, props.failbackHoldDown, {
    text: 'whole seconds from 1 s to 1 day', test: (time) => time % 1000 === 0 && time >= 1000 && time <= 86_400_000,
  });
  if (isGiven(props.failbackHoldDown) && props.failback !== Failback.HOLD_DOWN) {
    throw new ConstructError('INVALID_PROPS', `${path}: failbackHoldDown is for failback: Failback.HOLD_DOWN: pass both, or none`);
  }
  checkDuration(`${path}: gratuitousArpInterval`, props.gratuitousArpInterval, {
    text: '0 (never), or whole seconds from 1 s to 1 day', test: (time) => time % 1000 === 0 && time >= 0 && time <= 86_400_000,
  });
  checkPattern(`${path}: excludeInterfaces`, props.excludeInterfaces, '^(docker|veth).*|^lo$');
  checkPattern(`${path}: promiscuousInterfaces`, props.promiscuousInterfaces, '^wl, or auto');
}

function checkPattern(where: string, pattern: string | undefined, example: string): void {
  checkText(where, pattern);
  if (!isGiven(pattern)) return;
  try {
    new RegExp(pattern!);
  } catch (error) {
    refuse(where, pattern, `a regular expression, such as ${example} (${(error as Error).message})`);
  }
}

/** How metrics and webhook are served. */
function checkServing(path: string, props: HomeLoadBalancerProps): void {
  const { metricsInsecure, metricsCertificate, tlsMinVersion, tlsCipherSuites } = props;
  checkMember(`${path}: tlsMinVersion`, tlsMinVersion, TlsVersion);
  checkList(`${path}: tlsCipherSuites`, tlsCipherSuites);
  if (isGiven(tlsCipherSuites)) {
    tlsCipherSuites!.forEach((suite, i) => {
      if (isGiven(suite ?? '') && !/^TLS_[A-Z0-9_]{1,80}$/.test(suite)) {
        refuse(`${path}: tlsCipherSuites[${i}]`, suite, 'the IANA name of a cipher suite, such as TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256');
      }
    });
    if (tlsCipherSuites!.length === 0) refuse(`${path}: tlsCipherSuites`, tlsCipherSuites, 'at least one, or nothing');
    if (tlsMinVersion !== TlsVersion.TLS_1_2) {
      throw new ConstructError('INVALID_PROPS', `${path}: tlsCipherSuites are for TLS 1.2, for TLS 1.3 has its own: leave them out, or pass tlsMinVersion: TlsVersion.TLS_1_2`);
    }
  }
  if (!isGiven(metricsCertificate)) return;
  checkText(`${path}: metricsCertificate: name`, metricsCertificate!.name ?? '');
  if (metricsInsecure === true) {
    throw new ConstructError('INVALID_PROPS', `${path}: metricsCertificate means nothing with metricsInsecure: leave out one of them`);
  }
}

function checkNodes(where: string, nodes: any): void {
  if (nodes === undefined || nodes === null) return;
  if (!Array.isArray(nodes) || nodes.length === 0) refuse(where, nodes, "a list of nodes, such as [{ name: 'node-a' }], or nothing");
  nodes.forEach((node, i) => {
    checkName(`${where}[${i}].name`, 'subdomain', node?.name ?? '');
    checkLabels(`${where}[${i}].labels`, node.labels);
    if (nodes.findIndex(({ name }) => name === node.name) < i) refuse(`${where}[${i}].name`, node.name, 'each node once');
  });
}
