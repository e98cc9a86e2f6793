import { AnyObject, Contract, failure } from './api-contract-support';
import {
  CONFIG_MAPS, ENDPOINT_SLICES, EVENTS, KubeClient, LEASES, NAMESPACES, NODES, ResourceRef, SECRETS, SERVICES,
} from '../../speaker/src/kube';

/** Objects as such: identity, versions, the ways to write, refusals. */
export function objectContract({ client, namespace }: Contract): void {
  const configMap = (name: string, data: object = { a: '1' }) => ({ metadata: { name, namespace }, data });

  test('a created object has uid, resourceVersion and creationTimestamp, and is found again', async () => {
    const created = await client().create<AnyObject>(CONFIG_MAPS, configMap('identity'));
    expect(created.metadata).toMatchObject({ uid: expect.stringMatching(/^[0-9a-f-]{36}$/), resourceVersion: expect.stringMatching(/^\d+$/) });
    expect(Date.parse(created.metadata.creationTimestamp!)).toBeGreaterThan(Date.now() - 60_000);
    expect(await client().get(CONFIG_MAPS, 'identity', { namespace })).toEqual(created);
  });

  test('generateName makes a new name each time', async () => {
    const make = () => client().create<AnyObject>(CONFIG_MAPS, { metadata: { generateName: 'many-', namespace } });
    const [a, b] = await Promise.all([make(), make()]);
    expect(a.metadata.name).toMatch(/^many-[a-z0-9]{5}$/);
    expect(b.metadata.name).not.toBe(a.metadata.name);
  });

  describe('refuses', () => {
    const cases: Array<[string, (api: KubeClient) => Promise<unknown>, object]> = [
      ['an object that is not there', (api) => api.get(SERVICES, 'none', { namespace }),
        { code: 'NotFound', status: 404, reason: 'NotFound', message: 'services "none" not found' }],
      ['to delete what is not there', (api) => api.delete(SERVICES, 'none', { namespace }), { code: 'NotFound', message: 'services "none" not found' }],
      ['a namespace that is not there', (api) => api.create(CONFIG_MAPS, { metadata: { name: 'x', namespace: 'nowhere' } }),
        { code: 'NotFound', message: 'namespaces "nowhere" not found' }],
      ['an unknown kind of the core group', (api) => api.list(thing('')),
        { code: 'NotFound', status: 404, reason: 'NotFound', message: 'the server could not find the requested resource' }],
      ['an unknown group', (api) => api.list(thing('nope.example.org')), { code: 'NotFound', status: 404, message: '404 page not found' }],
      ['an invalid name', (api) => api.create(CONFIG_MAPS, { metadata: { name: 'Upper', namespace } }),
        { code: 'Invalid', status: 422, message: expect.stringContaining('ConfigMap "Upper" is invalid: metadata.name: Invalid value: "Upper": a lowercase RFC 1123 subdomain') }],
      ['an invalid label', (api) => api.create(CONFIG_MAPS, { metadata: { name: 'x', namespace, labels: { a: 'c d' } } }),
        { code: 'Invalid', message: expect.stringContaining('metadata.labels: Invalid value: "c d": a valid label must be') }],
      ['a field selector for a field that has none', (api) => api.list(SERVICES, { namespace, fieldSelector: 'spec.foo=bar' }),
        { code: 'Rejected', status: 400, reason: 'BadRequest', message: 'field label not supported: spec.foo' }],
      ['a Secret that is not base64', (api) => api.create(SECRETS, { metadata: { name: 'x', namespace }, data: { a: '%' } }),
        { code: 'Rejected', status: 400, message: 'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 0' }],
      ['an event in another namespace than its object', (api) => api.create(EVENTS, {
        metadata: { name: 'x', namespace }, involvedObject: { kind: 'Service', namespace: 'default', name: 'a' }, reason: 'r', message: 'm', type: 'Normal',
      }), { code: 'Invalid', message: 'Event "x" is invalid: involvedObject.namespace: Invalid value: "default": does not match event.namespace' }],
      ['an EndpointSlice without an address type', (api) => api.create(ENDPOINT_SLICES, { metadata: { name: 'x', namespace }, endpoints: [] }),
        { code: 'Invalid', message: 'EndpointSlice.discovery.k8s.io "x" is invalid: addressType: Required value' }],
    ];
    test.each(cases)('%s', async (_what, attempt, expected) => {
      expect(await failure(attempt(client()))).toMatchObject(expected);
    });

    test('a second object of the same name', async () => {
      await client().create(CONFIG_MAPS, configMap('twice'));
      expect(await failure(client().create(CONFIG_MAPS, configMap('twice')))).toEqual(
        { code: 'AlreadyExists', status: 409, reason: 'AlreadyExists', message: 'configmaps "twice" already exists' });
    });
  });

  describe('writes', () => {
    test('of what is there already change nothing, not even the resourceVersion', async () => {
      const created = await client().create<AnyObject>(CONFIG_MAPS, configMap('same'));
      const patched = await client().patch<AnyObject>(CONFIG_MAPS, 'same', { data: { a: '1' } }, { namespace });
      expect(patched.metadata.resourceVersion).toBe(created.metadata.resourceVersion);
      const updated = await client().update<AnyObject>(CONFIG_MAPS, created);
      expect(updated.metadata.resourceVersion).toBe(created.metadata.resourceVersion);
    });

    test('with an old resourceVersion are conflicts', async () => {
      const old = await client().create<AnyObject>(CONFIG_MAPS, configMap('old'));
      await client().patch(CONFIG_MAPS, 'old', { data: { a: '2' } }, { namespace });
      const expected = {
        code: 'Conflict',
        status: 409,
        reason: 'Conflict',
        message: 'Operation cannot be fulfilled on configmaps "old": the object has been modified; please apply your changes to the latest version and try again',
      };
      expect(await failure(client().update(CONFIG_MAPS, old))).toEqual(expected);
      const { resourceVersion } = old.metadata;
      expect(await failure(client().patch(CONFIG_MAPS, 'old', { metadata: { resourceVersion }, data: { a: '3' } }, { namespace }))).toEqual(expected);
    });

    test('without a resourceVersion replace whatever is there', async () => {
      await client().create(CONFIG_MAPS, configMap('whatever'));
      const updated = await client().update<AnyObject>(CONFIG_MAPS, configMap('whatever', { b: '2' }));
      expect(updated.data).toEqual({ b: '2' });
    });

    test('by merge patch: null removes, lists are replaced', async () => {
      await client().create(CONFIG_MAPS, { ...configMap('merge', { a: '1', b: '2' }), metadata: { name: 'merge', namespace, finalizers: ['x.y/a', 'x.y/b'] } });
      const patched = await client().patch<AnyObject>(CONFIG_MAPS, 'merge', { data: { a: null, c: '3' }, metadata: { finalizers: ['x.y/b'] } }, { namespace });
      expect(patched.data).toEqual({ b: '2', c: '3' });
      expect(patched.metadata).toMatchObject({ finalizers: ['x.y/b'] });
    });

    test('by JSON patch, whole or not at all', async () => {
      await client().create(CONFIG_MAPS, configMap('json'));
      const good = [{ op: 'test', path: '/data/a', value: '1' }, { op: 'replace', path: '/data/a', value: '2' }, { op: 'add', path: '/data/b~1c', value: 'x' }];
      expect((await client().patch<AnyObject>(CONFIG_MAPS, 'json', good.slice(0, 2), { namespace, type: 'json' })).data).toEqual({ a: '2' });
      const bad = [{ op: 'replace', path: '/data/a', value: '9' }, { op: 'test', path: '/data/a', value: '1' }];
      expect(await failure(client().patch(CONFIG_MAPS, 'json', bad, { namespace, type: 'json' }))).toEqual(
        { code: 'Invalid', status: 422, reason: 'Invalid', message: 'the server rejected our request due to an error in our request' });
      expect((await client().get<AnyObject>(CONFIG_MAPS, 'json', { namespace })).data).toEqual({ a: '2' });
    });
  });

  describe('deletes', () => {
    test('an object once', async () => {
      await client().create(CONFIG_MAPS, configMap('gone'));
      await client().delete(CONFIG_MAPS, 'gone', { namespace });
      expect(await failure(client().delete(CONFIG_MAPS, 'gone', { namespace }))).toMatchObject({ code: 'NotFound' });
    });

    test('only the very object that is meant', async () => {
      const { metadata: { uid, resourceVersion } } = await client().create<AnyObject>(CONFIG_MAPS, configMap('meant'));
      expect(await failure(client().delete(CONFIG_MAPS, 'meant', { namespace, preconditions: { uid: 'other' } }))).toMatchObject(
        { code: 'Conflict', message: expect.stringContaining(`the UID in the precondition (other) does not match the UID in record (${uid})`) });
      expect(await failure(client().delete(CONFIG_MAPS, 'meant', { namespace, preconditions: { resourceVersion: '1' } }))).toMatchObject(
        { code: 'Conflict', message: expect.stringContaining('the ResourceVersion in the precondition (1) does not match') });
      await client().delete(CONFIG_MAPS, 'meant', { namespace, preconditions: { uid, resourceVersion } });
    });
  });

  describe('of other kinds', () => {
    test('a namespace is active and carries its name as a label', async () => {
      expect(await client().get<AnyObject>(NAMESPACES, namespace)).toMatchObject(
        { metadata: { labels: { 'kubernetes.io/metadata.name': namespace } }, status: { phase: 'Active' } });
    });

    test('a Secret written as text is read as base64', async () => {
      const secret = await client().create<AnyObject>(SECRETS, { metadata: { name: 'text', namespace }, stringData: { secretkey: 'abc' } });
      expect(secret).toMatchObject({ type: 'Opaque', data: { secretkey: 'YWJj' } });
      expect(secret.stringData).toBeUndefined();
    });

    test('a Node can be created with its status; later the status is written apart', async () => {
      const addresses = [{ type: 'InternalIP', address: '93.5.22.44' }];
      const node = await client().create<AnyObject>(NODES, { metadata: { name: 'node-a' }, status: { addresses, conditions: [{ type: 'Ready', status: 'True' }] } });
      expect(node.status).toMatchObject({ addresses, conditions: [{ type: 'Ready', status: 'True' }] });
      const down = { conditions: [{ type: 'Ready', status: 'False', reason: 'x', message: 'y' }] };
      const patched = await client().patch<AnyObject>(NODES, 'node-a', { status: down, spec: { unschedulable: true } }, { subresource: 'status', type: 'strategic' });
      expect(patched.status).toMatchObject({ addresses, ...down });
      expect(patched.spec.unschedulable).toBeUndefined();
      const cordoned = await client().patch<AnyObject>(NODES, 'node-a', { spec: { unschedulable: true }, status: { addresses: [] } });
      expect(cordoned).toMatchObject({ spec: { unschedulable: true }, status: { addresses, ...down } });
    });

    test('an event may have a reason with spaces, and is counted up by a patch', async () => {
      await client().create(EVENTS, {
        metadata: { name: 'an-event', namespace },
        involvedObject: { kind: 'Service', namespace, name: 'web' },
        reason: 'not enough clusterips',
        message: 'm',
        type: 'Warning',
        count: 1,
        firstTimestamp: '2024-01-01T00:00:00Z',
        lastTimestamp: '2024-01-01T00:00:00Z',
        source: { component: 'c' },
        reportingComponent: 'c',
        reportingInstance: '',
      });
      const counted = await client().patch<AnyObject>(EVENTS, 'an-event', { count: 2, lastTimestamp: '2024-01-01T00:01:00Z' }, { namespace });
      expect(counted).toMatchObject({ count: 2, firstTimestamp: '2024-01-01T00:00:00Z', lastTimestamp: '2024-01-01T00:01:00Z' });
      const { items } = await client().list<AnyObject>(EVENTS, { namespace, fieldSelector: 'involvedObject.name=web,reason=not enough clusterips' });
      expect(items.map(({ metadata }) => metadata.name)).toEqual(['an-event']);
    });

    test('an EndpointSlice gets a generation, and conditions where none are given', async () => {
      const slice = await client().create<AnyObject>(ENDPOINT_SLICES, {
        metadata: { name: 'slice', namespace, labels: { 'kubernetes.io/service-name': 'web' } },
        addressType: 'IPv4',
        endpoints: [{ addresses: ['10.0.0.1'], nodeName: 'node-a' }],
        ports: [{ port: 80 }],
      });
      expect(slice).toMatchObject({ metadata: { generation: 1 }, endpoints: [{ conditions: {} }], ports: [{ name: '', protocol: 'TCP', port: 80 }] });
      const patched = await client().patch<AnyObject>(ENDPOINT_SLICES, 'slice', { endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: false } }] }, { namespace });
      expect(patched.metadata.generation).toBe(2);
    });

    test('a Lease is kept as written', async () => {
      const spec = { holderIdentity: 'a', leaseDurationSeconds: 15, acquireTime: '2024-01-01T00:00:00.000000Z', renewTime: '2024-01-01T00:00:00.123456Z', leaseTransitions: 0 };
      expect((await client().create<AnyObject>(LEASES, { metadata: { name: 'lease', namespace }, spec })).spec).toEqual(spec);
    });
  });

  test('forty writes at the same time over one connection all succeed', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `parallel-${index}`);
    await Promise.all(names.map((name) => client().create(CONFIG_MAPS, configMap(name))));
    const patched = await Promise.all(names.map((name) => client().patch<AnyObject>(CONFIG_MAPS, name, { data: { a: name } }, { namespace })));
    expect(patched.map(({ data }) => data.a as string)).toEqual(names);
  });
}

function thing(group: string): ResourceRef {
  return { group, version: 'v1', plural: 'things', kind: 'Thing', namespaced: true };
}
