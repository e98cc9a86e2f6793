import { randomBytes } from 'crypto';
import { setTimeout as sleep } from 'timers/promises';
import { ask, CLIENT, Cluster, Role, VIRTUAL_ADDRESS, watchLink } from '..';
import { addressPool, answerers, eventually, holder, install, l2Advertisement, logOf, metrics, NAMESPACE, service, wants } from './support';
import { forgeHeartbeats } from './support-stranger';
import { SECRETS } from '../../speaker/src/kube';
import { HEARTBEAT_SECRET } from '../../speaker/src/role';
import { prober } from '../cache';
import { memoryOf } from '../usage';

const OTHER = '93.5.22.101';
const MEBIBYTE = 1024 * 1024;

/** What comes in on the wire, or happens to the machine, that nobody meant: addresses go on being answered for, by one node, and it is said what was wrong. */
describe('bad input on the wire', () => {
  let cluster: Cluster;
  let speakers: Map<string, Role>;

  const peersUp = async () => eventually(async () => {
    for (const { name } of cluster.nodes) {
      const found = await metrics(cluster, name);
      for (const { name: peer } of cluster.nodes) if (peer !== name) expect([name, peer, found.get(`hlb_peer_up{peer="${peer}"}`)]).toEqual([name, peer, 1]);
    }
  });
  const eventsOf = (node: string, event: string) => logOf(speakers.get(node)!).filter((line) => line.event === event);
  const rssOf = (node: string) => memoryOf(speakers.get(node)!.process.pid).rss / MEBIBYTE;
  const restart = async (node: string) => {
    await speakers.get(node)!.stop();
    speakers.set(node, await cluster.startSpeaker(node));
  };
  const ip = async (node: string, ...lines: string[]) => cluster.network.exec(node, ['ip', '-batch', '-'], { input: `${lines.join('\n')}\n` });

  beforeAll(async () => {
    cluster = await Cluster.start({ nodes: 3 });
    ({ speakers } = await install(cluster));
    await cluster.apply(
      addressPool('all', [VIRTUAL_ADDRESS]), addressPool('named', [OTHER]),
      l2Advertisement('all', { ipAddressPools: ['all'] }), l2Advertisement('named', { ipAddressPools: ['named'], interfaces: ['eth0'] }),
      service('web', { annotations: wants(VIRTUAL_ADDRESS) }), service('named', { annotations: wants(OTHER) }),
    );
    for (const name of ['web', 'named']) await cluster.serve({ name });
    for (const address of [VIRTUAL_ADDRESS, OTHER]) await holder(cluster, address);
  });
  afterAll(async () => cluster?.stop());
  beforeEach(async () => peersUp());

  test('heartbeats of a stranger, forged, replayed, cut and too long: none is believed, and each reason is counted', async () => {
    const before = await holder(cluster);
    const watch = await watchLink(cluster.network, VIRTUAL_ADDRESS, { from: 'router', darkMs: 1_000 });
    const peersBefore = cluster.nodes.map(({ name }) => eventsOf(name, 'peerDown').length), memory = rssOf(before);
    expect(await forgeHeartbeats(cluster, 9)).toBeGreaterThan(3_000);
    await peersUp();
    const { macs, doubleAnswers } = await watch.stop();
    expect([macs, doubleAnswers]).toEqual([[cluster.network.node(before).mac], 0]);
    expect(cluster.nodes.map(({ name }) => eventsOf(name, 'peerDown').length)).toEqual(peersBefore);
    for (const { name } of cluster.nodes) {
      const counts = await metrics(cluster, name);
      for (const reason of ['truncated', 'magic', 'version', 'unauthenticated', 'replayed', 'reflected']) {
        expect([name, reason, counts.get(`hlb_heartbeats_dropped_total{reason="${reason}"}`)]).toEqual([name, reason, expect.any(Number)]);
      }
      const told = eventsOf(name, 'heartbeatRejected').filter(({ from }) => from === CLIENT.address);
      expect([told.length > 0, told.length < 20]).toEqual([true, true]); // once in ten seconds for each reason
    }
    expect(rssOf(before)).toBeLessThan(memory + 40);
  });

  test.each([
    ['questions for an address that is held', VIRTUAL_ADDRESS, []],
    ['questions for an address of nobody\'s, which the kernel keeps from the program', '93.5.22.200', []],
    ['claims of an address that is held, each from another host', VIRTUAL_ADDRESS, ['--claim']],
  ])('a storm of 100 000 frames a second, %s: answers go on, and memory stays flat', async (_, address, flags) => {
    const node = await holder(cluster), memory = rssOf(node);
    const events = speakers.get(node)!.process.stdout().length;
    const storm = cluster.network.start('client', { name: `storm-${flags.length}-${address}`, argv: [await prober(), 'storm', address, '--seconds', '3', ...flags] });
    await storm.untilOutput(/"start"/);
    const seen = await ask(cluster.network, VIRTUAL_ADDRESS, { from: 'router', count: 120, intervalUs: 20_000, timeoutMs: 250 });
    const most = rssOf(node);
    await storm.untilOutput(/"summary"/);
    process.stdout.write(`${storm.stdout().trim().split('\n')[1]}: ${seen.answered} of ${seen.asked} answered, ${Math.round(seen.ns.p50 / 1e3)} µs median, RSS ${Math.round(memory)} → ${Math.round(most)} MiB\n`);
    expect(Object.keys(seen.macs)).toEqual([cluster.network.node(node).mac]);
    expect(seen.answered).toBeGreaterThan(seen.asked / 2);
    expect(most).toBeLessThan(memory + 60);
    expect(speakers.get(node)!.process.stdout().length - events).toBeLessThan(100_000);
    await peersUp();
    expect(await holder(cluster)).toBe(node);
  });

  test('an interface that gets another name while it is in use: what is announced on all goes on, what is bound to its name moves', async () => {
    const node = await holder(cluster);
    const named = await holder(cluster, OTHER);
    const watch = await watchLink(cluster.network, VIRTUAL_ADDRESS, { from: 'router', darkMs: 1_000 });
    for (const each of new Set([node, named])) await ip(each, 'link set eth0 name lan0');
    await eventually(async () => expect(await holder(cluster, OTHER)).not.toBe(named));
    expect(await holder(cluster)).toBe(node);
    for (const each of new Set([node, named])) await ip(each, 'link set lan0 name eth0');
    await peersUp();
    const { macs, doubleAnswers } = await watch.stop();
    expect([macs, doubleAnswers]).toEqual([[cluster.network.node(node).mac], 0]);
  });

  test('a speaker with another key is named on both sides, and one node answers', async () => {
    const [first, ...others] = cluster.nodes.map(({ name }) => name);
    const rejected = (node: string) => eventsOf(node, 'heartbeatRejected').map(({ from, reason }) => `${from} ${reason}`);
    // It is cut off from the API server, and does not hear that the key has changed.
    await cluster.network.pullManagement(first);
    try {
      for (let change = 0; change < 2; change++) { // after one, the others would still believe those who have the former key
        await cluster.client.patch(SECRETS, HEARTBEAT_SECRET, { data: { secretkey: randomBytes(64).toString('base64') } }, { namespace: NAMESPACE });
        await sleep(1_000);
      }
      for (const node of others) {
        await eventually(() => expect(rejected(node)).toContain(`${cluster.network.node(first).address} unknownKey`));
        await eventually(() => expect(rejected(first)).toContain(`${cluster.network.node(node).address} unknownKey`));
        await eventually(async () => expect((await metrics(cluster, node)).get(`hlb_peer_up{peer="${first}"}`)).toBe(0));
      }
      await sleep(1_000);
      for (const address of [VIRTUAL_ADDRESS, OTHER]) expect(await answerers(cluster, address)).toHaveLength(1);
    } finally {
      await cluster.network.plugManagement(first);
    }
  });

  test('two speakers with one name: one node answers, and all find each other when the second one has gone', async () => {
    await speakers.get('n3')!.stop();
    const twin = await cluster.startSpeaker('n3', { flags: ['--node-name', 'n1'] });
    await sleep(1_000);
    expect(await answerers(cluster)).toHaveLength(1);
    await twin.stop();
    speakers.set('n3', await cluster.startSpeaker('n3'));
    await peersUp();
    expect(await answerers(cluster)).toHaveLength(1);
  });

  describe('the machine', () => {
    const program = [process.execPath, require.resolve('../../speaker/dist/main.js')];

    test.each([
      ['its log has no room (standard output on a full disk)', ['sh', '-c', 'exec "$@" >/dev/full', 'sh', ...program]],
      ['everything is read-only, and the folder for temporary files is full', ['unshare', '--mount', 'sh', '-ec',
        'mount -t tmpfs -o size=4k tmpfs /mnt; head -c 4096 /dev/zero >/mnt/full; mount -o remount,ro,bind /; ! touch "$TMPDIR/x" 2>/dev/null; TMPDIR=/mnt exec "$@"',
        'sh', ...program]],
      ['its clock began 60 years before those of the others', ['unshare', '--time', '--boottime', '1900000000', '--fork', '--kill-child', ...program]],
    ])('%s: the speaker works', async (_, command) => {
      const [{ name: node }, ...others] = cluster.nodes;
      await speakers.get(node)!.stop();
      speakers.set(node, await cluster.startSpeaker(node, { program: command }));
      await peersUp();
      for (const { name } of others) await speakers.get(name)!.stop(); // so that it has the address
      expect(await holder(cluster)).toBe(node);
      for (const { name } of others) speakers.set(name, await cluster.startSpeaker(name));
      await peersUp();
      expect(await holder(cluster)).toBe(node);
      await restart(node);
    });
  });
});
