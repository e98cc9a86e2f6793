import { AnyObject, Contract, failure } from './api-contract-support';
import { SERVICES } from '../../speaker/src/kube';

/** Services: defaults, allocation, checks, and the status that the load balancer writes. */
export function serviceContract({ client, namespace }: Contract): void {
  const options = { namespace };
  const port = { port: 80 };
  let number = 0;

  const create = (spec: object, status?: object) => {
    number += 1;
    return client().create<AnyObject>(SERVICES, { metadata: { name: `service-${number}`, namespace }, spec, ...(status ? { status } : {}) });
  };
  const patch = (service: AnyObject, change: object) => client().patch<AnyObject>(SERVICES, service.metadata.name, change, options);

  describe('gets defaults', () => {
    const nodePort = expect.any(Number) as number, clusterIP = expect.stringMatching(/^10\.96\./) as string;
    const common = { clusterIP, clusterIPs: [clusterIP], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack', internalTrafficPolicy: 'Cluster', sessionAffinity: 'None' };
    test.each<[object, object]>([
      [{ ports: [port] }, { ...common, type: 'ClusterIP', ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }] }],
      [{ ports: [{ port: 80, targetPort: 'http' }] }, { ...common, type: 'ClusterIP', ports: [{ port: 80, protocol: 'TCP', targetPort: 'http' }] }],
      [{ type: 'NodePort', ports: [port] },
        { ...common, type: 'NodePort', externalTrafficPolicy: 'Cluster', ports: [{ port: 80, protocol: 'TCP', targetPort: 80, nodePort }] }],
      [{ type: 'LoadBalancer', ports: [port] }, {
        ...common,
        type: 'LoadBalancer',
        externalTrafficPolicy: 'Cluster',
        allocateLoadBalancerNodePorts: true,
        ports: [{ port: 80, protocol: 'TCP', targetPort: 80, nodePort }],
      }],
      [{ type: 'LoadBalancer', ports: [port], allocateLoadBalancerNodePorts: false }, {
        ...common, type: 'LoadBalancer', externalTrafficPolicy: 'Cluster', allocateLoadBalancerNodePorts: false, ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
      }],
      [{ type: 'LoadBalancer', ports: [port], externalTrafficPolicy: 'Local' }, {
        ...common,
        type: 'LoadBalancer',
        externalTrafficPolicy: 'Local',
        allocateLoadBalancerNodePorts: true,
        healthCheckNodePort: nodePort,
        ports: [{ port: 80, protocol: 'TCP', targetPort: 80, nodePort }],
      }],
      [{ clusterIP: 'None', ports: [port], selector: { a: 'b' } },
        { ...common, type: 'ClusterIP', clusterIP: 'None', clusterIPs: ['None'], selector: { a: 'b' }, ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }] }],
      [{ clusterIP: 'None' },
        { ...common, type: 'ClusterIP', clusterIP: 'None', clusterIPs: ['None'], ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' }],
      [{ ports: [port], ipFamilyPolicy: 'PreferDualStack' },
        { ...common, type: 'ClusterIP', ipFamilyPolicy: 'PreferDualStack', ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }] }],
      [{ type: 'ExternalName', externalName: 'a.b' }, { type: 'ExternalName', externalName: 'a.b', sessionAffinity: 'None' }],
      [{ type: 'LoadBalancer', ports: [port], loadBalancerIP: '93.5.22.100', loadBalancerClass: 'a/b', unknown: 1 }, {
        ...common,
        type: 'LoadBalancer',
        externalTrafficPolicy: 'Cluster',
        allocateLoadBalancerNodePorts: true,
        loadBalancerIP: '93.5.22.100',
        loadBalancerClass: 'a/b',
        ports: [{ port: 80, protocol: 'TCP', targetPort: 80, nodePort }],
      }],
    ])('%j', async (spec, expected) => {
      expect((await create(spec)).spec).toEqual(expected);
    });
  });

  describe('is refused', () => {
    const duplicate = '{"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}';
    test.each<[object, string]>([
      [{}, 'spec.ports: Required value'],
      [{ type: 'X', ports: [port] }, 'spec.type: Unsupported value: "X": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"'],
      [{ type: 'ExternalName' }, 'spec.externalName: Required value'],
      [{ ports: [{ port: 70000, targetPort: 80 }] }, 'spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive'],
      [{ ports: [{ port: 80, protocol: 'ICMP' }] }, 'spec.ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"'],
      [{ ports: [{ name: 'a', port: 80 }, { port: 81 }] }, 'spec.ports[1].name: Required value'],
      [{ ports: [{ name: 'a', port: 80 }, { name: 'a', port: 81 }] }, 'spec.ports[1].name: Duplicate value: "a"'],
      [{ ports: [{ name: 'a', port: 80 }, { name: 'b', port: 80 }] }, `spec.ports[1]: Duplicate value: ${duplicate}`],
      [{ ports: [port], externalTrafficPolicy: 'Local' }, 'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services'],
      [{ type: 'LoadBalancer', ports: [port], externalTrafficPolicy: 'X' }, 'spec.externalTrafficPolicy: Unsupported value: "X": supported values: "Cluster", "Local"'],
      [{ ports: [port], loadBalancerClass: 'a/b' }, 'spec.loadBalancerClass: Forbidden: may only be used when `type` is \'LoadBalancer\''],
      [{ ports: [port], allocateLoadBalancerNodePorts: true }, 'spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is \'LoadBalancer\''],
      [{ ports: [port], ipFamilyPolicy: 'RequireDualStack' }, 'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services'],
      [{ ports: [port], ipFamilies: ['IPv6'] }, 'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster'],
      [{ type: 'LoadBalancer', ports: [port], clusterIP: 'None' }, 'spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for LoadBalancer services'],
      [{ ports: [{ port: 80, nodePort: 30100 }] }, 'spec.ports[0].nodePort: Forbidden: may not be used when `type` is \'ClusterIP\''],
      [{ type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] },
        'spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767'],
      [{ ports: [port], sessionAffinity: 'X' }, 'spec.sessionAffinity: Unsupported value: "X": supported values: "ClientIP", "None"'],
    ])('%j', async (spec, expected) => {
      expect(await failure(create(spec))).toEqual({ code: 'Invalid', status: 422, reason: 'Invalid', message: `Service "service-${number}" is invalid: ${expected}` });
    });
  });

  test('has an address and ports that no other has', async () => {
    const services = await Promise.all(Array.from({ length: 20 }, () => create({ type: 'LoadBalancer', ports: [{ name: 'a', port: 80 }, { name: 'b', port: 81 }] })));
    expect(new Set(services.map(({ spec }) => spec.clusterIP as string)).size).toBe(20);
    expect(new Set(services.flatMap(({ spec }) => (spec.ports as Array<{ nodePort: number }>).map(({ nodePort }) => nodePort))).size).toBe(40);
    const taken = services[0].spec.ports[0].nodePort as number;
    expect(await failure(create({ type: 'NodePort', ports: [{ port: 80, nodePort: taken }] }))).toMatchObject(
      { message: expect.stringContaining(`spec.ports[0].nodePort: Invalid value: ${taken}: provided port is already allocated`) });
  });

  test('is created without a status, whatever the request says', async () => {
    const service = await create({ type: 'LoadBalancer', ports: [port] }, { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } });
    expect(service.status).toEqual({ loadBalancer: {} });
  });

  test('keeps what was allocated when it changes, and its class and address for life', async () => {
    const service = await create({ type: 'LoadBalancer', ports: [{ name: 'web', port: 80 }] });
    const moved = await patch(service, { spec: { ports: [{ name: 'dns', port: 53 }, { name: 'web', port: 8080 }], externalTrafficPolicy: 'Local' } });
    expect(moved.spec.ports[1]).toEqual({ ...service.spec.ports[0], port: 8080, targetPort: 8080 });
    expect(moved.spec.ports[0].nodePort).toEqual(expect.any(Number));
    expect(moved.spec.clusterIP).toBe(service.spec.clusterIP);
    expect(moved.spec.healthCheckNodePort).toEqual(expect.any(Number));
    expect(await failure(patch(service, { spec: { loadBalancerClass: 'a/b' } }))).toMatchObject(
      { message: expect.stringContaining('spec.loadBalancerClass: Invalid value: "a/b": may not change once set') });
    expect(await failure(patch(service, { spec: { clusterIP: '10.96.99.99' } }))).toMatchObject(
      { message: expect.stringContaining('spec.clusterIPs[0]: Invalid value: ["10.96.99.99"]: may not change once set') });
  });

  describe('status', () => {
    const ingress = [{ ip: '93.5.22.100' }];
    const balancer = () => create({ type: 'LoadBalancer', ports: [port] });

    test('is written with annotations and labels in one patch, and gets ipMode', async () => {
      const service = await balancer();
      const written = await client().patchStatus<AnyObject>(SERVICES, service, {
        metadata: { annotations: { 'metallb.io/ip-allocated-from-pool': 'home' }, labels: { a: 'b' } },
        status: { loadBalancer: { ingress } },
      });
      expect(written.metadata).toMatchObject({ annotations: { 'metallb.io/ip-allocated-from-pool': 'home' }, labels: { a: 'b' } });
      expect(written.status).toEqual({ loadBalancer: { ingress: [{ ip: '93.5.22.100', ipMode: 'VIP' }] } });
      expect(await client().get(SERVICES, service.metadata.name, options)).toEqual(written);
      const cleared = await client().patchStatus<AnyObject>(SERVICES, written, {
        metadata: { annotations: { 'metallb.io/ip-allocated-from-pool': null } }, status: { loadBalancer: { ingress: null } },
      });
      expect(cleared.status).toEqual({ loadBalancer: {} });
      expect(cleared.metadata.annotations).toBeUndefined();
    });

    test('written again the same is no write', async () => {
      const once = await client().patchStatus<AnyObject>(SERVICES, await balancer(), { status: { loadBalancer: { ingress } } });
      const again = await client().patchStatus<AnyObject>(SERVICES, once, { status: { loadBalancer: { ingress } } });
      expect(again.metadata.resourceVersion).toBe(once.metadata.resourceVersion);
    });

    test('decided on a stale object is a conflict', async () => {
      const stale = await balancer();
      await patch(stale, { metadata: { labels: { changed: 'yes' } } });
      expect(await failure(client().patchStatus(SERVICES, stale, { status: { loadBalancer: { ingress } } }))).toMatchObject({ code: 'Conflict', status: 409 });
    });

    test('for an object that was deleted and made again is a conflict, for one that is gone NotFound', async () => {
      const first = await balancer();
      const { name } = first.metadata;
      await client().delete(SERVICES, name, options);
      expect(await failure(client().patchStatus(SERVICES, first, { status: { loadBalancer: { ingress } } }))).toMatchObject({ code: 'NotFound' });
      await client().create(SERVICES, { metadata: { name, namespace }, spec: { type: 'LoadBalancer', ports: [port] } });
      expect(await failure(client().patchStatus(SERVICES, first, { status: { loadBalancer: { ingress } } }))).toMatchObject({ code: 'Conflict' });
    });

    test('and specification leave each other alone', async () => {
      const service = await client().patchStatus<AnyObject>(SERVICES, await balancer(), { status: { loadBalancer: { ingress } } });
      const { name } = service.metadata;
      const change = { spec: { externalTrafficPolicy: 'Local' }, status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } } };
      const status = await client().patch<AnyObject>(SERVICES, name, change, { ...options, subresource: 'status' });
      expect([status.spec.externalTrafficPolicy, status.status.loadBalancer.ingress[0].ip]).toEqual(['Cluster', '1.2.3.4']);
      const main = await patch(service, { status: { loadBalancer: null }, metadata: { labels: { a: 'b' } } });
      expect(main.status).toEqual(status.status);
    });

    test.each<[object, string]>([
      [{ ip: 'x' }, 'status.loadBalancer.ingress[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
      [{ ip: '1.2.3.4', ipMode: 'X' }, 'status.loadBalancer.ingress[0].ipMode: Unsupported value: "X": supported values: "Proxy", "VIP"'],
      [{ hostname: 'a', ipMode: 'VIP' }, 'status.loadBalancer.ingress[0].ipMode: Forbidden: may not be specified when `ip` is not set'],
      [{ hostname: '1.2.3.4' }, 'status.loadBalancer.ingress[0].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address'],
    ])('is refused with the ingress %j', async (entry, expected) => {
      expect(await failure(client().patchStatus(SERVICES, await balancer(), { status: { loadBalancer: { ingress: [entry] } } }))).toMatchObject(
        { code: 'Invalid', message: expect.stringContaining(expected) });
    });

    test('of a Service that is no load balancer has no ingress', async () => {
      expect(await failure(client().patchStatus(SERVICES, await create({ ports: [port] }), { status: { loadBalancer: { ingress } } }))).toMatchObject(
        { message: expect.stringContaining('status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is \'LoadBalancer\'') });
    });

    test('loses its ingress when the type changes, and with it what only that type has', async () => {
      const service = await client().patchStatus<AnyObject>(SERVICES, await create({ type: 'LoadBalancer', ports: [port], loadBalancerClass: 'a/b' }),
        { status: { loadBalancer: { ingress } } });
      const internal = await patch(service, { spec: { type: 'ClusterIP' } });
      expect(internal.status).toEqual({ loadBalancer: {} });
      for (const field of ['loadBalancerClass', 'allocateLoadBalancerNodePorts', 'externalTrafficPolicy']) expect(internal.spec[field]).toBeUndefined();
      expect(internal.spec.ports).toEqual([{ port: 80, protocol: 'TCP', targetPort: 80 }]);
      expect((await patch(service, { spec: { type: 'LoadBalancer' } })).status).toEqual({ loadBalancer: {} });
    });
  });
}
