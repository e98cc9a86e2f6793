import { ask, Network, VIRTUAL_ADDRESS, watchLink } from '..';
import { ALONE, DataPlaneLab, Plane } from './support-dataplane';
import { describeFrame, macOf, solicitation, VIP6, whoHas } from '../../speaker/test/lan/harness';

let lab: DataPlaneLab, network: Network;

beforeEach(async () => {
  lab = await DataPlaneLab.start();
  ({ network } = lab);
});
afterEach(async () => lab?.destroy());

/** Runs `ip` on a node, one line after the other. */
const ip = async (node: string, ...lines: string[]) => {
  for (const line of lines) await network.exec(node, ['ip', ...line.split(' ')]);
};
/** Waits until the plane announces on these interfaces. */
const announcesOn = async (plane: Plane, ...names: string[]) => (
  plane.snapshot(({ addresses: [{ interfaces }] }) => interfaces.join() === names.join())
);

describe('interfaces', () => {
  test('that appear are answered on, and those that vanish are not missed', async () => {
    const plane = lab.plane('n1', ALONE);
    await plane.event('addressAcquired');
    await network.addInterface('n1', 'eth1');
    await plane.snapshot(({ addresses: [{ interfaces }] }) => interfaces.join() === 'eth0,eth1');
    expect((await ask(network, VIRTUAL_ADDRESS, { count: 5 })).extra).toBeGreaterThan(0); // both are on the LAN
    await network.removeInterface('n1', 'eth1');
    await plane.snapshot(({ addresses: [{ interfaces }] }) => interfaces.join() === 'eth0');
    expect(await ask(network, VIRTUAL_ADDRESS, { count: 5 })).toMatchObject({ answered: 5, extra: 0, macs: { [network.node('n1').mac]: 5 } });
  });

  test('that join a bridge are not answered on, the bridge is; and back', async () => {
    const plane = lab.plane('n1', ALONE);
    await plane.event('addressAcquired');
    await ip('n1', 'link add br0 address 02:00:00:00:00:99 up type bridge');
    await ip('n1', 'link set eth0 master br0');
    await plane.snapshot(({ addresses: [{ interfaces }] }) => interfaces.join() === 'br0');
    expect(await lab.answers()).toEqual({ '02:00:00:00:00:99': 5 });
    await ip('n1', 'link set eth0 nomaster', 'link del br0');
    await plane.snapshot(({ addresses: [{ interfaces }] }) => interfaces.join() === 'eth0');
    expect(await lab.answers()).toEqual({ [network.node('n1').mac]: 5 });
  });

  test('that drop broadcasts are asked for all frames while it runs', async () => {
    const promiscuity = async () => /promiscuity (\d+)/.exec((await network.exec('n1', ['ip', '-d', 'link', 'show', 'eth0'])).stdout)![1];
    expect(await promiscuity()).toBe('0');
    const plane = lab.plane('n1', { ...ALONE, options: { node: 'n1', heartbeatPort: 7946, promiscuousInterfaces: '^eth' } });
    await plane.snapshot();
    expect(await promiscuity()).toBe('1');
    await plane.process.stop();
    expect(await promiscuity()).toBe('0');
  });

  test('changing faster than they can be followed are listed again', async () => {
    const plane = lab.plane('n1', ALONE);
    await plane.event('addressAcquired');
    plane.process.pause();
    const addresses = Array.from({ length: 6000 }, (_, i) => `addr add 10.200.${i >> 8}.${i & 255}/32 dev cni0`); // eslint-disable-line no-bitwise
    await network.exec('n1', ['ip', '-batch', '-'], { input: `${addresses.join('\n')}\n` });
    await network.addInterface('n1', 'eth1');
    plane.process.resume();
    const { loop } = await plane.snapshot(({ addresses: [{ interfaces }] }) => interfaces.join() === 'eth0,eth1');
    expect(loop.linkListings).toBeGreaterThan(1);
    await plane.snapshot(({ authorised, addresses: [{ held }] }) => authorised && held);
    expect(Object.keys(await lab.answers()).length).toBeGreaterThan(0);
  });

  test('without carrier hand the address over', async () => {
    const [first, second] = await lab.pair();
    await network.pullCable('n1');
    await second.event('addressAcquired');
    await first.event('addressLost', 'noInterface');
    expect(await lab.answers()).toEqual({ [network.node('n2').mac]: 5 });
  });

  test.each([
    ['is switched off', ['link set eth0 down'], ['link set eth0 up']],
    ['does no ARP any more', ['link set eth0 arp off'], ['link set eth0 arp on']],
    ['gets a name that is excluded', ['link set eth0 name cni9'], ['link set cni9 name eth0']],
    ['becomes a port of a bridge that is excluded', ['link add cni8 type bridge', 'link set eth0 master cni8'], ['link set eth0 nomaster']],
  ])('one that %s hands the address over, and takes part again afterwards', async (_, end, begin) => {
    const [first, second] = await lab.pair();
    await ip('n1', ...end);
    await second.event('addressAcquired');
    await first.event('addressLost', 'noInterface');
    await announcesOn(first);
    expect(await lab.answers()).toEqual({ [network.node('n2').mac]: 5 });
    await ip('n1', ...begin);
    await announcesOn(first, 'eth0');
    second.process.kill('SIGTERM');
    await first.process.until(() => first.events().filter((code) => code === 'addressAcquired').length === 2 || undefined, 'second takeover');
    expect(await lab.answers()).toEqual({ [network.node('n1').mac]: 5 });
  });

  test('that appear with a name that is excluded are none of ours', async () => {
    const plane = lab.plane('n1', ALONE);
    await plane.event('addressAcquired');
    await network.addInterface('n1', 'cni7');
    await network.addInterface('n1', 'eth7');
    await announcesOn(plane, 'eth0', 'eth7');
    const { stdout } = await network.exec('n1', ['cat', '/sys/class/net/eth7/address']);
    expect(Object.keys((await ask(network, VIRTUAL_ADDRESS, { count: 20 })).macs).sort()).toEqual([network.node('n1').mac, stdout.trim()].sort());
  });

  test('whose hardware address changes are announced with the new one, and answered with it alone', async () => {
    const plane = lab.plane('n1', ALONE);
    await plane.event('addressAcquired');
    const watch = await watchLink(network, VIRTUAL_ADDRESS, { intervalMs: 20 });
    await watch.until(({ event }) => event === 'answered', 'first answer');
    await ip('n1', 'link set eth0 address 02:00:00:00:07:07');
    await watch.until((event) => event.event === 'gratuitous' && event.mac === '02:00:00:00:07:07', 'announcement');
    await watch.stop();
    expect(await lab.answers()).toEqual({ '02:00:00:00:07:07': 5 });
  });
});

