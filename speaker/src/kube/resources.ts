/** Names a kind of object in the API, as its URL does. */
export interface ResourceRef {
  /** API group; the empty string is the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural, lower case, as in the URL: `services`. */
  readonly plural: string;
  /** What `kind` says in an object of this resource. */
  readonly kind: string;
  readonly namespaced: boolean;
}

function core(plural: string, kind: string, namespaced = true): ResourceRef {
  return { group: '', version: 'v1', plural, kind, namespaced };
}

function metallb(plural: string, kind: string, version = 'v1beta1'): ResourceRef {
  return { group: 'metallb.io', version, plural, kind, namespaced: true };
}

export const CONFIG_MAPS = core('configmaps', 'ConfigMap');
export const EVENTS = core('events', 'Event');
export const NAMESPACES = core('namespaces', 'Namespace', false);
export const NODES = core('nodes', 'Node', false);
export const PODS = core('pods', 'Pod');
export const SECRETS = core('secrets', 'Secret');
export const SERVICES = core('services', 'Service');

export const DEPLOYMENTS: ResourceRef = { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment', namespaced: true };
export const ENDPOINT_SLICES: ResourceRef = { group: 'discovery.k8s.io', version: 'v1', plural: 'endpointslices', kind: 'EndpointSlice', namespaced: true };
export const LEASES: ResourceRef = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', kind: 'Lease', namespaced: true };
export const CUSTOM_RESOURCE_DEFINITIONS: ResourceRef = {
  group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions', kind: 'CustomResourceDefinition', namespaced: false,
};
export const VALIDATING_WEBHOOK_CONFIGURATIONS: ResourceRef = {
  group: 'admissionregistration.k8s.io', version: 'v1', plural: 'validatingwebhookconfigurations', kind: 'ValidatingWebhookConfiguration', namespaced: false,
};

export const TOKEN_REVIEWS: ResourceRef = { group: 'authentication.k8s.io', version: 'v1', plural: 'tokenreviews', kind: 'TokenReview', namespaced: false };
export const SUBJECT_ACCESS_REVIEWS: ResourceRef = {
  group: 'authorization.k8s.io', version: 'v1', plural: 'subjectaccessreviews', kind: 'SubjectAccessReview', namespaced: false,
};

export const BFD_PROFILES = metallb('bfdprofiles', 'BFDProfile');
export const BGP_ADVERTISEMENTS = metallb('bgpadvertisements', 'BGPAdvertisement');
export const BGP_PEERS = metallb('bgppeers', 'BGPPeer', 'v1beta2');
export const COMMUNITIES = metallb('communities', 'Community');
export const CONFIGURATION_STATES = metallb('configurationstates', 'ConfigurationState');
export const IP_ADDRESS_POOLS = metallb('ipaddresspools', 'IPAddressPool');
export const L2_ADVERTISEMENTS = metallb('l2advertisements', 'L2Advertisement');
export const SERVICE_BGP_STATUSES = metallb('servicebgpstatuses', 'ServiceBGPStatus');
export const SERVICE_L2_STATUSES = metallb('servicel2statuses', 'ServiceL2Status');

/** `v1`, or `metallb.io/v1beta1`: what `apiVersion` says in an object of this resource. */
export function apiVersionOf(resource: ResourceRef): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** `services`, or `ipaddresspools.metallb.io`: how people and RBAC rules name this resource. */
export function resourceName(resource: ResourceRef): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
}

/** Path of the collection, or of one object of it, or of a part of that object (`status`). */
export function resourcePath(resource: ResourceRef, namespace?: string, name?: string, subresource?: string): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const scope = resource.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const object = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  return `${root}${scope}/${resource.plural}${object}${subresource ? `/${subresource}` : ''}`;
}
