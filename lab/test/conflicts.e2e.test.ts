import { setTimeout as sleep } from 'timers/promises';
import { ask, Cluster, Role, ROUTER } from '..';
import {
  addressPool, answerers, eventsOf, eventually, getService, holder, ingressOf, install, l2Advertisement, logOf, POOL, service, silence, wants,
} from './support';
import { ADDRESS_ASSIGNED } from '../../speaker/src/allocation';
import { SERVICES } from '../../speaker/src/kube';
import { ADDRESS_CONFLICT } from '../../speaker/src/role';

const FIRST = ['93.5.22.101', 'fd93:5:22::101'], LATER = ['93.5.22.102', 'fd93:5:22::102'];
const DUAL = ['93.5.22.103', 'fd93:5:22::103'];
/** A pool of two addresses for each family, of which the first is in use by a foreign host. */
const QUARANTINED = [['93.5.22.120', '93.5.22.121'], ['fd93:5:22::120', 'fd93:5:22::121']];

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

  test.each([DUAL, [...DUAL].reverse()])('has %s of a Service of both families: its other address %s is announced, and this one when it is free', async (address, other) => {
    const name = address.includes(':') ? 'dual-six' : 'dual-four';
    await give(address);
    await cluster.apply(service(name, { annotations: wants(DUAL.join()), spec: { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' } }));
    await cluster.serve({ name });
    expect((await cluster.addressesOf({ name })).sort()).toEqual(DUAL);
    await eventually(async () => expect(await conditionOf(name)).toMatchObject({ status: 'True', message: expect.stringContaining(`${address} is not announced`) }));
    await holder(cluster, other);
    expect(await answerers(cluster, address)).toEqual([ROUTER.mac]);
    await take(address);
    expect(await holder(cluster, address)).toBe(await holder(cluster, other));
    await cluster.client.delete(SERVICES, name, { namespace: 'default' });
    await silence(cluster, address);
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

  test.each(QUARANTINED)('has %s, and the pool puts such addresses into quarantine: the next Service has %s, and the address is given again when it is free', async (address, next) => {
    const six = address.includes(':'), name = (what: string) => `${what}-${six ? 'six' : 'four'}`, pool = name('quarantine');
    const assignmentOf = async (what: string) => {
      const { status } = await getService(cluster, name(what));
      return status?.conditions?.find(({ type }) => type === ADDRESS_ASSIGNED);
    };
    const quarantined = { reason: 'AddressQuarantined', message: expect.stringContaining(ROUTER.mac) };
    const asking = async (what: string, annotations: Record<string, string>) => {
      await cluster.apply(service(name(what), { annotations, spec: { ipFamilies: [six ? 'IPv6' : 'IPv4'], ipFamilyPolicy: 'SingleStack' } }));
      await cluster.serve({ name: name(what) });
    };
    const made = addressPool(pool, [`${address}-${next}`], { autoAssign: false }) as { metadata: object };
    await cluster.apply({ ...made, metadata: { ...made.metadata, annotations: { 'home-load-balancer.github.io/quarantine': '4s' } } });
    await give(address);
    await asking('holds', { 'metallb.io/address-pool': pool });
    expect(await cluster.addressesOf({ name: name('holds') })).toEqual([address]);
    await eventually(async () => expect(await assignmentOf('holds')).toMatchObject({ status: 'True', ...quarantined }));

    await asking('next', { 'metallb.io/address-pool': pool });
    expect(await cluster.addressesOf({ name: name('next') })).toEqual([next]);
    await holder(cluster, next);
    await asking('asks', wants(address));
    await eventually(async () => expect(await assignmentOf('asks')).toMatchObject({ status: 'False', ...quarantined }));
    expect(await answerers(cluster, address)).toEqual([ROUTER.mac]);

    await take(address);
    await cluster.client.delete(SERVICES, name('holds'), { namespace: 'default' });
    expect(await cluster.addressesOf({ name: name('asks') })).toEqual([address]);
    await holder(cluster, address);
    expect(ingressOf(await getService(cluster, name('next')))).toEqual([next]);
  });
});
