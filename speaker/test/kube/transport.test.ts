import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createTcpServer, Server, Socket } from 'node:net';
import { createService, eventually, failure, Fixture } from './support';
import { selfSigned } from '../../../lab/apiserver';
import { KubeClient, loadKubeConfig, SERVICES } from '../../src/kube';

let fixture: Fixture;
const others: Server[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  await fixture?.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of others.splice(0)) await new Promise((resolve) => { server.close(resolve); });
});

/** Watches Services until the watch breaks. */
async function watchUntilBroken(client: KubeClient, onOpen?: () => void): Promise<number> {
  const { resourceVersion } = await client.list(SERVICES);
  let events = 0;
  for await (const { type } of client.watch(SERVICES, { resourceVersion, timeoutSeconds: 300, onOpen })) if (type !== 'BOOKMARK') events += 1;
  return events;
}

/** A client for a server that is not the embedded one. */
function clientOf(server: string, ca?: string): KubeClient {
  const config = { 'clusters': [{ name: 'c', cluster: { server, 'certificate-authority': ca } }], 'contexts': [{ name: 'c', context: { cluster: 'c' } }], 'current-context': 'c' };
  return new KubeClient(loadKubeConfig({ kubeconfig: fixture.file('other', JSON.stringify(config)) }), { connectTimeoutMs: 300 });
}

async function listening(server: Server): Promise<number> {
  others.push(server);
  server.on('connection', (socket: Socket) => sockets.push(socket.on('error', () => socket.destroy())));
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return (server.address() as { port: number }).port;
}

describe.each([['in clear', false], ['over TLS', true]])('a connection %s', (_name, tls) => {
  beforeEach(async () => { fixture = await Fixture.start({ tls }); });

  test('carries everything: a hundred writes, lists and watches at the same time', async () => {
    const client = fixture.client();
    const open = () => new Promise<void>((resolve) => { watchUntilBroken(client, resolve).catch(() => undefined); });
    const opened = Promise.all([open(), open(), open(), open(), open(), open()]);
    await Promise.all(Array.from({ length: 100 }, (_, index) => createService(client, `s${index}`)));
    await opened;
    expect((await client.list(SERVICES, { namespace: 'default', limit: 7 })).items).toHaveLength(101);
    expect(fixture.server.connections).toBe(1);
  });

  test('to a server that freezes is given up, and every stream with it', async () => {
    const client = fixture.client({ pingTimeoutMs: 100, connectTimeoutMs: 300 });
    const watches = [1, 2, 3].map(() => failure(watchUntilBroken(client)));
    await eventually(() => expect(fixture.server.connections).toBe(1));
    fixture.server.freeze();
    const errors = [...await Promise.all(watches), await failure(client.version())];
    for (const { code } of errors.slice(0, 3)) expect(code).toBe('ConnectionLost');
    expect(errors[3].code).toMatch(/ConnectionLost|Timeout/);
    fixture.server.thaw();
    expect(await client.version()).toMatchObject({ major: '1' });
  });

  test('to a server that is frozen from the start is not waited for', async () => {
    fixture.server.freeze();
    expect(await failure(fixture.client({ connectTimeoutMs: 100 }).version())).toMatchObject({ code: 'Timeout' });
  });

  test('that is reset fails what was under way; the next call makes a new one', async () => {
    const client = fixture.client();
    const watch = failure(watchUntilBroken(client));
    await eventually(() => expect(fixture.server.connections).toBe(1));
    fixture.server.dropConnections();
    expect((await watch).code).toBe('ConnectionLost');
    expect(await client.version()).toMatchObject({ major: '1' });
  });

  test('is replaced after GOAWAY, while its watches run on', async () => {
    const client = fixture.client();
    const { resourceVersion } = await client.list(SERVICES);
    const watch = client.watch(SERVICES, { resourceVersion, timeoutSeconds: 300 });
    const first = watch.next();
    await eventually(() => expect(fixture.server.connections).toBe(1));
    fixture.server.sendGoaway();
    await eventually(async () => {
      await client.version();
      expect(fixture.server.connections).toBe(2);
    });
    await createService(client, 'after-goaway');
    expect(await first).toMatchObject({ value: { type: 'ADDED', object: { metadata: { name: 'after-goaway' } } } });
    await watch.return();
  });

  test('that is closed fails what is under way and all that comes later', async () => {
    const client = fixture.client();
    const watch = failure(watchUntilBroken(client));
    await client.version();
    client.close();
    expect((await watch).code).toBe('Closed');
    expect(await failure(client.version())).toMatchObject({ code: 'Closed' });
    await eventually(() => expect(fixture.server.connections).toBe(0));
  });
});

