/** What concerns thousands of addresses is spread over turns of the loop. */
import { started } from './fakes';
import { Command } from '../../src/dataplane/messages';
import { SLICE } from '../../src/dataplane/plan-change';
import { LanError, LanEvent, LanPlan } from '../../src/lan';

const PLAN: LanPlan = { node: 'a', addresses: [{ address: '93.5.22.100', candidates: ['a'] }], peers: [] };

const slice = (from: number): Command => ({
  type: 'planChange', change: { ...PLAN, addresses: Array.from({ length: SLICE }, (_, i) => ({ address: `10.50.${from}.${i}`, candidates: ['a'] })), removed: [] },
});

test('a plan in slices: one in a turn, with heartbeats heard between; other messages keep their place', () => {
  const { core, around, loop } = started();
  around.commands.push({ type: 'plan', plan: PLAN }, slice(1), slice(2), { type: 'keys', keys: [] });
  for (let turn = 0; turn < 3; turn++) {
    around.datagrams4.push({ from: '93.5.22.45', text: 'beat' });
    loop.turn();
  }
  expect(core.names()).toEqual(['setPlan', 'changePlan', 'receiveHeartbeat', 'changePlan', 'receiveHeartbeat', 'setKeys', 'receiveHeartbeat']);
});

test('a change of a plan that was refused is given as a whole, with what was refused', () => {
  const { core, around, loop } = started();
  around.commands.push({ type: 'plan', plan: PLAN });
  loop.turn();
  core.error = new LanError('LAN_PLAN_ADDRESS', "address 'x' is none");
  around.commands.push({ type: 'planChange', change: { ...PLAN, addresses: [{ address: '93.5.22.101', candidates: ['a'] }, { address: 'x', candidates: ['a'] }], removed: [] } });
  loop.turn();
  const change = { ...PLAN, addresses: [{ address: '93.5.22.102', candidates: ['a'] }], removed: ['x'] };
  around.commands.push({ type: 'planChange', change }, { type: 'planChange', change: { ...change, addresses: [], removed: [] } });
  loop.turn();
  expect(core.names()).toEqual(['setPlan', 'changePlan', 'setPlan', 'changePlan']);
  const { addresses } = core.calls[2][2] as LanPlan;
  expect(addresses.map(({ address }) => address)).toEqual([...PLAN.addresses.map(({ address }) => address), '93.5.22.101', '93.5.22.102']);
});

test('events: 500 are told in a turn, in order, and all before the loop ends', () => {
  const { core, around, loop } = started();
  const events = Array.from({ length: 2_200 }, (_, i): LanEvent => ({ code: 'addressLost', address: `${i}`, reason: 'stalled' }));
  const told = () => around.reports.map((report) => report.type === 'events' ? report.events.length : 0);
  core.events = [...events];
  around.datagrams4.push({ from: '93.5.22.45', text: 'beat' });
  loop.turn();
  expect(told()).toEqual([500]);
  core.events = [{ code: 'heartbeatKeyMissing' }];
  around.datagrams4.push({ from: '93.5.22.45', text: 'beat' });
  loop.turn();
  expect(told()).toEqual([500, 500]);
  around.commands.push({ type: 'stop' });
  expect(loop.turn()).toBe(false);
  expect(around.reports.flatMap((report) => report.type === 'events' ? report.events : [])).toEqual([...events, { code: 'heartbeatKeyMissing' }]);
});
