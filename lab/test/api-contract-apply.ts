import { AnyObject, Contract, failure } from './api-contract-support';
import { CONFIGURATION_STATES, IP_ADDRESS_POOLS, KubeObject, SERVICES } from '../../speaker/src/kube';

/** Who manages fields of an object, by which kind of write. */
function managers({ metadata }: AnyObject): string[] {
  const { managedFields } = metadata as { managedFields?: Array<{ manager: string; operation: string }> };
  return (managedFields ?? []).map(({ manager, operation }) => `${manager} ${operation}`).sort();
}

/** Server-side apply: who owns which field. */
export function applyContract({ client, namespace }: Contract): void {
  const pool = (name: string, spec: object, labels?: Record<string, string>) => ({ metadata: { name, namespace, labels }, spec });
  const apply = (fieldManager: string, object: KubeObject, force = false) =>
    client().apply<AnyObject>(IP_ADDRESS_POOLS, object, { fieldManager, force });

  test('makes what is not there, and a second time changes nothing', async () => {
    const first = await apply('a', pool('made', { addresses: ['1.1.1.1/32'], autoAssign: false }));
    expect(first.metadata.generation).toBe(1);
    expect(managers(first)).toEqual(['a Apply']);
    const second = await apply('a', pool('made', { addresses: ['1.1.1.1/32'], autoAssign: false }));
    expect(second).toEqual(first);
  });

  test('removes what its manager no longer names, back to the default', async () => {
    await apply('a', pool('removed', { addresses: ['1.1.1.1/32'], autoAssign: false }, { one: '1', two: '2' }));
    const less = await apply('a', pool('removed', { addresses: ['1.1.1.1/32'] }, { two: '2' }));
    expect(less.spec.autoAssign).toBe(true);
    expect(less.metadata.labels).toEqual({ two: '2' });
  });

  test('does not take a field from another manager unless forced', async () => {
    await apply('a', pool('conflict', { addresses: ['1.1.1.1/32'] }));
    expect(await failure(apply('b', pool('conflict', { addresses: ['2.2.2.2/32'] })))).toEqual(
      { code: 'Conflict', status: 409, reason: 'Conflict', message: 'Apply failed with 1 conflict: conflict with "a": .spec.addresses' });
    const forced = await apply('b', pool('conflict', { addresses: ['2.2.2.2/32'] }), true);
    expect(forced.spec.addresses).toEqual(['2.2.2.2/32']);
    expect(managers(forced)).toEqual(['b Apply']);
  });

  test('two managers may own a field with the same value; it stays until both drop it', async () => {
    await apply('a', pool('shared', { addresses: ['1.1.1.1/32'] }, { both: 'x' }));
    const both = await apply('b', pool('shared', { addresses: ['1.1.1.1/32'] }, { both: 'x' }));
    expect(managers(both)).toEqual(['a Apply', 'b Apply']);
    expect((await apply('a', pool('shared', { addresses: ['1.1.1.1/32'] }))).metadata.labels).toEqual({ both: 'x' });
    expect((await apply('b', pool('shared', { addresses: ['1.1.1.1/32'] }))).metadata.labels).toBeUndefined();
  });

  test('a field that somebody changed by another write belongs to them', async () => {
    await apply('a', pool('changed', { addresses: ['1.1.1.1/32'] }));
    await client().patch(IP_ADDRESS_POOLS, 'changed', { spec: { addresses: ['3.3.3.3/32'] } }, { namespace, fieldManager: 'kubectl-edit' });
    expect(await failure(apply('a', pool('changed', { addresses: ['1.1.1.1/32'] })))).toMatchObject(
      { code: 'Conflict', message: 'Apply failed with 1 conflict: conflict with "kubectl-edit" using metallb.io/v1beta1: .spec.addresses' });
  });

  test('on the status of what is not there is NotFound', async () => {
    const status = { metadata: { name: 'nothing', namespace }, status: { result: 'Valid' } };
    expect(await failure(client().apply(CONFIGURATION_STATES, status, { fieldManager: 'a', subresource: 'status' }))).toMatchObject({ code: 'NotFound', status: 404 });
  });

  describe('of conditions, which are merged by type', () => {
    const lastTransitionTime = '2024-01-01T00:00:00Z';
    const condition = (type: string, status: string, message = '') => ({ type, status, reason: 'R', message, lastTransitionTime });
    const state = (name: string, ...conditions: object[]) => ({ metadata: { name, namespace }, status: { conditions } });
    const write = (fieldManager: string, object: KubeObject, force = false) =>
      client().apply<AnyObject>(CONFIGURATION_STATES, object, { fieldManager, subresource: 'status', force });
    const conditionsOf = ({ status }: AnyObject) =>
      ((status.conditions ?? []) as Array<{ type: string; status: string }>).map(({ type, status: value }) => `${type}=${value}`).sort();

    test('each manager writes its own', async () => {
      await client().apply(CONFIGURATION_STATES, { metadata: { name: 'two', namespace } }, { fieldManager: 'owner' });
      await write('pools', state('two', condition('pools', 'True')));
      const both = await write('config', state('two', condition('config', 'False')));
      expect(conditionsOf(both)).toEqual(['config=False', 'pools=True']);
      const changed = await write('pools', state('two', condition('pools', 'False', 'why')));
      expect(conditionsOf(changed)).toEqual(['config=False', 'pools=False']);
      expect((await write('pools', state('two', condition('pools', 'False', 'why')))).metadata.resourceVersion).toBe(changed.metadata.resourceVersion);
      expect(conditionsOf(await write('config', state('two')))).toEqual(['pools=False']);
    });

    test('a conflict names the condition', async () => {
      await client().apply(CONFIGURATION_STATES, { metadata: { name: 'named', namespace } }, { fieldManager: 'owner' });
      await write('a', state('named', condition('x', 'True')));
      expect(await failure(write('b', state('named', condition('x', 'False'))))).toMatchObject(
        { message: 'Apply failed with 1 conflict: conflict with "a" with subresource "status": .status.conditions[type="x"].status' });
      expect(conditionsOf(await write('b', state('named', condition('x', 'False')), true))).toEqual(['x=False']);
    });
  });

  test('of a Service merges ports by number and protocol, and leaves what the server allocated', async () => {
    const service = (...ports: object[]) => ({ metadata: { name: 'applied', namespace }, spec: { type: 'LoadBalancer', ports } });
    const write = (object: KubeObject) => client().apply<AnyObject>(SERVICES, object, { fieldManager: 'a' });
    const first = await write(service({ name: 'http', port: 80 }, { name: 'dns', port: 53, protocol: 'UDP' }));
    const second = await write(service({ name: 'http', port: 80, targetPort: 8080 }));
    expect(second.spec.ports).toEqual([{ ...first.spec.ports[0], targetPort: 8080 }]);
    expect(second.spec.clusterIP).toBe(first.spec.clusterIP);
  });
}
