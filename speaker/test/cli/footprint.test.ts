import { getHeapStatistics } from 'v8';
import { keepSmall, shrinker } from '../../src/cli/footprint';

const MEBIBYTE = 1024 * 1024;

describe('when memory is given back', () => {
  test.each([
    ['after the start, once it is quiet', [8_000, 300, 20], [2]],
    ['not while something happens', [8_000, 900, 900, 900], []],
    ['not for what comes back afterwards because it is needed', [8_000, 20, 400, 400, 10, 10, 10], [1]],
    ['after a burst', [8_000, 20, 400, 10, 19_000, 12_000, 15], [1, 6]],
    ['after a burst that came while it settled', [8_000, 20, 19_000, 500, 15], [1, 4]],
    ['after a little, again and again', [8_000, 20, 400, 10, ...Array<number>(8).fill(40)], [1, 10]],
    ['not for what a role does that only waits', [8_000, 20, 400, 10, ...Array<number>(20).fill(8)], [1]],
  ])('%s', (_, periods, given) => {
    let faults = 0, now = 0;
    const seen: number[] = [];
    const look = shrinker(() => faults, () => {
      seen.push(now);
      faults += 150; // the collection's own
    });
    periods.forEach((count, period) => {
      faults += count;
      now = period;
      look();
    });
    expect(seen).toEqual(given);
  });
});

describe('the memory of a role', () => {
  const log = { debug: jest.fn(), info: jest.fn(), warn: jest.fn(), error: jest.fn(), child: jest.fn() };
  const used = () => getHeapStatistics().used_heap_size;

  /** Makes many objects that nobody needs afterwards, and tells how much there was with them. */
  function burst(): number {
    const objects = Array.from({ length: 400_000 }, (_, i) => ({ name: `service-${i}` }));
    return objects.length > 0 ? used() : NaN;
  }

  test('what a burst leaves behind is collected when it is over', () => {
    jest.useFakeTimers();
    keepSmall(log);
    jest.advanceTimersByTime(60_000);
    const before = used();
    expect(burst() - before).toBeGreaterThan(20 * MEBIBYTE);
    jest.advanceTimersByTime(60_000);
    expect(used() - before).toBeLessThan(10 * MEBIBYTE);
    expect(log.warn).not.toHaveBeenCalled();
    jest.clearAllTimers();
    jest.useRealTimers();
  });

  test('the look after it does not keep the process alive', () => {
    const timers = jest.spyOn(global, 'setInterval');
    keepSmall(log);
    const timer = timers.mock.results[0].value as NodeJS.Timeout;
    timers.mockRestore();
    clearInterval(timer);
    expect(timer.hasRef()).toBe(false);
  });
});
