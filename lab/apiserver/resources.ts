import { MergeRules, rulesOfBuiltIn } from './merge-rules';
import { CompiledSchema } from './schema';

/** A kind of object that the server serves. */
export interface ResourceType {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  /** Whether `…/status` is a separate part, which writes to the object itself leave alone. */
  readonly status: boolean;
  /** Whether `metadata.generation` counts changes of the specification. */
  readonly generation: boolean;
  /** How lists and maps inside the object are merged. */
  readonly rules: MergeRules;
  /** Only of custom resources. */
  readonly schema?: CompiledSchema;
}

interface Options {
  readonly status?: boolean;
  readonly cluster?: boolean;
  readonly generation?: boolean;
  readonly short?: string[];
}

function builtIn(group: string, version: string, plural: string, kind: string, options: Options = {}): ResourceType {
  return {
    group,
    version,
    plural,
    singular: kind.toLowerCase(),
    kind,
    shortNames: options.short ?? [],
    namespaced: !options.cluster,
    status: options.status ?? false,
    generation: options.generation ?? false,
    rules: rulesOfBuiltIn(kind),
  };
}

const RBAC = 'rbac.authorization.k8s.io';
const workload = { status: true, generation: true };

/** What a Kubernetes server of 1.35 serves and our manifests, program and tests touch. */
export const BUILT_INS: readonly ResourceType[] = [
  builtIn('', 'v1', 'configmaps', 'ConfigMap', { short: ['cm'] }),
  builtIn('', 'v1', 'events', 'Event', { short: ['ev'] }),
  builtIn('', 'v1', 'namespaces', 'Namespace', { cluster: true, status: true, short: ['ns'] }),
  builtIn('', 'v1', 'nodes', 'Node', { cluster: true, status: true, short: ['no'] }),
  builtIn('', 'v1', 'pods', 'Pod', { status: true, generation: true, short: ['po'] }),
  builtIn('', 'v1', 'secrets', 'Secret'),
  builtIn('', 'v1', 'serviceaccounts', 'ServiceAccount', { short: ['sa'] }),
  builtIn('', 'v1', 'services', 'Service', { status: true, short: ['svc'] }),
  builtIn('admissionregistration.k8s.io', 'v1', 'validatingwebhookconfigurations', 'ValidatingWebhookConfiguration', { cluster: true, generation: true }),
  builtIn('apiextensions.k8s.io', 'v1', 'customresourcedefinitions', 'CustomResourceDefinition', { cluster: true, short: ['crd', 'crds'], ...workload }),
  builtIn('apps', 'v1', 'daemonsets', 'DaemonSet', { short: ['ds'], ...workload }),
  builtIn('apps', 'v1', 'deployments', 'Deployment', { short: ['deploy'], ...workload }),
  builtIn('coordination.k8s.io', 'v1', 'leases', 'Lease'),
  builtIn('discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice', { generation: true }),
  builtIn('networking.k8s.io', 'v1', 'ingresses', 'Ingress', { short: ['ing'], ...workload }),
  builtIn('networking.k8s.io', 'v1', 'networkpolicies', 'NetworkPolicy', { generation: true, short: ['netpol'] }),
  builtIn('policy', 'v1', 'poddisruptionbudgets', 'PodDisruptionBudget', { short: ['pdb'], ...workload }),
  builtIn(RBAC, 'v1', 'clusterrolebindings', 'ClusterRoleBinding', { cluster: true }),
  builtIn(RBAC, 'v1', 'clusterroles', 'ClusterRole', { cluster: true }),
  builtIn(RBAC, 'v1', 'rolebindings', 'RoleBinding'),
  builtIn(RBAC, 'v1', 'roles', 'Role'),
  builtIn('scheduling.k8s.io', 'v1', 'priorityclasses', 'PriorityClass', { cluster: true, generation: true, short: ['pc'] }),
];

/** Everything served at the moment, custom resources included. */
export class Catalog {
  private readonly types = new Map<string, ResourceType>();

  constructor() {
    for (const type of BUILT_INS) this.add(type);
  }

  add(type: ResourceType): void {
    this.types.set(`${type.group}/${type.version}/${type.plural}`, type);
  }

  /** Stops serving every version of a custom resource. */
  remove(group: string, plural: string): void {
    for (const [key, type] of this.types) {
      if (type.group === group && type.plural === plural) this.types.delete(key);
    }
  }

  find(group: string, version: string, plural: string): ResourceType | undefined {
    return this.types.get(`${group}/${version}/${plural}`);
  }

  all(): ResourceType[] {
    return [...this.types.values()];
  }
}

/** `v1`, or `metallb.io/v1beta1`. */
export function apiVersion(type: { readonly group: string; readonly version: string }): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}
