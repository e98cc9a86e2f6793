import { writeFileSync } from 'fs';
import { join } from 'path';
import { ApiObject, Chart, Helm, Include, Lazy, Testing, Yaml } from 'cdk8s';
import { k8s, Service, ServiceType } from 'cdk8s-plus-28';
import * as newest from 'cdk8s-plus-33';
import { Construct, IConstruct } from 'constructs';
import { AddressPool, AddressSharing, HomeLoadBalancer, IpRange } from '../src';
import { application, balancer, manifests } from './util';

const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { ports: [{ port: 80 }], selector: { app: 'web' } } };

let chart: Chart;
let lb: HomeLoadBalancer;
beforeEach(() => {
  chart = Testing.chart();
  lb = balancer(chart, { addresses: ['10.0.0.0/24', 'fd00::/120'] });
});

const made = () => manifests(chart, 'Service')[0];

function include(...documents: object[]): Include {
  const file = join(Testing.app().outdir, 'include.yaml');
  writeFileSync(file, Yaml.stringify(...documents));
  return new Include(chart, 'include', { url: file });
}

/** A release as Helm would render it, by a program that prints it. */
function helm(...documents: object[]): Helm {
  const program = join(Testing.app().outdir, 'helm');
  writeFileSync(program, `#!/bin/sh\ncat <<'END'\n${Yaml.stringify(...documents)}END\n`, { mode: 0o755 });
  return new Helm(chart, 'release', { chart: 'web', helmExecutable: program });
}

describe('a Service of any origin', () => {
  test.each<[string, () => IConstruct]>([
    ['cdk8s-plus', () => new Service(chart, 'web', { ports: [{ port: 80 }] })],
    ['cdk8s-plus, exposing a Deployment', () => application(chart, 'web', 80).exposeViaService()],
    ['KubeService', () => new k8s.KubeService(chart, 'web', { spec: { ports: [{ port: 80 }] } })],
    ['ApiObject', () => new ApiObject(chart, 'web', service)],
    ['Include, as a whole', () => include(service, { ...service, kind: 'ConfigMap' })],
    ['Include, one of its objects', () => include(service, { ...service, metadata: { name: 'other' } }).apiObjects[0]],
    ['a construct with a Service in it, as Helm makes', () => {
      const release = new Construct(chart, 'release');
      new ApiObject(release, 'web-service', service);
      return release;
    }],
    ['Helm, one of its objects', () => helm(service, { ...service, kind: 'Secret' }).apiObjects[0]],
    ['Helm, as a whole', () => helm(service, { ...service, kind: 'Secret' })],
    ['the newest cdk8s-plus', () => new newest.Service(chart, 'web', { ports: [{ port: 80 }] })],
    ['the newest cdk8s-plus, exposing a Deployment', () => new newest.Deployment(chart, 'web', {
      containers: [{ image: 'web', ports: [{ number: 80 }] }],
    }).exposeViaService()],
  ])('%s', (_, make) => {
    lb.bind(make(), { addresses: ['10.0.0.7'], preserveClientIp: true });
    expect(made()).toMatchObject({
      metadata: { annotations: { 'metallb.io/loadBalancerIPs': '10.0.0.7', 'metallb.io/allow-shared-ip': 'home-load-balancer' } },
      spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', ports: [{ port: 80 }] },
    });
  });
});

describe('what is no Service', () => {
  test.each<[string, () => IConstruct, RegExp]>([
    ['a Deployment', () => application(chart, 'web', 80), /test\/web is a Deployment, not a Service: pass a Service, or pass a Deployment to expose\(\)/],
    ['a pool', () => lb.defaultPool!, /test\/lb\/Pool is a IPAddressPool, not a Service/],
    ['a Service of Knative', () => new ApiObject(chart, 'kn', { apiVersion: 'serving.knative.dev/v1', kind: 'Service' }), /is a Service, not a Service/],
    ['an Include without one', () => include({ ...service, kind: 'ConfigMap' }), /test\/include contains no Service/],
    ['an Include with two', () => include(service, { ...service, metadata: { name: 'other' } }),
      /test\/include contains 2 Services \(web, other\): pass one of these objects/],
  ])('%s is refused', (_, make, message) => {
    const construct = make();
    expect(() => lb.bind(construct)).toThrow(message);
    expect(() => lb.bind(construct)).toThrow(expect.objectContaining({ code: 'NOT_A_SERVICE' }));
  });
});

