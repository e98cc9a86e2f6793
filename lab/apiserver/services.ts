import { isIP, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import { ApiObject, badRequest, JsonObject, same } from './objects';
import { Causes } from './validation';

/*
 * Services as the real server treats them: defaults, cluster addresses, node ports, and the checks that the load balancer meets.
 * The control plane does all of this in the server itself; no controller is needed for it.
 */

const NODE_PORTS = { first: 30_000, last: 32_767 };
const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];

/** What a Service needs of its surroundings. */
export interface ServiceSurroundings {
  /** `--service-cluster-ip-range`, one or two CIDR blocks; the first is the default family. */
  readonly ranges: readonly string[];
  /** All other Services. */
  readonly others: () => readonly ApiObject[];
}

function external(spec: JsonObject): boolean {
  return spec.type === 'LoadBalancer' || spec.type === 'NodePort';
}

/** `core/v1` ServiceSpec. Others are dropped. */
const SPEC_FIELDS = [
  'allocateLoadBalancerNodePorts', 'clusterIP', 'clusterIPs', 'externalIPs', 'externalName', 'externalTrafficPolicy', 'healthCheckNodePort',
  'internalTrafficPolicy', 'ipFamilies', 'ipFamilyPolicy', 'loadBalancerClass', 'loadBalancerIP', 'loadBalancerSourceRanges', 'ports',
  'publishNotReadyAddresses', 'selector', 'sessionAffinity', 'sessionAffinityConfig', 'trafficDistribution', 'type',
];

/** Defaults that depend on the object alone. */
export function defaultService(service: JsonObject): void {
  const spec = service.spec ??= {};
  for (const field of Object.keys(spec)) if (!SPEC_FIELDS.includes(field)) delete spec[field];
  if (spec.ports !== undefined && !Array.isArray(spec.ports)) {
    const message = `json: cannot unmarshal ${typeof spec.ports} into Go struct field ServiceSpec.spec.ports of type []v1.ServicePort`;
    throw badRequest(`Service in version "v1" cannot be handled as a Service: ${message}`);
  }
  spec.type ??= 'ClusterIP';
  spec.sessionAffinity ??= 'None';
  if (spec.sessionAffinity === 'ClientIP') {
    spec.sessionAffinityConfig ??= {};
    spec.sessionAffinityConfig.clientIP ??= {};
    spec.sessionAffinityConfig.clientIP.timeoutSeconds ??= 10_800;
  }
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster';
  if (external(spec)) spec.externalTrafficPolicy ||= 'Cluster';
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
  for (const port of (spec.ports ?? []) as JsonObject[]) {
    port.protocol ??= 'TCP';
    port.targetPort ||= port.port;
  }
  for (const ingress of (service.status?.loadBalancer?.ingress ?? []) as JsonObject[]) {
    if (spec.type === 'LoadBalancer' && ingress.ip) ingress.ipMode ??= 'VIP';
  }
  service.status ??= {};
  service.status.loadBalancer ??= {};
}

