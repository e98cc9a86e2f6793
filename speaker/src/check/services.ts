import { Allocator, converge, hasClass, loadExisting, loadOrder, ANNOTATIONS, deprecatedAnnotation, type Reason, type ServiceInput } from '../allocation';
import type { Config } from '../config';
import type { Finding } from './check';
import type { Manifest } from './manifests';

type Report = (severity: Finding['severity'], manifest: Manifest, field: string, text: string) => void;

/** Cluster IPs stand for the families that a Service will have; which ones they are does not matter. */
const CLUSTER_IPS = { IPv4: '10.96.0.1', IPv6: 'fd00:10:96::1' } as const;

/**
 * Whether the Services can have what they ask for, together: the controller's ledger is filled with them, those with wishes of their own first. Without a pool
 * there is nothing to say, since pools may be elsewhere.
 *
 * @param namespaces names of the Namespaces whose labels are known
 */
export function checkServices(
  config: Config, manifests: readonly Manifest[], namespaces: ReadonlySet<string>, loadBalancerClass: string | undefined, report: Report,
): void {
  if (config.pools.length === 0) return;
  const byService = new Map(manifests.flatMap((manifest): [ServiceInput, Manifest][] => {
    const service = serviceOf(manifest.value);
    return service && service.spec?.type === 'LoadBalancer' && hasClass(service, loadBalancerClass) ? [[service, manifest]] : [];
  }));
  const allocator = new Allocator();
  allocator.setPools(config.pools, config.unusable);
  const services = loadOrder([...byService.keys()]);
  const options = { loadBalancerClass };
  loadExisting(services, allocator, config, options);
  const selecting = config.pools.some(({ serviceAllocation }) => (serviceAllocation?.namespaceSelectors ?? []).length > 0);
  for (const service of [...services.filter(asksForAddresses), ...services.filter((each) => !asksForAddresses(each))]) {
    const { outcome, reason, events } = converge(service, allocator, config, options);
    const { namespace, name } = service.metadata;
    const say = (severity: Finding['severity'], field: string, what: string) => {
      report(severity, byService.get(service)!, field, `Service ${namespace}/${name}, ${field}: ${what}`);
    };
    for (const event of events.filter((each) => each.reason === 'InvalidAnnotation')) say('warning', 'metadata.annotations', event.message);
    if (outcome !== 'refused' || !reason) continue;
    const unknown = selecting && !namespaces.has(namespace!);
    const note = unknown ? ' (the labels of its Namespace are not known here)' : '';
    say(unknown ? 'warning' : 'error', fieldOf(service, reason), `${reason.message}; ${reason.fix}${note}`);
  }
}

/** A Service as the API server would complete it; what has another type than it allows is treated as absent, as the API server says that itself. */
function serviceOf({ metadata: rawMetadata, spec: rawSpec, status }: Manifest['value']): ServiceInput | undefined {
  const metadata = record(rawMetadata), spec = record(rawSpec);
  const name = text(metadata.name);
  if (name === undefined) return undefined;
  const shown = list(record(record(status).loadBalancer).ingress).map(record);
  const ingress = shown.map(({ ip, hostname }) => ({ ip: text(ip), hostname: text(hostname) }));
  return {
    metadata: {
      name,
      namespace: text(metadata.namespace) ?? 'default',
      labels: texts(metadata.labels),
      annotations: texts(metadata.annotations),
      creationTimestamp: text(metadata.creationTimestamp),
    },
    spec: {
      type: text(spec.type),
      clusterIPs: clusterIPsOf(spec),
      ipFamilyPolicy: text(spec.ipFamilyPolicy),
      loadBalancerIP: text(spec.loadBalancerIP),
      loadBalancerClass: text(spec.loadBalancerClass),
      externalTrafficPolicy: text(spec.externalTrafficPolicy) ?? 'Cluster',
      selector: texts(spec.selector),
      ports: list(spec.ports).map(record).flatMap(({ port, protocol }) => (typeof port === 'number' ? [{ port, protocol: text(protocol) ?? 'TCP' }] : [])),
    },
    status: { loadBalancer: { ingress } },
  };
}

function clusterIPsOf({ clusterIPs, clusterIP, ipFamilies, ipFamilyPolicy }: Record<string, unknown>): readonly string[] {
  const given = list(clusterIPs).concat(clusterIP).flatMap((entry) => text(entry) ?? []).filter((entry) => entry !== 'None');
  if (given.length > 0) return [...new Set(given)];
  const families = list(ipFamilies).filter((family): family is 'IPv4' | 'IPv6' => family === 'IPv4' || family === 'IPv6');
  const [first = 'IPv4', second = first === 'IPv4' ? 'IPv6' : 'IPv4'] = families;
  // What a cluster has of both families is not known here: PreferDualStack is taken at its least.
  return ipFamilyPolicy === 'RequireDualStack' || families.length === 2 ? [CLUSTER_IPS[first], CLUSTER_IPS[second]] : [CLUSTER_IPS[first]];
}

function asksForAddresses({ metadata: { annotations = {} }, spec }: ServiceInput): boolean {
  return Boolean(spec?.loadBalancerIP) || present(annotations, ANNOTATIONS.loadBalancerIPs) !== undefined;
}

function present(annotations: Readonly<Record<string, string>>, name: string): string | undefined {
  return [name, deprecatedAnnotation(name)].find((each) => Object.hasOwn(annotations, each));
}

/** Where a Service says what it cannot have. */
function fieldOf({ metadata: { annotations = {} }, spec }: ServiceInput, { code }: Reason): string {
  const names = ['UnknownPool', 'PoolNotCompatible', 'PoolDraining'].includes(code) ? [ANNOTATIONS.addressPool, ANNOTATIONS.loadBalancerIPs]
    : [ANNOTATIONS.loadBalancerIPs, ANNOTATIONS.addressPool, ANNOTATIONS.allowSharedIp];
  const name = names.map((each) => present(annotations, each)).find((each) => each !== undefined);
  if (name !== undefined) return `metadata.annotations[${name}]`;
  return spec?.loadBalancerIP ? 'spec.loadBalancerIP' : 'spec.type';
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? value as Record<string, unknown> : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The entries that are text. */
function texts(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(record(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
