import { Cluster, Role, ROUTER, watchLink } from '..';
import {
  addressPool, answerers, eventually, get, getService, holder, ingressOf, install, l2Advertisement, logOf, POOL, service, silence, wants,
} from './support';
import { SERVICES } from '../../speaker/src/kube';

const VIRTUAL_ADDRESS6 = 'fd93:5:22::100';
const DUAL = ['93.5.22.101', 'fd93:5:22::101'];

const ipv6 = { spec: { ipFamilies: ['IPv6'], ipFamilyPolicy: 'SingleStack' } };
const dual = { spec: { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' } };

describe.each([
  ['the embedded API server and the lab\'s own forwarding', { api: 'embedded' }],
  ['the real API server and kube-proxy', { api: 'real', kubeProxy: true }],
] as const)('IPv6 with %s', (_, options) => {
  let cluster: Cluster;
  let speakers: Map<string, Role>;

  /** The client forgets what it knows of its neighbours, so that it must ask. */
  const forget = async () => cluster.clientExec(['ip', '-6', 'neigh', 'flush', 'dev', 'eth0']);
  /** A page from an address, asked for by the client; the name of the node whose pod answered. */
  const page = async (address: string): Promise<string> => (await get(cluster, 'client', `http://${address.includes(':') ? `[${address}]` : address}/`)).body.trim();

  beforeAll(async () => {
    cluster = await Cluster.start({ ...options, nodes: 3, serviceClusterIpRanges: ['10.96.0.0/16', 'fd96::/112'] });
    ({ speakers } = await install(cluster));
    await cluster.apply(addressPool(POOL, ['93.5.22.100-93.5.22.109', 'fd93:5:22::100-fd93:5:22::10f']), l2Advertisement('workstation-l2adv'));
  }, 400_000); // the real one may have to be built
  afterAll(async () => cluster?.stop());

  describe('a Service of IPv6 alone', () => {
    test('gets its address, which exactly one node answers for', async () => {
      await cluster.apply(service('six', { ...ipv6, annotations: wants(VIRTUAL_ADDRESS6) }));
      await cluster.serve({ name: 'six' });
      expect(await cluster.addressesOf({ name: 'six' })).toEqual([VIRTUAL_ADDRESS6]);
      await holder(cluster, VIRTUAL_ADDRESS6);
      expect(await answerers(cluster, 'fd93:5:22::10f')).toEqual([]);
    });

    test('an independent program finds it, and a kernel reaches it by HTTP', async () => {
      const { mac } = cluster.network.node(await holder(cluster, VIRTUAL_ADDRESS6));
      const { stdout } = await cluster.clientExec(['ndisc6', '-m', VIRTUAL_ADDRESS6, 'eth0'], { check: false });
      // It hears announcements that happen to come now, too.
      expect([...new Set(stdout.match(/Target link-layer address: \S+/g))]).toEqual([`Target link-layer address: ${mac.toUpperCase()}`]);
      await forget();
      expect(cluster.nodes.map(({ name }) => name)).toContain(await page(VIRTUAL_ADDRESS6));
      const neighbours = await cluster.clientExec(['ip', '-6', 'neigh', 'show', VIRTUAL_ADDRESS6]);
      expect(neighbours.stdout).toContain(`lladdr ${mac}`);
      expect(neighbours.stdout).not.toContain('router');
    });

    test('the holder is in the group of the address before it is asked, and so are those that would take over', async () => {
      for (const { name } of cluster.nodes) {
        const { stdout } = await cluster.network.exec(name, ['ip', 'maddr', 'show', 'dev', 'eth0']);
        expect(stdout).toContain('inet6 ff02::1:ff00:100');
        expect(stdout).toContain('33:33:ff:00:01:00');
      }
    });

    test('a host that is about to use the address notices that it is taken, and the speaker stays', async () => {
      const before = await holder(cluster, VIRTUAL_ADDRESS6);
      const conf = '/proc/sys/net/ipv6/conf';
      await cluster.network.exec('router', ['sh', '-c', `echo 1 >${conf}/all/accept_dad; echo 1 >${conf}/eth0/accept_dad; echo 1 >${conf}/eth0/dad_transmits`]);
      await cluster.network.exec('router', ['ip', '-6', 'addr', 'add', `${VIRTUAL_ADDRESS6}/64`, 'dev', 'eth0']);
      await eventually(async () => {
        const { stdout } = await cluster.network.exec('router', ['ip', '-6', 'addr', 'show', 'dev', 'eth0', 'to', VIRTUAL_ADDRESS6]);
        expect(stdout).toContain('dadfailed');
      });
      await cluster.network.exec('router', ['ip', '-6', 'addr', 'del', `${VIRTUAL_ADDRESS6}/64`, 'dev', 'eth0']);
      expect(await holder(cluster, VIRTUAL_ADDRESS6)).toBe(before);
    });

    test('a host that uses it in spite of that is reported by its hardware address, and the speaker stays', async () => {
      const before = await holder(cluster, VIRTUAL_ADDRESS6);
      await cluster.network.exec('router', ['ip', '-6', 'addr', 'add', `${VIRTUAL_ADDRESS6}/64`, 'dev', 'eth0', 'nodad']);
      // Asked by the holder, it answers, and that answer is heard.
      await cluster.network.exec(before, ['ndisc6', '-m', '-r', '1', VIRTUAL_ADDRESS6, 'eth0'], { check: false });
      await eventually(() => expect(logOf(speakers.get(before)!)).toContainEqual(expect.objectContaining({
        event: 'addressConflict', address: VIRTUAL_ADDRESS6, mac: ROUTER.mac, interface: 'eth0',
      })));
      await cluster.network.exec('router', ['ip', '-6', 'addr', 'del', `${VIRTUAL_ADDRESS6}/64`, 'dev', 'eth0']);
      expect(await holder(cluster, VIRTUAL_ADDRESS6)).toBe(before);
    });

    test('an interface that is plugged in later answers too', async () => {
      const node = await holder(cluster, VIRTUAL_ADDRESS6);
      await cluster.network.addInterface(node, 'eth7');
      await eventually(async () => {
        const { stdout } = await cluster.network.exec(node, ['ip', 'maddr', 'show', 'dev', 'eth7']);
        expect(stdout).toContain('inet6 ff02::1:ff00:100');
        expect(await answerers(cluster, VIRTUAL_ADDRESS6)).toHaveLength(2);
      });
      await cluster.network.removeInterface(node, 'eth7');
      expect(await holder(cluster, VIRTUAL_ADDRESS6)).toBe(node);
    });

    test('withdrawn, nobody answers, and the group is left', async () => {
      await cluster.client.delete(SERVICES, 'six', { namespace: 'default' });
      await silence(cluster, VIRTUAL_ADDRESS6);
      for (const { name } of cluster.nodes) {
        await eventually(async () => {
          const { stdout } = await cluster.network.exec(name, ['ip', 'maddr', 'show', 'dev', 'eth0']);
          expect(stdout).not.toContain('ff02::1:ff00:100');
          expect(stdout).not.toContain('33:33:ff:00:01:00');
        });
      }
    });
  });

  describe('a Service of both families', () => {
    test('has both addresses on one node, and serves by both', async () => {
      await cluster.apply(service('dual', { ...dual, annotations: wants(DUAL.join(',')) }));
      await cluster.serve({ name: 'dual' });
      await eventually(async () => expect(ingressOf(await getService(cluster, 'dual'))).toEqual(DUAL));
      expect(await holder(cluster, DUAL[1])).toBe(await holder(cluster, DUAL[0]));
      for (const address of DUAL) expect(cluster.nodes.map(({ name }) => name)).toContain(await page(address));
    });

    test('after the power cut of its node both are answered for by one other, and the client follows its announcement', async () => {
      const before = await holder(cluster, DUAL[0]);
      await forget();
      await page(DUAL[1]);
      const watches = await Promise.all(DUAL.map(async (address) => watchLink(cluster.network, address, { intervalMs: 20, darkMs: 250 })));
      await Promise.all(watches.map(async (watch) => watch.until(({ event }) => event === 'answered', 'first answer')));
      await cluster.powerOff(before);
      const { mac } = cluster.network.node(before);
      await Promise.all(watches.map(async (watch) => watch.until((event) => event.event === 'answered' && event.mac !== mac, 'answer of another node')));
      await Promise.all(watches.map(async (watch) => watch.until((event) => event.event === 'gratuitous' && event.mac !== mac, 'announcement')));
      const summaries = await Promise.all(watches.map(async (watch) => watch.stop()));
      process.stdout.write(`dark for ${summaries.map(({ longestGapNs }) => Math.round(longestGapNs / 1e6)).join(' and ')} ms (IPv4 and IPv6)\n`);
      expect(summaries[0].macs).toHaveLength(2);
      expect(summaries[1].macs).toEqual(summaries[0].macs);
      expect(await holder(cluster, DUAL[1])).toBe(await holder(cluster, DUAL[0]));
      const neighbours = await cluster.clientExec(['ip', '-6', 'neigh', 'show', DUAL[1]]);
      expect(neighbours.stdout).toContain(`lladdr ${cluster.network.node(await holder(cluster, DUAL[1])).mac}`);
      await cluster.serve({ name: 'dual' }, cluster.nodes.map(({ name }) => name).filter((name) => name !== before));
      await eventually(async () => expect(await page(DUAL[1])).not.toBe(before));
    });
  });

  test('nobody says that IPv6 is not announced', () => {
    for (const role of speakers.values()) expect(logOf(role).filter(({ msg }) => /only IPv4|cannot be joined|could not be sent/.test(msg))).toEqual([]);
  });
});
