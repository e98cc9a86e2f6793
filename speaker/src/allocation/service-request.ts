import { IpAddress, IpFamily } from '../ip';
import { quoteList, Reason } from './reason';
import { annotation, ANNOTATIONS, ownAnnotation, ServiceInput, serviceKey } from './service-input';

/** One port of a Service, `spec.ports[]`. */
export interface ServicePort {
  /** `TCP`, `UDP` or `SCTP`. */
  readonly protocol: string;
  readonly port: number;
}

/** What a Service asks of the allocator. */
export interface ServiceRequest {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Families of the cluster IPs, primary first; one or two. */
  readonly families: readonly IpFamily[];
  readonly ipFamilyPolicy: string | undefined;
  /** Addresses asked for; empty for any. */
  readonly wanted: readonly IpAddress[];
  /** Pool asked for. */
  readonly pool: string | undefined;
  /** Services with the same key may share an address, see `backendKey` and `ports`. */
  readonly sharingKey: string | undefined;
  /** Its own word on sharing with others that have no key; undefined leaves it to the pool. */
  readonly sharing: 'by-key' | 'automatic' | undefined;
  /** Its own word on whether its address is kept after its deletion; undefined leaves it to the pool. */
  readonly sticky: boolean | undefined;
  /** Only Services with the same backends can share an address when the node that gets the traffic must have one of them. */
  readonly backendKey: string;
  /** No two Services on one address may have the same port. */
  readonly ports: readonly ServicePort[];
}

/** `TCP/80`. */
export function portText({ protocol, port }: ServicePort): string {
  return `${protocol}/${port}`;
}

/** The part of a request that cannot be wrong: who it is, and with whom it may share. */
export function baseRequest(service: ServiceInput): ServiceRequest {
  const { metadata: { namespace = '', name, labels = {} }, spec = {} } = service;
  const sticky = ownAnnotation(service, 'sticky');
  return {
    key: serviceKey(service),
    namespace,
    name,
    labels,
    families: [],
    ipFamilyPolicy: spec.ipFamilyPolicy,
    wanted: [],
    pool: annotation(service, ANNOTATIONS.addressPool) || undefined,
    sharingKey: annotation(service, ANNOTATIONS.allowSharedIp) || undefined,
    sharing: ownAnnotation(service, 'sharing'),
    sticky: sticky && sticky === 'true',
    backendKey: backendKey(service),
    ports: (spec.ports ?? []).map(({ protocol = 'TCP', port }) => ({ protocol, port })),
  };
}

/**
 * With `externalTrafficPolicy: Local` a node without a backend drops the traffic, so Services on one address need the same backends: the same selector.
 *
 * MetalLB gives a Local Service without a selector the same key as a Cluster one. Its endpoints are made by hand and may be on any node, so here it
 * shares with none but its like.
 */
function backendKey({ spec = {} }: ServiceInput): string {
  if (spec.externalTrafficPolicy !== 'Local') return '';
  return `Local:${Object.entries(spec.selector ?? {}).map(([key, value]) => `${key}=${value}`).sort().join(',')}`;
}

type Read<T> = ({ readonly ok: true } & T) | { readonly ok: false; readonly reason: Reason };

/** Reads what a Service asks for: annotations of both prefixes, `spec.loadBalancerIP`, cluster IPs, ports, selector, traffic policy. Never throws. */
export function serviceRequest(service: ServiceInput): Read<{ readonly request: ServiceRequest }> {
  const families = clusterFamilies(service);
  if (!families.ok) return families;
  const wanted = wantedAddresses(service);
  if (!wanted.ok) return wanted;
  return { ok: true, request: { ...baseRequest(service), families: families.families, wanted: wanted.wanted } };
}

/** Families of the cluster IPs, primary first. What the cluster gave counts, not what `spec.ipFamilies` wished for. */
export function clusterFamilies({ spec = {} }: ServiceInput): Read<{ readonly families: readonly IpFamily[] }> {
  const listed = (spec.clusterIPs ?? []).filter((ip) => ip !== '');
  const texts = (listed.length > 0 ? listed : [spec.clusterIP ?? '']).filter((ip) => ip !== '' && ip !== 'None');
  const asked = 'an address of the family of its cluster IP';
  if (texts.length === 0) {
    return {
      ok: false,
      reason: { code: 'NoClusterIP', message: 'service has no cluster IP', asked, fix: 'leave spec.clusterIP empty, so that the cluster assigns one' },
    };
  }
  const families = texts.map((text) => IpAddress.tryParse(text)?.family);
  const known = families.filter((family) => family !== undefined);
  if (known.length < families.length || known.length > 2 || known[0] === known[1]) {
    const message = `can not tell the IP family of the cluster IPs ${quoteList(texts)}`;
    return { ok: false, reason: { code: 'UnknownClusterFamily', message, asked, fix: 'a Service has one cluster IP, or one of each family' } };
  }
  return { ok: true, families: known };
}

/** The addresses a Service asks for, in the annotation or in `spec.loadBalancerIP`. */
export function wantedAddresses(service: ServiceInput): Read<{ readonly wanted: readonly IpAddress[] }> {
  const listed = annotation(service, ANNOTATIONS.loadBalancerIPs) ?? '';
  const single = service.spec?.loadBalancerIP ?? '';
  if (listed !== '' && single !== '') {
    const message = `service can not have both ${ANNOTATIONS.loadBalancerIPs} and spec.loadBalancerIP`;
    return {
      ok: false,
      reason: { code: 'ConflictingWishes', message, asked: quoteList([listed, single]), fix: 'remove spec.loadBalancerIP, which Kubernetes has deprecated' },
    };
  }
  const [source, texts] = listed !== ''
    ? [`annotation ${ANNOTATIONS.loadBalancerIPs}`, listed.split(',').map((text) => text.trim())]
    : ['spec.loadBalancerIP', single === '' ? [] : [single]];
  const wanted: IpAddress[] = [];
  for (const text of texts) {
    const address = IpAddress.tryParse(text);
    if (!address) {
      const message = `invalid requested loadBalancer IP ${JSON.stringify(text)} in ${source}`;
      return {
        ok: false,
        reason: { code: 'InvalidWantedIP', message, asked: quoteList(texts), fix: 'write full addresses with commas between them, such as 93.5.22.100,2001:db8::1' },
      };
    }
    wanted.push(address);
  }
  return { ok: true, wanted };
}

/** Why these addresses are not the ones a Service of these families can ask for; undefined when they are. A dual-stack Service must ask for both. */
export function wantedMismatch(wanted: readonly IpAddress[], families: readonly IpFamily[]): Reason | undefined {
  if (wanted.length === families.length && families.every((family) => wanted.some((ip) => ip.family === family))) return undefined;
  const message = `requested loadBalancer IP(s) ${quoteList(wanted)} does not match the ipFamily of the service`;
  const fix = families.length > 1 ? 'ask for one IPv4 and one IPv6 address' : `ask for one ${families[0]} address, or change spec.ipFamilies`;
  return { code: 'FamilyMismatch', message, asked: quoteList(wanted), fix };
}
