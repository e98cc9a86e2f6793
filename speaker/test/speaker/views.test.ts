import type { EndpointSlice, Node, Service } from '../../src/kube';
import { toNode, toService, toSlice } from '../../src/speaker/views';

const metadata = { name: 'web', namespace: 'home', uid: 'u', resourceVersion: '7' };

describe('a Service', () => {
  const view = (service: object) => toService({ metadata, ...service } as unknown as Service).view;

  test.each<[string, object, object]>([
    ['without anything', {}, { key: 'home/web', type: 'ClusterIP', labels: {}, ingress: [], externalTrafficPolicy: 'Cluster', allowsSharing: false }],
    ['type, policy and labels', { metadata: { ...metadata, labels: { app: 'x' } }, spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local' } },
      { type: 'LoadBalancer', externalTrafficPolicy: 'Local', labels: { app: 'x' } }],
    ['addresses in their order', { status: { loadBalancer: { ingress: [{ ip: '93.5.22.100' }, { ip: 'fd93::1' }] } } }, { ingress: ['93.5.22.100', 'fd93::1'] }],
    ['a host name is an entry that is no address', { status: { loadBalancer: { ingress: [{ hostname: 'a.example' }, { ip: '93.5.22.100' }] } } }, { ingress: ['', '93.5.22.100'] }],
    ['it may share its address, whatever the key', { metadata: { ...metadata, annotations: { 'metallb.io/allow-shared-ip': '' } } }, { allowsSharing: true }],
    ['... by the former name of the annotation, too', { metadata: { ...metadata, annotations: { 'metallb.universe.tf/allow-shared-ip': 'key' } } }, { allowsSharing: true }],
    ['other annotations are nothing to it', { metadata: { ...metadata, annotations: { 'example.com/allow-shared-ip': 'key' } } }, { allowsSharing: false }],
  ])('%s', (_, service, expected) => {
    expect(view(service)).toMatchObject(expected);
  });

  test('its class, and no more of the object than is read', () => {
    const managedFields = [{ manager: 'kubectl' }], conflict = { type: 'home-load-balancer.github.io/AddressConflict', status: 'True' };
    const stored = toService({
      metadata: { ...metadata, managedFields }, spec: { loadBalancerClass: 'other' }, status: { conditions: [{ type: 'Else', status: 'True' }, conflict] },
    } as unknown as Service);
    expect(stored).toMatchObject({ loadBalancerClass: 'other', conflict });
    expect(stored.metadata).toEqual(metadata);
  });
});

describe('a Node', () => {
  const conditions = (...all: object[]) => toNode({ metadata: { ...metadata, labels: { zone: 'a' } }, status: { conditions: all } } as unknown as Node).view;

  test.each([
    ['says that it has no network', [{ type: 'Ready', status: 'True' }, { type: 'NetworkUnavailable', status: 'True' }], true],
    ['says that it has', [{ type: 'NetworkUnavailable', status: 'False' }], false],
    ['does not know', [{ type: 'NetworkUnavailable', status: 'Unknown' }], false],
    ['is not ready, which is for the heartbeats to say', [{ type: 'Ready', status: 'False' }], false],
    ['says nothing', [], false],
  ])('%s', (_, all, networkUnavailable) => {
    expect(conditions(...all)).toEqual({ name: 'web', labels: { zone: 'a' }, networkUnavailable });
  });

  test('hears heartbeats on its internal addresses', () => {
    const addresses = [{ type: 'InternalIP', address: '93.5.22.44' }, { type: 'Hostname', address: 'n1' }, { type: 'InternalIP', address: 'fd93::44' }];
    expect(toNode({ metadata, status: { addresses } } as unknown as Node).internalAddresses).toEqual(['93.5.22.44', 'fd93::44']);
  });
});

describe('an EndpointSlice', () => {
  const slice = (labels: object, endpoints?: object[]) => toSlice({ metadata: { ...metadata, labels }, endpoints } as unknown as EndpointSlice);

  test('belongs to the Service that its label names, in its own namespace', () => {
    expect(slice({ 'kubernetes.io/service-name': 'shop' }).service).toBe('home/shop');
    expect(slice({}).service).toBeUndefined();
  });

  test.each<[object, object]>([
    [{ nodeName: 'n1', conditions: { ready: true, serving: true, terminating: false } }, { nodeName: 'n1', ready: true, serving: true }],
    [{ conditions: { ready: false, serving: true, terminating: true } }, { ready: false, serving: true }],
    [{ nodeName: 'n1', conditions: { ready: null } }, { nodeName: 'n1' }],
    [{ nodeName: 'n1' }, { nodeName: 'n1' }],
  ])('%j is %j', (endpoint, expected) => {
    expect(slice({}, [endpoint]).endpoints).toEqual([expected]);
  });

  test('may have none', () => {
    expect(slice({}).endpoints).toEqual([]);
  });
});
