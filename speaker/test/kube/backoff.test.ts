import fc from 'fast-check';
import { Backoff } from '../../src/kube';

describe('a back-off', () => {
  test.each([
    ['the longest', 0.999_999, [200, 400, 800, 1600, 3200, 5000, 5000]],
    ['the shortest', 0, [100, 200, 400, 800, 1600, 2500, 2500]],
  ])('doubles up to its limit (%s delays)', (_name, random, expected) => {
    const backoff = new Backoff({ random: () => random });
    expect(expected.map(() => Math.round(backoff.fail()))).toEqual(expected);
  });

  test('starts over after progress', () => {
    const backoff = new Backoff({ random: () => 0 });
    for (let index = 0; index < 5; index += 1) backoff.fail();
    expect(backoff.failures).toBe(5);
    backoff.progress();
    expect([backoff.failures, backoff.fail()]).toEqual([0, 100]);
  });

  test('never exceeds its limit, however long the failures go on', () => {
    fc.assert(fc.property(fc.nat(5000), fc.double({ min: 0, max: 0.999, noNaN: true }), (failures, random) => {
      const backoff = new Backoff({ initialMs: 10, maxMs: 1000, random: () => random });
      for (let index = 0; index < failures; index += 1) backoff.fail();
      const delay = backoff.fail();
      expect(delay).toBeGreaterThanOrEqual(5);
      expect(delay).toBeLessThanOrEqual(1000);
    }));
  });
});
