import * as fs from 'fs';
import * as path from 'path';
import { Cluster, LabProcess, readManifests, Role, VIRTUAL_ADDRESS } from '..';
import {
  addressPool, answerers, CRDS, eventsOf, eventually, get, getService, holder, ingressOf, l2Advertisement, logOf, metrics, NAMESPACE, service,
  silence, wants,
} from './support';
import { ApiServerCrash } from './support-apiserver';
import { CONFIGURATION_STATES, IP_ADDRESS_POOLS, KubeObject, SERVICE_L2_STATUSES } from '../../speaker/src/kube';
import { prober } from '../cache';
import { serverOf, writeKubeconfig } from './support-identity';

const HOME = path.resolve(__dirname, '../../examples/home/home.k8s.yaml');
const PROGRAM = [process.execPath, path.resolve(__dirname, '../../speaker/dist/main.js')];

interface State extends KubeObject {
  readonly status?: { readonly result?: string; readonly errorSummary?: string };
}

interface L2Status extends KubeObject {
  readonly status?: { readonly interfaces?: readonly { readonly name: string }[] };
}

/** What goes wrong is said, with what to change; nothing ends because of it, and what can be mended is taken up without a restart. */
describe('a mistake is named with its fix, and what is mended works', () => {
  let cluster: Cluster;
  let controller: Role;
  let speaker: Role;

  const file = (name: string, content: string): string => {
    const target = path.join(cluster.network.run.directory, name);
    fs.writeFileSync(target, content);
    return target;
  };
  /** The role says a line that matches, is alive, and says to probes why it is not ready. That it goes on trying is seen when what is wrong is mended. */
  const complains = async (program: LabProcess, place: string, message: RegExp, port = 17472): Promise<void> => {
    await program.until(() => logOf({ process: program }).some(({ msg }) => message.test(msg)), `log line that matches ${message}`);
    expect(await eventually(async () => get(cluster, place, `http://127.0.0.1:${port}/healthz`))).toEqual({ status: 200, body: 'ok\n' });
    expect(await get(cluster, place, `http://127.0.0.1:${port}/readyz`)).toEqual({ status: 503, body: expect.stringMatching(/^role: ./) });
  };
  /** A speaker on the second node, which begins with something wrong. */
  const second = async (options: Parameters<Cluster['startSpeaker']>[1], check: (program: LabProcess) => Promise<void>): Promise<void> => {
    const role = await cluster.startSpeaker('n2', { readyTimeoutMs: 0, ...options });
    try {
      await check(role.process);
    } finally {
      await role.stop();
    }
  };
  const isReady = async (place: string, port = 17472): Promise<void> => eventually(async () => {
    expect(await get(cluster, place, `http://127.0.0.1:${port}/readyz`)).toEqual({ status: 200, body: 'ok\n' });
  }, 60_000);
  const state = async (name: string) => (await cluster.client.get<State>(CONFIGURATION_STATES, name, { namespace: NAMESPACE })).status;

  beforeAll(async () => {
    cluster = await Cluster.start({ api: 'real', nodes: 2 });
  });
  afterAll(async () => cluster?.stop());

  test('no custom resource definitions', async () => {
    controller = await cluster.startController({ readyTimeoutMs: 0 });
    await complains(controller.process, 'ctl', /^cannot watch ipaddresspools: .*are its custom resource definitions installed\?/);
    await cluster.apply(CRDS);
    await isReady('ctl');
    speaker = await cluster.startSpeaker('n1');
  });

  describe('configuration', () => {
    const Invalid = (...texts: string[]) => ({ result: 'Invalid', errorSummary: expect.stringMatching(texts.map((text) => `(?=[^]*${text})`).join('')) });
    const both = async (expected: object) => eventually(async () => {
      expect(await state('controller')).toMatchObject(expected);
      expect(await state('speaker-n1')).toMatchObject(expected);
    });
    const stale = async () => Promise.all(['ctl', 'n1'].map(async (place) => (await metrics(cluster, place)).get('metallb_k8s_client_config_stale_bool')));

    beforeAll(async () => {
      await cluster.apply(addressPool('good', ['93.5.22.100-93.5.22.102']), l2Advertisement('everything'), service('before', { annotations: wants(VIRTUAL_ADDRESS) }));
      await cluster.serve({ name: 'before' }, ['n1']);
      expect(await holder(cluster)).toBe('n1');
      await both({ result: 'Valid' });
    });

    test('a pool with addresses that are none is reported by all who read it, with each mistake, and others are used', async () => {
      await cluster.apply(addressPool('broken', ['93.5.22.300', '93.5.22.120-93.5.22.110', '93.5.22.128/33', 'home']));
      await both(Invalid('IPAddressPool metallb-system/broken', '93.5.22.300', '93.5.22.120-93.5.22.110', '93.5.22.128/33', 'home'));
      expect(await stale()).toEqual([1, 1]);
      for (const role of [controller, speaker]) {
        expect(logOf(role).filter(({ level, msg }) => level === 'error' && msg.includes('93.5.22.300'))).toEqual([
          expect.objectContaining({ kind: 'IPAddressPool', name: 'broken', field: 'spec.addresses[0]', msg: expect.stringMatching(/^failed to parse the configuration/) }),
        ]);
      }
      await cluster.apply(service('beside', { annotations: wants('93.5.22.101') }));
      await cluster.serve({ name: 'beside' }, ['n1']);
      expect(await holder(cluster, '93.5.22.101')).toBe('n1');
      await cluster.client.delete(IP_ADDRESS_POOLS, 'broken', { namespace: NAMESPACE });
      await both({ result: 'Valid', errorSummary: '' });
      expect(await stale()).toEqual([0, 0]);
    });

    test('a pool that was good and is not any more stays as it was, also for Services made meanwhile', async () => {
      await cluster.apply(addressPool('good', ['93.5.22.102-93.5.22.100']));
      await both(Invalid('IPAddressPool metallb-system/good', '93.5.22.102-93.5.22.100'));
      await cluster.apply(service('meanwhile'));
      expect(await cluster.addressesOf({ name: 'meanwhile' })).toEqual(['93.5.22.102']);
      expect(await holder(cluster)).toBe('n1');
    });

    test('a controller that starts while it is wrong takes nothing away, and gives nothing of it to others', async () => {
      await controller.stop();
      controller = await cluster.startController();
      await both(Invalid('93.5.22.102-93.5.22.100'));
      await cluster.apply(addressPool('other', ['93.5.22.110']), service('thief', { annotations: wants(VIRTUAL_ADDRESS) }), service('honest'));
      expect(await cluster.addressesOf({ name: 'honest' })).toEqual(['93.5.22.110']);
      await eventually(async () => expect((await eventsOf(cluster, 'thief')).map(({ reason }) => reason)).toContain('AllocationFailed'));
      expect(await holder(cluster)).toBe('n1');
      await cluster.apply(addressPool('good', ['93.5.22.100-93.5.22.102']));
      await both({ result: 'Valid', errorSummary: '' });
      const names = ['before', 'beside', 'meanwhile', 'honest', 'thief'];
      expect(await Promise.all(names.map(async (name) => ingressOf(await getService(cluster, name))[0]))).toEqual([
        VIRTUAL_ADDRESS, '93.5.22.101', '93.5.22.102', '93.5.22.110', undefined,
      ]);
    });

    test('an interface that the node does not have is named in log and event, and used once it is there', async () => {
      await cluster.apply(
        addressPool('second', ['93.5.22.120']), l2Advertisement('everything', { ipAddressPools: ['good', 'other'] }),
        l2Advertisement('second', { ipAddressPools: ['second'], interfaces: ['eth9'] }),
        service('second', { annotations: { 'metallb.io/address-pool': 'second' } }),
      );
      await cluster.serve({ name: 'second' }, ['n1']);
      await speaker.process.until(() => logOf(speaker).some(({ msg }) => /^cannot announce 93\.5\.22\.120: .* the interfaces eth9 .*; it has eth0,.*correct interfaces of the L2Advertisement/.test(msg)), 'warning');
      await eventually(async () => expect((await eventsOf(cluster, 'second')).find(({ reason }) => reason === 'announceFailed')).toMatchObject({
        type: 'Warning', message: expect.stringContaining('eth9'), source: { component: 'metallb-speaker', host: 'n1' },
      }));
      await silence(cluster, '93.5.22.120');
      await cluster.network.addInterface('n1', 'eth9');
      const { stdout } = await cluster.network.exec('n1', ['cat', '/sys/class/net/eth9/address']);
      await eventually(async () => expect(await answerers(cluster, '93.5.22.120')).toEqual([stdout.trim()]));
      const shown = async () => (await cluster.client.list<L2Status>(SERVICE_L2_STATUSES, {
        namespace: NAMESPACE, labelSelector: 'metallb.io/service-name=second',
      })).items.map(({ status }) => status?.interfaces);
      await eventually(async () => expect(await shown()).toEqual([[{ name: 'eth9' }]]));
      await cluster.apply(l2Advertisement('second', { ipAddressPools: ['second'], interfaces: ['eth9', 'eth0'] }));
      await eventually(async () => expect(await shown()).toEqual([[{ name: 'eth0' }, { name: 'eth9' }]]));
      await cluster.apply(l2Advertisement('second', { ipAddressPools: ['second'], interfaces: ['eth9'] }));
      await cluster.network.removeInterface('n1', 'eth9');
      await silence(cluster, '93.5.22.120');
    });
  });

  describe('the way to the API server', () => {
    test('it is not there yet', async () => {
      await speaker.stop();
      const crash = new ApiServerCrash(cluster);
      const program = cluster.network.start('n1', {
        name: 'early-speaker', argv: [...PROGRAM, 'speaker', '--node-name', 'n1', '--pod-name', 'speaker-n1', '--kubeconfig', cluster.control.kubeconfig],
      });
      try {
        await complains(program, 'n1', /cannot be reached \(ECONNREFUSED\): check that it runs, its address, and the firewall and route to it/);
      } finally {
        await crash.restart();
      }
      await isReady('n1');
      expect(await holder(cluster)).toBe('n1');
    });

    test.each([
      ['a kubeconfig that is not there', (): [string, () => void] => {
        const target = path.join(cluster.network.run.directory, 'kubeconfig.later');
        return [target, () => fs.copyFileSync(cluster.control.kubeconfig, target)];
      }, /^cannot start: .*kubeconfig\.later/],
      ['a token that the API server does not know', (): [string, () => void] => {
        const tokenFile = file('token', 'expired');
        return [writeKubeconfig(cluster, 'token', { tokenFile }), () => fs.writeFileSync(tokenFile, 'lab-admin')];
      }, /does not accept the credentials from kubeconfig .*; the token has expired or belongs to another cluster/],
      ['the certificate authority of another cluster', (): [string, () => void] => {
        const { server, ca } = serverOf(cluster);
        const authority = file('ca.crt', fs.readFileSync(path.join(path.dirname(cluster.control.kubeconfig), 'service-accounts.crt'), 'utf8'));
        const kubeconfig = file('kubeconfig.ca', JSON.stringify({
          'apiVersion': 'v1',
          'kind': 'Config',
          'clusters': [{ name: 'lab', cluster: { server, 'certificate-authority': authority } }],
          'users': [{ name: 'lab', user: { token: 'lab-admin' } }],
          'contexts': [{ name: 'lab', context: { cluster: 'lab', user: 'lab' } }],
          'current-context': 'lab',
        }));
        return [kubeconfig, () => fs.writeFileSync(authority, Buffer.from(ca, 'base64'))];
      }, /is not signed by the configured certificate authority \(\w+\): set certificate-authority/],
    ])('%s', async (_, prepare, message) => {
      const [kubeconfig, mend] = prepare();
      await second({ flags: ['--kubeconfig', kubeconfig] }, async (program) => {
        await complains(program, 'n2', message);
        mend();
        await isReady('n2');
      });
    });

    test('a service account without rights: each missing rule is named, and works once it is there', async () => {
      await cluster.kubectl('create', 'serviceaccount', 'speaker', '-n', NAMESPACE);
      await second({ identity: 'serviceAccount' }, async (program) => {
        await complains(program, 'n2', /^cannot watch services: .*: add to the .*ClusterRole of this program: apiGroups \[""\], resources \["services"\], verbs/);
        await cluster.apply(...readManifests(HOME).filter(({ kind, metadata }) => /Role/.test(kind) && /speaker/.test(metadata.name)));
        await isReady('n2');
      });
    });
  });

  describe('the node', () => {
    test('a speaker without CAP_NET_RAW', async () => {
      const program = ['setpriv', '--bounding-set', '-net_raw', '--inh-caps', '-net_raw', ...PROGRAM];
      const message = /^cannot start: packet socket: .*EPERM.*NET_RAW/;
      await second({ program }, async (role) => {
        await complains(role, 'n2', message);
        // Nothing can be mended from outside; the second attempt comes after a pause.
        await role.until(() => logOf({ process: role }).filter(({ msg }) => message.test(msg)).length > 1, `second line that matches ${message}`);
        expect(role.running).toBe(true);
      });
    });

    test.each([
      ['heartbeats', ['udp:7946'], /^cannot start: UDP port 7946 .*EADDRINUSE: .* stop it or choose another port/],
      ['metrics', ['tcp:9120'], /^cannot start: port 9120 is in use by another process: choose another with --port/],
    ])('a port for %s that another program has', async (_, ports, message) => {
      const other: LabProcess = cluster.network.start('n2', { name: `other-${ports[0]}`, argv: [await prober(), 'serve', '0.0.0.0', 'other', ...ports] });
      await other.untilOutput(/"start"/);
      try {
        await second({}, async (program) => {
          await program.until(() => logOf({ process: program }).some(({ msg }) => message.test(msg)), `log line that matches ${message}`);
          await other.stop();
          await isReady('n2');
        });
      } finally {
        await other.stop();
      }
    });
  });
});
