import { readFileSync } from 'fs';
import { join } from 'path';
import { ImagePullPolicy } from 'cdk8s-plus-28';
import { ConstructError } from './_errors';
import { checkLabels, checkName } from './_names';
import { Balancer } from './_registry';
import { checkBoolean, checkDuration, checkList, checkMember, checkMembers, checkText, checkWhole, isGiven, refuse } from './_values';
import { WorkloadSettings } from './_workloads';
import { Advertisement } from './advertisement';
import { HomeLoadBalancerProps, LogLevel } from './home-load-balancer-props';

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
  for (const property of ['crds', 'ignoreExcludeLb'] as const) checkBoolean(where(property), props[property]);
  checkMember(where('logLevel'), props.logLevel, LogLevel);
  checkMember(where('imagePullPolicy'), props.imagePullPolicy, ImagePullPolicy);
  checkWhole(where('controllerReplicas'), props.controllerReplicas, 1, 10);
  checkHeartbeats(path, props);
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
    heartbeatPort: props.heartbeatPort,
    heartbeatIntervalMs: props.heartbeatInterval?.toMilliseconds(),
    heartbeatMultiplier: props.heartbeatMultiplier,
    excludeInterfaces: props.excludeInterfaces,
  };
}

/** The nodes with the label that every node has. */
export function nodesOf({ nodes }: HomeLoadBalancerProps): Balancer['nodes'] {
  return nodes?.map(({ name, labels }) => ({ name, labels: { 'kubernetes.io/hostname': name, ...labels } }));
}

function checkHeartbeats(path: string, props: HomeLoadBalancerProps): void {
  checkWhole(`${path}: heartbeatPort`, props.heartbeatPort, 1, 65_535);
  if (props.heartbeatPort === 9120 || props.heartbeatPort === 17_472) {
    refuse(`${path}: heartbeatPort`, props.heartbeatPort, 'a port that is not the one of metrics (9120) or health (17472)');
  }
  checkDuration(`${path}: heartbeatInterval`, props.heartbeatInterval, { text: '10 ms to 10 s', test: (time) => time >= 10 && time <= 10_000 });
  checkWhole(`${path}: heartbeatMultiplier`, props.heartbeatMultiplier, 2, 50);
  checkText(`${path}: excludeInterfaces`, props.excludeInterfaces);
  if (!isGiven(props.excludeInterfaces)) return;
  try {
    new RegExp(props.excludeInterfaces!);
  } catch (error) {
    refuse(`${path}: excludeInterfaces`, props.excludeInterfaces, `a regular expression, such as ^(docker|veth).*|^lo$ (${(error as Error).message})`);
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
