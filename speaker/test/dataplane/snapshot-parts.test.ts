/** Snapshots of thousands of addresses are told in parts. */
import { started } from './fakes';
import { Report } from '../../src/dataplane/messages';
import { SnapshotReceiver } from '../../src/dataplane/snapshot-parts';
import { AddressSnapshot } from '../../src/lan';

const addresses = (count: number, prefix = '10.50') => Array.from({ length: count }, (_, i) => ({ address: `${prefix}.${Math.floor(i / 256)}.${i % 256}` }) as AddressSnapshot);
/** What is told of snapshots: how many addresses, and whom. */
const told = (reports: readonly Report[]) => reports.map((report) => (
  report.type === 'addresses' ? report.addresses.length : report.type === 'snapshot' ? [report.snapshot.addresses.length, ...report.ids] : report.type
));

test('in each turn a part; what comes in meanwhile has its turn too', () => {
  const { core, around, loop } = started();
  core.addresses = addresses(600);
  around.commands.push({ type: 'snapshot', id: 7 });
  const turns = [];
  for (let turn = 0; turn < 4; turn++) {
    around.frames.push({ ifindex: 2, text: 'who has' });
    around.datagrams4.push({ from: '93.5.22.45', text: 'beat' });
    core.deadline = around.time;
    core.frames = [{ ifindex: 2, bytes: Buffer.from(`answer ${turn}`) }];
    loop.turn();
    turns.push([...told(around.reports.splice(0)), ...core.names(), ...around.sent.splice(0)]);
    core.calls.length = 0;
  }
  const others = ['receiveFrame', 'receiveHeartbeat', 'tick'];
  expect(turns).toEqual([
    [250, ...others, 'frame 2 answer 0'],
    [250, ...others, 'frame 2 answer 1'],
    [[100, 7], ...others, 'frame 2 answer 2'],
    [...others, 'frame 2 answer 3'],
  ]);
});

test('the loop does not wait before all is told', () => {
  const { core, around, loop } = started();
  const waits: number[] = [], { wait } = around.epoll;
  around.epoll.wait = (...timeoutMs: number[]) => {
    waits.push(...timeoutMs);
    return wait();
  };
  core.addresses = addresses(750);
  around.commands.push({ type: 'snapshot', id: 1 });
  for (let turn = 0; turn < 4; turn++) loop.turn();
  expect(waits).toEqual([1000, 0, 0, 1000]);
});

test.each([
  [0, [[0, 1]]],
  [1, [[1, 1]]],
  [250, [[250, 1]]],
  [251, [250, [1, 1]]],
  [500, [250, [250, 1]]],
])('of %i addresses nothing is told but what there is', (count, expected) => {
  const { core, around, loop } = started();
  core.addresses = addresses(count);
  around.commands.push({ type: 'snapshot', id: 1 });
  for (let turn = 0; turn < 4; turn++) loop.turn();
  expect(told(around.reports)).toEqual(expected);
});

test('who asks while one is told gets the next one, with a plan that came between; all who wait get the same', () => {
  const { core, around, loop } = started(), receiver = new SnapshotReceiver();
  core.addresses = addresses(300);
  around.commands.push({ type: 'snapshot', id: 1 });
  loop.turn();
  around.commands.push({ type: 'plan', plan: { node: 'a', addresses: [], peers: [] } }, { type: 'snapshot', id: 2 }, { type: 'snapshot', id: 3 });
  core.setPlan = ((setPlan) => (now, plan) => {
    core.addresses = addresses(301, '10.51');
    return setPlan(now, plan);
  })(core.setPlan);
  for (let turn = 0; turn < 4; turn++) loop.turn();
  expect(told(around.reports)).toEqual([250, [50, 1], 250, [51, 2, 3]]);
  const snapshots = around.reports.flatMap((report) => {
    if (report.type === 'addresses') receiver.add(report.addresses);
    return report.type === 'snapshot' ? [receiver.complete(report.snapshot)] : [];
  });
  expect(snapshots).toMatchObject([{ node: 'snapshot at 1000', addresses: addresses(300) }, { addresses: addresses(301, '10.51') }]);
});

test('an event that happened before a snapshot was asked for is told before it', () => {
  const { core, around, loop } = started();
  core.events = [{ code: 'heartbeatKeyMissing' }];
  around.commands.push({ type: 'keys', keys: [] }, { type: 'snapshot', id: 1 });
  loop.turn();
  expect(told(around.reports)).toEqual(['events', [0, 1]]);
});

test('stop ends the loop although a snapshot is half told; one that is still handing over goes on to tell it', () => {
  const { core, around, loop } = started();
  core.addresses = addresses(1_000);
  core.ended = false;
  around.commands.push({ type: 'snapshot', id: 1 }, { type: 'stop' });
  expect([loop.turn(), loop.turn()]).toEqual([true, true]);
  core.ended = true;
  expect(loop.turn()).toBe(false);
  expect(told(around.reports)).toEqual([250, 250]);
});
