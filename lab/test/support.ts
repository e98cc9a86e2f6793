import * as path from 'path';
import { setTimeout as sleep } from 'timers/promises';
import { ask, Cluster, Role, VIRTUAL_ADDRESS } from '..';
import { EVENTS, KubeObject, SERVICES, Service } from '../../speaker/src/kube';

/** What the tests of whole clusters have in common: manifests, what an outsider sees, and waiting for conditions. */

export const NAMESPACE = 'metallb-system';
export const CRDS = path.resolve(__dirname, '../../crds/metallb.io.yaml');
export const POOL = 'workstation-ip-pool';

type Fields = Record<string, unknown>;

export function addressPool(name: string, addresses: readonly string[], spec: Fields = {}): object {
  return { apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', metadata: { name, namespace: NAMESPACE }, spec: { addresses, ...spec } };
}

export function l2Advertisement(name: string, spec: Fields = {}): object {
  return { apiVersion: 'metallb.io/v1beta1', kind: 'L2Advertisement', metadata: { name, namespace: NAMESPACE }, spec };
}

export interface ServiceOptions {
  readonly port?: number;
  readonly annotations?: Record<string, string>;
  readonly labels?: Record<string, string>;
  readonly spec?: Fields;
}

/** A Service of type LoadBalancer without a selector: the lab itself says where its endpoints are. */
export function service(name: string, { port = 80, annotations = {}, labels = {}, spec = {} }: ServiceOptions = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default', annotations, labels },
    spec: { type: 'LoadBalancer', ports: [{ name: 'http', port }], ...spec },
  };
}

/** Annotations that ask for one address, and perhaps allow to share it. */
export function wants(address: string, sharingKey?: string): Record<string, string> {
  return { 'metallb.io/loadBalancerIPs': address, ...(sharingKey !== undefined && { 'metallb.io/allow-shared-ip': sharingKey }) };
}

/** The custom resources, and the program: a controller, and a speaker on every other node, all ready. */
export async function install(cluster: Cluster, options: { controllerOn?: string } = {}): Promise<{ controller: Role; speakers: Map<string, Role> }> {
  await cluster.apply(CRDS);
  const nodes = cluster.nodes.map(({ name }) => name).filter((name) => name !== options.controllerOn);
  const [controller, ...speakers] = await Promise.all([
    cluster.startController({ place: options.controllerOn }),
    ...nodes.map(async (name) => cluster.startSpeaker(name)),
  ]);
  return { controller, speakers: new Map(nodes.map((name, i) => [name, speakers[i]])) };
}

/** Tries until `attempt` does not throw, every 50 ms; after `timeoutMs` its last error is the test's. */
export async function eventually<T>(attempt: () => T | Promise<T>, timeoutMs = 20_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}

/** Asks a few times who has the address; the link-layer addresses that answered. */
export async function answerers(cluster: Cluster, address = VIRTUAL_ADDRESS): Promise<string[]> {
  return Object.keys((await ask(cluster.network, address, { count: 5, timeoutMs: 200 })).macs).sort();
}

/** Waits until exactly one node answers for the address, and gives its name. */
export async function holder(cluster: Cluster, address = VIRTUAL_ADDRESS, timeoutMs?: number): Promise<string> {
  return eventually(async () => {
    const macs = await answerers(cluster, address);
    const nodes = cluster.nodes.filter(({ mac }) => macs.includes(mac)).map(({ name }) => name);
    if (nodes.length !== 1 || macs.length !== 1) throw new Error(`answered by ${macs.join(' and ') || 'nobody'} (nodes: ${nodes.join(', ') || 'none'})`);
    return nodes[0];
  }, timeoutMs);
}

/** Waits until nobody answers for the address. */
export async function silence(cluster: Cluster, address = VIRTUAL_ADDRESS, timeoutMs?: number): Promise<void> {
  await eventually(async () => expect(await answerers(cluster, address)).toEqual([]), timeoutMs);
}

export async function getService(cluster: Cluster, name: string): Promise<Service> {
  return cluster.client.get<Service>(SERVICES, name, { namespace: 'default' });
}

/** Addresses in the status of a Service. */
export function ingressOf({ status }: Service): string[] {
  return (status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip!);
}

export interface Event extends KubeObject {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  readonly source: { readonly component: string; readonly host?: string };
}

/** Events about a Service. */
export async function eventsOf(cluster: Cluster, name: string): Promise<Event[]> {
  return (await cluster.client.list<Event>(EVENTS, { namespace: 'default', fieldSelector: `involvedObject.kind=Service,involvedObject.name=${name}` })).items;
}

const FETCH = 'fetch(process.argv[1]).then(async (reply) => console.log(JSON.stringify({ status: reply.status, body: await reply.text() })))';

/** Asks for a page from a place of the lab. */
export async function get(cluster: Cluster, place: string, url: string): Promise<{ status: number; body: string }> {
  return JSON.parse((await cluster.network.exec(place, [process.execPath, '-e', FETCH, url])).stdout) as { status: number; body: string };
}

/** What `/metrics` of the role in a place says: value by name and labels. */
export async function metrics(cluster: Cluster, place: string): Promise<ReadonlyMap<string, number>> {
  const { status, body } = await get(cluster, place, 'http://127.0.0.1:9120/metrics');
  if (status !== 200) throw new Error(`/metrics in ${place} answers ${status}: ${body}`);
  return new Map(body.split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => {
    const end = line.lastIndexOf(' ');
    return [line.slice(0, end), Number(line.slice(end))];
  }));
}

/** Lines of a role's log. */
export function logOf(role: Pick<Role, 'process'>): { level: string; msg: string; [field: string]: unknown }[] {
  const text = role.process.stdout();
  return text.slice(0, text.lastIndexOf('\n') + 1).split('\n').filter(Boolean).map((line) => JSON.parse(line) as { level: string; msg: string });
}
