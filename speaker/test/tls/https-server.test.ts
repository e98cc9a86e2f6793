import { X509Certificate } from 'crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { connect } from 'tls';
import { getSecurely } from './support';
import { CertificateFiles, HttpsServer, issueCertificate, KeyPair, makeAuthority, selfSignedCertificate, TlsSettings } from '../../src/tls';

const HOST = 'metallb-webhook-service.metallb-system.svc';
let server: HttpsServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function serve(
  certificate: () => KeyPair | Promise<KeyPair>, settings: TlsSettings = {}, failed: (error: Error) => void = () => undefined,
): Promise<HttpsServer> {
  server = await HttpsServer.listen({
    port: 0, host: '127.0.0.1', flag: '--port', settings, certificate, failed, handler: (_, response) => response.end('hello'),
  });
  return server;
}

const get = (options: object = {}) => getSecurely(server!.port, { servername: HOST, ...options });

describe('a certificate', () => {
  test('of an authority is accepted by who trusts the authority, for its names and no other', async () => {
    const authority = await makeAuthority('ca', 10);
    const pair = await issueCertificate(authority, HOST, [HOST, '127.0.0.1', '::1'], 5);
    await serve(() => pair);
    expect((await get({ ca: authority.cert })).body).toBe('hello');
    expect((await get({ ca: authority.cert, servername: '' })).body).toBe('hello'); // by the IP address
    await expect(get({ ca: authority.cert, servername: 'other' })).rejects.toThrow(/altnames/);
    await expect(get({ ca: (await makeAuthority('ca', 10)).cert })).rejects.toThrow(/certificate|signature/);
  });

  test('is good for as long as asked, and says what it is for', async () => {
    const authority = await makeAuthority('ca', 3650);
    const [ca, leaf] = [authority, await issueCertificate(authority, 'name', [HOST], 365)].map(({ cert }) => new X509Certificate(cert));
    const days = ({ validTo }: X509Certificate) => Math.round((Date.parse(validTo) - Date.now()) / 86_400_000);
    expect([ca, leaf].map(days)).toEqual([3650, 365]);
    expect([ca.ca, leaf.ca]).toEqual([true, false]);
    expect(leaf.verify(ca.publicKey)).toBe(true);
    expect(leaf.checkIssued(ca)).toBe(true);
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']); // serverAuth
  });

  test('is not issued with a key of another kind', async () => {
    const { cert } = await makeAuthority('ca', 1);
    await expect(issueCertificate({ cert, key: 'rubbish' }, 'name', [HOST], 1)).rejects.toThrow();
  });
});

describe('the server', () => {
  test('makes no certificate before somebody connects', async () => {
    const certificate = jest.fn(() => selfSignedCertificate('metrics', ['127.0.0.1'], 1));
    await serve(certificate);
    expect(certificate).not.toHaveBeenCalled();
    expect((await get()).body).toBe('hello');
  });

  test('uses a new certificate from the next connection on', async () => {
    const [first, second] = await Promise.all([1, 2].map(() => selfSignedCertificate('metrics', ['127.0.0.1'], 1)));
    let current = first;
    await serve(() => current);
    expect((await get()).cert).toBe(new X509Certificate(first.cert).toString());
    current = second;
    expect((await get()).cert).toBe(new X509Certificate(second.cert).toString());
  });

  test('closes a connection for which there is no certificate, and says why', async () => {
    const failed = jest.fn();
    await serve(() => { throw new Error('none yet'); }, {}, failed);
    await expect(get()).rejects.toThrow();
    expect(failed).toHaveBeenCalledWith(expect.objectContaining({ message: 'none yet' }));
  });

  test('closes connections that say nothing when it closes', async () => {
    await serve(() => selfSignedCertificate('metrics', [], 1));
    const socket = connect({ host: '127.0.0.1', port: server!.port, rejectUnauthorized: false });
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await server!.close();
    await closed;
  });

  test('names the flag of a port that is taken', async () => {
    const { port } = await serve(() => selfSignedCertificate('metrics', [], 1));
    await expect(HttpsServer.listen({
      port, host: '127.0.0.1', flag: '--webhook-port', settings: {}, certificate: jest.fn(), failed: jest.fn(), handler: jest.fn(),
    })).rejects.toThrow(`port ${port} is in use by another process: choose another with --webhook-port`);
  });

  test.each<[string, TlsSettings, object, string | RegExp]>([
    ['TLS 1.3 by default', {}, {}, 'TLSv1.3'],
    ['no TLS 1.2 by default', {}, { maxVersion: 'TLSv1.2' }, /protocol version/],
    ['TLS 1.2 when allowed', { tlsMinVersion: 'VersionTLS12' }, { maxVersion: 'TLSv1.2' }, 'TLSv1.2'],
    ['a cipher suite of the list', { tlsMinVersion: 'VersionTLS12', tlsCipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'] },
      { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' }, 'TLSv1.2'],
    ['none that is not in the list', { tlsMinVersion: 'VersionTLS12', tlsCipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'] },
      { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }, /handshake failure/],
    ['TLS 1.3 whatever the list', { tlsCipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'] }, {}, 'TLSv1.3'],
    ['a curve of the list', { tlsCurvePreferences: [24] }, { ecdhCurve: 'P-384' }, 'TLSv1.3'],
    ['none that is not in the list', { tlsCurvePreferences: [24] }, { ecdhCurve: 'P-256' }, /handshake failure/],
  ])('%s', async (_, settings, client, expected) => {
    const pair = await selfSignedCertificate('metrics', ['127.0.0.1'], 1);
    await serve(() => pair, settings);
    const answer = get(client);
    await (expected instanceof RegExp ? expect(answer).rejects.toThrow(expected) : expect(answer).resolves.toMatchObject({ protocol: expected }));
  });
});

describe('certificate files', () => {
  let folder: string;
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'certificates-')); });
  afterEach(() => rmSync(folder, { recursive: true }));
  const put = ({ cert, key }: KeyPair) => {
    writeFileSync(join(folder, 'tls.crt'), cert);
    writeFileSync(join(folder, 'tls.key'), key);
  };

  test('are read again when they have changed, and only then', async () => {
    const [first, second] = await Promise.all([1, 2].map(() => selfSignedCertificate('metrics', [], 1)));
    const files = new CertificateFiles(folder);
    put(first);
    expect(files.current()).toEqual(first);
    expect(files.current()).toBe(files.current());
    put(second);
    expect(files.current()).toEqual(second);
  });

  test('count as before while they do not belong together, or are gone', async () => {
    const [first, second] = await Promise.all([1, 2].map(() => selfSignedCertificate('metrics', [], 1)));
    const files = new CertificateFiles(folder);
    put(first);
    files.current();
    put({ cert: second.cert, key: first.key });
    expect(files.current()).toEqual(first);
    rmSync(join(folder, 'tls.key'));
    expect(files.current()).toEqual(first);
    put(second);
    expect(files.current()).toEqual(second);
  });

  test.each([
    ['a missing file', undefined, /no certificate in .*tls\.crt and tls\.key/], ['rubbish', { cert: 'rubbish', key: 'rubbish' }, /no certificate in/],
  ])('%s is said, with the folder', (_, pair, message) => {
    if (pair) put(pair);
    expect(() => new CertificateFiles(folder).current()).toThrow(message);
  });
});
