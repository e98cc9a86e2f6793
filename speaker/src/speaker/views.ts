import type { AnnouncedService, Endpoint, NodeView } from '../announcement';
import type { Condition, EndpointSlice, KubeObject, Node, Service, StoredObject } from '../kube';
import { ADDRESS_CONFLICT } from '../role';

/*
 * What a speaker keeps of the objects that it watches. An object is cut down to its view as it arrives, so that memory does not grow with fields
 * that nobody reads (managedFields above all).
 */

type Identity = StoredObject['metadata'];

export interface StoredService extends StoredObject {
  readonly view: AnnouncedService;
  readonly loadBalancerClass?: string;
  /** The condition `AddressConflict`, if it has one. */
  readonly conflict?: Condition;
}

export interface StoredNode extends StoredObject {
  readonly view: NodeView;
  /** `status.addresses` of type InternalIP. */
  readonly internalAddresses: readonly string[];
}

export interface StoredSlice extends StoredObject {
  /** Key of the Service, from label `kubernetes.io/service-name`; absent when nobody's. */
  readonly service?: string;
  readonly endpoints: readonly Endpoint[];
}

const ALLOW_SHARED_IP = ['metallb.io/allow-shared-ip', 'metallb.universe.tf/allow-shared-ip'];

function identity({ metadata: { name, namespace, uid, resourceVersion } }: KubeObject): Identity {
  return { name, ...(namespace !== undefined && { namespace }), uid: uid!, resourceVersion: resourceVersion! };
}

export function toService(service: Service): StoredService {
  const { metadata, spec, status } = service;
  const conflict = status?.conditions?.find(({ type }) => type === ADDRESS_CONFLICT);
  return {
    metadata: identity(service),
    view: {
      key: `${metadata.namespace}/${metadata.name}`,
      type: spec?.type ?? 'ClusterIP',
      labels: metadata.labels ?? {},
      ingress: (status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip ?? ''),
      externalTrafficPolicy: spec?.externalTrafficPolicy ?? 'Cluster',
      allowsSharing: ALLOW_SHARED_IP.some((name) => name in (metadata.annotations ?? {})),
    },
    ...(conflict && { conflict }),
    ...(spec?.loadBalancerClass !== undefined && { loadBalancerClass: spec.loadBalancerClass }),
  };
}

export function toNode(node: Node): StoredNode {
  return {
    metadata: identity(node),
    view: {
      name: node.metadata.name,
      labels: node.metadata.labels ?? {},
      networkUnavailable: (node.status?.conditions ?? []).some(({ type, status }) => type === 'NetworkUnavailable' && status === 'True'),
    },
    internalAddresses: (node.status?.addresses ?? []).filter(({ type }) => type === 'InternalIP').map(({ address }) => address),
  };
}

export function toSlice(slice: EndpointSlice): StoredSlice {
  const { namespace, labels } = slice.metadata;
  const name = labels?.['kubernetes.io/service-name'];
  return {
    metadata: identity(slice),
    ...(name !== undefined && { service: `${namespace}/${name}` }),
    endpoints: (slice.endpoints ?? []).map(({ nodeName, conditions }) => ({
      ...(nodeName !== undefined && { nodeName }),
      ...(typeof conditions?.ready === 'boolean' && { ready: conditions.ready }),
      ...(typeof conditions?.serving === 'boolean' && { serving: conditions.serving }),
    })),
  };
}
