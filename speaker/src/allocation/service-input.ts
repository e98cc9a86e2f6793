import { IpAddress } from '../ip';

/** What is read of a Service; objects of the Kubernetes API have this shape. */
export interface ServiceInput {
  readonly metadata: {
    readonly namespace?: string;
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly creationTimestamp?: string;
  };
  readonly spec?: {
    readonly type?: string;
    readonly clusterIP?: string;
    readonly clusterIPs?: readonly string[];
    readonly ipFamilyPolicy?: string;
    readonly loadBalancerIP?: string;
    readonly loadBalancerClass?: string | null;
    readonly externalTrafficPolicy?: string;
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports?: readonly { readonly protocol?: string; readonly port: number }[];
  };
  readonly status?: {
    readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[] };
  };
}

/** Annotations of a Service, in the stable prefix. */
export const ANNOTATIONS = {
  /** In: allocate from this pool only. */
  addressPool: 'metallb.io/address-pool',
  /** In: addresses wanted, with commas between them. */
  loadBalancerIPs: 'metallb.io/loadBalancerIPs',
  /** In: sharing key. */
  allowSharedIp: 'metallb.io/allow-shared-ip',
  /** Out: the pool that the addresses come from. */
  allocatedFromPool: 'metallb.io/ip-allocated-from-pool',
} as const;

/** The prefix MetalLB had before 0.13; read when the stable one is absent, never written. */
const DEPRECATED_PREFIX = 'metallb.universe.tf/';

/** The same annotation in the deprecated prefix. */
export function deprecatedAnnotation(name: string): string {
  return DEPRECATED_PREFIX + name.slice(name.indexOf('/') + 1);
}

/** Value of an annotation. The deprecated prefix counts only when the stable one is absent: a stable one that is empty wins. */
export function annotation({ metadata: { annotations = {} } }: ServiceInput, name: string): string | undefined {
  for (const candidate of [name, deprecatedAnnotation(name)]) {
    if (Object.hasOwn(annotations, candidate)) return annotations[candidate];
  }
  return undefined;
}

/** Annotations in the deprecated prefix that are read from a Service and present. */
export function deprecatedAnnotationsOf({ metadata: { annotations = {} } }: ServiceInput): string[] {
  return [ANNOTATIONS.addressPool, ANNOTATIONS.loadBalancerIPs, ANNOTATIONS.allowSharedIp].map(deprecatedAnnotation)
    .filter((name) => Object.hasOwn(annotations, name));
}

/** `namespace/name`. */
export function serviceKey({ metadata: { namespace = '', name } }: ServiceInput): string {
  return `${namespace}/${name}`;
}

/**
 * True when the Service is for this controller to serve.
 * @param loadBalancerClass the class it serves; absent or empty for Services without one
 */
export function hasClass({ spec }: ServiceInput, loadBalancerClass: string | undefined): boolean {
  return (spec?.loadBalancerClass || undefined) === (loadBalancerClass || undefined);
}

/** Addresses that a Service shows in its status. Entries with only a host name are none; undefined when one is no address. */
export function ingressAddresses({ status }: ServiceInput): readonly IpAddress[] | undefined {
  const addresses: IpAddress[] = [];
  for (const { ip } of status?.loadBalancer?.ingress ?? []) {
    if (!ip) continue;
    const address = IpAddress.tryParse(ip);
    if (!address) return undefined;
    addresses.push(address);
  }
  return addresses;
}
