import { setTimeout as sleep } from 'timers/promises';
import { ask, Cluster, Role, ROUTER } from '..';
import {
  addressPool, answerers, eventsOf, eventually, getService, holder, ingressOf, install, l2Advertisement, logOf, POOL, service, wants,
} from './support';
import { ADDRESS_CONFLICT } from '../../speaker/src/role';

const FIRST = ['93.5.22.101', 'fd93:5:22::101'], LATER = ['93.5.22.102', 'fd93:5:22::102'];

/** A foreign host, which is the router with more addresses than it should have. */
describe('a foreign host', () => {
  let cluster: Cluster;
  let speakers: Map<string, Role>;

  const conditionOf = async (name: string) => (await getService(cluster, name)).status?.conditions?.find(({ type }) => type === ADDRESS_CONFLICT);
  const give = async (address: string) => cluster.network.exec('router', ['ip', 'addr', 'add', `${address}/24`, 'dev', 'eth0', ...address.includes(':') ? ['nodad'] : []]);
  const take = async (address: string) => cluster.network.exec('router', ['ip', 'addr', 'del', `${address}/24`, 'dev', 'eth0']);

  beforeAll(async () => {
    cluster = await Cluster.start({ api: 'real', nodes: 3, serviceClusterIpRanges: ['10.96.0.0/16', 'fd96::/112'] });
    ({ speakers } = await install(cluster));
    await cluster.apply(addressPool(POOL, ['93.5.22.100-93.5.22.109', 'fd93:5:22::100-fd93:5:22::10f']), l2Advertisement('workstation-l2adv'));
  }, 400_000);
  afterAll(async () => cluster?.stop());

  test.each(FIRST)('has %s before a Service: the cluster leaves it alone, says by whom it is used, and takes it when it is free', async (address) => {
    const name = address.includes(':') ? 'six' : 'four', families = { spec: { ipFamilies: [address.includes(':') ? 'IPv6' : 'IPv4'], ipFamilyPolicy: 'SingleStack' } };
    await give(address);
    await cluster.apply(service(name, { annotations: wants(address), ...families }));
    await cluster.serve({ name });
    expect(await cluster.addressesOf({ name })).toEqual([address]);
    const condition = await eventually(async () => {
      const found = await conditionOf(name);
      expect(found).toMatchObject({ status: 'True', reason: 'UsedByForeignHost' });
      return found!;
    });
    expect(condition.message).toContain(`${address} is not announced: the host ${ROUTER.mac}`);
    expect(await eventsOf(cluster, name)).toContainEqual(expect.objectContaining({ type: 'Warning', reason: 'AddressConflict', message: condition.message }));
    await sleep(1_500); // the second best candidate would take it by now
    expect(await answerers(cluster, address)).toEqual([ROUTER.mac]);

    await take(address);
    await holder(cluster, address);
    await eventually(async () => expect(await conditionOf(name)).toMatchObject({ status: 'False' }));
    expect(ingressOf(await getService(cluster, name))).toEqual([address]);
  });

  test.each(LATER)('begins to use %s later: the Service goes on, and says by whom it is used, until the host is gone', async (address) => {
    const six = address.includes(':'), name = six ? 'later-six' : 'later-four';
    await cluster.apply(service(name, { annotations: wants(address), spec: { ipFamilies: [six ? 'IPv6' : 'IPv4'], ipFamilyPolicy: 'SingleStack' } }));
    await cluster.serve({ name });
    const before = await holder(cluster, address);
    await give(address);
    await ask(cluster.network, address, { from: before, count: 2, timeoutMs: 200 }); // somebody on the node of the holder asks, so that the foreign host says something
    await eventually(async () => expect(await conditionOf(name)).toMatchObject({ status: 'True', reason: 'UsedByForeignHostToo' }));
    expect(logOf(speakers.get(before)!)).toContainEqual(expect.objectContaining({ event: 'addressConflict', address, mac: ROUTER.mac, interface: 'eth0', held: true }));
    expect(await answerers(cluster, address)).toContain(cluster.network.node(before).mac);
    await take(address);
    await eventually(async () => expect(await conditionOf(name)).toMatchObject({ status: 'False' }), 60_000);
    expect(await holder(cluster, address)).toBe(before);
  }, 120_000);
});
