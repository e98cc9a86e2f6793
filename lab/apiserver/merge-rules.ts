import { isObject, JsonObject } from './objects';

/** How a list or map is merged: as one value, as a set of scalars, by keys of its items, or (maps) member by member. */
export type MergeRule =
  | { readonly kind: 'atomic' }
  | { readonly kind: 'set' }
  | { readonly kind: 'map'; readonly keys: readonly string[]; readonly defaults?: JsonObject };

/** The rule for the field at `path` (names only, list items left out), or undefined for what nothing special is known of. */
export type MergeRules = (path: readonly string[]) => MergeRule | undefined;

const ATOMIC: MergeRule = { kind: 'atomic' };
const SET: MergeRule = { kind: 'set' };

function by(...keys: string[]): MergeRule {
  return { kind: 'map', keys };
}

const METADATA: Record<string, MergeRule> = { 'metadata.ownerReferences': by('uid'), 'metadata.finalizers': SET };

const POD = {
  'containers': by('name'),
  'initContainers': by('name'),
  'containers.env': by('name'),
  'containers.ports': { kind: 'map', keys: ['containerPort', 'protocol'], defaults: { protocol: 'TCP' } } as MergeRule,
  'containers.volumeMounts': by('mountPath'),
  'imagePullSecrets': by('name'),
  'nodeSelector': ATOMIC,
  'volumes': by('name'),
};

function podUnder(prefix: string): Record<string, MergeRule> {
  return Object.fromEntries(Object.entries(POD).map(([path, rule]) => [`${prefix}${path}`, rule]));
}

/** Of the Kubernetes OpenAPI document: `x-kubernetes-list-type`, `x-kubernetes-list-map-keys`, `x-kubernetes-map-type`. */
const BUILT_IN: Record<string, Record<string, MergeRule>> = {
  Service: {
    'spec.ports': { kind: 'map', keys: ['port', 'protocol'], defaults: { protocol: 'TCP' } },
    'spec.selector': ATOMIC,
    'status.conditions': by('type'),
  },
  Node: { 'status.addresses': by('type'), 'status.conditions': by('type'), 'spec.podCIDRs': SET },
  Namespace: { 'status.conditions': by('type') },
  Pod: { ...podUnder('spec.'), 'status.conditions': by('type'), 'status.podIPs': by('ip') },
  Deployment: { ...podUnder('spec.template.spec.'), 'spec.selector': ATOMIC, 'status.conditions': by('type') },
  DaemonSet: { ...podUnder('spec.template.spec.'), 'spec.selector': ATOMIC, 'status.conditions': by('type') },
  ServiceAccount: { secrets: by('name') },
  ValidatingWebhookConfiguration: { webhooks: by('name') },
  ClusterRole: { aggregationRule: ATOMIC },
  ClusterRoleBinding: { roleRef: ATOMIC },
  RoleBinding: { roleRef: ATOMIC },
  CustomResourceDefinition: { 'spec.versions': ATOMIC, 'status.conditions': by('type') },
};

export function rulesOfBuiltIn(kind: string): MergeRules {
  const table = { ...METADATA, ...BUILT_IN[kind] };
  return (path) => table[path.join('.')];
}

/** Rules as the schema of a custom resource states them: lists are atomic unless it says otherwise, maps are not. */
export function rulesOfSchema(schema: JsonObject): MergeRules {
  return (path) => METADATA[path.join('.')] ?? ruleAt(schema, path);
}

function ruleAt(root: JsonObject, path: readonly string[]): MergeRule | undefined {
  let schema: JsonObject | undefined = root;
  for (const name of path) {
    while (isObject(schema) && isObject(schema.items)) schema = schema.items;
    if (!isObject(schema)) return undefined;
    schema = schema.properties?.[name] ?? (isObject(schema.additionalProperties) ? schema.additionalProperties : undefined);
  }
  switch (schema?.['x-kubernetes-list-type']) {
    case 'map': return { kind: 'map', keys: schema['x-kubernetes-list-map-keys'], defaults: defaultsOf(schema.items) };
    case 'set': return SET;
    default: return schema?.['x-kubernetes-map-type'] === 'atomic' ? ATOMIC : undefined;
  }
}

function defaultsOf(schema: JsonObject | undefined): JsonObject {
  const members = Object.entries((schema?.properties ?? {}) as JsonObject).filter(([, value]) => value.default !== undefined);
  return Object.fromEntries(members.map(([key, value]) => [key, value.default]));
}
