import * as fc from 'fast-check';
import { IntervalSet } from '../../src/ip';

const runs = (set: IntervalSet) => [...set].map(({ first, last }) => [first, last]);

describe('IntervalSet', () => {
  test('merges neighbours and splits where something is taken out', () => {
    const set = new IntervalSet();
    set.add(3n, 5n);
    set.add(8n);
    set.add(11n, 12n);
    set.add(6n);
    set.add(7n);
    expect(runs(set)).toEqual([[3n, 8n], [11n, 12n]]);
    set.delete(4n, 5n);
    expect(runs(set)).toEqual([[3n, 3n], [6n, 8n], [11n, 12n]]);
    expect([set.containing(7n), set.containing(5n)]).toEqual([{ first: 6n, last: 8n }, undefined]);
    expect([set.next(4n), set.next(7n), set.next(12n), set.next(13n)]).toEqual([6n, 7n, 12n, undefined]);
  });

  test('behaves as a set of numbers, whatever is added and removed', () => {
    const step = fc.tuple(fc.boolean(), fc.bigInt(0n, 40n), fc.bigInt(0n, 6n));
    fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const set = new IntervalSet();
      const model = new Set<bigint>();
      for (const [adding, first, more] of steps) {
        if (adding) set.add(first, first + more);
        else set.delete(first, first + more);
        for (let value = first; value <= first + more; value += 1n) {
          if (adding) model.add(value);
          else model.delete(value);
        }
      }
      for (let value = 0n; value <= 48n; value += 1n) {
        expect(set.has(value)).toBe(model.has(value));
        expect(set.next(value)).toBe([...model].filter((member) => member >= value).sort((a, b) => Number(a - b))[0]);
      }
      const list = runs(set);
      expect(set.isEmpty()).toBe(model.size === 0);
      expect(set.runs).toBe(list.length);
      list.forEach(([first, last], index) => {
        expect(last >= first).toBe(true);
        if (index > 0) expect(first > list[index - 1][1] + 1n).toBe(true);
      });
    }));
  });

  test('behaves so with thousands of runs, too, which are in many blocks', () => {
    const operation = fc.tuple(fc.boolean(), fc.nat(4_000), fc.oneof({ weight: 9, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.nat(3_000) }));
    fc.assert(fc.property(fc.array(operation, { minLength: 20, maxLength: 200 }), (operations) => {
      const set = new IntervalSet();
      const model = new Uint8Array(8_192);
      for (let value = 0; value < 4_000; value += 2) {
        set.add(BigInt(value));
        model[value] = 1;
      }
      for (const [adding, first, more] of operations) {
        set[adding ? 'add' : 'delete'](BigInt(first), BigInt(first + more));
        model.fill(adding ? 1 : 0, first, first + more + 1);
      }
      const expected: bigint[][] = [];
      model.forEach((there, value) => {
        if (there && model[value - 1]) expected[expected.length - 1][1] = BigInt(value);
        else if (there) expected.push([BigInt(value), BigInt(value)]);
      });
      expect(runs(set)).toEqual(expected);
      expect(set.runs).toBe(expected.length);
      for (const [first, last] of expected) {
        expect(set.containing(last)).toEqual({ first, last });
        expect(set.next(last + 1n)).toBe(expected.find(([start]) => start > last)?.[0]);
      }
    }), { numRuns: 40 });
  });
});
