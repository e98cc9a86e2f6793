/**
 * An operator, or NTP, may step the wall clock at any time. The core and the loop do not look at it, nor at any other clock than the one they are given: they run the same where there is none.
 */
import { MOVES, Orderly } from './orderly';
import { Scenario } from './scenario';

const runs: readonly (readonly [string, () => unknown])[] = [
  ...['small', 'wild', 'abrupt', 'lans'].map((kind) => [`the core, in a scenario that is ${kind}`, () => new Scenario(1, 'both', kind).run()] as const),
  ...MOVES.map((move) => [`the loop, when addresses change hands by ${move}`, () => new Orderly(3, move).run()] as const),
];

/** Whoever asks for the time, or for a timer, gets an error. */
function withoutClocks<T>(run: () => T): T {
  const names = ['Date', 'performance', 'setTimeout', 'setInterval', 'setImmediate'] as const;
  const before = names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name)!);
  for (const name of names) Object.defineProperty(globalThis, name, { configurable: true, get: () => { throw new Error(`asks for ${name}`); } });
  try {
    return run();
  } finally {
    names.forEach((name, i) => Object.defineProperty(globalThis, name, before[i]));
  }
}

test('a clock that is asked for is found', () => {
  expect(() => withoutClocks(() => Date.now())).toThrow('asks for Date');
});

test.each(runs)('%s', (_, run) => {
  expect(withoutClocks(run)).toEqual(run());
}, 60_000);
