import { randomBytes } from 'crypto';
import { setTimeout as sleep } from 'timers/promises';
import { ask, Cluster, Lan, LinkSummary, LinkWatch, onSecondLan, Role, WallClock, watchLink } from '..';
import { addressPool, eventually, install, l2Advertisement, logOf, metrics, NAMESPACE, service, wants } from './support';
import { electionOrder } from '../../speaker/src/announcement';
import { KubeObject, LEASES, NODES, SECRETS } from '../../speaker/src/kube';
import { HEARTBEAT_SECRET } from '../../speaker/src/role';

const LANS = ['first', 'second'] as const;
const INTERFACES = { first: 'eth0', second: 'eth1' } as const;
/** Of one Service each, of both families. */
const ADDRESSES = { first: ['93.5.22.100', 'fd93:5:22::100'], second: ['10.88.0.100', 'fd88::100'] };
/** Far above what is promised; see `support-failover.ts`. */
const MOST_DARK_MS = 5_000;
/** Two nodes that find out in the same moment may answer one question, until one hears the other. */
const MOST_TWICE = 3;

/** Nodes on two LANs, with a Service for each: its L2Advertisement names the interface. One node has both, to begin with. */
describe('two addresses with different interfaces', () => {
  let cluster: Cluster;
  let controller: Role;
  let speakers: Map<string, Role>;

  const names = () => cluster.nodes.map(({ name }) => name);
  const others = (...nodes: string[]) => names().filter((name) => !nodes.includes(name));
  const macOf = (lan: Lan, node: string) => lan === 'first' ? cluster.network.node(node).mac : onSecondLan(cluster.network.node(node)).mac;
  const nodesOf = (lan: Lan, macs: readonly string[]) => macs.map((mac) => names().find((name) => macOf(lan, name) === mac) ?? mac);
  const answerers = async (address: string, on: Lan) => {
    const { macs } = await ask(cluster.network, address, { count: 5, timeoutMs: 200, interface: INTERFACES[on] });
    return Object.keys(macs);
  };

  /** Waits until one node answers for both addresses on a LAN, and gives its name. */
  const holder = async (lan: Lan, check: (node: string) => boolean = () => true): Promise<string> => eventually(async () => {
    const found = new Set((await Promise.all(ADDRESSES[lan].map(async (address) => nodesOf(lan, await answerers(address, lan))))).flat());
    expect([lan, ...found]).toEqual([lan, expect.any(String)]);
    const [node] = found;
    if (!check(node)) throw new Error(`${node} answers on the ${lan} LAN`);
    return node;
  });
  const united = async () => eventually(async () => {
    for (const name of names()) {
      const found = await metrics(cluster, name);
      for (const peer of others(name)) expect([name, peer, found.get(`hlb_peer_up{peer="${peer}"}`)]).toEqual([name, peer, 1]);
    }
  });
  /** @param patienceMs how late an answer may be; without one the next question comes after that */
  const watch = async (lan: Lan, patienceMs = 1_000): Promise<LinkWatch[]> => {
    const watches = await Promise.all(ADDRESSES[lan].map(async (address) => (
      watchLink(cluster.network, address, { intervalMs: 20, patienceMs, darkMs: 1_000, interface: INTERFACES[lan] })
    )));
    await Promise.all(watches.map(async (one) => one.until(({ event }) => event === 'answered', 'first answer')));
    return watches;
  };
  const stop = async (watches: LinkWatch[]): Promise<LinkSummary[]> => Promise.all(watches.map(async (one) => one.stop()));
  /** Asks for all addresses, 50 times a second each, while something happens on this LAN alone: the other one's is answered for by the node that has it, and every question. */
  const during = async (lan: Lan, what: string, happens: (before: string) => Promise<void>): Promise<void> => {
    const other = LANS.find((one) => one !== lan)!;
    const before = await holder(lan), keeps = await holder(other);
    const [moving, staying] = [await watch(lan, 30), await watch(other)];
    await happens(before);
    const [moved, stayed] = [await stop(moving), await stop(staying)];
    const dark = moved.map(({ longestGapNs }) => Math.round(longestGapNs / 1e6));
    process.stdout.write(`${what}: dark for ${dark.join(' and ')} ms\n`);
    for (const each of dark) expect(each).toBeLessThan(MOST_DARK_MS);
    expect(moved.reduce((sum, { doubleAnswers }) => sum + doubleAnswers, 0)).toBeLessThanOrEqual(MOST_TWICE);
    for (const { macs, lost, doubleAnswers } of stayed) expect([nodesOf(other, macs), lost, doubleAnswers]).toEqual([[keeps], 0, 0]);
  };
  /** Asks for all addresses meanwhile: each has one node that answers, before and after, and every question is answered. */
  const undisturbed = async (happens: () => Promise<void>): Promise<void> => {
    const holders = [await holder('first'), await holder('second')];
    const watches = [await watch('first'), await watch('second')];
    await happens();
    for (const [i, each] of (await Promise.all(watches.map(stop))).entries()) {
      for (const { macs, lost, doubleAnswers } of each) expect([nodesOf(LANS[i], macs), lost, doubleAnswers]).toEqual([[holders[i]], 0, 0]);
    }
  };
  /** By which of its addresses Kubernetes knows each node, and so on which network heartbeats go. */
  const know = async (address: 'address' | 'managementAddress') => {
    for (const node of cluster.nodes) {
      const status = { addresses: [{ type: 'InternalIP', address: node[address] }] };
      await cluster.client.apply(NODES, { apiVersion: 'v1', kind: 'Node', metadata: { name: node.name }, status } as never, { fieldManager: 'lab', force: true, subresource: 'status' });
    }
    await sleep(500); // the plans follow
    await united();
  };

  beforeAll(async () => {
    cluster = await Cluster.start({ api: 'real', nodes: 3, nodeAddress: 'management', serviceClusterIpRanges: ['10.96.0.0/16', 'fd96::/112'] });
    await cluster.network.addSecondLan();
    ({ controller, speakers } = await install(cluster));
    const order = ([four]: string[]) => electionOrder(four, names()).join();
    ADDRESSES.second[0] = Array.from({ length: 100 }, (_, i) => `10.88.0.${100 + i}`).find((four) => order([four]) === order(ADDRESSES.first))!;
    for (const lan of LANS) {
      await cluster.apply(
        addressPool(lan, ADDRESSES[lan].map((address) => `${address}/${address.includes(':') ? 128 : 32}`)),
        l2Advertisement(lan, { ipAddressPools: [lan], interfaces: [INTERFACES[lan]] }),
        service(lan, { annotations: wants(ADDRESSES[lan].join()), spec: { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' } }),
      );
      await cluster.serve({ name: lan });
    }
    await united();
    expect(await holder('first')).toBe(await holder('second'));
  }, 400_000); // the API server may have to be built
  afterAll(async () => cluster?.stop());

  test('each is answered for on its own LAN alone', async () => {
    for (const [own, other] of [['first', 'second'], ['second', 'first']] as const) {
      for (const address of ADDRESSES[own]) expect([address, await answerers(address, other)]).toEqual([address, []]);
    }
  });

  test.each<[Lan, 'address' | 'managementAddress', string]>([
    ['first', 'managementAddress', 'a network of their own'], ['second', 'managementAddress', 'a network of their own'],
    ['first', 'address', 'that LAN'], ['second', 'address', 'the other LAN'],
  ])('the cable of the %s LAN is pulled and plugged in again, with heartbeats by the nodes\' %s (%s): its address moves, the other stays', async (lan, address, _) => {
    await know(address);
    await during(lan, `${lan} LAN, heartbeats by ${_}`, async (node) => {
      await cluster.network.pullCable(node, lan);
      const after = await holder(lan, (name) => name !== node);
      await cluster.network.plugCable(node, lan);
      await united();
      expect(await holder(lan)).toBe(after);
    });
    await know('managementAddress');
  });

  test('an interface is removed while it is in use: its address moves to a node that has one; added again, its node is a candidate, but nothing moves back', async () => {
    const { network } = cluster;
    await during('second', 'removed', async (node) => {
      await network.removeInterface(node, 'eth1');
      const after = await holder('second', (name) => name !== node);
      await network.joinSecondLan(node);
      await sleep(1_000);
      expect(await holder('second')).toBe(after);
      for (const other of others(node)) await network.pullCable(other, 'second');
      await holder('second', (name) => name === node);
      for (const other of others(node)) await network.plugCable(other, 'second');
      expect(await holder('second')).toBe(node);
    });
  });

  test('an interface gets another name while it is in use: the address that is bound to the name moves, the other stays', async () => {
    await during('second', 'renamed', async (node) => {
      const rename = async (from: string, to: string) => cluster.network.exec(node, ['ip', 'link', 'set', from, 'name', to]);
      await rename('eth1', 'lan1');
      const after = await holder('second', (name) => name !== node);
      await rename('lan1', 'eth1');
      await sleep(500);
      expect(await holder('second')).toBe(after);
    });
  });

  test('the key is replaced twice, and a speaker is started that knows the new one alone: every question is answered, by the node that has the address', async () => {
    const down = () => names().flatMap((name) => logOf(speakers.get(name)!).filter(({ event }) => event === 'peerDown'));
    const forgeries = async (name: string) => (await metrics(cluster, name)).get('hlb_heartbeats_dropped_total{reason="unauthenticated"}');
    const before = down().length, rejected = async () => Promise.all(names().map(forgeries));
    const forged = await rejected();
    const bystander = others(await holder('first'), await holder('second'))[0];
    await undisturbed(async () => {
      for (let change = 0; change < 2; change++) {
        await cluster.client.patch(SECRETS, HEARTBEAT_SECRET, { data: { secretkey: randomBytes(32).toString('base64') } }, { namespace: NAMESPACE });
        await sleep(1_500);
      }
      await united();
      expect([down().length, await rejected()]).toEqual([before, forged]); // nobody was lost, and nobody taken for a forger
      await speakers.get(bystander)!.stop();
      speakers.set(bystander, await cluster.startSpeaker(bystander));
      await united();
    });
    for (const name of names()) {
      expect([...(await metrics(cluster, name)).keys()].filter((key) => key.startsWith('hlb_peer_trouble'))).toEqual([]);
      expect(logOf(speakers.get(name)!).filter(({ event }) => event === 'heartbeatRejected')).toEqual([]);
    }
  });

  test('a node is started while the API server stands still: it answers for nothing until it knows what for, and then nothing moves', async () => {
    const bystander = others(await holder('first'), await holder('second'))[0];
    const role = speakers.get(bystander)!;
    await undisturbed(async () => {
      cluster.control.pause();
      role.process.kill('SIGKILL');
      await role.process.exited;
      const started = cluster.network.start(bystander, {
        name: 'early-speaker',
        argv: [process.execPath, require.resolve('../../speaker/dist/main.js'), 'speaker', '--node-name', bystander, '--namespace', NAMESPACE,
          '--kubeconfig', cluster.control.kubeconfig, '--metrics-insecure'],
      });
      await sleep(2_000);
      cluster.control.resume();
      await eventually(united, 60_000);
      await sleep(500);
      await started.stop();
    });
    speakers.set(bystander, await cluster.startSpeaker(bystander));
    await united();
  });

  test('wall clocks are stepped by an hour, forwards and backwards: nothing moves, every question is answered, and the controller stays the leader', async () => {
    const [held, second, third] = electionOrder(ADDRESSES.first[0], names()), { directory } = cluster.network.run;
    const clocks = { first: await WallClock.create(directory), second: await WallClock.create(directory) };
    const restart = async (name: string, { env }: WallClock) => {
      await speakers.get(name)!.stop();
      speakers.set(name, await cluster.startSpeaker(name, { env }));
    };
    await restart(held, clocks.first);
    await restart(third, clocks.second);
    await controller.stop();
    controller = await cluster.startController({ env: clocks.first.env });
    const standby = await cluster.startController({
      pod: 'standby', env: clocks.second.env, readyTimeoutMs: 0, flags: ['--port', '0', '--health-probe-port', '17473', '--webhook-mode', 'disabled'],
    });
    await united();
    const lease = async () => {
      type Lease = KubeObject & { spec: { holderIdentity: string; leaseTransitions: number } };
      const { items } = await cluster.client.list<Lease>(LEASES, { namespace: NAMESPACE });
      return items.map(({ metadata: { name }, spec: { holderIdentity, leaseTransitions } }) => ({ name, holderIdentity, leaseTransitions }));
    };
    await eventually(async () => expect(await lease()).toEqual([expect.objectContaining({ holderIdentity: expect.stringContaining('controller') })]), 60_000);
    const before = await lease();
    for (const role of [speakers.get(held)!, controller]) expect(clocks.first.isOf(role.process.pid)).toBe(true);
    for (const role of [speakers.get(third)!, standby]) expect(clocks.second.isOf(role.process.pid)).toBe(true);
    await undisturbed(async () => {
      for (const hours of [1, -1]) {
        clocks.first.set(3_600 * hours);
        clocks.second.set(-3_600 * hours);
        await sleep(3_000); // the Lease is renewed every two seconds
      }
    });
    expect(await lease()).toEqual(before);
    for (const name of [held, second, third]) expect(logOf(speakers.get(name)!).filter(({ event }) => event === 'authorityLost')).toEqual([]);
    await standby.stop();
  });

  describe('without heartbeats', () => {
    beforeAll(async () => {
      await Promise.all([...speakers.values()].map(async (role) => role.stop()));
      for (const name of names()) speakers.set(name, await cluster.startSpeaker(name, { flags: ['--heartbeats', 'off'] }));
    });

    test('log and metric say so, and each address is with its first candidate', async () => {
      for (const name of names()) {
        expect((await metrics(cluster, name)).get('hlb_heartbeats_enabled')).toBe(0);
        const warnings = logOf(speakers.get(name)!).filter(({ level }) => level === 'warn').map(({ msg }) => msg);
        expect(warnings.filter((msg) => msg.startsWith('heartbeats are off: every node counts as alive'))).toHaveLength(1);
      }
      for (const lan of LANS) expect(await holder(lan)).toBe(electionOrder(ADDRESSES[lan][0], names())[0]);
    });

    test('its speaker dies: the addresses are dark, until it is started again or the Node is deleted', async () => {
      const [first, second] = electionOrder(ADDRESSES.first[0], names());
      speakers.get(first)!.process.kill('SIGKILL');
      await sleep(2_000);
      for (const lan of LANS) for (const address of ADDRESSES[lan]) expect([address, await answerers(address, lan)]).toEqual([address, []]);
      speakers.set(first, await cluster.startSpeaker(first, { flags: ['--heartbeats', 'off'] }));
      for (const lan of LANS) expect(await holder(lan)).toBe(first);
      speakers.get(first)!.process.kill('SIGKILL');
      await cluster.client.delete(NODES, first);
      for (const lan of LANS) expect(await holder(lan)).toBe(second);
    });
  });
});
