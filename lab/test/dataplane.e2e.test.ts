import * as fs from 'fs';
import { setTimeout as sleep } from 'timers/promises';
import { ask, monotonicNs, Network, VIRTUAL_ADDRESS, watchLink } from '..';
import { ALONE, DataPlaneLab, DETECTION_MS, Mischief } from './support-dataplane';

let lab: DataPlaneLab, network: Network;

/** Threads of a process: their nice values, and their processor time. */
function threadsOf(pid: number): { id: number; nice: number; ns: number }[] {
  return fs.readdirSync(`/proc/${pid}/task`).map((id) => {
    const stat = fs.readFileSync(`/proc/${pid}/task/${id}/stat`, 'utf8');
    const nice = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]); // field 19
    return { id: Number(id), nice, ns: Number(fs.readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[0]) };
  });
}

beforeEach(async () => {
  lab = await DataPlaneLab.start();
  ({ network } = lab);
});
afterEach(async () => lab?.destroy());

describe('one data plane', () => {
  test('answers for the addresses of its plan, with the hardware address of the interface, and for no others', async () => {
    const plane = lab.plane('n1', ALONE);
    expect(await plane.event('addressAcquired')).toMatchObject({ address: VIRTUAL_ADDRESS, interfaces: ['eth0'], reason: 'onlyCandidate' });
    expect(await ask(network, VIRTUAL_ADDRESS, { count: 200 })).toMatchObject({ asked: 200, answered: 200, extra: 0, macs: { [network.node('n1').mac]: 200 } });
    expect(await ask(network, '93.5.22.101', { count: 3, timeoutMs: 100 })).toMatchObject({ answered: 0 });
    const { addresses: [address], loop, frameDrops } = await plane.snapshot();
    expect(address).toMatchObject({ held: true, requestsReceived: 200, responsesSent: 200 });
    expect(loop).toMatchObject({ framesReceived: 200, framesDropped: 0, sendErrors: {}, receiveErrors: {}, linkListings: 1 });
    expect(Object.values(frameDrops).every((count) => count === 0)).toBe(true); // the kernel dropped what was for others
  });

  test('answers while the main thread is busy for two seconds', async () => {
    const plane = lab.plane('n1', { ...ALONE, mischief: 'busy' });
    await plane.event('addressAcquired');
    plane.misbehave();
    const report = await ask(network, VIRTUAL_ADDRESS, { count: 150, intervalUs: 10_000, timeoutMs: 500 });
    expect(plane.lines().filter(({ done }) => done)).toEqual([]);
    expect(report).toMatchObject({ answered: 150 });
    await plane.told('done');
  });

  test('comes before the main thread when both want a processor', async () => {
    const plane = lab.plane('n1', ALONE);
    await plane.event('addressAcquired');
    const before = threadsOf(plane.process.pid);
    await ask(network, VIRTUAL_ADDRESS, { count: 2000 });
    const earlier = (id: number) => before.find((thread) => thread.id === id)?.ns ?? 0;
    const threads = threadsOf(plane.process.pid).map(({ id, nice, ns }) => ({ id, nice, took: ns - earlier(id) }));
    const [answering] = threads.sort((one, other) => other.took - one.took);
    expect(answering.nice).toBe(0);
    expect(threads.filter(({ nice }) => nice > 0)).toMatchObject([{ id: plane.process.pid, nice: 10 }]);
  });

  test('stops: gives the address up, answers no more, and lets the process end', async () => {
    const plane = lab.plane('n1', ALONE);
    await plane.event('addressAcquired');
    expect(await plane.process.stop()).toEqual({ code: 0, signal: null });
    expect(await lab.answers(100)).toEqual({});
    const lines = plane.lines();
    expect(lines).toContainEqual({ event: { code: 'addressLost', address: VIRTUAL_ADDRESS, reason: 'stopped' } });
    expect(lines).toContainEqual({ stopped: true });
    expect(lines.at(-1)).toMatchObject({ refused: { code: 'DATAPLANE_STOPPED' } });
  });

  test('without CAP_NET_RAW does not start, says what to grant, and leaves the process alive', async () => {
    const plane = lab.plane('n1', ALONE, ['setpriv', '--bounding-set', '-net_raw', '--inh-caps', '-net_raw', '--']);
    expect(await plane.told('notStarted')).toMatchObject({ name: 'SysError', code: 'EPERM', message: expect.stringContaining('add NET_RAW') });
    await plane.told('alive');
    expect(await plane.process.exited).toEqual({ code: 0, signal: null });
  });

  test('with CAP_NET_RAW as its only capability runs', async () => {
    await lab.plane('n1', ALONE, ['setpriv', '--bounding-set', '-all,+net_raw', '--inh-caps', '-all', '--']).event('addressAcquired');
    expect(await lab.answers()).toEqual({ [network.node('n1').mac]: 5 });
  });

  test('a second one on the node does not start, and says how to find the first', async () => {
    const plane = lab.plane('n1', { ...ALONE, mischief: 'secondPlane' });
    await plane.event('addressAcquired');
    plane.misbehave();
    expect(await plane.told('second')).toMatchObject({ code: 'EADDRINUSE', message: expect.stringContaining("ss -lunp 'sport = :7946'") });
    expect(await lab.answers()).toEqual({ [network.node('n1').mac]: 5 });
  });

  test('a plan that cannot be used is refused and told, and the one before stays in force', async () => {
    const plane = lab.plane('n1', { ...ALONE, mischief: 'badPlan' });
    await plane.event('addressAcquired');
    plane.misbehave();
    await plane.told('warning', (warning) => warning.startsWith('the plan cannot be used'));
    expect(await lab.answers()).toEqual({ [network.node('n1').mac]: 5 });
  });
});

