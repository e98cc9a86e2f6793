import { createServer } from 'node:http2';
import { createService, failure, Fixture } from './support';
import { ApiError } from '../../../lab/apiserver';
import { EVENTS, IP_ADDRESS_POOLS, LEASES, isKubeError, KubeClient, KubeError, NODES, SERVICES } from '../../src/kube';

let fixture: Fixture;

beforeEach(async () => { fixture = await Fixture.start(); });
afterEach(() => fixture.close());

async function thrown(attempt: Promise<unknown>): Promise<KubeError> {
  try {
    await attempt;
  } catch (error) {
    if (isKubeError(error)) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

const busy = (retryAfterSeconds?: number) => new ApiError(429, 'TooManyRequests', 'too many requests, please try again later', { retryAfterSeconds });

describe('a server that asks to try again later', () => {
  test('gets the same request again', async () => {
    fixture.server.faults.fail({ verb: 'create', resource: 'services' }, busy(0), 3);
    expect(await createService(fixture.client(), 'web')).toMatchObject({ metadata: { name: 'web' } });
  });

  test('is not asked for ever', async () => {
    let asked = 0;
    fixture.server.faults.fail({ verb: 'list' }, new Proxy(busy(0), { get: (error, key) => { if (key === 'code') asked += 1; return Reflect.get(error, key) as unknown; } }), 100);
    expect(await failure(fixture.client().list(SERVICES))).toMatchObject({ code: 'TooManyRequests', status: 429 });
    expect(asked).toBeGreaterThanOrEqual(5);
  });

  test('for longer than a caller may be kept waiting is reported, with the time', async () => {
    fixture.server.faults.fail({ verb: 'list' }, busy(3600));
    expect(await thrown(fixture.client().list(SERVICES))).toMatchObject({ code: 'TooManyRequests', retryAfterMs: 3_600_000 });
  });

  test('without saying when is reported', async () => {
    fixture.server.faults.fail({ verb: 'list' }, busy());
    expect(await thrown(fixture.client().list(SERVICES))).toMatchObject({ code: 'TooManyRequests', retryAfterMs: undefined });
  });
});

describe('a token that is refused', () => {
  test('is read again from its file at once, and the call repeated', async () => {
    const tokenFile = fixture.file('token', '');
    fixture.file('token', JSON.parse(fixture.server.kubeconfig()).users[0].user.token as string);
    const client = fixture.client({}, fixture.file('by-file', fixture.server.kubeconfig({ tokenFile })));
    await client.version();
    fixture.file('token', fixture.server.rotateToken());
    expect(await client.version()).toMatchObject({ major: '1' });
  });

  test('that is still in the file is reported', async () => {
    const client = fixture.client();
    fixture.server.rotateToken();
    const error = await thrown(client.list(SERVICES));
    expect(error).toMatchObject({ code: 'Unauthorized', status: 401, reason: 'Unauthorized' });
    expect(error.message).toBe(`list services: Unauthorized: the API server does not accept the credentials from kubeconfig ${fixture.kubeconfig}, context "lab";`
      + ' the token has expired or belongs to another cluster');
  });
});

describe('messages name the fix', () => {
  test.each<[string, (client: KubeClient) => Promise<unknown>, string]>([
    ['list nodes', (client) => client.list(NODES), 'add to the ClusterRole of this program: apiGroups [""], resources ["nodes"], verbs ["list","watch"]'],
    ['get ipaddresspools', (client) => client.get(IP_ADDRESS_POOLS, 'a', { namespace: 'b' }),
      'add to the Role or ClusterRole of this program: apiGroups ["metallb.io"], resources ["ipaddresspools"], verbs ["get"]'],
    ['patch services/status', (client) => client.patch(SERVICES, 'a', {}, { namespace: 'b', subresource: 'status' }),
      'add to the Role or ClusterRole of this program: apiGroups [""], resources ["services/status"], verbs ["patch"]'],
    ['watch services', async (client) => { for await (const _ of client.watch(SERVICES, { resourceVersion: '1', timeoutSeconds: 1 })) return; },
      'verbs ["list","watch"]'],
    ['patch events', (client) => client.patch(EVENTS, 'a', {}, { namespace: 'b' }), 'resources ["events"], verbs ["create","patch"]'],
    ['create leases', (client) => client.create(LEASES, { metadata: { name: 'a' } }, { namespace: 'b' }), 'resources ["leases"], verbs ["get","create","patch"]'],
  ])('of a right that is missing: %s', async (what, attempt, fix) => {
    const [verb, resource] = what.split(' ');
    await fixture.close();
    fixture = await Fixture.start({ crds: '../crds/metallb.io.yaml' });
    fixture.server.faults.deny({ verb, resource });
    const error = await thrown(attempt(fixture.client()));
    expect(error).toMatchObject({ code: 'Forbidden', status: 403, reason: 'Forbidden' });
    expect(error.message).toContain(`cannot ${verb} resource "${resource}"`);
    expect(error.message).toContain(fix);
  });

  test('of definitions that are missing', async () => {
    expect((await thrown(fixture.client().list(IP_ADDRESS_POOLS))).message).toBe(
      'list ipaddresspools.metallb.io: 404 page not found: the API server does not serve ipaddresspools.metallb.io in version v1beta1; are its custom resource definitions installed?');
  });

  test('of an object that is missing, by its name', async () => {
    const error = await thrown(fixture.client().get(SERVICES, 'web', { namespace: 'media' }));
    expect([error.code, error.message]).toEqual(['NotFound', 'get services media/web: services "web" not found']);
  });

  test('of a conflict between field managers', async () => {
    const client = fixture.client();
    const apply = (fieldManager: string, type: string) => client.apply(
      SERVICES, { metadata: { name: 'web', namespace: 'default' }, spec: { type, ports: [{ port: 80 }] } } as never, { fieldManager });
    await apply('a', 'LoadBalancer');
    expect((await thrown(apply('b', 'NodePort'))).message).toBe(
      'patch services default/web: Apply failed with 1 conflict: conflict with "a": .spec.type: apply with force, or leave these fields to their manager');
  });
});

test('a call that is not answered in time fails, and others go on', async () => {
  const client = fixture.client({ requestTimeoutMs: 100 });
  const release = fixture.server.faults.hold({ verb: 'list', resource: 'services' });
  const [stuck] = await Promise.all([thrown(client.list(SERVICES)), client.list(NODES)]);
  expect(stuck.code).toBe('Timeout');
  expect(stuck.message).toContain('GET /api/v1/services?limit=500 within 100 ms');
  release();
  expect((await client.list(SERVICES)).items).toHaveLength(1);
});

test('a call or watch that its caller gives up fails as aborted', async () => {
  const client = fixture.client();
  await client.version();
  fixture.server.faults.hold({ verb: 'list', resource: 'services' });
  const calls = new AbortController(), watches = new AbortController();
  const call = thrown(client.list(SERVICES, { signal: calls.signal }));
  const watch = thrown((async () => {
    for await (const _ of client.watch(NODES, { resourceVersion: '1', timeoutSeconds: 60, signal: watches.signal, onOpen: () => watches.abort() }));
  })());
  calls.abort();
  expect((await call).code).toBe('Aborted');
  expect((await watch).code).toBe('Aborted');
  expect((await thrown(client.version(AbortSignal.abort()))).code).toBe('Aborted');
});

test('what is no JSON is not taken for an answer of an API server', async () => {
  const portal = createServer((_request, response) => response.end('<html>Welcome to your router</html>'));
  await new Promise<void>((resolve) => { portal.listen(0, '127.0.0.1', resolve); });
  const { port } = portal.address() as { port: number };
  const client = new KubeClient({ server: `http://127.0.0.1:${port}`, source: 'test', tls: () => ({}) });
  const error = await thrown(client.list(SERVICES));
  expect([error.code, error.message]).toEqual(['BadResponse', 'list services: the answer is not JSON but "<html>Welcome to your router</html>"']);
  client.close();
  await new Promise((resolve) => { portal.close(resolve); });
});
