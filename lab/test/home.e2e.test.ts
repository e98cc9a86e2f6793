import * as fs from 'fs';
import * as path from 'path';
import { Cluster, readManifests, Role, VIRTUAL_ADDRESS, WAN_ADDRESS } from '..';
import { DEPLOYMENTS, KubeObject, PODS, SERVICE_L2_STATUSES } from '../../speaker/src/kube';
import { kubeBinaries } from '../cache';
import { run } from '../command';
import { tsxCommand } from '../control-plane';
import { eventually, get, holder, logOf, NAMESPACE, POOL } from './support';

const EXAMPLE = path.resolve(__dirname, '../../examples/home/main.ts');

/** From `cdk8s synth` to a page in the internet, as the reader of examples/home does it, under the rights that the manifests give. */
describe('the reference home', () => {
  let cluster: Cluster;
  let crds: string, home: string;
  const roles: Role[] = [];

  const objectsOf = async (file: string): Promise<Map<string, string>> => {
    const { items } = JSON.parse(await cluster.kubectl('get', '-f', file, '-o', 'json')) as { items: { kind: string; metadata: Record<string, string> }[] };
    return new Map(items.map(({ kind, metadata }) => [`${kind} ${metadata.namespace ?? ''}/${metadata.name}`, metadata.resourceVersion]));
  };

  beforeAll(async () => {
    cluster = await Cluster.start({ api: 'real', kubeProxy: true });
    const outdir = path.join(cluster.network.run.directory, 'synthesized');
    await run(tsxCommand(EXAMPLE), {
      env: { ...process.env, CDK8S_OUTDIR: outdir, TSX_TSCONFIG_PATH: path.resolve(__dirname, '../../examples/tsconfig.json') },
    });
    crds = path.join(outdir, 'home-crds.k8s.yaml');
    home = path.join(outdir, 'home.k8s.yaml');
  });
  afterAll(async () => cluster?.stop());

  test('is applied to an empty cluster, the definitions first', async () => {
    await cluster.kubectl('apply', '--server-side', '-f', crds);
    await cluster.kubectl('wait', '--for=condition=Established', '--timeout=30s', '-f', crds);
    await cluster.kubectl('apply', '--server-side', '-f', home);
    const names = (await cluster.kubectl('get', 'crd', '-o', 'name')).split('\n').filter((name) => name.endsWith('metallb.io'));
    expect(names).toHaveLength(9);
    expect((await objectsOf(home)).size).toBe(readManifests(home).length);
  });

  test('is accepted as pods: one controller, one speaker a node', async () => {
    const manager = cluster.network.start('ctl', {
      name: 'kube-controller-manager',
      argv: [path.join(await kubeBinaries(), 'kube-controller-manager'), '--kubeconfig', cluster.control.kubeconfig, '--leader-elect=false'],
    });
    await eventually(async () => {
      const { items } = await cluster.client.list<KubeObject>(PODS, { namespace: NAMESPACE });
      const pods = items.map(({ metadata }) => metadata.name);
      expect(pods.filter((name) => /^controller-[0-9a-z]+-[0-9a-z]+$/.test(name))).toHaveLength(1);
      expect(pods.filter((name) => /^speaker-[0-9a-z]{5}$/.test(name))).toHaveLength(3);
    });
    // There is no kubelet to start them. What runs below are processes of the lab, whose pods the DaemonSet would take for its own.
    await manager.stop();
    await cluster.kubectl('delete', 'pods', '--all', '-n', NAMESPACE, '--force', '--grace-period=0');
  });

  test('runs under the rights of its service accounts alone', async () => {
    roles.push(...await Promise.all([
      cluster.startController({ identity: 'serviceAccount' }),
      ...cluster.nodes.map(async ({ name }) => cluster.startSpeaker(name, { identity: 'serviceAccount' })),
    ]));
    const exposed = readManifests(home).filter(({ kind, spec }) => kind === 'Service' && (spec as { type?: string }).type === 'LoadBalancer');
    for (const { metadata: { name } } of exposed) {
      expect(await cluster.addressesOf({ name })).toEqual([VIRTUAL_ADDRESS]);
      await cluster.serve({ name });
    }
    await holder(cluster);
  });

  test('shows what the user looks for', async () => {
    expect(await cluster.kubectl('get', 'pods', '-n', NAMESPACE, '-o', 'wide')).toMatch(
      /^controller +1\/1 +Running.*\n(.*\n)*speaker-n1 +1\/1 +Running .*93\.5\.22\.44 +n1/m,
    );
    const config = await cluster.kubectl('get', 'ipaddresspools.metallb.io,l2advertisements.metallb.io', '-n', NAMESPACE);
    expect(config).toMatch(new RegExp(`^ipaddresspool.metallb.io/${POOL} +true +false +\\["93.5.22.100.*"\\]`, 'm'));
    expect(config).toMatch(new RegExp(`^l2advertisement.metallb.io/workstation-l2adv +\\["${POOL}"\\]`, 'm'));
    const services = (await cluster.kubectl('get', 'svc', '-A')).split('\n').filter((line) => line.includes('LoadBalancer'));
    expect(services).toHaveLength(3);
    services.forEach((line) => expect(line).toMatch(/ 93\.5\.22\.100 /));
    expect(await cluster.kubectl('get', 'configurationstates.metallb.io', '-n', NAMESPACE)).toMatch(/controller +Valid[^]*speaker-n1 +Valid[^]*speaker-n3 +Valid/);
  });

  test('serves the web to the LAN, to the internet, and the game to the LAN', async () => {
    const body = expect.stringMatching(/^n[123]\s*$/);
    expect(await get(cluster, 'client', `http://${VIRTUAL_ADDRESS}/`)).toEqual({ status: 200, body });
    expect(await get(cluster, 'client', `http://${VIRTUAL_ADDRESS}:8096/`)).toEqual({ status: 200, body });
    expect(await get(cluster, 'internet', `http://${WAN_ADDRESS}/`)).toEqual({ status: 200, body });
    const { stdout } = await cluster.clientExec([process.execPath, '-e', `
      const socket = require('dgram').createSocket('udp4');
      socket.on('message', (reply) => { console.log(String(reply)); process.exit(0); });
      setInterval(() => socket.send('query', 25565, '${VIRTUAL_ADDRESS}'), 100);`]);
    expect(stdout).not.toBe('');
  });

  test('is the same after a second apply', async () => {
    const before = new Map([...await objectsOf(crds), ...await objectsOf(home)]);
    await cluster.kubectl('apply', '--server-side', '-f', crds);
    await cluster.kubectl('apply', '--server-side', '-f', home);
    const after = new Map([...await objectsOf(crds), ...await objectsOf(home)]);
    // The cluster's own controllers write into the status of their objects whenever they like.
    for (const key of before.keys()) if (/^(Deployment|DaemonSet) /.test(key)) [before, after].forEach((versions) => versions.delete(key));
    expect(after).toEqual(before);
    const { metadata } = await cluster.client.get(DEPLOYMENTS, 'controller', { namespace: NAMESPACE });
    expect(metadata.generation).toBe(1);
  });

  test('was never refused anything by the API server', async () => {
    expect((await cluster.client.list(SERVICE_L2_STATUSES, { namespace: NAMESPACE })).items).toHaveLength(3);
    for (const role of roles) expect(logOf(role).filter(({ level }) => level === 'error' || level === 'warn').map(({ msg }) => msg)).toEqual([]);
    expect(fs.statSync(roles[0].process.errFile).size).toBe(0);
  });
});
