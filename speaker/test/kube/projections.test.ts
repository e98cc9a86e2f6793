import { KubeObject, projectNamespace, projectService, projectWhole } from '../../src/kube';

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
  ['a Namespace', projectNamespace, { spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } }],
  ['a custom resource', projectWhole, { spec: { addresses: ['93.5.22.100'] } }],
])('%s loses managedFields and the copy that kubectl keeps', (_kind, project, rest) => {
  const projected = project({ metadata, ...rest } as KubeObject);
  expect(projected.metadata).toMatchObject({ name: 'a', namespace: 'n', uid: 'u', resourceVersion: '7', labels: { l: '1' } });
  expect(JSON.stringify(projected).length).toBeLessThan(700);
  expect(JSON.stringify(projected)).not.toMatch(/managedFields|last-applied|appProtocol|externalIPs/);
});

test('what is read is kept', () => {
  expect(projectService({ metadata, spec: { type: 'LoadBalancer', ports: [{ name: 'web', port: 80, protocol: 'TCP' }] }, status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } } } as KubeObject))
    .toMatchObject({ metadata: { annotations: { kept: '1' } }, spec: { ports: [{ name: 'web', port: 80, protocol: 'TCP' }] }, status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } } });
});