/** Carries over what was allocated and drops what the new type has no use for, as the real server does before it validates an update. */
export function carryOver(service: JsonObject, old: ApiObject): void {
  const { spec } = service, before = old.spec as JsonObject;
  if (before.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') service.status.loadBalancer = {};
  if (spec.clusterIP !== before.clusterIP && same(spec.clusterIPs, before.clusterIPs)) {
    spec.clusterIPs = spec.clusterIP ? [spec.clusterIP] : undefined; // the list follows the single field
  }
  const sameType = spec.type === before.type;
  if (spec.type !== 'ExternalName' && before.type !== 'ExternalName') {
    spec.clusterIP ||= before.clusterIP;
    spec.clusterIPs ??= before.clusterIPs;
    spec.ipFamilies ??= before.ipFamilies;
    spec.ipFamilyPolicy ??= before.ipFamilyPolicy;
  }
  if (external(spec) && external(before)) {
    const ports = (spec.ports ?? []) as JsonObject[], used = new Set(ports.map(({ nodePort }) => nodePort as unknown));
    for (const port of ports) { // a port is known by its name, whatever else of it has changed
      const twin = (before.ports as JsonObject[] | undefined)?.find(({ name = '' }) => name === (port.name ?? ''));
      if (!used.has(twin?.nodePort)) port.nodePort ||= twin?.nodePort;
      used.add(port.nodePort);
    }
  }
  if (sameType) {
    if (needsHealthCheckPort(spec) && needsHealthCheckPort(before)) spec.healthCheckNodePort ||= before.healthCheckNodePort;
    return;
  }
  if (before.type === 'LoadBalancer') {
    if (same(spec.loadBalancerClass, before.loadBalancerClass)) delete spec.loadBalancerClass;
    if (same(spec.allocateLoadBalancerNodePorts, before.allocateLoadBalancerNodePorts)) delete spec.allocateLoadBalancerNodePorts;
  }
  if (!external(spec)) {
    if (same(spec.externalTrafficPolicy, before.externalTrafficPolicy)) delete spec.externalTrafficPolicy;
    for (const port of (spec.ports ?? []) as JsonObject[]) {
      const twin = (before.ports as JsonObject[] | undefined)?.find((other) => other.port === port.port && other.protocol === port.protocol);
      if (same(port.nodePort, twin?.nodePort)) delete port.nodePort;
    }
  }
  if (!needsHealthCheckPort(spec) && same(spec.healthCheckNodePort, before.healthCheckNodePort)) delete spec.healthCheckNodePort;
}

function needsHealthCheckPort(spec: JsonObject): boolean {
  return spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
}

/** The checks of `ValidateService` and `ValidateServiceUpdate` that concern fields which we read. */
export function checkService(service: JsonObject, old: ApiObject | undefined, causes: Causes): void {
  const { spec } = service;
  const headless = spec.clusterIP === 'None';
  causes.oneOf('spec.type', spec.type, TYPES);
  checkPorts(spec, headless, causes);
  causes.oneOf('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None']);
  causes.oneOf('spec.ipFamilyPolicy', spec.ipFamilyPolicy, ['SingleStack', 'PreferDualStack', 'RequireDualStack']);
  causes.oneOf('spec.internalTrafficPolicy', spec.internalTrafficPolicy, ['Cluster', 'Local']);
  if (external(spec)) {
    causes.oneOf('spec.externalTrafficPolicy', spec.externalTrafficPolicy, ['Cluster', 'Local']);
  } else if (spec.externalTrafficPolicy) {
    causes.invalid('spec.externalTrafficPolicy', spec.externalTrafficPolicy, 'may only be set for externally-accessible services');
  }
  if (spec.type !== 'LoadBalancer') {
    if (spec.loadBalancerClass !== undefined) causes.forbidden('spec.loadBalancerClass', 'may only be used when `type` is \'LoadBalancer\'');
    if (spec.allocateLoadBalancerNodePorts !== undefined) causes.forbidden('spec.allocateLoadBalancerNodePorts', 'may only be used when `type` is \'LoadBalancer\'');
  }
  if (spec.type === 'ExternalName' && !spec.externalName) causes.required('spec.externalName');
  if (external(spec) && headless) causes.invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec.type} services`);
  if (!old) return;
  const before = old.spec as JsonObject;
  if (spec.type === 'LoadBalancer' && before.type === 'LoadBalancer' && !same(spec.loadBalancerClass, before.loadBalancerClass)) {
    causes.invalid('spec.loadBalancerClass', spec.loadBalancerClass ?? null, 'may not change once set');
  }
  if (before.type !== 'ExternalName' && spec.type !== 'ExternalName' && before.clusterIP && spec.clusterIP !== before.clusterIP) {
    causes.invalid('spec.clusterIPs[0]', spec.clusterIPs ?? [spec.clusterIP], 'may not change once set');
  }
}

function checkPorts(spec: JsonObject, headless: boolean, causes: Causes): void {
  const ports = (spec.ports ?? []) as JsonObject[];
  if (ports.length === 0 && !headless && spec.type !== 'ExternalName') causes.required('spec.ports');
  const seen = new Set<string>(), names = new Set<string>();
  ports.forEach((port, index) => {
    const field = `spec.ports[${index}]`;
    if (ports.length > 1 && !port.name) causes.required(`${field}.name`);
    if (port.name && names.has(port.name)) causes.duplicate(`${field}.name`, port.name);
    names.add(port.name);
    if (!(Number.isInteger(port.port) && port.port >= 1 && port.port <= 65_535)) causes.invalid(`${field}.port`, port.port ?? 0, 'must be between 1 and 65535, inclusive');
    causes.oneOf(`${field}.protocol`, port.protocol, ['SCTP', 'TCP', 'UDP']);
    if (typeof port.targetPort === 'number' && (port.targetPort < 1 || port.targetPort > 65_535)) {
      causes.invalid(`${field}.targetPort`, port.targetPort, 'must be between 1 and 65535, inclusive');
    }
    if (port.nodePort && !external(spec)) causes.forbidden(`${field}.nodePort`, `may not be used when \`type\` is '${spec.type}'`);
    const key = `${port.protocol}/${port.port}`;
    if (seen.has(key)) causes.duplicate(field, { Name: '', Protocol: port.protocol, AppProtocol: null, Port: port.port, TargetPort: 0, NodePort: 0 });
    seen.add(key);
  });
}

/** The checks of `status.loadBalancer`. */
export function checkServiceStatus(service: JsonObject, causes: Causes): void {
  const ingress = (service.status?.loadBalancer?.ingress ?? []) as JsonObject[];
  if (ingress.length > 0 && service.spec.type !== 'LoadBalancer') causes.forbidden('status.loadBalancer.ingress', 'may only be used when `spec.type` is \'LoadBalancer\'');
  ingress.forEach(({ ip, ipMode, hostname }, index) => {
    const field = `status.loadBalancer.ingress[${index}]`;
    if (ip && isIP(ip) === 0) causes.invalid(`${field}.ip`, ip, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)');
    if (ipMode && !ip) causes.forbidden(`${field}.ipMode`, 'may not be specified when `ip` is not set');
    causes.oneOf(`${field}.ipMode`, ipMode, ['Proxy', 'VIP']);
    if (hostname && isIP(hostname) !== 0) causes.invalid(`${field}.hostname`, hostname, 'must be a DNS name, not an IP address');
  });
}

