import { createServer, Http2Server, ServerHttp2Session } from 'http2';
import { AddressInfo } from 'net';
import { KubeClient } from '../../src/kube';

/** More than the resets in a row (1000) for which nghttp2, and so Node, takes a client for an attacker; CVE-2023-44487. */
const REQUESTS = 1_100;

describe('many requests one after the other', () => {
  let server: Http2Server;
  const sessions = new Set<ServerHttp2Session>();
  const failures: Error[] = [];

  beforeAll(async () => {
    server = createServer((request, reply) => {
      request.resume().on('end', () => reply.writeHead(200, { 'content-type': 'application/json' }).end('{"gitVersion":"v1.35.4"}'));
    });
    server.on('session', (session) => {
      sessions.add(session);
      session.on('error', (error) => failures.push(error));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => server.close());

  test('are all answered, over one connection: no stream is reset that has ended', async () => {
    const client = new KubeClient({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, source: 'test', tls: () => ({}) });
    for (let i = 0; i < REQUESTS; i++) {
      expect(await client.version()).toEqual({ gitVersion: 'v1.35.4' });
    }
    client.close();
    expect(failures).toEqual([]);
    expect(sessions.size).toBe(1);
  });
});
