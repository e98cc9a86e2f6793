import { X509Certificate } from 'crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { Webhook } from '../../src/admission';
import { fromSecret, toSecret } from '../../src/admission/certificate-set';
import { WEBHOOK_CONFIGURATION } from '../../src/admission/certificates';
import { IP_ADDRESS_POOLS, KubeObject, Secret, SECRETS, VALIDATING_WEBHOOK_CONFIGURATIONS } from '../../src/kube';
import { ControllerMetrics, createLogger } from '../../src/observability';
import { issueCertificate, makeAuthority, selfSignedCertificate } from '../../src/tls';
import { pool } from '../config/fixtures';
import { Cluster, eventually, NAMESPACE } from '../controller/cluster';
import { getSecurely } from '../tls/support';

const SERVICE = 'metallb-webhook-service', SECRET = 'metallb-webhook-cert', HOST = `${SERVICE}.${NAMESPACE}.svc`;
const PATH = '/validate-metallb-io-v1beta1-ipaddresspool';

interface Configuration extends KubeObject {
  readonly webhooks: readonly { readonly name: string; readonly clientConfig: { readonly caBundle?: string } }[];
}

let cluster: Cluster;
let webhooks: Webhook[];
const metrics = new ControllerMetrics();

beforeEach(async () => {
  cluster = await Cluster.start();
  webhooks = [];
});
afterEach(async () => {
  await Promise.all(webhooks.map((webhook) => webhook.stop()));
  await cluster.stop();
});

function start(options: { secret?: string; certDir?: string; port?: number } = { secret: SECRET }): Webhook {
  const { client } = cluster;
  const webhook = new Webhook({ client, log: createLogger('none'), metrics, namespace: NAMESPACE, port: 0, settings: {}, service: SERVICE, ...options });
  webhooks.push(webhook);
  return webhook;
}

const ready = async (webhook: Webhook) => {
  await eventually(async () => webhook.check(), (problem) => expect(problem).toBeUndefined());
  return webhook;
};
const secret = () => cluster.client.get<Secret>(SECRETS, SECRET, { namespace: NAMESPACE });
const hook = (name: string, service = SERVICE, namespace = NAMESPACE) => ({
  name, admissionReviewVersions: ['v1'], sideEffects: 'None', clientConfig: { service: { name: service, namespace, path: '/' } },
});
const configure = (...hooks: object[]) =>
  cluster.client.create(VALIDATING_WEBHOOK_CONFIGURATIONS, { metadata: { name: WEBHOOK_CONFIGURATION }, webhooks: hooks });
const configuration = () => cluster.client.get<Configuration>(VALIDATING_WEBHOOK_CONFIGURATIONS, WEBHOOK_CONFIGURATION);
/** The authority that the API server is told to trust. */
const bundle = async () => Buffer.from((await configuration()).webhooks[0].clientConfig.caBundle ?? '', 'base64').toString();
/** Asks as the API server does, trusting what it is told to trust. */
const ask = async (webhook: Webhook, body: unknown, path = PATH) => (
  getSecurely(webhook.port!, { path, ca: await bundle(), servername: HOST }, typeof body === 'string' ? body : JSON.stringify(body))
);
const review = (operation: string, object: unknown, more: object = {}) => ({
  apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: { uid: 'u', operation, namespace: NAMESPACE, name: 'p', object, oldObject: null, ...more },
});

