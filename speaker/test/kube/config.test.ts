import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { stringify } from 'yaml';
import { ManualClock } from './support';
import { KubeError, loadKubeConfig } from '../../src/kube';

let dir: string;

beforeEach(() => { dir = mkdtempSync(join(tmpdir(), 'config-test-')); });
afterEach(() => rmSync(dir, { recursive: true }));

function write(name: string, content: string | object): string {
  const path = join(dir, name);
  writeFileSync(path, typeof content === 'string' ? content : stringify(content));
  return path;
}

/** A kubeconfig with one context `home`. */
function kubeconfig(cluster: object, user: object = {}, context: object = {}): object {
  return {
    'apiVersion': 'v1',
    'kind': 'Config',
    'current-context': 'home',
    'clusters': [{ name: 'c', cluster: { server: 'https://93.5.22.44:6443', ...cluster } }],
    'users': [{ name: 'u', user }],
    'contexts': [{ name: 'home', context: { cluster: 'c', user: 'u', ...context } }],
  };
}

function error(attempt: () => unknown): KubeError {
  try {
    attempt();
  } catch (thrown) {
    if (thrown instanceof KubeError) return thrown;
    throw thrown;
  }
  throw new Error('it did not fail');
}

describe('a kubeconfig', () => {
  test('gives server, namespace, certificates and token, from data or from files relative to it', () => {
    write('ca.pem', 'CA');
    write('cert.pem', 'CERT');
    const path = write('config', kubeconfig(
      { 'certificate-authority': 'ca.pem', 'tls-server-name': 'kubernetes' },
      { 'client-certificate': 'cert.pem', 'client-key-data': Buffer.from('KEY').toString('base64'), 'token': 'T' },
      { namespace: 'media' },
    ));
    const config = loadKubeConfig({ kubeconfig: path, env: {} });
    expect(config).toMatchObject({ server: 'https://93.5.22.44:6443', namespace: 'media', source: `kubeconfig ${path}, context "home"` });
    expect(config.token!.current()).toBe('T');
    const { ca, cert, key, ...rest } = config.tls();
    expect([ca, cert, key].map(String)).toEqual(['CA', 'CERT', 'KEY']);
    expect(rest).toEqual({ servername: 'kubernetes', insecureSkipTlsVerify: false });
  });

  test('reads certificates anew for each connection', () => {
    write('ca.pem', 'old');
    const config = loadKubeConfig({ kubeconfig: write('config', kubeconfig({ 'certificate-authority': 'ca.pem' })), env: {} });
    write('ca.pem', 'new');
    expect(String(config.tls().ca)).toBe('new');
  });

  test('may be spread over several files; the first that defines a name wins', () => {
    const first = write('first', { 'contexts': [{ name: 'x', context: { cluster: 'c', user: 'u' } }], 'current-context': 'x' });
    const second = write('second', kubeconfig({ server: 'https://second:1' }, { token: 'S' }));
    const config = loadKubeConfig({ env: { KUBECONFIG: `${first}${delimiter}${second}` } });
    expect([config.server, config.token!.current()]).toEqual(['https://second:1', 'S']);
  });

  test('context can be chosen', () => {
    const path = write('config', kubeconfig({}));
    expect(error(() => loadKubeConfig({ kubeconfig: path, context: 'away', env: {} })).message).toContain('there is no context "away"; there is "home"');
  });

  test('server keeps its path, without the slash at the end', () => {
    const path = write('config', kubeconfig({ server: 'https://rancher.example.org/k8s/clusters/home/' }));
    expect(loadKubeConfig({ kubeconfig: path, env: {} }).server).toBe('https://rancher.example.org/k8s/clusters/home');
  });

  test.each<[string, object, RegExp]>([
    ['an exec plugin', kubeconfig({}, { exec: { command: 'aws' } }), /exec credential plugin "aws" is not supported; supported are token, tokenFile/],
    ['an auth provider', kubeconfig({}, { 'auth-provider': { name: 'gcp' } }), /auth-provider "gcp" is not supported/],
    ['a password', kubeconfig({}, { username: 'admin', password: 'x' }), /username and password are not supported/],
    ['impersonation', kubeconfig({}, { as: 'root' }), /impersonation \(as: root\) is not supported/],
    ['a proxy', kubeconfig({ 'proxy-url': 'socks5://x' }), /proxy-url socks5:\/\/x is not supported/],
    ['no server', kubeconfig({ server: undefined }), /server "" is not a URL; expected https:\/\/HOST:PORT/],
    ['another scheme', kubeconfig({ server: 'ftp://x' }), /server "ftp:\/\/x" must start with https:\/\/ or http:\/\//],
    ['a cluster that is not defined', kubeconfig({}, {}, { cluster: 'other' }), /there is no cluster "other"; there is "c"/],
    ['a user that is not defined', kubeconfig({}, {}, { user: 'other' }), /there is no user "other"; there is "u"/],
    ['no current context', { ...kubeconfig({}), 'current-context': undefined }, /current-context is not set; set it, or name one of the contexts "home"/],
    ['a list instead of a mapping', [1], /is not a kubeconfig: expected a YAML mapping/],
  ])('with %s is refused', (_what, content, expected) => {
    const thrown = error(() => loadKubeConfig({ kubeconfig: write('config', content), env: {} }));
    expect(thrown.code).toBe('ConfigInvalid');
    expect(thrown.message).toMatch(expected);
    expect(thrown.message).toContain(dir);
  });

  test('that does not exist or cannot be parsed is refused by its name', () => {
    expect(error(() => loadKubeConfig({ kubeconfig: join(dir, 'none'), env: {} })).message).toMatch(/cannot read .*none: ENOENT/);
    expect(error(() => loadKubeConfig({ kubeconfig: write('bad', 'a: ['), env: {} })).message).toMatch(/cannot read .*bad: /);
  });

  test('with a certificate file that is missing fails when a connection is made', () => {
    const config = loadKubeConfig({ kubeconfig: write('config', kubeconfig({ 'certificate-authority': 'none.pem' })), env: {} });
    expect(error(() => config.tls()).message).toMatch(/cannot read certificate-authority .*none\.pem: ENOENT/);
  });
});

describe('in a pod', () => {
  const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };

  beforeEach(() => {
    write('token', 'T1\n');
    write('ca.crt', 'CA');
    write('namespace', 'metallb-system\n');
  });

  test('everything comes from the service account', () => {
    const config = loadKubeConfig({ env, serviceAccountDir: dir });
    expect(config).toMatchObject({ server: 'https://10.96.0.1:443', namespace: 'metallb-system', source: `the service account in ${dir}` });
    expect([config.token!.current(), String(config.tls().ca)]).toEqual(['T1', 'CA']);
  });

  test('an IPv6 address gets brackets', () => {
    expect(loadKubeConfig({ env: { ...env, KUBERNETES_SERVICE_HOST: 'fd96::1' }, serviceAccountDir: dir }).server).toBe('https://[fd96::1]:443');
  });

  test('the token is read again each minute, and at once when it was refused', () => {
    const clock = new ManualClock();
    const { token } = loadKubeConfig({ env, serviceAccountDir: dir, clock });
    expect(token!.current()).toBe('T1');
    write('token', 'T2');
    clock.advance(59_999);
    expect(token!.current()).toBe('T1');
    clock.advance(1);
    expect(token!.current()).toBe('T2');
    expect(token!.refresh('T2')).toBe(false);
    write('token', 'T3');
    expect(token!.refresh('T2')).toBe(true);
    expect(token!.current()).toBe('T3');
  });

  test('a token file that is empty for a moment does not lose the token', () => {
    const clock = new ManualClock();
    const { token } = loadKubeConfig({ env, serviceAccountDir: dir, clock });
    token!.current();
    write('token', '');
    clock.advance(60_000);
    expect(token!.current()).toBe('T1');
  });
});

