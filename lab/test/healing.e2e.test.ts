import { ask, Network, VIRTUAL_ADDRESS } from '..';
import { DataPlaneLab, Plane } from './support-dataplane';
import { VIP6 } from '../../speaker/test/lan/harness';

/* What a kernel does to a speaker behind its back, and how that heals. */

let lab: DataPlaneLab, network: Network;

beforeEach(async () => {
  lab = await DataPlaneLab.start();
  ({ network } = lab);
});
afterEach(async () => lab?.destroy());

const answered = async (address: string) => (await ask(network, address, { count: 5, timeoutMs: 1000 })).macs;
const acquiredTwice = async (plane: Plane) => (
  plane.process.until(() => plane.events().filter((code) => code === 'addressAcquired').length === 2 || undefined, 'the address a second time')
);

describe('a filter of the node', () => {
  const filter = async (node: string, chain: string) => network.exec(node, ['nft', '-f', '-'], { input: `table netdev strict {\n chain egress { ${chain} }\n}\n` });
  const remove = async (node: string) => network.exec(node, ['nft', 'delete', 'table', 'netdev', 'strict']);
  const DROP_ARP = 'type filter hook egress device "eth0" priority 0; ether type arp drop;';

  test('that drops all ARP of the holder, while its heartbeats pass, makes another node answer; without it, the node takes part again', async () => {
    const [first, second] = await lab.pair();
    await filter('n1', DROP_ARP);
    await ask(network, VIRTUAL_ADDRESS, { count: 1, timeoutMs: 100 }); // which it cannot answer
    await second.event('addressAcquired');
    await first.event('addressLost', 'noInterface');
    expect(await answered(VIRTUAL_ADDRESS)).toEqual({ [network.node('n2').mac]: 5 });
    const { loop } = await first.snapshot();
    expect(loop).toMatchObject({ givenUp: ['eth0'], sendErrors: { ENOBUFS: expect.any(Number) } });
    expect(await first.told('warning', (text) => text.includes('takes no frames'))).toContain('nft list ruleset');
    await remove('n1');
    await first.snapshot(({ loop: { givenUp }, addresses: [{ interfaces }] }) => givenUp.length === 0 && interfaces.join() === 'eth0');
    second.process.kill('SIGTERM');
    await acquiredTwice(first);
    expect(await answered(VIRTUAL_ADDRESS)).toEqual({ [network.node('n1').mac]: 5 });
  });

  test('that drops the datagrams of heartbeats is counted, and moves nothing', async () => {
    const [first, second] = await lab.pair();
    await network.exec('n1', ['nft', '-f', '-'], { input: 'table inet strict {\n chain output { type filter hook output priority 0; udp dport 7946 drop; }\n}\n' });
    await first.snapshot(({ loop: { sendErrors } }) => (sendErrors.EPERM ?? 0) > 10);
    expect(await answered(VIRTUAL_ADDRESS)).toEqual({ [network.node('n1').mac]: 5 });
    expect(second.events()).not.toContain('addressAcquired');
    await network.exec('n1', ['nft', 'delete', 'table', 'inet', 'strict']);
    await second.snapshot(({ peers }) => peers.every(({ up }) => up));
  });
});

/** The card is taken away to another network namespace and comes back, as those are that pods get for their own; it keeps its number if nobody else has it. */
describe('an interface that was away, and has its number, name and addresses again', () => {
  const plan = { node: 'n1', addresses: [VIRTUAL_ADDRESS, VIP6].map((address) => ({ address, candidates: ['n1'] })), peers: [] };
  const run = async (place: string, ...lines: string[]) => {
    for (const line of lines) await network.exec(place, ['ip', ...line.split(' ')]);
  };
  const away = async () => {
    const { address, address6, mac } = network.node('n1');
    await run('n1', `link set eth0 netns ${network.namespace('internet')} name away0`);
    await run('internet', `link set away0 netns ${network.namespace('n1')} name eth0`);
    await run('n1', 'link set eth0 up', `addr add ${address}/24 dev eth0`, `addr add ${address6}/64 dev eth0 nodad`);
    return mac;
  };
  const number = async () => (await network.exec('n1', ['cat', '/sys/class/net/eth0/ifindex'])).stdout;

  test.each([
    ['seen as it happens', false], ['found when all is over', true],
  ])('%s, is answered on for both families', async (_, unseen) => {
    const plane = lab.plane('n1', { plan });
    await acquiredTwice(plane);
    const before = await number();
    if (unseen) plane.process.pause();
    const mac = await away();
    if (unseen) plane.process.resume();
    expect(await number()).toBe(before);
    await plane.snapshot(({ authorised, addresses }) => authorised && addresses.every(({ held, interfaces }) => held && interfaces.join() === 'eth0'));
    for (const address of [VIRTUAL_ADDRESS, VIP6]) expect([address, await answered(address)]).toEqual([address, { [mac]: 5 }]);
    expect((await network.exec('n1', ['ip', 'maddr', 'show', 'dev', 'eth0'])).stdout).toContain('ff02::1:ff00:100');
  });

  test('is answered on when it was made anew with another number', async () => {
    const plane = lab.plane('n1', { plan });
    await acquiredTwice(plane);
    const before = await number(), { address, address6, mac } = network.node('n1');
    await run('n1', 'link del eth0');
    await run('switch', `link add l-again type veth peer name eth0 address ${mac} netns ${network.namespace('n1')}`, 'link set l-again master lan up');
    await run('n1', 'link set eth0 up', `addr add ${address}/24 dev eth0`, `addr add ${address6}/64 dev eth0 nodad`);
    expect(await number()).not.toBe(before);
    await plane.snapshot(({ addresses }) => addresses.every(({ held, interfaces }) => held && interfaces.join() === 'eth0'));
    for (const each of [VIRTUAL_ADDRESS, VIP6]) expect([each, await answered(each)]).toEqual([each, { [mac]: 5 }]);
  });
});
