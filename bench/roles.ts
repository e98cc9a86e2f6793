import { setTimeout as sleep } from 'timers/promises';
import { ask, AskReport, Cluster, ClusterOptions, CONTROL_PLANE_ADDRESS, LabProcess, NodeSpec, VIRTUAL_ADDRESS } from '../lab';
import { Options } from './options';
import { CRDS } from '../lab/control-plane';
import { putPod } from '../lab/inventory';
import { KubeObject, Service, SERVICES } from '../speaker/src/kube';

/*
 * Controllers and speakers as benchmarks start and judge them: by a command, and from outside. Nothing here knows our program, so
 * that another implementation of the same API can stand in its place.
 */

const POOL = 'workstation-ip-pool';
/** Of the Service that `createIpv6Service` creates. */
export const VIRTUAL_ADDRESS6 = 'fd93:5:22::100';
/** The first Service has the reference home's address; the others have theirs from a range with room for 10 000. */
const RANGES = [`${VIRTUAL_ADDRESS}/32`, '10.100.0.0/18', `${VIRTUAL_ADDRESS6}/128`];
/** Addresses of Services inside the cluster, of both families. */
export const DUAL_STACK = ['10.96.0.0/16', 'fd96::/112'];
const READY_MS = 30_000;
const REQUESTS_IN_FLIGHT = 8;

/** A role did not do what it is for, so there is nothing to measure. */
export class RoleError extends Error {}

export interface Roles {
  readonly cluster: Cluster;
  readonly controller: LabProcess;
  /** One for each node, in the nodes' order; the latest that was started on it. */
  readonly speakers: LabProcess[];
  /** Shell command of a speaker. */
  readonly speakerCommand: string;
}

