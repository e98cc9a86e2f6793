import { Move, Orderly } from './orderly';

/** Every question of these scenarios gets one answer; what happens in the first that has another is shown. */
function expectOneAnswer(move: Move, first: number, seeds: number, pauses = false): void {
  let handovers = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    const { violations, log, ...outcome } = new Orderly(seed, move, pauses).run();
    if (violations.length > 0) throw new Error([`${move} ${seed}${pauses ? ' with pauses' : ''}:`, ...violations.slice(0, 10), ...log].join('\n'));
    handovers += outcome.handovers;
  }
  expect(handovers).toBeGreaterThanOrEqual(3 * seeds);
}

test.each<[Move, number]>([['stop', 6], ['drain', 6], ['failback', 6]])('addresses change hands by %s: each question is answered once, in %i scenarios', (move, seeds) => expectOneAnswer(move, 50, seeds));

test.each<[Move, number]>([['stop', 6], ['drain', 4]])('the holder stands still around a %s, and answers nothing before it has asked: each question is answered once, in %i scenarios', (move, seeds) => {
  expectOneAnswer(move, 50, seeds, true);
});

test.each<[Move, number, string]>([
  ['stop', 1, 'only 64 questions were kept'],
  ['stop', 2, 'questions for the address that was handed over last were answered in the last call, and the answers taken back'],
  ['stop', 14, 'the time for handing over had passed, and nothing was answered any more'],
  ['drain', 1, 'who had taken the address up was heard before the questions that were kept were looked at anew'],
])('%s %i with pauses, which once failed: %s', (move, seed) => expectOneAnswer(move, seed, 1, true));

test.each<[Move, number, string]>([
  ['stop', 2, 'what was queued in the next holder\'s socket when it took an address was answered by it, and by the former holder'],
  ['failback', 32, 'a heartbeat that told of the new holder was read before questions that had come before its announcement, and nobody answered those'],
  ['drain', 2, 'who had the new plan first took the address from a holder that did not know yet that it should yield'],
  ['drain', 10, 'a holder with a new plan offered the address, and one with the old plan took it, as did the one whose turn it was'],
])('%s %i, which once failed: %s', (move, seed) => expectOneAnswer(move, seed, 1));
