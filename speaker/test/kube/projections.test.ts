import { KubeObject, projectEndpointSlice, projectNamespace, projectNode, projectService, projectWhole } from '../../src/kube';

const metadata = {
  name: 'a',
  namespace: 'n',
  uid: 'u',
  resourceVersion: '7',
  labels: { l: '1' },
  annotations: { 'kept': '1', 'kubectl.kubernetes.io/last-applied-configuration': 'x'.repeat(10_000) },
  managedFields: [{ manager: 'm', fieldsV1: { 'f:spec': {} } }],
};

test.each<[string, (raw: KubeObject) => KubeObject, object]>([
  ['a Service', projectService, { spec: { type: 'LoadBalancer', ports: [{ port: 80, appProtocol: 'h2c' }], externalIPs: ['1.2.3.4'] }, status: { loadBalancer: {} } }],
  ['an EndpointSlice', projectEndpointSlice, { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'], targetRef: { name: 'pod' }, zone: 'z', nodeName: 'x' }], ports: [{ port: 80 }] }],
  ['a Node', projectNode, { spec: { unschedulable: true, podCIDR: 'x' }, status: { images: [{ names: ['x'.repeat(10_000)] }], addresses: [{ type: 'InternalIP', address: '1.2.3.4' }] } }],
  ['a Namespace', projectNamespace, { spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } }],
  ['a custom resource', projectWhole, { spec: { addresses: ['93.5.22.100'] } }],
])('%s loses managedFields and the copy that kubectl keeps', (_kind, project, rest) => {
  const projected = project({ metadata, ...rest } as KubeObject);
  expect(projected.metadata).toMatchObject({ name: 'a', namespace: 'n', uid: 'u', resourceVersion: '7', labels: { l: '1' } });
  expect(JSON.stringify(projected).length).toBeLessThan(700);
  expect(JSON.stringify(projected)).not.toMatch(/managedFields|last-applied|appProtocol|externalIPs|targetRef|images|podCIDR/);
});

test('what is read is kept', () => {
  expect(projectService({ metadata, spec: { type: 'LoadBalancer', ports: [{ name: 'web', port: 80, protocol: 'TCP' }] }, status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } } } as KubeObject))
    .toMatchObject({ metadata: { annotations: { kept: '1' } }, spec: { ports: [{ name: 'web', port: 80, protocol: 'TCP' }] }, status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } } });
  expect(projectEndpointSlice({ metadata, addressType: 'IPv4', endpoints: null } as unknown as KubeObject).endpoints).toEqual([]);
  expect(projectNode({ metadata, status: { conditions: [{ type: 'NetworkUnavailable', status: 'True', reason: 'r', lastHeartbeatTime: 'x' }] } } as unknown as KubeObject).status!.conditions)
    .toEqual([{ type: 'NetworkUnavailable', status: 'True', reason: 'r' }]);
});
