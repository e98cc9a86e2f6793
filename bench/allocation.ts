import { setTimeout as sleep } from 'timers/promises';
import { measureLedger } from './ledger';
import { Options } from './options';
import { Progress } from './progress';
import { Case, compare } from './report';
import { Stage } from './stage';
import { cpuTimeOf, memoryOf, peakMemoryOf } from '../lab/usage';

/** Services made one after the other, each when the one before has its address. */
const SINGLE = 100;
/** After the last write, before memory is looked at: longer than a collector of garbage waits for quiet. */
const SETTLE_MS = 18_000;
const MEBIBYTE = 1024 * 1024;

type Samples = Map<string, { readonly unit: string; readonly values: number[] }>;

/** How long Services wait for an address: what the ledger takes, and what a whole controller takes on etcd and kube-apiserver. */
export async function measureAllocation(options: Options, progress: Progress): Promise<Case[]> {
  const cases = measureLedger(progress);
  const samples: Samples = new Map();
  for (let run = 1; run <= options.runs; run++) {
    const say = (what: string) => progress.say(`run ${run} of ${options.runs}: ${what}`);
    say('starting etcd and kube-apiserver');
    const stage = await Stage.open(options.controller);
    try {
      await measureRun(stage, options.services[0], samples, say);
    } finally {
      await stage.close();
    }
  }
  return [...cases, ...[...samples].map(([name, { unit, values }]) => compare(name, unit, values))];
}

async function measureRun(stage: Stage, count: number, samples: Samples, say: (what: string) => void): Promise<void> {
  const add = (name: string, unit: string, ...values: number[]) => {
    const known = samples.get(name) ?? { unit, values: [] };
    known.values.push(...values);
    samples.set(name, known);
  };
  /** Runs `phase`, and adds what it took of the controller and of the API server. `since` is given the time of its begin. */
  const measured = async (name: string, phase: () => Promise<number>) => {
    const before = await stage.writes();
    const seconds = await phase();
    add(`${name}: until the last has an address`, 's', seconds);
    add(`${name}: Services a second`, '1/s', count / seconds);
    say(`${name}: settling`);
    await sleep(SETTLE_MS);
    add(`${name}: processor time of the controller`, 's', cpuTimeOf(stage.controller.pid) / 1e9 - cpuBefore);
    add(`${name}: RSS of the controller, at rest`, 'MiB', memoryOf(stage.controller.pid).rss / MEBIBYTE);
    add(`${name}: RSS of the controller, at most`, 'MiB', peakMemoryOf(stage.controller.pid) / MEBIBYTE);
    const after = await stage.writes();
    for (const [kind, written] of after) add(`${name}: writes of ${kind}`, '', written - before.get(kind)!);
  };
  let cpuBefore = 0;

  say('one Service at a time');
  await stage.startController();
  for (let i = 0; i < SINGLE; i++) add('one Service: from its creation to its address', 'ms', await stage.createOne(`single-${i}`));
  await stage.deleteAll();
  await sleep(1_500); // the pool's counters come once a second

  say(`${count} Services at once`);
  cpuBefore = cpuTimeOf(stage.controller.pid) / 1e9;
  await measured(`${count} posted`, async () => {
    const { posted, settled } = await stage.createAll(count);
    add(`${count} posted: until the last was posted`, 's', posted);
    return settled;
  });

  say('the controller starts again');
  await stage.stopController();
  const before = await stage.writes();
  add(`${count} with addresses, controller starts: until a new Service has its address`, 's', await stage.restart());
  add(`${count} with addresses, controller starts: writes of Service status`, '', (await stage.writes()).get('Service status')! - before.get('Service status')! - 1);

  await stage.stopController();
  await stage.deleteAll();
  say(`${count} Services without a controller`);
  await stage.createAll(count, false);
  say('the controller starts');
  cpuBefore = 0;
  await measured(`${count} waiting, controller starts`, async () => stage.startController());
}
