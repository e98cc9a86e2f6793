import { ApiObject } from 'cdk8s';
import { IConstruct } from 'constructs';
import { SHARING } from './_annotations';
import { ConstructError } from './_errors';
import { Reader, render } from './_resources';
import { Labels } from './_selectors';

export const ADDRESS_POOL = 'metallb.io/address-pool';
export const LOAD_BALANCER_IPS = 'metallb.io/loadBalancerIPs';
export const ALLOW_SHARED_IP = 'metallb.io/allow-shared-ip';

/**
 * The Service that a construct is or holds: a Service of any version of cdk8s-plus, a `KubeService`, a member of an `Include` or `Helm`,
 * or one of these as a whole when there is no other Service in it.
 */
export function serviceOf(construct: IConstruct): ApiObject {
  const object = objectOf(construct);
  if (object) {
    if (object.kind === 'Service' && object.apiGroup === 'core') return object;
    throw new ConstructError('NOT_A_SERVICE', `${construct.node.path} is a ${object.kind}, not a Service: ` +
      'pass a Service, or pass a Deployment to expose()');
  }
  const services = construct.node.findAll().filter(ApiObject.isApiObject).filter(({ kind, apiGroup }) => kind === 'Service' && apiGroup === 'core');
  if (services.length === 1) return services[0];
  throw new ConstructError('NOT_A_SERVICE', services.length === 0
    ? `${construct.node.path} contains no Service: pass a construct that is one, or that holds one`
    : `${construct.node.path} contains ${services.length} Services (${services.map(({ name }) => name).join(', ')}): pass one of these objects`);
}

/** What a Service asks of the load balancer, as its manifest will say. */
export interface ServiceRequest {
  readonly object: ApiObject;
  /** Name and construct path, for messages. */
  readonly title: string;
  readonly name: string;
  /** Undefined where only `kubectl` will say. */
  readonly namespace?: string;
  readonly labels: Labels;
  readonly ports: { readonly protocol: string; readonly port: number; readonly name?: string }[];
  readonly headless: boolean;
  readonly pool?: string;
  readonly addresses: string[];
  /** `spec.loadBalancerIP` beside the annotation, which is one too many. */
  readonly otherAddress?: string;
  /** Families that it must have, as lengths of their addresses; empty where the cluster decides. */
  readonly families: readonly (32 | 128)[];
  readonly sharingKey?: string;
  /** Whether it shares with others that do so, too, without a key. */
  readonly sharesAutomatically: boolean;
  /** Services on one address must send its traffic to the same nodes: the selector under `externalTrafficPolicy: Local`, else empty. */
  readonly backends: string;
}

/**
 * The Services of an app that a load balancer serves: those that were bound to it, and all others of type LoadBalancer with its class. Without those
 * that cannot be rendered.
 */
export function requestsIn(
  objects: readonly ApiObject[], bound: ReadonlySet<ApiObject>, loadBalancerClass?: string, read: Reader = render,
): ServiceRequest[] {
  return objects.filter(({ kind, apiGroup }) => kind === 'Service' && apiGroup === 'core').flatMap((object) => {
    const manifest = read(object);
    if (!manifest) return [];
    const { type, loadBalancerClass: itsClass } = manifest.spec ?? {};
    return bound.has(object) || (type === 'LoadBalancer' && itsClass === loadBalancerClass) ? [requestOf(object, manifest)] : [];
  });
}

function requestOf(object: ApiObject, { metadata, spec = {} }: any): ServiceRequest {
  const annotations = metadata.annotations ?? {};
  // MetalLB's older prefix counts where the newer one is absent.
  const annotation = (key: string): string | undefined => annotations[key] ?? annotations[key.replace('metallb.io/', 'metallb.universe.tf/')];
  const listed = splitAddresses(annotation(LOAD_BALANCER_IPS));
  const single = splitAddresses(spec.loadBalancerIP);
  return {
    object,
    title: `Service ${metadata.name} (${object.node.path})`,
    name: metadata.name,
    namespace: metadata.namespace,
    labels: metadata.labels ?? {},
    ports: (spec.ports ?? []).map(({ protocol = 'TCP', port, name }: any) => ({ protocol, port, name })),
    headless: spec.clusterIP === 'None',
    pool: annotation(ADDRESS_POOL) || undefined,
    addresses: listed.length > 0 ? listed : single,
    otherAddress: listed.length > 0 ? single[0] : undefined,
    families: familiesOf(spec),
    sharingKey: annotation(ALLOW_SHARED_IP) || undefined,
    sharesAutomatically: annotations[SHARING] === 'automatic',
    backends: spec.externalTrafficPolicy === 'Local' ? `Local:${JSON.stringify(Object.entries(spec.selector ?? {}).sort())}` : '',
  };
}

/** One family may be added to what was asked for under `PreferDualStack`, but none is left out. Two without a policy mean that both are required. */
function familiesOf({ ipFamilyPolicy, ipFamilies }: any): (32 | 128)[] {
  const count = Array.isArray(ipFamilies) ? ipFamilies.length : 0;
  if (ipFamilyPolicy === 'RequireDualStack' || (count === 2 && !ipFamilyPolicy)) return [32, 128];
  if (ipFamilyPolicy === 'PreferDualStack' || count !== 1) return [];
  return ipFamilies[0] === 'IPv4' ? [32] : ipFamilies[0] === 'IPv6' ? [128] : [];
}

function splitAddresses(text: unknown): string[] {
  return String(text ?? '').split(',').map((address) => address.trim()).filter((address) => address !== '');
}

/** The object that a construct is, or the one that it was made for: the child `Resource`, by the convention of cdk8s. */
function objectOf(construct: IConstruct): ApiObject | undefined {
  if (ApiObject.isApiObject(construct)) return construct;
  return construct.node.defaultChild && objectOf(construct.node.defaultChild);
}
