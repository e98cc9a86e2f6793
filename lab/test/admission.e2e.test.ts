/** The webhook as a real API server calls it, served by two controllers under the rights of the manifests. */
import * as path from 'path';
import { Cluster, CONTROL_PLANE_ADDRESS, readManifests, Role } from '..';
import { addressPool, CRDS, eventually, logOf, NAMESPACE } from './support';
import {
  BFD_PROFILES, CONFIGURATION_STATES, ENDPOINT_SLICES, IP_ADDRESS_POOLS, KubeObject, ResourceRef, SECRETS, VALIDATING_WEBHOOK_CONFIGURATIONS,
} from '../../speaker/src/kube';
import { kubeBinaries } from '../cache';
import { run } from '../command';

const HOME = path.resolve(__dirname, '../../examples/home/home.k8s.yaml');
const RIGHTS = ['ServiceAccount', 'Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'];
const SERVICE = 'metallb-webhook-service', CONFIGURATION = 'metallb-webhook-configuration', SECRET = 'metallb-webhook-cert';

interface Configuration extends KubeObject {
  readonly webhooks: readonly { readonly name: string; readonly clientConfig: { readonly caBundle?: string } }[];
}

const custom = (kind: string, name: string, spec: object, version = 'v1beta1', namespace = NAMESPACE) => (
  { apiVersion: `metallb.io/${version}`, kind, metadata: { name, namespace }, spec }
);
const pool = (name: string, ...addresses: string[]) => addressPool(name, addresses) as ReturnType<typeof custom>;
const peer = (name: string, spec: object, version = 'v1beta2') => (
  custom('BGPPeer', name, { myASN: 64512, peerASN: 64513, peerAddress: '10.9.0.1', ...spec }, version)
);

/** What the manifests have for the webhook. */
function webhookObjects(failurePolicy?: 'Fail'): object[] {
  return readManifests(HOME).filter(({ kind, metadata }) => kind === 'ValidatingWebhookConfiguration' || kind === 'Service' && metadata.name === SERVICE)
    .map((object) => {
      const hooks = object.webhooks as object[] | undefined;
      return failurePolicy && hooks ? { ...object, webhooks: hooks.map((hook) => ({ ...hook, failurePolicy })) } : object;
    });
}

let cluster: Cluster;
const controllers: Role[] = [];

/** Lets the Service lead to these. */
async function lead(...addresses: string[]): Promise<void> {
  await cluster.client.apply(ENDPOINT_SLICES, {
    metadata: { name: `${SERVICE}-lab`, namespace: NAMESPACE, labels: { 'kubernetes.io/service-name': SERVICE } },
    addressType: 'IPv4',
    ports: [{ name: 'webhook', port: 9443, protocol: 'TCP' }],
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
  } as never, { fieldManager: 'lab', force: true });
}

const configuration = () => cluster.client.get<Configuration>(VALIDATING_WEBHOOK_CONFIGURATIONS, CONFIGURATION);
const bundles = async () => new Set((await configuration()).webhooks.map(({ clientConfig }) => clientConfig.caBundle ?? ''));

/** As a user does it. */
async function kubectl(args: string[], ...objects: object[]): Promise<{ stdout: string; stderr: string }> {
  const argv = [path.join(await kubeBinaries(), 'kubectl'), '--kubeconfig', cluster.control.outsideKubeconfig, ...args];
  return run(argv, { input: objects.map((object) => JSON.stringify(object)).join('\n---\n'), check: false });
}
const apply = (...objects: object[]) => kubectl(['apply', '--server-side', '-f', '-'], ...objects);
const remove = (resource: ResourceRef, name: string) => cluster.client.delete(resource, name, { namespace: NAMESPACE });
const ASK = `
const [host, ca, servername, body] = process.argv.slice(1);
const path = '/validate-metallb-io-v1beta1-ipaddresspool';
const call = require('https').request({ host, port: 9443, path, method: 'POST', ca, servername, agent: false }, async (reply) => {
  const cert = reply.socket.getPeerX509Certificate().toString();
  const text = (await reply.toArray()).join('');
  console.log(JSON.stringify({ cert, allowed: JSON.parse(text).response.allowed }));
});
call.end(body);`;

