import { getHeapStatistics } from 'v8';
import { keepSmall } from '../../src/cli/footprint';

const MEBIBYTE = 1024 * 1024;
const log = { debug: jest.fn(), info: jest.fn(), warn: jest.fn(), error: jest.fn(), child: jest.fn() };

function used(): number {
  return getHeapStatistics().used_heap_size;
}

/** Makes many objects that nobody needs afterwards, and tells how much there was with them. */
function burst(): number {
  const objects = Array.from({ length: 400_000 }, (_, i) => ({ name: `service-${i}` }));
  return objects.length > 0 ? used() : NaN;
}

describe('the memory of a role', () => {
  beforeEach(() => {
    jest.useFakeTimers();
    keepSmall(log);
  });
  afterEach(() => {
    jest.clearAllTimers();
    jest.useRealTimers();
    expect(log.warn).not.toHaveBeenCalled();
  });

  test('what a burst leaves behind is collected a while later', () => {
    jest.advanceTimersByTime(20_000);
    const before = used();
    expect(burst() - before).toBeGreaterThan(20 * MEBIBYTE);
    jest.advanceTimersByTime(10_000);
    expect(used() - before).toBeLessThan(10 * MEBIBYTE);
  });

  test('does not keep the process alive', () => {
    jest.useRealTimers();
    const timer = jest.spyOn(global, 'setInterval');
    keepSmall(log);
    expect((timer.mock.results[0].value as NodeJS.Timeout).hasRef()).toBe(false);
    clearInterval(timer.mock.results[0].value as NodeJS.Timeout);
    timer.mockRestore();
  });
});
