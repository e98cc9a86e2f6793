import * as fc from 'fast-check';
import { core, link, planFor } from './harness';

const ADDRESSES = Array.from({ length: 8 }, (_, i) => i % 2 === 0 ? `93.5.22.${100 + i}` : `fd93:5:22::${100 + i}`);
const planOf = (addresses: readonly string[]) => planFor('node-44', { addresses: addresses.map((address) => ({ address, candidates: ['node-44'] })) });

const some = fc.subarray(ADDRESSES);
const step = fc.oneof(
  fc.record({ most: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ plan: some }),
  fc.record({ removed: some, added: some }),
);

test('whatever plans come between its parts, each address that was there at the beginning and still is in its turn is told once, as it is then, and no other', () => {
  fc.assert(fc.property(some, fc.array(step, { maxLength: 12 }), (first, steps) => {
    const speaker = core('node-44');
    let now = 0, left = [...first], current = first;
    speaker.setLinks(now, [link(44)]);
    speaker.setPlan(now, planOf(first));
    const survey = speaker.survey();
    for (const one of [...steps, { most: Infinity }]) {
      now += 7;
      if ('plan' in one) {
        current = one.plan;
        speaker.setPlan(now, planOf(current));
      } else if ('removed' in one) {
        const { removed, added } = one;
        current = [...current.filter((address) => !removed.includes(address) && !added.includes(address)), ...added];
        speaker.changePlan(now, { ...planOf(added), removed });
      } else {
        const turn = left.slice(0, one.most), { addresses } = speaker.snapshot(now);
        left = left.slice(one.most);
        const expected = turn.filter((address) => current.includes(address)).map((text) => addresses.find(({ address }) => address === text));
        expect(survey.take(now, one.most)).toEqual(expected);
      }
      expect(survey.done).toBe(left.length === 0);
    }
  }), { numRuns: 500 });
});
