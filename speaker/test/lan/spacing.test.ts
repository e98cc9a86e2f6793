import { Spacing } from '../../src/lan/spacing';

describe('reports that are kept 10 s apart', () => {
  let spacing: Spacing;
  const many = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `02:00:00:00:00:${from + i}`);
  const allowed = (now: number, subjects: readonly string[]) => subjects.filter((subject) => spacing.allows(now, subject));

  beforeEach(() => {
    spacing = new Spacing(10_000);
  });

  test('of one subject: the first, and the next after 10 s', () => {
    expect([0, 1, 9_999, 10_000, 10_001].filter((now) => spacing.allows(now, 'a'))).toEqual([0, 10_000]);
  });

  test('different subjects do not wait for each other', () => {
    expect(allowed(0, ['a', 'b', 'a'])).toEqual(['a', 'b']);
  });

  test('of a storm of forged ones 64 are reported in 10 s, and those known before stay spaced', () => {
    expect(allowed(0, ['a'])).toEqual(['a']);
    expect(allowed(1, many(100_000))).toHaveLength(63);
    expect(allowed(9_999, ['a', 'b'])).toEqual([]);
    expect(allowed(10_000, ['a', 'b'])).toEqual(['a']);
    expect(allowed(10_001, many(100_000, 200_000))).toHaveLength(63);
  });
});