describe('certificates', () => {
  test('are made, kept in the Secret under MetalLB\'s names, and the API server is told of those hooks that lead here', async () => {
    await configure(hook('a'), hook('b', 'other'), hook('c', SERVICE, 'elsewhere'), { ...hook('d'), clientConfig: { url: 'https://example.org/' } }, hook('e'));
    const webhook = await ready(start());
    await eventually(configuration, ({ webhooks: hooks }) => {
      expect(hooks.filter(({ clientConfig }) => clientConfig.caBundle).map(({ name }) => name)).toEqual(['a', 'e']);
    });
    const { type, data } = await secret();
    expect([type, Object.keys(data!).sort()]).toEqual(['Opaque', ['ca.crt', 'ca.key', 'tls.crt', 'tls.key']]);
    expect(await ask(webhook, review('CREATE', pool('p', ['10.0.0.0/24'])))).toMatchObject({ status: 200, cert: new X509Certificate(fromSecret(data)!.serving.cert).toString() });
  });

  test('are the same for several that begin at one time, and for those that begin later', async () => {
    await configure(hook('a'));
    const [first, ...others] = await Promise.all([start(), start(), start()].map(ready));
    const later = await ready(start());
    const { metadata } = await secret();
    await eventually(bundle, (text) => expect(text).not.toBe(''));
    const object = review('CREATE', pool('p', ['10.0.0.0/24']));
    const certs = await Promise.all([first, ...others, later].map(async (webhook) => (await ask(webhook, object)).cert));
    expect(new Set(certs).size).toBe(1);
    expect((await secret()).metadata.resourceVersion).toBe(metadata.resourceVersion);
  });

  test('that somebody deletes are made anew, and the former authority stays trusted', async () => {
    await configure(hook('a'));
    const both = await Promise.all([start(), start()].map(ready));
    await eventually(bundle, (text) => expect(text).not.toBe(''));
    const before = await bundle();
    await cluster.client.delete(SECRETS, SECRET, { namespace: NAMESPACE });
    await eventually(bundle, (text) => {
      expect(text).not.toBe(before);
      expect(text.endsWith(before)).toBe(true);
    });
    const { serving } = fromSecret((await secret()).data)!;
    for (const webhook of both) {
      await eventually(() => ask(webhook, review('CREATE', pool('p', ['10.0.0.0/24']))), ({ cert }) => expect(cert).toBe(new X509Certificate(serving.cert).toString()));
    }
  });

  test.each<[string, () => Promise<Record<string, string>>, boolean]>([
    ['about to end', async () => {
      const authority = await makeAuthority('ca', 3650);
      const serving = await issueCertificate(authority, HOST, [HOST, `${HOST}.cluster.local`, `${SERVICE}.${NAMESPACE}`], 0.001);
      return toSecret({ caCert: authority.cert, caKey: authority.key, serving: { ...serving } });
    }, true],
    ['for another Service', async () => {
      const authority = await makeAuthority('ca', 3650);
      return toSecret({ caCert: authority.cert, caKey: authority.key, serving: await issueCertificate(authority, 'x', ['x'], 365) });
    }, true],
    ['of another authority', async () => {
      const [authority, other] = [await makeAuthority('ca', 3650), await makeAuthority('ca', 3650)];
      return toSecret({ caCert: authority.cert, caKey: authority.key, serving: await issueCertificate(other, HOST, [HOST], 365) });
    }, true],
    ['whose authority is about to end', async () => {
      const authority = await makeAuthority('ca', 300);
      return toSecret({ caCert: authority.cert, caKey: authority.key, serving: await issueCertificate(authority, HOST, [HOST], 200) });
    }, false],
    ['whose authority is none', async () => {
      const pair = await selfSignedCertificate('x', [HOST], 3650);
      return toSecret({ caCert: pair.cert, caKey: pair.key, serving: pair });
    }, false],
    ['that cannot be read', async () => Object.fromEntries(['ca.crt', 'ca.key', 'tls.crt', 'tls.key'].map((name) => [name, 'cnViYmlzaA=='])), false],
    ['that are empty, as the manifests of MetalLB make the Secret', async () => ({}), false],
  ])('%s are renewed', async (_, data, sameAuthority) => {
    await configure(hook('a'));
    const former = await data();
    await cluster.client.create(SECRETS, { metadata: { name: SECRET, namespace: NAMESPACE }, type: 'Opaque', data: former });
    const webhook = await ready(start());
    await eventually(() => ask(webhook, review('CREATE', pool('p', ['10.0.0.0/24']))), ({ status }) => expect(status).toBe(200));
    const now = (await secret()).data!;
    expect(now['tls.crt']).not.toBe(former['tls.crt']);
    expect(now['ca.crt'] === former['ca.crt']).toBe(sameAuthority);
  });

  test('that are good are used as they are, whoever made them', async () => {
    const authority = await makeAuthority('ca', 3650);
    const serving = await issueCertificate(authority, HOST, [HOST, `${HOST}.cluster.local`, `${SERVICE}.${NAMESPACE}`], 365);
    const data = toSecret({ caCert: authority.cert, caKey: authority.key, serving });
    await cluster.client.create(SECRETS, { metadata: { name: SECRET, namespace: NAMESPACE }, type: 'Opaque', data });
    await configure(hook('a'));
    await ready(start());
    await eventually(bundle, (text) => expect(text).toBe(authority.cert));
    expect((await secret()).data).toEqual(data);
  });

  test('are told again to an API server whose configuration somebody overwrites, or makes later', async () => {
    await ready(start());
    await configure(hook('a'), hook('b'));
    await eventually(bundle, (text) => expect(text).toContain('BEGIN CERTIFICATE'));
    const good = await bundle();
    for (const caBundle of ['', Buffer.from('rubbish').toString('base64')]) {
      await cluster.client.patch(VALIDATING_WEBHOOK_CONFIGURATIONS, WEBHOOK_CONFIGURATION,
        [{ op: 'replace', path: '/webhooks/0/clientConfig/caBundle', value: caBundle }], { type: 'json' });
      await eventually(bundle, (text) => expect(text).toBe(good));
    }
  });

  test('may be somebody else\'s matter', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'webhook-'));
    const webhook = start({ certDir: folder });
    await eventually(async () => webhook.check(), (problem) => expect(problem).toMatch(/no certificate in .*tls\.crt and tls\.key/));
    const pair = await selfSignedCertificate(HOST, [HOST], 1);
    writeFileSync(join(folder, 'tls.crt'), pair.cert);
    writeFileSync(join(folder, 'tls.key'), pair.key);
    expect(webhook.check()).toBeUndefined();
    expect(await getSecurely(webhook.port!, { path: '/', ca: pair.cert, servername: HOST })).toMatchObject({ status: 404 });
    expect((await cluster.client.list(SECRETS, { namespace: NAMESPACE })).items).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  test('that may not be read or written leave it unready, with the reason', async () => {
    const end = cluster.server.faults.deny({ resource: 'secrets', verb: 'create' });
    const webhook = start();
    await eventually(async () => webhook.check(), (problem) => expect(problem).toMatch(/forbidden/i));
    end();
    await ready(webhook);
  });
});