/** Starts a cluster with a controller and a speaker on each node. The caller stops the cluster. */
export async function startRoles(options: Options, network: Pick<ClusterOptions, 'nodeAddress' | 'serviceClusterIpRanges'> = {}): Promise<Roles> {
  const cluster = await Cluster.start({ nodes: options.nodes, api: options.api, ...network });
  try {
    if (options.api === 'real') await cluster.apply(CRDS); // the other one is born with them
    const controller = await start(cluster, 'controller', options.controller);
    const speakers = await Promise.all(cluster.nodes.map(async (node) => start(cluster, 'speaker', options.speaker, node)));
    return { cluster, controller, speakers, speakerCommand: options.speaker };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** Starts the speaker of a node again, which has ended. */
export async function startSpeaker({ cluster, speakers, speakerCommand }: Roles, node: NodeSpec): Promise<void> {
  speakers[cluster.nodes.indexOf(node)] = await start(cluster, 'speaker', speakerCommand, node);
}

/** Starts a role beside the API server, or on a node. */
export async function start(cluster: Cluster, component: 'controller' | 'speaker', command: string, node?: NodeSpec): Promise<LabProcess> {
  const { network, namespace, control: { kubeconfig } } = cluster;
  const pod = node ? `${component}-${node.name}` : component;
  const address = node?.internalAddress ?? CONTROL_PLANE_ADDRESS, nodeName = node?.name ?? cluster.nodes[0].name;
  await putPod(cluster.client, { namespace, name: pod, component, nodeName, address, selectable: true });
  const values: Record<string, string> = { kubeconfig, node: nodeName, namespace, pod, address };
  return network.start(node?.name ?? 'ctl', {
    name: pod,
    argv: ['sh', '-c', `exec ${command.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole)}`],
    env: {
      KUBECONFIG: kubeconfig, METALLB_NODE_NAME: nodeName, METALLB_NAMESPACE: namespace, METALLB_POD_NAME: pod, METALLB_HOST: address,
    },
  });
}

/** Gives the cluster a pool and an advertisement for it. */
export async function configure({ cluster }: Pick<Roles, 'cluster'>, addresses: readonly string[] = RANGES): Promise<void> {
  const { namespace } = cluster;
  await cluster.apply(
    { apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', metadata: { namespace, name: POOL }, spec: { addresses } },
    { apiVersion: 'metallb.io/v1beta1', kind: 'L2Advertisement', metadata: { namespace, name: 'workstation-l2adv' }, spec: { ipAddressPools: [POOL] } },
  );
}

/**
 * Creates Services number `from` to `to` - 1, each with an endpoint on every node, and waits until all have an address that is answered.
 *
 * @returns the address of the last one
 */
export async function createServices(roles: Roles, from: number, to: number, progress: (done: number) => void = () => undefined): Promise<string> {
  const { cluster } = roles;
  let next = from;
  await Promise.all(Array.from({ length: REQUESTS_IN_FLIGHT }, async () => {
    while (next < to) {
      const number = next++;
      await cluster.apply(...objectsOf(cluster, `bench-${number}`, 'IPv4', number === 0 ? VIRTUAL_ADDRESS : undefined));
      progress(number + 1);
    }
  }));
  const addresses = await until(roles, `an address for each of ${to} Services`, async () => {
    const { items } = await cluster.client.list<Service & KubeObject>(SERVICES, { namespace: 'default' });
    const given = items.filter(({ metadata }) => metadata.name.startsWith('bench-')).flatMap(({ status }) => status?.loadBalancer?.ingress?.[0]?.ip ?? []);
    return given.length === to ? given : undefined;
  });
  const last = addresses[addresses.length - 1];
  for (const address of [VIRTUAL_ADDRESS, last]) await until(roles, `an answer for ${address}`, async () => answerFor(roles, address));
  return last;
}

/** Creates a Service of IPv6 alone in a cluster of both families, and waits until its address is answered. */
export async function createIpv6Service(roles: Roles): Promise<void> {
  await roles.cluster.apply(...objectsOf(roles.cluster, 'six', 'IPv6', VIRTUAL_ADDRESS6));
  await until(roles, `an answer for ${VIRTUAL_ADDRESS6}`, async () => answerFor(roles, VIRTUAL_ADDRESS6));
}

/** Who answers for an address: the node's name, or `undefined` when nobody does. */
export async function answerFor({ cluster }: Roles, address: string): Promise<NodeSpec | undefined> {
  const { macs }: AskReport = await ask(cluster.network, address, { count: 1, timeoutMs: 200 });
  return cluster.nodes.find(({ mac }) => mac in macs);
}

function objectsOf(cluster: Cluster, name: string, family: 'IPv4' | 'IPv6', address: string | undefined): object[] {
  const port = 8080;
  const annotations = address === undefined ? {} : { 'metallb.io/loadBalancerIPs': address };
  return [{
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default', annotations, labels: { app: name } },
    spec: { type: 'LoadBalancer', ipFamilies: [family], selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: port }] },
  }, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-${family.toLowerCase()}`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
    addressType: family,
    ports: [{ name: 'http', protocol: 'TCP', port }],
    endpoints: cluster.nodes.map((node) => ({
      addresses: [family === 'IPv4' ? node.podAddress : node.podAddress6], nodeName: node.name, conditions: { ready: true, serving: true, terminating: false },
    })),
  }];
}

/** Asks until there is an answer, and says which role has ended or what it said last if there is none. */
export async function until<T>({ controller, speakers }: Roles, what: string, check: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + READY_MS;
  for (;;) {
    const found = await check();
    if (found !== undefined) return found;
    for (const role of [controller, ...speakers]) {
      if (!role.running) throw new RoleError(`${role.name} ended before there was ${what}; it said: ${lastWords(role)}`);
    }
    if (Date.now() > deadline) {
      throw new RoleError(`no ${what} within ${READY_MS / 1000} s; ${[controller, ...speakers].map((role) => `${role.name} said: ${lastWords(role)}`).join('\n')}`);
    }
    await sleep(50);
  }
}

/** The end of what a role wrote. */
export function lastWords(role: LabProcess): string {
  return `${role.stdout()}${role.stderr()}`.trim().slice(-1_000) || 'nothing';
}