describe('an interface that is asked for all frames', () => {
  const SOMEBODY = '02:00:00:00:00:aa';
  const HOP_LIMIT = 14 + 7;
  const plan = { node: 'n1', addresses: [VIRTUAL_ADDRESS, VIP6].map((address) => ({ address, candidates: ['n1'] })), peers: [] };
  const tagged = (tag: number, frame: Uint8Array) => (
    Buffer.concat([frame.subarray(0, 12), Buffer.from([0x81, 0, Math.floor(tag / 256), tag % 256]), frame.subarray(12)])
  );
  const changed = (frame: Uint8Array, offset: number, value: number) => Uint8Array.from(frame, (octet, i) => (i === offset ? value : octet));
  /** Who asks, by number: each question has its own asker, so that the answers tell which they are to. */
  const asker = (number: number) => `02:00:00:00:01:${number.toString(16).padStart(2, '0')}`;
  const arp = (number: number, packet = {}) => whoHas(VIRTUAL_ADDRESS, { sha: asker(number), spa: `93.5.22.${number}`, ...packet });
  const nd = (number: number, message = {}) => solicitation(VIP6, { mac: asker(number), from: `fd93:5:22::${number}`, ...message });

  test('answers for what it is asked as holder of the address, and is not woken by what is for others, about others, or of another VLAN', async () => {
    const own = network.node('n1').mac;
    const plane = lab.plane('n1', { plan, options: { node: 'n1', heartbeatPort: 7946, promiscuousInterfaces: '^eth' } });
    await plane.process.until(() => plane.events().filter((code) => code === 'addressAcquired').length === 2 || undefined, 'both addresses');
    const before = await plane.snapshot(({ addresses }) => addresses.every(({ interfaces }) => interfaces.join() === 'eth0'));
    const noise = Array.from({ length: 100 }, (_, i) => [
      whoHas(`93.5.22.${101 + i}`, { sha: asker(99), spa: '93.5.22.99' }),
      solicitation(`fd93:5:22::${1000 + i}`, { mac: asker(99), from: 'fd93:5:22::99' }),
      changed(nd(99), 20, 17), // UDP
      tagged(42, arp(99)), tagged(0xe000 + 42, nd(99)),
    ]).flat();
    const answers = await lab.exchange([
      ...noise,
      arp(11), arp(12, { destination: own }), arp(13, { destination: SOMEBODY }), tagged(0xe000, arp(14)), arp(15, { spa: '0.0.0.0' }),
      nd(21), nd(22, { destination: own, to: VIP6 }), nd(23, { destination: SOMEBODY, to: VIP6 }), tagged(0xe000, nd(24)),
      changed(nd(25), HOP_LIMIT, 64),
      arp(1), nd(2),
    ], [macOf(asker(1)), macOf(asker(2))]);
    const seen = answers.flatMap((frame) => /to 02:00:00:00:01:(..): (?:reply|advertisement)/.exec(describeFrame(2, frame, frame.length))?.[1] ?? []);
    expect(seen.map((last) => parseInt(last, 16)).sort((a, b) => a - b)).toEqual([1, 2, 11, 12, 14, 15, 21, 22, 24]);
    const answered = answers.filter((frame) => describeFrame(2, frame, frame.length).includes('to 02:00:00:00:01:'));
    for (const frame of answered) expect(frame.subarray(6, 12)).toEqual(Buffer.from(macOf(own)));
    const { loop, frameDrops } = await plane.snapshot();
    const drops = Object.entries(frameDrops).filter(([name, count]) => count > before.frameDrops[name as 'notArp']);
    expect(Object.fromEntries(drops)).toEqual({ hopLimit: 1 });
    expect(loop.framesReceived - before.loop.framesReceived).toBe(10);
  });
});
