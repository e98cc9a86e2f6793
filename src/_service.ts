import { ApiObject } from 'cdk8s';
import { IConstruct } from 'constructs';
import { ConstructError } from './_errors';

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
  /** Name and construct path, for messages. */
  readonly title: string;
  readonly ports: { readonly protocol: string; readonly port: number }[];
  readonly headless: boolean;
  readonly pool?: string;
  readonly addresses: string[];
  readonly sharingKey?: string;
  /** Services on one address must send its traffic to the same nodes: the selector under `externalTrafficPolicy: Local`, else empty. */
  readonly backends: string;
}

/** Undefined for a Service that cannot be rendered, which cdk8s reports itself. */
export function requestOf(service: ApiObject): ServiceRequest | undefined {
  let manifest: any;
  try {
    manifest = service.toJson();
  } catch {
    return undefined;
  }
  const { metadata, spec = {} } = manifest;
  const annotations = metadata.annotations ?? {};
  return {
    title: `Service ${metadata.name} (${service.node.path})`,
    ports: (spec.ports ?? []).map(({ protocol = 'TCP', port }: any) => ({ protocol, port })),
    headless: spec.clusterIP === 'None',
    pool: annotations[ADDRESS_POOL],
    addresses: String(annotations[LOAD_BALANCER_IPS] ?? '').split(',').map((address) => address.trim()).filter((address) => address !== ''),
    sharingKey: annotations[ALLOW_SHARED_IP],
    backends: spec.externalTrafficPolicy === 'Local' ? JSON.stringify(Object.entries(spec.selector ?? {}).sort()) : '',
  };
}

/** The object that a construct is, or the one that it was made for: the child `Resource`, by the convention of cdk8s. */
function objectOf(construct: IConstruct): ApiObject | undefined {
  if (ApiObject.isApiObject(construct)) return construct;
  return construct.node.defaultChild && objectOf(construct.node.defaultChild);
}