/** Asks one controller, past the Service and the connections that the API server keeps, trusting what the API server trusts. */
async function askAt(address: string): Promise<{ cert: string; allowed: boolean }> {
  const object = pool('overlapping', '10.8.0.0/25');
  const body = JSON.stringify({ request: { uid: 'u', operation: 'CREATE', namespace: NAMESPACE, name: 'overlapping', object } });
  const ca = Buffer.from([...await bundles()][0], 'base64').toString();
  const { stdout } = await cluster.network.exec('ctl', [process.execPath, '-e', ASK, address, ca, `${SERVICE}.${NAMESPACE}.svc`, body]);
  return JSON.parse(stdout) as { cert: string; allowed: boolean };
}

/** Whether the webhook is asked: with a policy that lets through what it cannot be asked about, only a refusal shows it. */
const refuses = async () => expect((await apply(pool('overlapping', '10.8.0.0/25'))).stderr).toContain('denied the request');

beforeAll(async () => {
  cluster = await Cluster.start({ api: 'real', nodes: 2 });
  await cluster.apply(CRDS, ...readManifests(HOME).filter(({ kind }) => RIGHTS.includes(kind)), ...webhookObjects());
});
afterAll(async () => cluster?.stop());

describe('while no controller is there', () => {
  test('everything can be applied', async () => {
    const { stderr } = await apply(pool('left', '10.8.0.0/24'), pool('right', '10.8.0.128/25'), peer('a', {}), peer('b', {}));
    expect(stderr).toBe('');
  });
});