describe('two data planes', () => {
  test('one answers, and the other knows that it does', async () => {
    const [, second] = await lab.pair();
    expect(await lab.answers()).toEqual({ [network.node('n1').mac]: 5 });
    expect((await second.snapshot()).addresses).toMatchObject([{ held: false, holder: 'n1' }]);
  });

  test('hear each other over IPv6 too', async () => {
    const six = (node: string) => lab.plan(node, {
      peers: network.nodes.filter(({ name }) => name !== node).map(({ name, address6 }) => ({ node: name, addresses: [address6] })),
    });
    const [first] = await lab.pair({ plan: six('n1') }, { plan: six('n2') });
    expect((await first.snapshot()).loop).toMatchObject({ sendErrors: {} });
  });

  test.each<[string, Mischief | 'SIGTERM' | 'SIGKILL', string, object]>([
    ['stops', 'SIGTERM', 'handedOver', { code: 0 }],
    ['dies of an uncaught exception', 'throw', 'handedOver', { code: 1 }],
    ['calls process.exit', 'exit', 'handedOver', { code: 7 }],
    ['is killed', 'SIGKILL', 'holderDown', { signal: 'SIGKILL' }],
  ])('when one %s, it ends at once and the other takes over', async (_, how, reason, status) => {
    const [first, second] = await lab.pair({ mischief: how as Mischief });
    const begun = monotonicNs();
    if (how === 'SIGTERM' || how === 'SIGKILL') first.process.kill(how); else first.misbehave();
    expect(await first.process.exited).toMatchObject(status);
    expect((monotonicNs() - begun) / 1e6).toBeLessThan(5000); // a thread that cannot be interrupted would hold it for ever
    expect(await second.event('addressAcquired')).toMatchObject({ reason, from: 'n1' });
    expect(await lab.answers()).toEqual({ [network.node('n2').mac]: 5 });
  });

  test('a defect stops the answers before it can do harm; the owner hears of it, and the other takes over', async () => {
    const [first, second] = await lab.pair({ mischief: 'defect' });
    first.misbehave();
    expect(await first.told('failed')).toMatchObject({ name: 'DataPlaneError', code: 'DATAPLANE_DEFECT', stack: expect.stringContaining('changePlan') });
    expect(await second.event('addressAcquired')).toMatchObject({ reason: 'holderDown' });
    expect(await lab.answers()).toEqual({ [network.node('n2').mac]: 5 });
    first.process.kill('SIGTERM');
    expect(await first.process.exited).toEqual({ code: 0, signal: null });
  });

  test('one that was frozen for longer than the detection time comes back silent', async () => {
    const [first, second] = await lab.pair();
    expect(await lab.answers()).toEqual({ [network.node('n1').mac]: 5 });
    first.process.pause(); // not while it answers: that would be finished later, for nobody can look at the clock and send at once
    const watch = await watchLink(network, VIRTUAL_ADDRESS, { intervalMs: 5 });
    await second.event('addressAcquired', 'holderDown');
    await sleep(2 * DETECTION_MS);
    first.process.resume();
    await first.event('authorityRegained');
    await sleep(2 * DETECTION_MS);
    const answered = watch.events().filter((event) => event.event === 'answered').map((event) => event.mac);
    await watch.stop();
    expect(new Set(answered)).toEqual(new Set([network.node('n2').mac]));
    expect(first.events()).toEqual(expect.arrayContaining(['authorityLost', 'addressLost', 'authorityRegained']));
    expect(await lab.answers()).toEqual({ [network.node('n2').mac]: 5 });
  });
});
