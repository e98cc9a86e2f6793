import { OWN_GROUP } from '../config';
import { IpAddress } from '../ip';

/** `metav1.Condition`, as far as it is read. */
export interface ConditionInput {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

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
    readonly conditions?: readonly ConditionInput[];
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

/** Annotations of a Service that are ours, with what they may say. */
export const OWN_ANNOTATIONS = {
  /** In: whether its address is kept for it after its deletion, whatever the pool says. */
  sticky: { name: `${OWN_GROUP}sticky`, words: ['true', 'false'] },
  /** In: whether it shares with others that have no sharing key, whatever the pool says. */
  sharing: { name: `${OWN_GROUP}sharing`, words: ['automatic', 'by-key'] },
} as const;

/** What an annotation of ours says; undefined when it is absent or says nothing that we know. */
export function ownAnnotation<T extends keyof typeof OWN_ANNOTATIONS>(
  { metadata: { annotations = {} } }: ServiceInput, which: T,
): typeof OWN_ANNOTATIONS[T]['words'][number] | undefined {
  const { name, words } = OWN_ANNOTATIONS[which];
  const text = Object.hasOwn(annotations, name) ? annotations[name].trim() : undefined;
  return words.find((word) => word === text);
}

/** One line for each annotation of ours that says nothing that we know. */
export function unreadableAnnotations(service: ServiceInput): string[] {
  const { annotations = {} } = service.metadata;
  return (Object.keys(OWN_ANNOTATIONS) as (keyof typeof OWN_ANNOTATIONS)[]).flatMap((which) => {
    const { name, words } = OWN_ANNOTATIONS[which];
    if (!Object.hasOwn(annotations, name) || ownAnnotation(service, which) !== undefined) return [];
    return [`annotation ${name} ${JSON.stringify(annotations[name])} is none of ${words.join(', ')}, and is left out of account; make it one of these`];
  });
}

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
