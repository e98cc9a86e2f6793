import { Cluster, Role, VIRTUAL_ADDRESS } from '..';
import { addressPool, answerers, Event, eventsOf, eventually, holder, install, l2Advertisement, logOf, metrics, POOL, service, wants } from './support';
import { EVENTS } from '../../speaker/src/kube';

/** The look that follows a change of a parameter of the kernel, which is not told of, comes within 30 seconds. */
const LOOK_MS = 45_000;

/**
 * Kernels that answer by themselves for the address of a Service. A bridge stands for the dummy interface of kube-proxy: both are down, and have addresses.
 */
describe('the kernel of a node answers for the address of a Service', () => {
  let cluster: Cluster;
  let speakers: Map<string, Role>;
  let announcer: string;
  const names = () => cluster.nodes.map(({ name }) => name);
  const macs = (nodes: readonly string[]) => nodes.map((name) => cluster.network.node(name).mac).sort();

  const onAll = async (nodes: readonly string[], script: string) => {
    await Promise.all(nodes.map(async (node) => cluster.network.exec(node, ['sh', '-ec', script])));
  };
  const strictArp = (ignore: number, announce: number) => `echo ${ignore} >/proc/sys/net/ipv4/conf/all/arp_ignore; echo ${announce} >/proc/sys/net/ipv4/conf/all/arp_announce`;
  const eventsOfNode = async (name: string) => (
    await cluster.client.list<Event>(EVENTS, { namespace: 'default', fieldSelector: `involvedObject.kind=Node,involvedObject.name=${name}` })
  ).items;
  const lines = (node: string, event: string) => logOf(speakers.get(node)!).filter((line) => line.event === event);
  const gauge = async (node: string, on: string) => (await metrics(cluster, node)).get(`hlb_kernel_answers{interface="eth0",on="${on}"}`);

  beforeAll(async () => {
    cluster = await Cluster.start({ api: 'real', nodes: 3 });
    ({ speakers } = await install(cluster));
    await cluster.apply(addressPool(POOL, ['93.5.22.100-93.5.22.109']), l2Advertisement('workstation-l2adv'));
    await cluster.apply(service('web', { annotations: wants(VIRTUAL_ADDRESS) }));
    await cluster.serve({ name: 'web' });
    announcer = await holder(cluster);
  }, 400_000);
  afterAll(async () => cluster?.stop());

  test('kube-proxy in IPVS mode without strictARP: every node answers, and says what to change', async () => {
    await onAll(names(), `ip link add name kube-ipvs0 type bridge; ip addr add ${VIRTUAL_ADDRESS}/32 dev kube-ipvs0`);
    expect(await answerers(cluster)).toEqual(macs(names()));
    for (const node of names()) {
      await eventually(async () => {
        expect(await eventsOfNode(node)).toContainEqual(expect.objectContaining({
          type: 'Warning', reason: 'strictARPMissing', message: expect.stringMatching(/net\.ipv4\.conf\.all\.arp_ignore=0.*Set ipvs\.strictARP: true in ConfigMap kube-system\/kube-proxy/),
        }));
        expect(await gauge(node, 'kube-ipvs0')).toBe(1);
      });
      expect(lines(node, 'strictARPMissing')).toMatchObject([{ level: 'warn', on: 'kube-ipvs0' }]);
    }
    await eventually(async () => {
      const told = (await eventsOf(cluster, 'web')).filter(({ reason }) => reason === 'strictARPMissing');
      expect(told.map(({ source }) => source.host)).toEqual([announcer]);
    });
  });

  test('the node that announces finds the kernels of the others, which disturb nothing', async () => {
    const others = names().filter((name) => name !== announcer);
    await eventually(async () => {
      const found = await metrics(cluster, announcer);
      for (const node of others) {
        expect(found.get(`hlb_peer_trouble{peer="${node}",trouble="kernelAnswers"}`)).toBe(1);
        expect(await eventsOfNode(node)).toContainEqual(expect.objectContaining({
          type: 'Warning', reason: 'kernelAnswers', message: expect.stringContaining(`noticed by ${announcer}, which announces ${VIRTUAL_ADDRESS}: the kernel of ${node} (${cluster.network.node(node).mac} on eth0)`),
        }));
      }
      expect(await eventsOf(cluster, 'web')).toContainEqual(expect.objectContaining({ reason: 'kernelAnswers', message: expect.stringContaining(`the kernel of ${others[0]} `) }));
    }, LOOK_MS);
    expect(lines(announcer, 'kernelAnswers').map(({ node }) => node).sort()).toEqual([...others].sort());
    expect(names().flatMap((node) => [...lines(node, 'addressLost'), ...lines(node, 'addressConflict')])).toEqual([]);
  }, 120_000);

  test('with what it says to set, one node answers although its kernel does not, and it is told as repaired', async () => {
    await onAll(names(), strictArp(1, 2));
    expect(await holder(cluster)).toBe(announcer);
    for (const node of names()) {
      await eventually(async () => {
        expect(await eventsOfNode(node)).toContainEqual(expect.objectContaining({ type: 'Normal', reason: 'kernelSilent' }));
        expect(await gauge(node, 'kube-ipvs0')).toBeUndefined();
      }, LOOK_MS);
    }
    expect(names().flatMap((node) => lines(node, 'addressLost'))).toEqual([]);
    const others = names().filter((name) => name !== announcer);
    // Of its own kernel it tells by interface, of those of others by address.
    const silent = () => lines(announcer, 'kernelSilent').filter(({ address }) => address !== undefined).map(({ node }) => node).sort();
    await eventually(() => expect(silent()).toEqual(others), LOOK_MS);
  }, 180_000);

  test('an address that was left on one node is told of by that node, until it is removed', async () => {
    const other = names().find((name) => name !== announcer)!;
    await onAll(names(), `ip link del kube-ipvs0; ${strictArp(0, 0)}`);
    await onAll([other], `ip addr add ${VIRTUAL_ADDRESS}/32 dev lo`);
    expect(await answerers(cluster)).toEqual(macs([announcer, other]));
    await eventually(async () => {
      const message = expect.stringContaining(`remove it: ip address del ${VIRTUAL_ADDRESS}/32 dev lo`);
      expect(await eventsOfNode(other)).toContainEqual(expect.objectContaining({ type: 'Warning', reason: 'kernelAnswers', message }));
      expect(await eventsOf(cluster, 'web')).toContainEqual(expect.objectContaining({ type: 'Warning', reason: 'kernelAnswers', message }));
      expect(await gauge(other, 'lo')).toBe(1);
    });
    expect(names().filter((name) => lines(name, 'kernelAnswers').some(({ on }) => on === 'lo'))).toEqual([other]);
    await onAll([other], `ip addr del ${VIRTUAL_ADDRESS}/32 dev lo`);
    await eventually(async () => expect(await gauge(other, 'lo')).toBeUndefined());
    expect(await holder(cluster)).toBe(announcer);
  });

  test('a node whose speaker is killed is relieved, although its kernel goes on answering, and its return moves nothing', async () => {
    const former = announcer;
    await onAll(names(), `ip addr add ${VIRTUAL_ADDRESS}/32 dev lo`);
    speakers.get(former)!.process.kill('SIGKILL');
    announcer = await eventually(() => {
      const [next] = names().filter((name) => lines(name, 'addressAcquired').some(({ reason }) => reason === 'holderDown'));
      expect(next).toBeDefined();
      return next;
    });
    expect(await answerers(cluster)).toEqual(macs(names()));
    speakers.set(former, await cluster.startSpeaker(former));
    await eventually(async () => expect((await metrics(cluster, announcer)).get(`hlb_peer_up{peer="${former}"}`)).toBe(1));
    expect([announcer, former].map((name) => lines(name, 'addressLost'))).toEqual([[], []]);
  }, 120_000);
});
