import { ApiObject, Lazy } from 'cdk8s';
import { k8s, ServiceAccount } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { LABELS } from './_names';
import { objectsIn, resourcesIn } from './_resources';
import { resolveToken, textOf } from './_tokens';

/** The Secret with the key by which speakers recognize each other. */
const HEARTBEAT_SECRET = 'home-load-balancer-heartbeat';

/** The ConfigMap that says which addresses are kept for Services that are gone. */
const RESERVATIONS = 'home-load-balancer-reservations';

/** The Lease that says which controller gives addresses. */
const CONTROLLER_LEASE = 'home-load-balancer-controller';

/** What the API server knows of the admission webhook, and the Secret with its certificates. The names are MetalLB's. */
export const WEBHOOK_CONFIGURATION = 'metallb-webhook-configuration';
const WEBHOOK_SECRET = 'metallb-webhook-cert';

const READ = ['get', 'list', 'watch'];
const CONFIGURATION = ['bfdprofiles', 'bgpadvertisements', 'bgppeers', 'communities', 'ipaddresspools', 'l2advertisements'];

interface Permissions {
  readonly cluster: k8s.PolicyRule[];
  readonly namespace: k8s.PolicyRule[];
}

const core = (verbs: string[], ...resources: string[]): k8s.PolicyRule => ({ apiGroups: [''], resources, verbs });
const metallb = (verbs: string[], ...resources: string[]): k8s.PolicyRule => ({ apiGroups: ['metallb.io'], resources, verbs });

/** What both roles do in their own namespace: find their pod, read the configuration, say by server-side apply whether that is valid. */
const COMMON = [
  core(['get'], 'pods'),
  metallb(READ, ...CONFIGURATION),
  metallb([...READ, 'create', 'patch'], 'configurationstates'),
  metallb(['get', 'create', 'patch'], 'configurationstates/status'),
];

/** What both roles ask the API server about those who read their metrics: who they are, and whether they may. */
const REVIEWS: k8s.PolicyRule[] = [
  { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
  { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
];

/** What each role may do, and nothing else. */
export const PERMISSIONS: Record<'controller' | 'speaker', Permissions> = {
  controller: {
    cluster: [
      core(READ, 'services', 'namespaces', 'nodes'), // nodes: pools may exclude their addresses, and peers may meet on one
      core(['patch'], 'services/status'),
      {
        apiGroups: ['admissionregistration.k8s.io'],
        resources: ['validatingwebhookconfigurations'],
        verbs: [...READ, 'patch'],
        resourceNames: [WEBHOOK_CONFIGURATION],
      },
      core(['create', 'patch'], 'events'),
      ...REVIEWS,
    ],
    namespace: [
      ...COMMON,
      core(['create'], 'secrets'), // the heartbeat key, the webhook's certificates; a request to create cannot be restricted by name
      { ...core([...READ, 'patch'], 'secrets'), resourceNames: [WEBHOOK_SECRET] },
      core(['create'], 'configmaps'),
      { ...core(['get', 'patch'], 'configmaps'), resourceNames: [RESERVATIONS] },
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'patch'], resourceNames: [CONTROLLER_LEASE] },
      metallb(['patch'], 'ipaddresspools/status'),
    ],
  },
  speaker: {
    cluster: [
      core(READ, 'services', 'nodes'),
      core(['patch'], 'services/status'), // the condition AddressConflict
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: READ },
      core(['create', 'patch'], 'events'),
      ...REVIEWS,
    ],
    namespace: [
      ...COMMON,
      { ...core(READ, 'secrets'), resourceNames: [HEARTBEAT_SECRET] },
      metallb([...READ, 'create', 'delete'], 'servicel2statuses'),
      metallb(['patch'], 'servicel2statuses/status'),
    ],
  },
};

/** Speakers read the keys of BGP sessions, and no other Secret: those that the peers of this app name, of which some may be added later. */
function passwordRules(scope: Construct, namespace: string): k8s.PolicyRule[] {
  const peers = resourcesIn(objectsIn(scope.node.root).filter(({ kind }) => kind === 'BGPPeer'));
  const own = resolveToken(namespace);
  const names = peers.filter((peer) => (peer.namespace ?? own) === own).map(({ spec }) => spec.passwordSecret?.name);
  const secrets = [...new Set(names)].filter((name) => name !== undefined).sort();
  return secrets.length > 0 ? [{ ...core(READ, 'secrets'), resourceNames: secrets }] : [];
}

/**
 * The service account of a role, with its permissions. The names are MetalLB's, so that applying over a MetalLB replaces what that was allowed.
 */
export function createServiceAccount(scope: Construct, role: 'controller' | 'speaker', namespace: string): ServiceAccount {
  const rbac = new Construct(scope, `${role}-rbac`);
  const labels = { ...LABELS, 'app.kubernetes.io/component': role };
  const metadata = { name: role, namespace, labels };
  const clusterMetadata = { name: textOf([namespace], ([name]) => `${name}:${role}`), labels };
  const apiGroup = 'rbac.authorization.k8s.io';
  const subjects = [{ kind: 'ServiceAccount', name: role, namespace }];

  new k8s.KubeClusterRole(rbac, 'ClusterRole', { metadata: clusterMetadata, rules: PERMISSIONS[role].cluster });
  new k8s.KubeClusterRoleBinding(rbac, 'ClusterRoleBinding', {
    metadata: clusterMetadata, roleRef: { apiGroup, kind: 'ClusterRole', name: clusterMetadata.name }, subjects,
  });
  const rules: any = Lazy.any({ produce: () => [...PERMISSIONS[role].namespace, ...role === 'speaker' ? passwordRules(rbac, namespace) : []] });
  new ApiObject(rbac, 'Role', { apiVersion: `${apiGroup}/v1`, kind: 'Role', metadata, rules });
  new k8s.KubeRoleBinding(rbac, 'RoleBinding', { metadata, roleRef: { apiGroup, kind: 'Role', name: role }, subjects });
  return new ServiceAccount(rbac, 'ServiceAccount', { metadata });
}
