import * as os from 'os';
import { NodeSpec } from './topology';
import { ENDPOINT_SLICES, KubeClient, NODES, PODS } from '../speaker/src/kube';

/*
 * The objects that kubelets and kube-controller-manager would write about what runs in the lab. The lab has no kubelet: it starts
 * processes itself, and tells the API what a user expects to see there.
 */

const MANAGER = { fieldManager: 'lab', force: true };

/** Registers a node, or changes what is said about it. */
export async function putNode(client: KubeClient, node: NodeSpec, ready = true): Promise<void> {
  const labels = { 'kubernetes.io/hostname': node.name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': os.arch() === 'x64' ? 'amd64' : os.arch() };
  const now = new Date().toISOString();
  await client.apply(NODES, {
    apiVersion: 'v1', kind: 'Node', metadata: { name: node.name, labels }, spec: { podCIDR: node.podCidr, podCIDRs: [node.podCidr] },
  } as never, MANAGER);
  await client.apply(NODES, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: node.name },
    status: {
      addresses: [{ type: 'InternalIP', address: node.internalAddress }, { type: 'Hostname', address: node.name }],
      conditions: [{
        type: 'Ready',
        status: ready ? 'True' : 'Unknown',
        reason: ready ? 'KubeletReady' : 'NodeStatusUnknown',
        lastHeartbeatTime: now,
        lastTransitionTime: now,
        message: ready ? 'kubelet is posting ready status' : 'Kubelet stopped posting node status.',
      }],
      nodeInfo: {
        architecture: labels['kubernetes.io/arch'],
        operatingSystem: 'linux',
        kubeletVersion: 'v1.35.4',
        kubeProxyVersion: '',
        osImage: 'lab',
        kernelVersion: os.release(),
        containerRuntimeVersion: 'lab://1',
        machineID: node.mac,
        systemUUID: node.mac,
        bootID: node.mac,
      },
      capacity: { cpu: '4', memory: '8Gi', pods: '110' },
      allocatable: { cpu: '4', memory: '8Gi', pods: '110' },
    },
  } as never, { ...MANAGER, subresource: 'status' });
}

/** What a pod is. */
export interface PodSpec {
  readonly namespace: string;
  readonly name: string;
  /** `controller` or `speaker`. */
  readonly component: string;
  readonly nodeName: string;
  readonly address: string;
  /** Labels by which a DaemonSet or Deployment selects it; a controller manager would take it for one too many. */
  readonly selectable: boolean;
}

/** Says that a pod runs. */
export async function putPod(client: KubeClient, pod: PodSpec): Promise<void> {
  const { namespace, name, component } = pod;
  const selected = { 'app': 'metallb', component, 'app.kubernetes.io/name': 'home-load-balancer', 'app.kubernetes.io/component': component };
  const labels = pod.selectable ? selected : { 'lab.component': component };
  const image = 'home-load-balancer';
  await client.apply(PODS, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels },
    spec: {
      nodeName: pod.nodeName,
      hostNetwork: true,
      terminationGracePeriodSeconds: 0,
      serviceAccountName: component,
      containers: [{ name: component, image }],
    },
  } as never, MANAGER);
  const now = new Date().toISOString();
  await client.apply(PODS, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name },
    status: {
      phase: 'Running',
      startTime: now,
      podIP: pod.address,
      podIPs: [{ ip: pod.address }],
      hostIP: pod.address,
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: now }],
      containerStatuses: [{
        name: component,
        image,
        imageID: image,
        ready: true,
        started: true,
        restartCount: 0,
        state: { running: { startedAt: now } },
      }],
    },
  } as never, { ...MANAGER, subresource: 'status' });
}

/** Removes a pod object at once. */
export async function removePod(client: KubeClient, namespace: string, name: string): Promise<void> {
  await client.delete(PODS, name, { namespace }).catch((error: { code?: string }) => {
    if (error.code !== 'NotFound') throw error;
  });
}

/** Says on which nodes a Service has an endpoint of one family, in the pod of each. */
export async function putEndpoints(
  client: KubeClient,
  service: { readonly namespace: string; readonly name: string },
  family: string,
  ports: readonly object[],
  nodes: readonly NodeSpec[],
): Promise<void> {
  const { namespace, name } = service;
  await client.apply(ENDPOINT_SLICES, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace,
      name: `${name}-${family.toLowerCase()}`,
      labels: { 'kubernetes.io/service-name': name, 'endpointslice.kubernetes.io/managed-by': 'lab' },
    },
    addressType: family,
    ports,
    endpoints: nodes.map((node) => ({
      addresses: [family === 'IPv6' ? node.podAddress6 : node.podAddress],
      nodeName: node.name,
      conditions: { ready: true, serving: true, terminating: false },
    })),
  } as never, MANAGER);
}
