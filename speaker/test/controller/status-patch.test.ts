import { statusPatch } from '../../src/controller/status-patch';

const POOL = 'metallb.io/ip-allocated-from-pool', DEPRECATED = 'metallb.universe.tf/ip-allocated-from-pool';

test.each<[string, Record<string, string>, readonly string[], string | undefined, object]>([
  ['an address is written with its pool', {}, ['93.5.22.100'], 'home',
    { metadata: { annotations: { [POOL]: 'home' } }, status: { loadBalancer: { ingress: [{ ip: '93.5.22.100' }] } } }],
  ['two addresses are written in their order', {}, ['93.5.22.100', 'fd00::1'], 'home',
    { metadata: { annotations: { [POOL]: 'home' } }, status: { loadBalancer: { ingress: [{ ip: '93.5.22.100' }, { ip: 'fd00::1' }] } } }],
  ['an address that is taken away takes the annotation with it', { [POOL]: 'home' }, [], undefined,
    { metadata: { annotations: { [POOL]: null } }, status: { loadBalancer: { ingress: null } } }],
  ['the deprecated annotation is removed with a write', { [DEPRECATED]: 'home' }, ['93.5.22.100'], 'home',
    { metadata: { annotations: { [POOL]: 'home', [DEPRECATED]: null } }, status: { loadBalancer: { ingress: [{ ip: '93.5.22.100' }] } } }],
])('%s', (_, annotations, ingress, poolAnnotation, expected) => {
  expect(statusPatch({ metadata: { name: 'web', namespace: 'home', annotations }, spec: {} }, { ingress, poolAnnotation })).toEqual(expected);
});