/** Gives families, cluster addresses and node ports to a valid Service, or says why that cannot be done. */
export function allocate(service: JsonObject, { ranges, others }: ServiceSurroundings, causes: Causes): void {
  const { spec } = service;
  if (spec.type === 'ExternalName') return;
  const families: string[] = ranges.map((range) => (isIPv6(range.split('/')[0]) ? 'IPv6' : 'IPv4'));
  const dual = families.length > 1;
  if (spec.ipFamilyPolicy === 'RequireDualStack' && !dual) {
    return causes.invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy, 'this cluster is not configured for dual-stack services');
  }
  for (const [index, family] of ((spec.ipFamilies ?? []) as string[]).entries()) {
    if (!families.includes(family)) return causes.invalid(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster');
  }
  if (spec.clusterIP === 'None' && !spec.selector && !spec.ipFamilyPolicy && !spec.ipFamilies) {
    // Whoever writes the endpoints of such a Service may use either family, also where the cluster itself has one.
    Object.assign(spec, { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv4', 'IPv6'], clusterIPs: ['None'] });
    return;
  }
  spec.ipFamilyPolicy ??= (spec.ipFamilies?.length ?? 0) > 1 ? 'RequireDualStack' : 'SingleStack';
  const wanted = spec.ipFamilyPolicy === 'SingleStack' ? 1 : families.length;
  const chosen: string[] = spec.ipFamilies ?? [spec.clusterIP && spec.clusterIP !== 'None' ? (isIPv6(spec.clusterIP) ? 'IPv6' : 'IPv4') : families[0]];
  spec.ipFamilies = [...chosen, ...families.filter((family) => !chosen.includes(family))].slice(0, wanted);
  if (spec.clusterIP === 'None') {
    spec.clusterIPs = ['None'];
    return;
  }
  const all = others();
  const taken = new Set(all.flatMap((other) => (other.spec.clusterIPs ?? []) as string[]));
  const asked: string[] = spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : []);
  const repeated = asked.find((address) => taken.has(address));
  if (repeated !== undefined) return causes.invalid('spec.clusterIPs', asked, 'failed to allocate IP ' + repeated + ': provided IP is already allocated');
  spec.clusterIPs = (spec.ipFamilies as string[]).map((family, index) => asked[index] ?? freeAddress(ranges[families.indexOf(family)], taken));
  [spec.clusterIP] = spec.clusterIPs;
  allocatePorts(spec, all, causes);
}

function freeAddress(range: string, taken: ReadonlySet<string>): string {
  const bytes = ipaddr.parseCIDR(range)[0].toByteArray();
  for (let offset = 10; ; offset += 1) { // the first few are kept for well-known Services, as in the real one
    const next = [...bytes];
    next[next.length - 1] = offset % 256;
    next[next.length - 2] += Math.floor(offset / 256);
    const address = ipaddr.fromByteArray(next).toString();
    if (!taken.has(address)) return address;
  }
}

function allocatePorts(spec: JsonObject, others: readonly ApiObject[], causes: Causes): void {
  const taken = new Set<number>();
  for (const { spec: other } of others) {
    for (const port of (other.ports ?? []) as JsonObject[]) if (port.nodePort) taken.add(port.nodePort);
    if (other.healthCheckNodePort) taken.add(other.healthCheckNodePort);
  }
  const free = () => {
    let port = NODE_PORTS.first;
    while (taken.has(port)) port += 1;
    taken.add(port);
    return port;
  };
  if (!external(spec)) return;
  const ports = (spec.ports ?? []) as JsonObject[];
  for (const [index, port] of ports.entries()) {
    const field = `spec.ports[${index}].nodePort`;
    if (port.nodePort && (port.nodePort < NODE_PORTS.first || port.nodePort > NODE_PORTS.last)) {
      causes.invalid(field, port.nodePort, `provided port is not in the valid range. The range of valid ports is ${NODE_PORTS.first}-${NODE_PORTS.last}`);
    } else if (port.nodePort && taken.has(port.nodePort)) {
      causes.invalid(field, port.nodePort, 'provided port is already allocated');
    } else if (port.nodePort) {
      taken.add(port.nodePort);
    }
  }
  if (spec.type === 'NodePort' || spec.allocateLoadBalancerNodePorts !== false) {
    for (const port of ports) port.nodePort ||= free(); // after all that were asked for
  }
  if (needsHealthCheckPort(spec)) spec.healthCheckNodePort ||= free();
}
