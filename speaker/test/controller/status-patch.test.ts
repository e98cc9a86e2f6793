import { statusPatch } from '../../src/controller/status-patch';
import { type Condition } from '../../src/kube';

const NOW = '2026-11-26T15:00:00Z', EARLIER = '2026-11-01T00:00:00Z', TYPE = 'home-load-balancer.github.io/AddressAssigned';
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
  expect(statusPatch({ metadata: { name: 'web', namespace: 'home', annotations }, spec: {} }, { ingress, poolAnnotation, condition: undefined }, NOW)).toEqual(expected);
});

describe('the condition', () => {
  const other: Condition = { type: 'example.com/Other', status: 'True', reason: 'X', lastTransitionTime: EARLIER };
  const own: Condition = { type: TYPE, status: 'True', reason: 'Assigned', message: 'old', lastTransitionTime: EARLIER };
  const yes = { status: 'True', reason: 'Assigned', message: 'new' } as const, no = { status: 'False', reason: 'NoAvailableIPs', message: 'new' } as const;
  test.each<[string, Condition[] | undefined, typeof yes | typeof no | undefined, unknown]>([
    ['is made with the time of now', undefined, yes, [{ type: TYPE, ...yes, lastTransitionTime: NOW }]],
    ['keeps its time while its status stays', [own], yes, [{ type: TYPE, ...yes, lastTransitionTime: EARLIER }]],
    ['gets another time with another status', [own], no, [{ type: TYPE, ...no, lastTransitionTime: NOW }]],
    ['leaves those of others', [other, own], no, [other, { type: TYPE, ...no, lastTransitionTime: NOW }]],
    ['goes, and leaves those of others', [own, other], undefined, [other]],
    ['is not spoken of where there is none', [other], undefined, undefined],
  ])('%s', (_, shown, condition, expected) => {
    const service = { metadata: { name: 'web', namespace: 'home' }, spec: {}, status: { conditions: shown } };
    const { status } = statusPatch(service, { ingress: ['93.5.22.100'], poolAnnotation: 'home', condition }, NOW);
    expect((status as { conditions?: unknown }).conditions).toEqual(expected);
  });
});
