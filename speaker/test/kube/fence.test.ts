import { createServer } from 'node:http2';
import { AddressInfo } from 'node:net';
import { failure, Fixture } from './support';
import { ApiError } from '../../../lab/apiserver';
import { kubeconfigOf } from '../../../lab/apiserver/kubeconfig';
import { CONFIG_MAPS, KubeClient, KubeObject } from '../../src/kube';

let fixture: Fixture, client: KubeClient, mayWrite: boolean, fenced: KubeClient;

beforeEach(async () => {
  fixture = await Fixture.start();
  client = fixture.client();
  mayWrite = true;
  fenced = client.fenced(() => mayWrite);
});
afterEach(() => fixture.close());

const NAMESPACE = { namespace: 'default' };
const write = (name: string, by = fenced) => by.create(CONFIG_MAPS, { metadata: { name } }, NAMESPACE);
const names = async () => (await fixture.client().list<KubeObject>(CONFIG_MAPS, NAMESPACE)).items.map(({ metadata: { name } }) => name);

test('who may write does, and who may no longer only reads', async () => {
  await write('before');
  mayWrite = false;
  await expect(write('after')).rejects.toThrow('create configmaps default/after: not sent, as somebody else may have the right to write by now');
  expect((await fenced.get<KubeObject>(CONFIG_MAPS, 'before', NAMESPACE)).metadata.name).toBe('before');
  await write('of-the-others', client);
  expect(await names()).toEqual(['before', 'of-the-others']);
});

test.each<[string, (by: KubeClient) => Promise<unknown>]>([
  ['create', (by) => write('other', by)],
  ['update', (by) => by.update(CONFIG_MAPS, { metadata: { name: 'there' } }, NAMESPACE)],
  ['patch', (by) => by.patch(CONFIG_MAPS, 'there', {}, NAMESPACE)],
  ['apply', (by) => by.apply(CONFIG_MAPS, { metadata: { name: 'there' } }, { ...NAMESPACE, fieldManager: 'x' })],
  ['delete', (by) => by.delete(CONFIG_MAPS, 'there', NAMESPACE)],
])('%s is a write', async (_verb, call) => {
  await write('there');
  mayWrite = false;
  expect(await failure(call(fenced))).toMatchObject({ code: 'Fenced' });
  expect(await names()).toEqual(['there']);
});

test('a write that the server wants to have later is not repeated when the right has ended meanwhile', async () => {
  fixture.server.faults.fail({ verb: 'create' }, new ApiError(429, 'TooManyRequests', 'later', { retryAfterSeconds: 1 }));
  const writing = failure(write('late'));
  mayWrite = true;
  setTimeout(() => { mayWrite = false; }, 200);
  expect(await writing).toMatchObject({ code: 'Fenced' });
  expect(await names()).toEqual([]);
});

test('a reset connection does not end in order, so the kernel drops what it has not sent', async () => {
  const server = createServer();
  const seen = new Promise<string>((resolve) => server.on('session', ({ socket }) => {
    socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code!)).on('end', () => resolve('in order'));
  }));
  server.on('sessionError', () => undefined).on('stream', (stream) => {
    stream.on('error', () => undefined);
    stream.respond({ ':status': 200 });
    stream.end('{}');
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as AddressInfo;
  const one = fixture.client({}, fixture.file('other', kubeconfigOf({ server: `http://127.0.0.1:${port}` })));
  await one.version();
  one.reset('the right to write has ended');
  expect(await seen).toBe('ECONNRESET');
  server.close();
});

test('after a reset the same client connects anew', async () => {
  await write('before');
  client.reset('the right to write has ended');
  await write('after');
  expect(await names()).toEqual(['after', 'before']);
});