describe('a server that cannot be used is explained', () => {
  beforeEach(async () => { fixture = await Fixture.start({ tls: true }); });

  const message = async (client: KubeClient) => {
    try {
      await client.version();
    } catch (error) {
      return `${(error as { code: string }).code}: ${(error as Error).message}`;
    } finally {
      client.close();
    }
    throw new Error('it did not fail');
  };

  test('nobody listens', async () => {
    const server = createTcpServer();
    const port = await listening(server);
    await new Promise((resolve) => { others.pop()!.close(resolve); });
    expect(await message(clientOf(`https://127.0.0.1:${port}`))).toMatch(
      /^Unreachable: API server https:\/\/127\.0\.0\.1:\d+ \(from kubeconfig .*\) cannot be reached \(ECONNREFUSED\): check that it runs, its address, and the firewall/);
  });

  test('the name does not resolve', async () => {
    expect(await message(clientOf('https://no-such-host.invalid:6443'))).toMatch(/^Unreachable: the name in API server .* does not resolve/);
  });

  test('its certificate is of another authority', async () => {
    const { cert } = selfSigned(fixture.dir, 'other-ca', ['127.0.0.1']);
    expect(await message(clientOf(fixture.server.url, cert))).toMatch(
      /^TlsUntrusted: the certificate of .* is not signed by the configured certificate authority \(\w+\): set certificate-authority\(-data\)/);
    expect(await message(clientOf(fixture.server.url))).toMatch(/^TlsUntrusted: /);
  });

  /** A server with a certificate of its own making. */
  const secure = async (name: string, names: string[], days?: number) => {
    const { cert, key } = selfSigned(fixture.dir, name, names, days);
    const port = await listening(createSecureServer({ cert: readFileSync(cert), key: readFileSync(key) }) as unknown as Server);
    return clientOf(`https://127.0.0.1:${port}`, cert);
  };

  test('its certificate is for another name', async () => {
    expect(await message(await secure('elsewhere', ['192.0.2.1', 'elsewhere.example.org']))).toMatch(
      /^TlsNameMismatch: the certificate of .* is for another name \(.*192\.0\.2\.1.*\): use one of its names in the server address, or set tls-server-name/);
  });

  test('its certificate has expired', async () => {
    expect(await message(await secure('expired', ['127.0.0.1'], -1))).toMatch(/^TlsExpired: the certificate of .* has expired: renew it \(or set right the clock/);
  });

  test('it speaks no TLS', async () => {
    const port = await listening(createHttpServer());
    expect(await message(clientOf(`https://127.0.0.1:${port}`))).toMatch(/^TlsFailed: TLS with .* failed \(.*\): check https:\/\/ against http:\/\//);
  });

  test('it speaks HTTP/1.1 only', async () => {
    const port = await listening(createHttpServer());
    expect(await message(clientOf(`http://127.0.0.1:${port}`))).toMatch(/^ConnectionLost: .*(does this port speak HTTP\/2\?|Protocol error)/);
  });

  test('it accepts and says nothing', async () => {
    const port = await listening(createTcpServer({ pauseOnConnect: true }));
    expect(await message(clientOf(`https://127.0.0.1:${port}`))).toMatch(/^Timeout: API server .* did not answer within 300 ms/);
  });
});
