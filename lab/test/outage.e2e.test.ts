import { setTimeout as sleep } from 'timers/promises';
import { Cluster, LinkEvent, Role, VIRTUAL_ADDRESS, watchLink } from '..';
import {
  addressPool, answerers, eventually, getService, holder, ingressOf, install, l2Advertisement, logOf, NAMESPACE, POOL, service, silence, wants,
} from './support';
import { ApiServerCrash } from './support-apiserver';
import { IP_ADDRESS_POOLS, SERVICES } from '../../speaker/src/kube';

/** Longer than it takes a client to find out that a frozen server is dead (PING after 10 s, 5 s for the answer). */
const OUTAGE_MS = 20_000;
/** Without an answer for so long, an address counts as dark: several questions in a row, more than a busy machine makes late. */
const DARK_MS = 250;

/** Until the API server is asked again: the longest pause between two attempts is 15 s. */
const RECOVERY_MS = 40_000;

/**
 * The API server is not needed to go on serving. It is reached by the management network alone, so that it can be cut off without the LAN;
 * the controller runs on a node of its own, to be cut off with the speakers.
 */
describe('while the API server is away', () => {
  let cluster: Cluster;
  let controller: Role;
  let speakers: Map<string, Role>;

  beforeAll(async () => {
    cluster = await Cluster.start({ api: 'real', nodes: ['n1', 'n2', 'n3', 'n4'] });
    ({ controller, speakers } = await install(cluster, { controllerOn: 'n4' }));
    await cluster.apply(addressPool(POOL, ['93.5.22.100-93.5.22.109']), l2Advertisement('workstation-l2adv'), service('web', { annotations: wants(VIRTUAL_ADDRESS) }));
    await cluster.serve({ name: 'web' });
    await holder(cluster);
  });
  afterAll(async () => cluster?.stop());

  /** Watches the address during an outage, and gives what was wrong: times without an answer, and other nodes' answers. */
  const watched = async (during: () => Promise<void>): Promise<LinkEvent[]> => {
    const before = await holder(cluster);
    const watch = await watchLink(cluster.network, VIRTUAL_ADDRESS, { intervalMs: 20, darkMs: DARK_MS });
    await watch.until(({ event }) => event === 'answered', 'first answer');
    await during();
    const events = watch.events().filter((event) => event.event !== 'gratuitous' && !(event.event === 'answered' && event.gapNs === 0));
    const { longestGapNs, macs } = await watch.stop();
    expect(macs).toEqual([cluster.network.node(before).mac]);
    process.stdout.write(`longest time between two answers: ${Math.round(longestGapNs / 1e6)} ms\n`);
    return events;
  };

  /** A Service that is made now gets an address, and the LAN knows it, within seconds. */
  const servesNewOnes = async (name: string, address: string): Promise<void> => {
    const started = Date.now();
    await cluster.apply(service(name, { annotations: wants(address) }));
    await cluster.serve({ name });
    expect(await cluster.addressesOf({ name }, RECOVERY_MS)).toEqual([address]);
    await holder(cluster, address, RECOVERY_MS);
    process.stdout.write(`a Service made after the outage answered for within ${Date.now() - started} ms\n`);
  };

  test('frozen (its connections stay, nothing is answered): the address is answered throughout, and new Services are served afterwards', async () => {
    const seen = await watched(async () => {
      cluster.control.pause();
      await sleep(OUTAGE_MS);
      cluster.control.resume();
    });
    expect(seen).toEqual([]);
    await servesNewOnes('after-freeze', '93.5.22.101');
  });

  test('killed and started again: the address is answered throughout, and new Services are served afterwards', async () => {
    const seen = await watched(async () => {
      const crash = new ApiServerCrash(cluster);
      await sleep(OUTAGE_MS);
      await crash.restart();
    });
    expect(seen).toEqual([]);
    await servesNewOnes('after-crash', '93.5.22.102');
    for (const role of [controller, ...speakers.values()]) expect(role.process.running).toBe(true);
  });

  test('what changed while watches were cut is seen, though the history since is compacted', async () => {
    const before = await holder(cluster);
    await servesNewOnes('goes', '93.5.22.104');
    await cluster.network.pullManagement('ctl');
    // All roles are cut off; the lab's own way in does not use the cable.
    await cluster.client.delete(SERVICES, 'goes', { namespace: 'default' });
    await cluster.apply(service('meanwhile', { annotations: wants('93.5.22.103') }));
    await cluster.serve({ name: 'meanwhile' });
    await cluster.client.patch(IP_ADDRESS_POOLS, POOL, { spec: { addresses: ['93.5.22.100-93.5.22.105'] } }, { namespace: NAMESPACE });
    await cluster.control.compact();
    await new ApiServerCrash(cluster).restart();
    await cluster.network.plugManagement('ctl');
    await silence(cluster, '93.5.22.104', RECOVERY_MS);
    expect(await cluster.addressesOf({ name: 'meanwhile' }, RECOVERY_MS)).toEqual(['93.5.22.103']);
    await holder(cluster, '93.5.22.103', RECOVERY_MS);
    expect(await holder(cluster)).toBe(before);
    const gone = (role: Role) => logOf(role).filter(({ msg }) => /^cannot watch .*compacted/.test(msg));
    await eventually(() => {
      for (const role of [controller, ...speakers.values()]) expect(gone(role)).not.toEqual([]);
    });
    expect(ingressOf(await getService(cluster, 'web'))).toEqual([VIRTUAL_ADDRESS]);
    expect(await answerers(cluster)).toHaveLength(1);
  });
});
