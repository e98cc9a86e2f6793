import { Cluster, Role, VIRTUAL_ADDRESS } from '..';
import { addressPool, answerers, CRDS, eventsOf, eventually, holder, install, l2Advertisement, logOf, metrics, POOL, service, silence, wants } from './support';
import { electionOrder } from '../../speaker/src/announcement';
import { NODES } from '../../speaker/src/kube';

const EXCLUDE = 'node.kubernetes.io/exclude-from-external-load-balancers';
const ADDRESSES = addressPool(POOL, ['93.5.22.100-93.5.22.119']);

describe('which node announces', () => {
  let cluster: Cluster;

  const names = () => cluster.nodes.map(({ name }) => name);
  const label = async (node: string, labels: object) => cluster.client.patch(NODES, node, { metadata: { labels } });
  const withoutNetwork = async (node: string, status: 'True' | 'False') => (
    cluster.client.patch(NODES, node, { status: { conditions: [{ type: 'NetworkUnavailable', status }] } }, { subresource: 'status' })
  );

  beforeAll(async () => {
    cluster = await Cluster.start({ api: 'embedded', nodes: 3 });
    await install(cluster);
    await cluster.apply(ADDRESSES, l2Advertisement('workstation-l2adv', { ipAddressPools: [POOL] }), service('web', { annotations: wants(VIRTUAL_ADDRESS) }));
    await cluster.serve({ name: 'web' });
  });
  afterAll(async () => cluster?.stop());

  test('one that has no network, or is labelled, hands its addresses over; and does not take them back by itself', async () => {
    const first = await holder(cluster);
    await withoutNetwork(first, 'True');
    await eventually(async () => expect(await holder(cluster)).not.toBe(first));
    const second = await holder(cluster);
    await label(second, { [EXCLUDE]: 'false' });
    await eventually(async () => expect([first, second]).not.toContain(await holder(cluster)));
    const third = await holder(cluster);
    await withoutNetwork(first, 'False');
    await label(second, { [EXCLUDE]: null });
    await eventually(async () => {
      for (const each of [first, second]) expect((await metrics(cluster, each)).get('hlb_services_not_announced{reason="notOwner",cause="nodesExcluded"}') ?? 0).toBe(0);
    });
    expect(await holder(cluster)).toBe(third);
  });

  test('when none may, all say so, and one writes the event', async () => {
    await Promise.all(names().map(async (node) => label(node, { [EXCLUDE]: '' })));
    await silence(cluster);
    await eventually(async () => {
      const warnings = (await eventsOf(cluster, 'web')).filter(({ reason }) => reason === 'notAnnounced');
      expect(warnings).toMatchObject([{ type: 'Warning', count: 1, message: expect.stringMatching(/^nodesExcluded: every node that could may not announce: n1 \(label .*kubectl label node n1 n2 n3 /) }]);
    });
    for (const node of names()) expect((await metrics(cluster, node)).get('hlb_services_not_announced{reason="notOwner",cause="nodesExcluded"}')).toBe(1);
    await Promise.all(names().map(async (node) => label(node, { [EXCLUDE]: null })));
    await holder(cluster);
  });

  test('a preferred one, whatever the order says', async () => {
    const address = '93.5.22.130', last = electionOrder(address, names()).at(-1)!;
    // The pool has no other advertisement: nobody announces its address before the preference is known, and whoever has it keeps it.
    await cluster.apply(
      addressPool('preferred', [address]),
      l2Advertisement('preferred', {
        ipAddressPools: ['preferred'], preferredNodeSelectors: [{ weight: 10, preference: { matchLabels: { 'kubernetes.io/hostname': last } } }],
      }),
      service('preferred', { annotations: wants(address) }),
    );
    await cluster.serve({ name: 'preferred' });
    expect(await holder(cluster, address)).toBe(last);
  });
});

describe('without heartbeats, and with the label ignored', () => {
  let cluster: Cluster;
  let speakers: Map<string, Role>;

  beforeAll(async () => {
    cluster = await Cluster.start({ api: 'embedded', nodes: 2 });
    await cluster.apply(CRDS);
    await cluster.startController();
    const start = async (name: string) => [name, await cluster.startSpeaker(name, { flags: ['--heartbeats', 'off', '--ignore-exclude-lb'] })] as const;
    speakers = new Map(await Promise.all(cluster.nodes.map(async ({ name }) => start(name))));
    for (const { name } of cluster.nodes) await cluster.client.patch(NODES, name, { metadata: { labels: { [EXCLUDE]: '' } } });
    await cluster.apply(ADDRESSES, l2Advertisement('workstation-l2adv'), service('web', { annotations: wants(VIRTUAL_ADDRESS) }));
    await cluster.serve({ name: 'web' });
  });
  afterAll(async () => cluster?.stop());

  test('an address stays with its first candidate, also when that is dead, as every speaker says at its start', async () => {
    const [first, second] = electionOrder(VIRTUAL_ADDRESS, cluster.nodes.map(({ name }) => name));
    expect(await holder(cluster)).toBe(first);
    for (const { name } of cluster.nodes) {
      expect((await metrics(cluster, name)).get('hlb_heartbeats_enabled')).toBe(0);
      expect(logOf(speakers.get(name)!)).toContainEqual(expect.objectContaining({ level: 'warn', msg: expect.stringMatching(/^heartbeats are off/) }));
    }
    speakers.get(first)!.process.kill('SIGKILL');
    await speakers.get(first)!.process.exited;
    for (let i = 0; i < 3; i++) expect(await answerers(cluster)).toEqual([]); // three seconds: ten detection times
    expect((await metrics(cluster, second)).get(`hlb_address_held{ip="${VIRTUAL_ADDRESS}",reason="firstCandidate"}`)).toBeUndefined();
    await cluster.startSpeaker(first, { flags: ['--heartbeats', 'off', '--ignore-exclude-lb'] });
    expect(await holder(cluster)).toBe(first);
  });
});
