import { getHeapStatistics, setFlagsFromString } from 'v8';
import { runInNewContext } from 'vm';
import type { Logger } from '../observability';
import { releaseMemory } from '../sys';

/*
 * A load balancer of a home shares a small machine with what it is there for, so memory matters more to it than throughput. V8 decides the other way:
 * a heap grows by what a burst left behind (a list of a thousand Services leaves 100 MB) and is not given back while little happens.
 */

/** Between two looks at how much memory there is, in milliseconds. */
const PERIOD_MS = 5_000;
/** What a heap of so many bytes may grow to before it is worth a collection: more than V8 lets gather while nothing happens. */
const worthwhile = (settled: number) => settled * 1.3 + 4 * 1024 * 1024;

/**
 * Keeps the memory of a role small: of this thread, and of those that it starts afterwards. Never keeps the process alive.
 *
 * They are flags of V8, set here and not on the command line, so that they hold however the program is started.
 */
export function keepSmall(log: Logger): void {
  setFlagsFromString('--semi-space-growth-factor=1'); // the young generation stays at 1 MB or 2 instead of 3 × 16 MB
  setFlagsFromString('--optimize-for-size');
  setFlagsFromString('--heap-growing-percent=25'); // the old one is collected when it has grown by that, not by three times of it
  setFlagsFromString('--initial-old-space-size=8'); // the first time, too
  setFlagsFromString('--expose-gc');

  let settled = -Infinity, rounds = 0;
  const timer = setInterval(() => {
    if (heapUsed() > worthwhile(settled)) rounds = 2; // a second time for what was under way at the first
    if (rounds === 0) return;
    rounds--;
    try {
      collectGarbage();
      releaseMemory();
      settled = heapUsed();
    } catch (error) {
      clearInterval(timer); // a system that cannot do it will not learn it
      log.warn({ error }, `memory is not given back: ${(error as Error).message}`);
    }
  }, PERIOD_MS).unref();
}

function heapUsed(): number {
  return getHeapStatistics().used_heap_size;
}

/** Of this thread, for some 30 ms; the data plane's has a heap of its own, and goes on. */
function collectGarbage(): void {
  (runInNewContext('gc') as () => void)(); // without options, which mean different things to different V8s
}
