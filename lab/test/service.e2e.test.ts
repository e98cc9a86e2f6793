import * as fs from 'fs';
import * as path from 'path';
import { App, Chart } from 'cdk8s';
import { Cluster, LinkEvent, readManifests, Role, VIRTUAL_ADDRESS, WAN_ADDRESS, watchLink } from '..';
import {
  addressPool, answerers, CRDS, eventsOf, eventually, get, getService, holder, ingressOf, l2Advertisement, metrics, NAMESPACE, POOL, service, silence,
  wants,
} from './support';
import { ENDPOINT_SLICES, KubeObject, NODES, PODS, SERVICE_L2_STATUSES, SERVICES } from '../../speaker/src/kube';
import { AddressPool, HomeLoadBalancer } from '../../src';

/** What the reference user wrote by hand for MetalLB, a bare address and all. */
const HAND_WRITTEN = `
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: workstation-ip-pool
  namespace: metallb-system
spec:
  addresses:
    - 93.5.22.100
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata:
  name: workstation-l2adv
  namespace: metallb-system
spec:
  ipAddressPools:
    - workstation-ip-pool
`;

interface L2Status extends KubeObject {
  readonly status: { readonly node: string; readonly serviceName: string; readonly serviceNamespace: string };
}

describe('Services of type LoadBalancer', () => {
  let cluster: Cluster;
  let controller: Role;
  let speakers: Role[];

  const statusesOf = async (name: string): Promise<L2Status[]> => (await cluster.client.list<L2Status>(SERVICE_L2_STATUSES, {
    namespace: NAMESPACE, labelSelector: `metallb.io/service-name=${name},metallb.io/service-namespace=default`,
  })).items;
  const remove = async (name: string) => cluster.client.delete(SERVICES, name, { namespace: 'default' });

  beforeAll(async () => {
    cluster = await Cluster.start({ api: 'real', kubeProxy: true });
    await cluster.apply(CRDS);
  });
  afterAll(async () => cluster?.stop());

  test('hand-written manifests serve beside an installation without pools', async () => {
    const outdir = path.join(cluster.network.run.directory, 'synthesized');
    const app = new App({ outdir });
    const chart = new Chart(app, 'home');
    new HomeLoadBalancer(chart, 'lb', { crds: false });
    AddressPool.fromPoolName(chart, 'pool', POOL);
    app.synth();
    const file = path.join(cluster.network.run.directory, 'hand-written.yaml');
    fs.writeFileSync(file, HAND_WRITTEN);
    expect(readManifests(path.join(outdir, 'home.k8s.yaml')).filter(({ apiVersion }) => apiVersion.startsWith('metallb.io'))).toEqual([]);
    await cluster.kubectl('apply', '--server-side', '-f', path.join(outdir, 'home.k8s.yaml'));
    [controller, ...speakers] = await Promise.all([cluster.startController(), ...cluster.nodes.map(async ({ name }) => cluster.startSpeaker(name))]);
    expect(await cluster.kubectl('apply', '-f', file)).toBe(
      'ipaddresspool.metallb.io/workstation-ip-pool created\nl2advertisement.metallb.io/workstation-l2adv created\n',
    );
    await cluster.kubectl('wait', 'configurationstates.metallb.io', '--all', '-n', NAMESPACE, '--for=jsonpath={.status.result}=Valid', '--timeout=20s');
    await eventually(async () => expect((await metrics(cluster, 'ctl')).get(`metallb_allocator_addresses_total{pool="${POOL}"}`)).toBe(1));
  });

  describe('one Service', () => {
    let events: () => LinkEvent[];
    let node: string;

    test('gets the address of the pool, and says from which', async () => {
      const watch = await watchLink(cluster.network, VIRTUAL_ADDRESS);
      events = () => watch.events();
      await cluster.apply(service('web'));
      await cluster.serve({ name: 'web' });
      expect(await cluster.addressesOf({ name: 'web' })).toEqual([VIRTUAL_ADDRESS]);
      const { metadata, status } = await getService(cluster, 'web');
      expect(metadata.annotations).toMatchObject({ 'metallb.io/ip-allocated-from-pool': POOL });
      expect(status!.loadBalancer!.ingress).toEqual([{ ip: VIRTUAL_ADDRESS, ipMode: 'VIP' }]);
      node = await holder(cluster);
    });

    test('is announced by gratuitous ARP, request and reply, from one node alone', async () => {
      const { mac } = cluster.network.node(node);
      const operations = () => events().flatMap((event) => (event.event === 'gratuitous' && event.broadcast && event.mac === mac ? event.operation : []));
      await eventually(() => expect(new Set(operations())).toEqual(new Set([1, 2])));
      expect(new Set(events().flatMap((event) => (event.event === 'unanswered' ? [] : event.mac)))).toEqual(new Set([mac]));
    });

    test('tells its events in `kubectl describe`', async () => {
      await eventually(async () => {
        const text = await cluster.kubectl('describe', 'svc', 'web');
        expect(text).toMatch(/Normal +IPAllocated +\S+ +metallb-controller +Assigned IP \["93\.5\.22\.100"\]/);
        expect(text).toMatch(new RegExp(`Normal +nodeAssigned +\\S+ +metallb-speaker +announcing from node "${node}" with protocol "layer2"`));
      });
    });

    test('has one ServiceL2Status, which names the node and belongs to its speaker', async () => {
      await eventually(async () => {
        const statuses = await statusesOf('web');
        expect(statuses).toHaveLength(1);
        expect(statuses[0].status).toEqual({ node, serviceName: 'web', serviceNamespace: 'default' });
        const pod = await cluster.client.get(PODS, `speaker-${node}`, { namespace: NAMESPACE });
        expect(statuses[0].metadata).toMatchObject({
          labels: { 'metallb.io/node': node, 'metallb.io/service-name': 'web', 'metallb.io/service-namespace': 'default' },
          ownerReferences: [{ kind: 'Pod', name: `speaker-${node}`, uid: pod.metadata.uid }],
        });
      });
    });

    test('has it again when somebody deletes it', async () => {
      const [{ metadata: { name, uid } }] = await statusesOf('web');
      await cluster.client.delete(SERVICE_L2_STATUSES, name, { namespace: NAMESPACE });
      await eventually(async () => {
        const statuses = await statusesOf('web');
        expect(statuses).toMatchObject([{ status: { node, serviceName: 'web' } }]);
        expect(statuses[0].metadata.uid).not.toBe(uid);
      });
    });

    test('is reached through kube-proxy from the LAN, and through the router from the internet', async () => {
      const page = { status: 200, body: expect.stringMatching(/^n[123]/) };
      expect(await eventually(async () => get(cluster, 'client', `http://${VIRTUAL_ADDRESS}/`))).toEqual(page);
      expect(await get(cluster, 'internet', `http://${WAN_ADDRESS}/`)).toEqual(page);
    });

    test('is measured under the names of MetalLB, by the node that announces it and by the controller', async () => {
      const labels = `service="default/web",protocol="layer2",node="${node}",ip="${VIRTUAL_ADDRESS}"`;
      expect((await metrics(cluster, 'ctl')).get(`metallb_allocator_addresses_in_use_total{pool="${POOL}"}`)).toBe(1);
      for (const place of ['ctl', ...cluster.nodes.map(({ name }) => name)]) {
        const found = await metrics(cluster, place);
        expect(found.get('metallb_k8s_client_config_loaded_bool')).toBe(1);
        expect(found.get('metallb_k8s_client_config_stale_bool')).toBe(0);
        if (place !== 'ctl') expect(found.get(`metallb_speaker_announced{${labels}}`)).toBe(place === node ? 1 : undefined);
      }
      const requests = `metallb_layer2_requests_received{ip="${VIRTUAL_ADDRESS}"}`;
      const before = (await metrics(cluster, node)).get(requests)!;
      await answerers(cluster);
      const after = await metrics(cluster, node);
      expect(after.get(requests)).toBeGreaterThanOrEqual(before + 5);
      expect(after.get(`metallb_layer2_responses_sent{ip="${VIRTUAL_ADDRESS}"}`)).toBeGreaterThanOrEqual(before + 5);
      expect(after.get(`metallb_layer2_gratuitous_sent{ip="${VIRTUAL_ADDRESS}"}`)).toBeGreaterThanOrEqual(2);
    });

    test('healthz and readyz of every role say ok', async () => {
      for (const place of ['ctl', ...cluster.nodes.map(({ name }) => name)]) {
        for (const probe of ['healthz', 'readyz']) expect(await get(cluster, place, `http://127.0.0.1:17472/${probe}`)).toEqual({ status: 200, body: 'ok\n' });
      }
      expect((await get(cluster, 'n1', 'http://127.0.0.1:17472/other')).status).toBe(404);
      await expect(get(cluster, 'client', `http://${cluster.network.node('n1').address}:17472/readyz`)).rejects.toThrow(); // the probe's port is for the node alone
    });

    test('deleted, frees its address, is no longer answered for, and leaves no status', async () => {
      await remove('web');
      await silence(cluster);
      await eventually(async () => {
        expect(await statusesOf('web')).toEqual([]);
        expect((await metrics(cluster, 'ctl')).get(`metallb_allocator_addresses_in_use_total{pool="${POOL}"}`)).toBe(0);
        expect([...(await metrics(cluster, node)).keys()].filter((sample) => sample.startsWith('metallb_speaker_announced{'))).toEqual([]);
      });
      await cluster.apply(service('next'));
      expect(await cluster.addressesOf({ name: 'next' })).toEqual([VIRTUAL_ADDRESS]);
      await remove('next');
    });
  });

  describe('two Services that ask for one address', () => {
    beforeAll(async () => {
      await cluster.apply(service('holder', { annotations: wants(VIRTUAL_ADDRESS) }));
      expect(await cluster.addressesOf({ name: 'holder' })).toEqual([VIRTUAL_ADDRESS]);
    });
    afterAll(async () => Promise.all(['holder', 'second', 'third'].map(remove)));

    test('the second waits, and is told who has it', async () => {
      await cluster.apply(service('second', { annotations: wants(VIRTUAL_ADDRESS) }));
      await eventually(async () => {
        const warning = (await eventsOf(cluster, 'second')).find(({ reason }) => reason === 'AllocationFailed');
        expect(warning).toMatchObject({ type: 'Warning', source: { component: 'metallb-controller' } });
        expect(warning!.message).toMatch(/^Failed to allocate IP for "default\/second": .*default\/holder/);
      });
      expect(ingressOf(await getService(cluster, 'second'))).toEqual([]);
    });

    test('both have it once they allow to share it on different ports', async () => {
      await cluster.apply(service('second', { annotations: wants(VIRTUAL_ADDRESS, 'home'), port: 8096 }));
      await cluster.apply(service('holder', { annotations: wants(VIRTUAL_ADDRESS, 'home') }));
      expect(await cluster.addressesOf({ name: 'second' })).toEqual([VIRTUAL_ADDRESS]);
      expect(ingressOf(await getService(cluster, 'holder'))).toEqual([VIRTUAL_ADDRESS]);
      await Promise.all(['holder', 'second'].map(async (name) => cluster.serve({ name })));
      await holder(cluster);
      for (const port of [80, 8096]) expect((await eventually(async () => get(cluster, 'client', `http://${VIRTUAL_ADDRESS}:${port}/`))).status).toBe(200);
    });

    test('a third one on the same port is told which port', async () => {
      await cluster.apply(service('third', { annotations: wants(VIRTUAL_ADDRESS, 'home'), port: 8096 }));
      await eventually(async () => {
        const warning = (await eventsOf(cluster, 'third')).find(({ reason }) => reason === 'AllocationFailed');
        expect(warning!.message).toContain(`port TCP/8096 is already in use on "${VIRTUAL_ADDRESS}"`);
      });
    });
  });

  describe('only eligible nodes announce', () => {
    const [FIRST, SECOND, LOCAL] = ['93.5.22.201', '93.5.22.202', '93.5.22.203'];
    const only = (...names: string[]) => ({ nodeSelectors: names.map((name) => ({ matchLabels: { 'kubernetes.io/hostname': name } })) });

    beforeAll(async () => {
      await cluster.apply(
        addressPool('first', [`${FIRST}/32`]), l2Advertisement('first', { ipAddressPools: ['first'], ...only('n1') }),
        addressPool('second', [`${SECOND}/32`]), l2Advertisement('second', { ipAddressPools: ['second'], ...only('n2', 'n3') }),
        addressPool('local', [`${LOCAL}/32`]), l2Advertisement('local', { ipAddressPools: ['local'] }),
      );
      for (const name of ['first', 'second', 'local']) {
        await cluster.apply(service(name, {
          annotations: { 'metallb.io/address-pool': name }, spec: name === 'local' ? { externalTrafficPolicy: 'Local' } : {},
        }));
      }
    });

    test('by the node selectors of their L2Advertisement', async () => {
      await Promise.all(['first', 'second'].map(async (name) => cluster.serve({ name })));
      expect(await holder(cluster, FIRST)).toBe('n1');
      expect(['n2', 'n3']).toContain(await holder(cluster, SECOND));
    });

    test('which move an address when they change', async () => {
      await cluster.apply(l2Advertisement('first', { ipAddressPools: ['first'], ...only('n3') }));
      await eventually(async () => expect(await holder(cluster, FIRST)).toBe('n3'));
      await cluster.client.patch(NODES, 'n1', { metadata: { labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } } });
      await cluster.apply(l2Advertisement('first', { ipAddressPools: ['first'], ...only('n1') }));
      await silence(cluster, FIRST);
      await eventually(async () => {
        const warnings = (await eventsOf(cluster, 'first')).filter(({ reason }) => reason === 'notAnnounced');
        expect(warnings).toMatchObject([{ type: 'Warning', message: expect.stringMatching(/^nodesExcluded: .* n1 \(label .*; run kubectl label node n1 .*-, or start/) }]);
        expect((await metrics(cluster, 'n2')).get('hlb_services_not_announced{reason="notOwner",cause="nodesExcluded"}')).toBe(1);
      });
      await cluster.client.patch(NODES, 'n1', { metadata: { labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': null } } });
      await eventually(async () => expect(await holder(cluster, FIRST)).toBe('n1'));
    });

    test('with traffic policy Local, only a node with an endpoint, and the client is seen as it is', async () => {
      await cluster.serve({ name: 'local' }, ['n2']);
      expect(await holder(cluster, LOCAL)).toBe('n2');
      expect((await eventually(async () => get(cluster, 'client', `http://${LOCAL}/`))).body).toMatch(/^n2/);
      await cluster.serve({ name: 'local' }, ['n3']);
      await eventually(async () => expect(await holder(cluster, LOCAL)).toBe('n3'));
      const slice = (await cluster.client.list(ENDPOINT_SLICES, { namespace: 'default', labelSelector: 'kubernetes.io/service-name=local' })).items[0];
      await cluster.client.delete(ENDPOINT_SLICES, slice.metadata.name, { namespace: 'default' });
      await silence(cluster, LOCAL);
    });
  });

  test('nothing went wrong meanwhile', () => {
    for (const { process } of [controller, ...speakers]) {
      expect(process.running).toBe(true);
      expect(process.stderr()).toBe('');
      expect(process.stdout()).not.toMatch(/"level":"error"/);
    }
  });
});
