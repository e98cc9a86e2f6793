import { KubeObject, Namespace, ObjectMeta, Service, StoredObject } from './types';

/** An object of the API: one that has a uid and a resourceVersion. */
export type Stored<T extends KubeObject> = T & StoredObject;

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Metadata without `managedFields` and without kubectl's copy of the whole object, which are often larger than all the rest. */
export function projectMeta(raw: KubeObject): StoredObject['metadata'] & ObjectMeta {
  const { name, namespace, uid = '', resourceVersion = '', generation, creationTimestamp, deletionTimestamp, labels, annotations, ownerReferences } = raw.metadata;
  return {
    name,
    namespace,
    uid,
    resourceVersion,
    generation,
    creationTimestamp,
    deletionTimestamp,
    labels,
    annotations: annotations && LAST_APPLIED in annotations ? without(annotations, LAST_APPLIED) : annotations,
    ownerReferences,
  };
}

/** The whole object with its metadata as of {@link projectMeta}: for custom resources, whose other parts we all read. */
export function projectWhole<T extends KubeObject>(raw: KubeObject): Stored<T> {
  return { ...raw, metadata: projectMeta(raw) } as Stored<T>;
}

/** Metadata alone. */
export function projectNamespace(raw: KubeObject): Stored<Namespace> {
  return { metadata: projectMeta(raw), status: { phase: (raw as Namespace).status?.phase } };
}

export function projectService(raw: KubeObject): Stored<Service> {
  const { spec, status } = raw as Service;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: projectMeta(raw),
    spec: {
      type: spec.type,
      clusterIP: spec.clusterIP,
      clusterIPs: spec.clusterIPs,
      ipFamilies: spec.ipFamilies,
      ipFamilyPolicy: spec.ipFamilyPolicy,
      externalTrafficPolicy: spec.externalTrafficPolicy,
      internalTrafficPolicy: spec.internalTrafficPolicy,
      healthCheckNodePort: spec.healthCheckNodePort,
      loadBalancerIP: spec.loadBalancerIP,
      loadBalancerClass: spec.loadBalancerClass,
      publishNotReadyAddresses: spec.publishNotReadyAddresses,
      sessionAffinity: spec.sessionAffinity,
      selector: spec.selector,
      ports: spec.ports?.map(({ name, protocol, port, targetPort, nodePort }) => ({ name, protocol, port, targetPort, nodePort })),
    },
    status: { loadBalancer: status?.loadBalancer, conditions: status?.conditions },
  };
}

function without(record: Readonly<Record<string, string>>, key: string): Record<string, string> {
  const { [key]: _removed, ...rest } = record;
  return rest;
}
