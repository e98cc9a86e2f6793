/** How long a holder that is to go waits for a successor that does not come. */
import { codesOf, planFor, VIP } from './harness';
import { Pair } from './pair';
import { PLAN_MS } from '../../src/lan/ownership';

test('a holder that is no candidate any more waits for its successor, which is heard, for half a second, and no longer', () => {
  const pair = new Pair(), peers = [{ node: 'node-45', addresses: ['93.5.22.45'] }];
  expect(pair.pass(1000, true)).toContain('addressAcquired firstCandidate');
  expect(codesOf(pair.speaker.setPlan(pair.now, planFor('node-44', { addresses: [{ address: VIP, candidates: ['node-45'] }], peers, revision: 2 })))).toEqual([]);
  expect(pair.pass(PLAN_MS - 1, true)).toEqual([]);
  expect(pair.pass(200, true)).toEqual(['addressLost notCandidate']);
});
