import type { Problem } from '../../src/config';
import { CONFIGURATION_STATES, type KubeObject } from '../../src/kube';
import { createLogger, Metrics } from '../../src/observability';
import { ConfigurationState, Watches } from '../../src/role';
import { Cluster, eventually, NAMESPACE } from '../controller/cluster';

interface State extends KubeObject {
  readonly status?: {
    readonly result: string;
    readonly errorSummary: string;
    readonly conditions: readonly { readonly type: string; readonly status: string; readonly lastTransitionTime: string }[];
  };
}

const problem = (name: string): Problem => ({
  code: 'NoAddresses', kind: 'IPAddressPool', namespace: NAMESPACE, name, field: 'spec.addresses', value: '', message: `parsing address pool ${name}: wrong`, fix: 'mend it', transient: false,
});

let cluster: Cluster;
let watches: Watches;
let state: ConfigurationState;
const record = jest.fn();
const metrics = new Metrics();

beforeAll(async () => { cluster = await Cluster.start(); });
afterAll(() => cluster.stop());
beforeEach(async () => {
  record.mockReset();
  const log = createLogger('none');
  watches = new Watches(cluster.client, log, metrics);
  state = new ConfigurationState({
    client: cluster.client,
    namespace: NAMESPACE,
    name: 'controller',
    labels: { 'metallb.io/component-type': 'controller' },
    condition: 'poolReconcilerValid',
    owner: { apiVersion: 'v1', kind: 'Pod', name: 'controller', uid: 'pod-uid' },
    recorder: { record },
    objectOf: ({ kind, name, namespace }) => ({ kind, metadata: { name, namespace } }),
    log,
    metrics,
  }, watches);
  await watches.start();
});
afterEach(async () => {
  state.stop();
  await watches.stop();
  await cluster.client.delete(CONFIGURATION_STATES, 'controller', { namespace: NAMESPACE }).catch(() => undefined);
});

const read = () => cluster.client.get<State>(CONFIGURATION_STATES, 'controller', { namespace: NAMESPACE });

test('a configuration without problems is Valid, and belongs to the pod', async () => {
  state.report({ problems: [] });
  await eventually(read, ({ metadata, status }) => {
    expect(metadata).toMatchObject({ labels: { 'metallb.io/component-type': 'controller' }, ownerReferences: [{ uid: 'pod-uid' }] });
    expect(status).toMatchObject({ result: 'Valid', conditions: [{ type: 'poolReconcilerValid', status: 'True', reason: 'Reconciled' }] });
  });
});

test('every problem is in the summary, the condition, the stale gauge and an event of its object; an event comes once', async () => {
  state.report({ problems: [problem('a'), problem('b')] });
  state.report({ problems: [problem('b'), problem('a')] });
  await eventually(read, ({ status }) => {
    expect(status).toMatchObject({ result: 'Invalid', conditions: [{ status: 'False', reason: 'ConfigurationError', message: expect.stringMatching(/^configuration error: /) }] });
    expect(status!.errorSummary.split('\n')).toEqual([expect.stringContaining('pool b: wrong'), expect.stringContaining('pool a: wrong')]);
  });
  expect(await metrics.text()).toContain('metallb_k8s_client_config_stale_bool 1');
  expect(record.mock.calls.map(([object, type, reason]) => [object.metadata.name, type, reason])).toEqual([['a', 'Warning', 'NoAddresses'], ['b', 'Warning', 'NoAddresses']]);
});

test('the stale gauge goes back with the condition when the same configuration as before is valid again', async () => {
  for (const problems of [[], [problem('a')], []]) state.report({ problems });
  await eventually(read, ({ status }) => expect(status).toMatchObject({ result: 'Valid' }));
  expect(await metrics.text()).toContain('metallb_k8s_client_config_stale_bool 0');
});

test('the time of the condition is that of its last change between true and false', async () => {
  state.report({ problems: [problem('a')] });
  const first = await eventually(read, ({ status }) => expect(status).toMatchObject({ result: 'Invalid' })).then(read);
  state.report({ problems: [problem('b')] });
  await eventually(read, ({ status }) => {
    expect(status!.errorSummary).toContain('pool b');
    expect(status!.conditions[0].lastTransitionTime).toBe(first.status!.conditions[0].lastTransitionTime);
  });
});

test('deleted, it is made again; changed by somebody, it is put right', async () => {
  state.report({ problems: [problem('a')] });
  const { metadata: { uid } } = await eventually(read, ({ status }) => expect(status).toMatchObject({ result: 'Invalid' })).then(read);
  await cluster.client.delete(CONFIGURATION_STATES, 'controller', { namespace: NAMESPACE });
  await eventually(async () => read().catch(() => undefined), (found) => {
    expect(found?.metadata.uid).not.toBe(uid);
    expect(found?.status).toMatchObject({ result: 'Invalid' });
  });
  await cluster.client.patch(CONFIGURATION_STATES, 'controller', { status: { result: 'Valid' } }, { namespace: NAMESPACE, subresource: 'status' });
  await eventually(read, ({ status }) => expect(status).toMatchObject({ result: 'Invalid' }));
});

test('many reports within a second are two writes at most, the first and the last; none follows without a change', async () => {
  const apply = jest.spyOn(cluster.client, 'apply');
  for (let i = 0; i < 50; i += 1) state.report({ problems: [problem(`${i}`)] });
  await eventually(read, ({ status }) => expect(status?.errorSummary).toContain('pool 49'));
  const writes = () => apply.mock.calls.filter(([, , { subresource }]) => subresource === 'status').length;
  const count = writes();
  expect(count).toBeLessThanOrEqual(2);
  state.report({ problems: [problem('49')] });
  await eventually(async () => cluster.client.list(CONFIGURATION_STATES, { namespace: NAMESPACE }), ({ items }) => expect(items).toHaveLength(1));
  expect(writes()).toBe(count);
  apply.mockRestore();
});