describe('options', () => {
  test('by default a Service shares whatever address it gets, and nothing else is said', () => {
    lb.expose(application(chart, 'web', 80));
    expect(made().metadata.annotations).toEqual({ 'metallb.io/allow-shared-ip': 'home-load-balancer' });
    expect(made().spec).not.toHaveProperty('externalTrafficPolicy');
    expect(made().spec).not.toHaveProperty('loadBalancerClass');
  });

  test('sharing can be refused, or kept to a circle', () => {
    lb.expose(application(chart, 'a', 80), { sharing: AddressSharing.NEVER });
    lb.expose(application(chart, 'b', 80), { sharing: AddressSharing.withKey('lan') });
    expect(manifests(chart, 'Service').map(({ metadata }) => metadata.annotations)).toEqual([undefined, { 'metallb.io/allow-shared-ip': 'lan' }]);
  });

  test.each<[string, () => AddressPool['poolName']]>([
    ['made here', () => lb.addPool('media', { ranges: [IpRange.parse('10.0.1.1')], poolName: 'media' }).poolName],
    ['made elsewhere', () => AddressPool.fromPoolName(chart, 'media', 'media').poolName],
  ])('a pool %s is asked for by name', (_, make) => {
    make();
    const pool = chart.node.findAll().find((construct) => (construct as AddressPool).poolName === 'media') as AddressPool;
    lb.expose(application(chart, 'web', 80), { pool });
    expect(made().metadata.annotations['metallb.io/address-pool']).toBe('media');
  });

  test('two addresses make a Service of both families', () => {
    lb.expose(application(chart, 'web', 80), { addresses: ['10.0.0.7', 'fd00::7'] });
    expect(made()).toMatchObject({
      metadata: { annotations: { 'metallb.io/loadBalancerIPs': '10.0.0.7,fd00::7' } },
      spec: { ipFamilyPolicy: 'RequireDualStack' },
    });
  });

  test('an IPv6 address makes an IPv6 Service', () => {
    lb.expose(application(chart, 'web', 80), { addresses: ['fd00::7'] });
    expect(made().spec.ipFamilies).toEqual(['IPv6']);
  });

  test('preserveClientIp: false is said too', () => {
    lb.expose(application(chart, 'web', 80), { preserveClientIp: false });
    expect(made().spec.externalTrafficPolicy).toBe('Cluster');
  });

  test('expose() passes name and ports on', () => {
    const deployment = application(chart, 'web', 80, 443);
    const exposed = [
      lb.expose(deployment, { name: 'plain', ports: [{ port: 8080, targetPort: 80 }] }),
      lb.expose(deployment, { name: 'secure', ports: [{ port: 443 }] }),
    ];
    expect(exposed.map(({ type }) => type)).toEqual([ServiceType.LOAD_BALANCER, ServiceType.LOAD_BALANCER]);
    expect(manifests(chart, 'Service').map(({ metadata, spec }) => [metadata.name, spec.ports[0].port])).toEqual([['plain', 8080], ['secure', 443]]);
  });

  test('addresses may be tokens, alone and among others', () => {
    lb.expose(application(chart, 'a', 80), { addresses: [Lazy.any({ produce: () => '10.0.0.7' }), 'fd00::7'] });
    lb.expose(application(chart, 'b', 80), { addresses: ['${Token[TOKEN.7]}'] });
    expect(manifests(chart, 'Service').map(({ metadata }) => metadata.annotations['metallb.io/loadBalancerIPs']))
      .toEqual(['10.0.0.7,fd00::7', '${Token[TOKEN.7]}']);
  });
});

describe('refused at once', () => {
  test.each([
    ['no address', ['10.0.0'], /addresses: '10.0.0' is not an IP address: expected one such as/],
    ['a range', ['10.0.0.0/30'], /'10.0.0.0\/30' is not an IP address/],
    ['two of a family', ['10.0.0.1', '10.0.0.2'], /asks for 10.0.0.1 and 10.0.0.2: a Service has one address, or one IPv4 and one IPv6 address/],
    ['three', ['10.0.0.1', 'fd00::1', 'fd00::2'], /a Service has one address/],
  ])('%s', (_, addresses, message) => {
    expect(() => lb.expose(application(chart, 'web', 80), { addresses })).toThrow(message);
  });

  test('the pool of another load balancer', () => {
    const other = balancer(chart, { addresses: ['10.1.0.0/24'], namespace: 'other', loadBalancerClass: 'other' }, 'other');
    expect(() => lb.expose(application(chart, 'web', 80), { pool: other.defaultPool }))
      .toThrow(/unknown pool .* \(test\/other\/Pool\): it is in the namespace other, but test\/lb looks for pools in metallb-system only/);
  });
});

test('a Service in a chart of its own adds no dependency, which would rename the files of all charts', () => {
  const other = new Chart(chart.node.root as Construct, 'other');
  lb.expose(application(other, 'web', 80));
  expect(other.node.dependencies).toEqual([]);
  expect(other.node.findAll().flatMap((construct) => construct.node.dependencies)).toEqual([]);
});