describe('with two controllers', () => {
  let addresses: string[];

  beforeAll(async () => {
    const [node] = cluster.nodes;
    addresses = [CONTROL_PLANE_ADDRESS, node.internalAddress];
    controllers.push(...await Promise.all([
      cluster.startController({ identity: 'serviceAccount', metrics: 'secure' }),
      cluster.startController({ identity: 'serviceAccount', metrics: 'secure', place: node.name, flags: ['--pod-name', 'controller-2'] }),
    ]));
    await lead(...addresses);
    await eventually(async () => {
      const [bundle, ...others] = await bundles();
      expect(others).toEqual([]);
      expect(Buffer.from(bundle, 'base64').toString()).toMatch(/^-----BEGIN CERTIFICATE-----/);
    });
    await eventually(refuses);
  });

  test('neither complains of its rights', () => {
    for (const controller of controllers) {
      expect(logOf(controller).filter(({ level, msg }) => level !== 'info' && /forbidden|webhook/i.test(msg))).toEqual([]);
    }
  });

  test('each of them reviews, with one certificate', async () => {
    const answers = await Promise.all(addresses.map(askAt));
    expect(answers.map(({ allowed }) => allowed)).toEqual([false, false]);
    expect(answers[0].cert).toBe(answers[1].cert);
  });

  test('what contradicted each other before can be mended one by one', async () => {
    expect((await apply(peer('a', { peerAddress: '10.9.0.2' }))).stderr).toBe('');
    expect((await apply(pool('left', '10.8.0.0/26'))).stderr).toBe('');
    expect((await apply(pool('right', '10.8.0.128/26'))).stderr).toBe('');
    await eventually(async () => expect(await cluster.client.get(CONFIGURATION_STATES, 'controller', { namespace: NAMESPACE })).toMatchObject({ status: { result: 'Valid' } }));
  });

  test.each<[string, object, RegExp]>([
    ['a pool that overlaps another', pool('p', '10.8.0.10'), /ipaddresspoolvalidationwebhook\.metallb\.io" denied the request: .*overlaps with already defined CIDR/s],
    ['a pool that is wrong by itself', pool('p', '10.8.0.300'), /denied the request: IPAddressPool metallb-system\/p, spec\.addresses\[0\]: parsing address pool p/],
    ['a pool in another namespace', { ...pool('p', '10.7.0.0/24'), metadata: { name: 'p', namespace: 'default' } }, /must be created in metallb-system namespace/],
    ['a peer with a router that another has', peer('p', {}), /already exists/],
    ['the same in the deprecated version', peer('p', {}, 'v1beta1'), /already exists/],
    ['an advertisement that reaches beyond a pool', custom('BGPAdvertisement', 'p', { aggregationLength: 24 }), /invalid aggregation length 24/],
    ['an L2 advertisement with a bad selector', custom('L2Advertisement', 'p', { nodeSelectors: [{ matchExpressions: [{ key: 'a', operator: 'Near' }] }] }), /Near/],
    ['rubbish for a community', custom('Community', 'p', { communities: [{ name: 'far', value: '1:70000' }] }), /denied the request: .*invalid community value/],
  ])('%s is refused', async (_, object, message) => {
    expect((await apply(object)).stderr).toMatch(message);
  });

  test('a peer whose BFD profile is to come is applied with a warning; the profile cannot be deleted while it is in use', async () => {
    expect(await apply(peer('c', { peerAddress: '10.9.0.3', bfdProfile: 'fast' }))).toEqual(expect.objectContaining({
      stdout: expect.stringContaining('serverside-applied'), stderr: expect.stringMatching(/^Warning: .*non existing bfd profile fast/),
    }));
    expect((await apply(custom('BFDProfile', 'fast', {}))).stderr).toBe('');
    const { stderr } = await kubectl(['delete', 'bfdprofile', 'fast', '-n', NAMESPACE]);
    expect(stderr).toContain('failed to delete BFDProfile fast, used by BGPPeer c');
    await kubectl(['delete', 'bgppeer', 'c', '-n', NAMESPACE]);
    await remove(BFD_PROFILES, 'fast');
  });

  test('a caBundle that somebody takes away is put back', async () => {
    const before = await bundles();
    const operations = [0, 2].map((index) => ({ op: 'remove', path: `/webhooks/${index}/clientConfig/caBundle` }));
    await cluster.client.patch(VALIDATING_WEBHOOK_CONFIGURATIONS, CONFIGURATION, operations, { type: 'json' });
    await eventually(async () => expect(await bundles()).toEqual(before));
  });

  test('new certificates are used by both, and trusted, with a policy that forgives nothing', async () => {
    await cluster.apply(...webhookObjects('Fail'));
    const { cert } = await askAt(addresses[0]);
    await remove(SECRETS, SECRET);
    await eventually(async () => {
      const answers = await Promise.all(addresses.map(askAt));
      expect(answers[0].cert).toBe(answers[1].cert);
      expect(answers[0].cert).not.toBe(cert);
    });
    await refuses();
    expect((await apply(pool('elsewhere', '10.6.0.0/24'))).stderr).toBe('');
    await remove(IP_ADDRESS_POOLS, 'elsewhere');
  });

  test('when the policy forgives nothing and one of them ends, the other one is asked', async () => {
    await lead(addresses[0]);
    await controllers[1].stop();
    await eventually(async () => expect((await apply(pool('elsewhere', '10.6.0.0/24'))).stderr).toBe(''));
    await refuses();
    await remove(IP_ADDRESS_POOLS, 'elsewhere');
  });

  describe('the metrics', () => {
    const scrape = async (token?: string): Promise<string> => {
      const script = 'fetch("https://127.0.0.1:9120/metrics", { headers: process.argv[1] ? { authorization: "Bearer " + process.argv[1] } : {} })'
        + '.then(async (reply) => console.log(reply.status, await reply.text()))';
      const argv = ['env', 'NODE_TLS_REJECT_UNAUTHORIZED=0', process.execPath, '-e', script, ...token ? [token] : []];
      return (await cluster.network.exec('ctl', argv)).stdout;
    };
    const tokenOf = async (account: string) => (await cluster.kubectl('create', 'token', account, '--namespace', 'default')).trim();

    test('are given to those whom RBAC lets, and to nobody else', async () => {
      const account = (name: string) => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: 'default' } });
      const apiVersion = 'rbac.authorization.k8s.io/v1';
      await cluster.apply(account('prometheus'), account('other'), {
        apiVersion, kind: 'ClusterRole', metadata: { name: 'metrics' }, rules: [{ nonResourceURLs: ['/metrics'], verbs: ['get'] }],
      }, {
        apiVersion,
        kind: 'ClusterRoleBinding',
        metadata: { name: 'metrics' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'metrics' },
        subjects: [{ kind: 'ServiceAccount', name: 'prometheus', namespace: 'default' }],
      });
      expect(await scrape()).toMatch(/^401 /);
      expect(await scrape('rubbish')).toMatch(/^401 /);
      expect(await scrape(await tokenOf('other'))).toMatch(/^403 Forbidden: system:serviceaccount:default:other may not get \/metrics/);
      expect(await scrape(await tokenOf('prometheus'))).toMatch(/^200 [^]*metallb_k8s_client_config_loaded_bool/);
    });
  });
});