describe('reviews', () => {
  let webhook: Webhook;
  beforeEach(async () => {
    await configure(hook('a'));
    webhook = await ready(start());
    await eventually(bundle, (text) => expect(text).not.toBe(''));
  });
  const answer = async (body: unknown, path?: string) => JSON.parse((await ask(webhook, body, path)).body) as object;

  test('see what was stored a moment before', async () => {
    expect(await answer(review('CREATE', pool('p', ['10.0.0.0/24'])))).toEqual({
      apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid: 'u', allowed: true },
    });
    await cluster.pool('q', ['10.0.0.0/25']);
    expect(await answer(review('CREATE', pool('p', ['10.0.0.0/24'])))).toMatchObject({
      response: { uid: 'u', allowed: false, status: { code: 403, reason: 'Forbidden', message: expect.stringContaining('overlaps with already defined CIDR') } },
    });
    expect(await metrics.text()).toContain('hlb_admission_reviews_total{kind="IPAddressPool",operation="CREATE",allowed="false"} 1');
  });

  test('carry warnings', async () => {
    const object = { metadata: { name: 'p', namespace: NAMESPACE }, spec: { myASN: 1, peerASN: 2, peerAddress: '10.0.0.1', bfdProfile: 'f' } };
    expect(await answer(review('CREATE', object), '/validate-metallb-io-v1beta2-bgppeer')).toMatchObject({
      response: { allowed: true, warnings: [expect.stringContaining('non existing bfd profile f')] },
    });
  });

  test('of a subresource are no matter of ours', async () => {
    expect(await answer(review('UPDATE', pool('p', ['rubbish']), { subResource: 'status' }))).toMatchObject({ response: { allowed: true } });
  });

  test('of what cannot be found out fail, so that the failure policy decides', async () => {
    const end = cluster.server.faults.deny({ resource: IP_ADDRESS_POOLS.plural, verb: 'list' });
    expect(await ask(webhook, review('CREATE', pool('p', ['10.0.0.0/24'])))).toMatchObject({ status: 500, body: expect.stringMatching(/forbidden/i) });
    end();
  });

  test.each<[string, string, unknown, number, RegExp]>([
    ['another path', '/validate', {}, 404, /not found/],
    ['no JSON', PATH, 'rubbish', 400, /the body is not JSON/],
    ['null', PATH, 'null', 400, /no AdmissionReview/],
    ['no request', PATH, {}, 400, /request\.uid is missing/],
    ['an operation that is not reviewed', PATH, review('CONNECT', {}), 400, /"CONNECT"; CREATE, UPDATE and DELETE are reviewed/],
    ['more than the API server stores', PATH, `"${'x'.repeat(8 * 1024 * 1024)}"`, 413, /at most/],
  ])('%s: refused with a reason', async (_, path, body, status, message) => {
    expect(await ask(webhook, body, path)).toMatchObject({ status, body: expect.stringMatching(message) });
  });
});

test('a port that is taken is tried again, and meanwhile named', async () => {
  const first = await ready(start());
  const second = start({ secret: SECRET, port: first.port });
  await eventually(async () => second.check(), (problem) => expect(problem).toMatch(/port \d+ is in use by another process: choose another with --webhook-port/));
  await first.stop();
  await ready(second);
});
