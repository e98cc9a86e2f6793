/** A plan crosses to the thread of the data plane as what is different from the one before. */
import * as fc from 'fast-check';
import { Command } from '../../src/dataplane/messages';
import { PlanReceiver, PlanSender, SLICE } from '../../src/dataplane/plan-change';
import { LanPlan, PlannedAddress } from '../../src/lan';

const address = (last: number, change: Partial<PlannedAddress> = {}): PlannedAddress => ({ address: `93.5.22.${last}`, candidates: ['a', 'b'], ...change });
const plan = (addresses: readonly PlannedAddress[], change: Partial<LanPlan> = {}): LanPlan => ({ node: 'a', addresses, peers: [{ node: 'b', addresses: ['93.5.22.45'] }], revision: 7, ...change });

/** What arrives: messages are copied between threads. */
function receive(receiver: PlanReceiver, commands: readonly Command[]): LanPlan {
  return commands.map((command): LanPlan => {
    const copy = structuredClone(command);
    if (copy.type === 'plan') return receiver.whole(copy.plan);
    if (copy.type === 'planChange') return receiver.changed(copy.change);
    throw new Error(`unexpected ${copy.type}`);
  }).at(-1)!;
}

test('the first one is sent whole', () => {
  const first = plan([address(100), address(101)]);
  expect(new PlanSender().commands(first)).toEqual([{ type: 'plan', plan: first }]);
});

test.each<[string, PlannedAddress[], Partial<{ addresses: PlannedAddress[]; removed: string[] }>]>([
  ['nothing', [address(100), address(101)], {}],
  ['an address that is new', [address(100), address(101), address(102)], { addresses: [address(102)] }],
  ['one that is gone', [address(101)], { removed: ['93.5.22.100'] }],
  ['candidates', [address(100, { candidates: ['b', 'a'] }), address(101)], { addresses: [address(100, { candidates: ['b', 'a'] })] }],
  ['fewer candidates', [address(100, { candidates: ['a'] }), address(101)], { addresses: [address(100, { candidates: ['a'] })] }],
  ['interfaces', [address(100, { interfaces: ['eth0'] }), address(101)], { addresses: [address(100, { interfaces: ['eth0'] })] }],
])('then only what is different: %s', (_, addresses, change) => {
  const sender = new PlanSender();
  sender.commands(plan([address(100), address(101)]));
  const next = plan(addresses, { revision: 8, peers: [] });
  expect(sender.commands(next)).toEqual([{ type: 'planChange', change: { ...next, addresses: [], removed: [], ...change } }]);
});

test('entries that have not changed are the same objects to the receiver', () => {
  const sender = new PlanSender(), receiver = new PlanReceiver();
  const first = receive(receiver, sender.commands(plan([address(100), address(101)])));
  const second = receive(receiver, sender.commands(plan([address(100), address(101, { candidates: ['b'] })])));
  expect(second.addresses[0]).toBe(first.addresses[0]);
  expect(second.addresses[1]).not.toBe(first.addresses[1]);
});

test('a plan that names an address twice arrives as it is, for the core to refuse, and the next one whole', () => {
  const sender = new PlanSender(), receiver = new PlanReceiver();
  sender.commands(plan([address(100)]));
  const twice = plan([address(100), address(100)]), next = plan([address(101)]);
  expect(receive(receiver, sender.commands(twice))).toEqual(twice);
  expect(sender.commands(next)).toEqual([{ type: 'plan', plan: next }]);
});

test('whatever plans follow each other, each arrives as it was sent', () => {
  const entry = fc.record({
    last: fc.integer({ min: 1, max: 8 }),
    candidates: fc.subarray(['a', 'b', 'c']),
    interfaces: fc.option(fc.subarray(['eth0', 'eth1'], { minLength: 1 }), { nil: undefined }),
  }).map(({ last, candidates, interfaces }) => address(last, { candidates, ...(interfaces && { interfaces }) }));
  const plans = fc.array(fc.record({ addresses: fc.uniqueArray(entry, { selector: (one) => one.address }), revision: fc.nat() }), { maxLength: 8 });
  const sorted = ({ addresses, ...rest }: LanPlan) => (
    { ...rest, addresses: [...addresses].sort((one, other) => one.address.localeCompare(other.address)) }
  );
  fc.assert(fc.property(plans, (all) => {
    const sender = new PlanSender(), receiver = new PlanReceiver();
    for (const { addresses, revision } of all) {
      const sent = plan(addresses, { revision });
      expect(sorted(receive(receiver, sender.commands(sent)))).toEqual(sorted(sent));
    }
  }));
});

describe('what is different in thousands of addresses', () => {
  const many = (count: number, change: Partial<PlannedAddress> = {}) => Array.from({ length: count }, (_, i) => ({ ...address(0, change), address: `10.50.${Math.floor(i / 256)}.${i % 256}` }));
  const sizes = (commands: readonly Command[]) => commands.map((command) => {
    if (command.type === 'plan') return ['plan', command.plan.addresses.length, 0, command.plan.revision];
    if (command.type === 'planChange') return ['planChange', command.change.addresses.length, command.change.removed.length, command.change.revision];
    return [command.type];
  });

  test('comes in slices, and the revision with the last one: until then the plan is no newer than that before', () => {
    const sender = new PlanSender();
    expect(sizes(sender.commands(plan(many(2 * SLICE + 1))))).toEqual([['plan', SLICE, 0, undefined], ['planChange', SLICE, 0, undefined], ['planChange', 1, 0, 7]]);
    expect(sizes(sender.commands(plan(many(SLICE, { candidates: ['b'] }), { revision: 8 })))).toEqual([['planChange', SLICE, SLICE, 7], ['planChange', 0, 1, 8]]);
  });

  test('arrives as it was sent', () => {
    const sender = new PlanSender(), receiver = new PlanReceiver();
    for (const next of [plan(many(3_000)), plan(many(2_000, { candidates: ['b'] })), plan([])]) expect(receive(receiver, sender.commands(next))).toEqual(next);
  });
});
