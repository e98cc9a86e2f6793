import { setFlagsFromString } from 'v8';
import { runInNewContext } from 'vm';
import type { Logger } from '../observability';
import { releaseMemory } from '../sys';

/*
 * A load balancer of a home shares a small machine with what it is there for, so memory matters more to it than throughput. V8 decides the other way:
 * a heap grows by what a burst left behind (a list of a thousand Services leaves 100 MB) and is not given back while little happens.
 */

/** Between two looks, in milliseconds. */
const PERIOD_MS = 5_000;
/** Fewer page faults in a period than this: nothing much happens. A role that only waits has ten. */
const QUIET = 128;
/** Page faults that are worth giving memory back: each brought a page of a grown heap, or up to sixteen of a file. */
const WORTHWHILE = 256;
/** Giving memory back costs some hundred faults itself, by which the pages come back that are needed after all; a burst has thousands. */
const BURST = 2_048;

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

  const giveBack = shrinker(() => process.resourceUsage().minorPageFault, () => {
    collectGarbage();
    releaseMemory();
  });
  const timer = setInterval(() => {
    try {
      giveBack();
    } catch (error) {
      clearInterval(timer); // a system that cannot do it will not learn it
      log.warn({ error }, `memory is not given back: ${(error as Error).message}`);
    }
  }, PERIOD_MS).unref();
}

/**
 * Decides when memory is given back: in the first quiet period after much was touched, that is after the start and after each burst.
 *
 * @param faults page faults since the start of the process
 * @returns to be called once a period
 */
export function shrinker(faults: () => number, giveBack: () => void): () => void {
  /** Since memory was given back, until it is quiet: what comes back then is what is needed. */
  let settling = false;
  let last = 0, sum = 0;
  return () => {
    const now = faults(), period = now - last;
    last = now;
    sum += period;
    if (period >= QUIET) return;
    if (sum >= (settling ? BURST : WORTHWHILE)) {
      giveBack();
      settling = true;
      last = faults(); // those of the collection itself are none
    } else if (settling) {
      settling = false;
    } else {
      return; // a little now and a little then adds up
    }
    sum = 0;
  };
}

/** Of this thread, for some 30 ms; the data plane's has a heap of its own, and goes on. */
function collectGarbage(): void {
  (runInNewContext('gc') as () => void)(); // without options, which mean different things to different V8s
}