describe('which configuration is used', () => {
  const inPod = { KUBERNETES_SERVICE_HOST: '10.96.0.1' };

  test('KUBECONFIG comes before the pod, the pod before ~/.kube/config', () => {
    const path = write('config', kubeconfig({}));
    mkdirSync(join(dir, '.kube'));
    write('.kube/config', kubeconfig({ server: 'https://home:1' }));
    write('token', 'T');
    expect(loadKubeConfig({ env: { ...inPod, KUBECONFIG: path, HOME: dir }, serviceAccountDir: dir }).server).toBe('https://93.5.22.44:6443');
    expect(loadKubeConfig({ env: { ...inPod, HOME: dir }, serviceAccountDir: dir }).server).toBe('https://10.96.0.1:443');
    expect(loadKubeConfig({ env: { HOME: dir }, serviceAccountDir: dir }).server).toBe('https://home:1');
  });

  test('without any, all places are named', () => {
    const { code, message } = error(() => loadKubeConfig({ env: { HOME: dir }, serviceAccountDir: dir }));
    expect(code).toBe('ConfigInvalid');
    expect(message).toContain('KUBERNETES_SERVICE_HOST is not set');
    expect(message).toContain(join(dir, '.kube/config'));
    expect(message).toContain('set KUBECONFIG to the path of a kubeconfig file');
    expect(error(() => loadKubeConfig({ env: { ...inPod, HOME: dir }, serviceAccountDir: dir })).message).toContain(`there is no ${dir}/token`);
  });
});
