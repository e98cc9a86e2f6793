/** `npm run simulate`: runs many random scenarios on all cores, or replays one. */
import { cpus } from 'os';
import { parseArgs } from 'util';
import { isMainThread, parentPort, Worker, workerData } from 'worker_threads';
import { formatName, Name, parseName, run, scenarios, Tally } from './campaign';
import { costOf } from './cluster';
import { FAMILIES, Families, KINDS, PROMPT, Scenario } from './scenario';

const USAGE = `npm run simulate -- [options]

Runs random scenarios of speakers on a virtual LAN and checks what must always hold. Exits with 1 if something did not.

  --seeds N          how many seeds, each with all of the families (default 1000)
  --first S          the first of them (default 1)
  --kinds K,...      of ${Object.keys(PROMPT).join(', ')}; each also as small-patient: without fast detection (default rough)
  --families F,...   of ${FAMILIES.join(', ')} (default all)
  --jobs N           threads (default: one for each core)
  --replay NAME      runs one scenario, as rough/both/17, and prints what happens in it
  --cost N,...       what one node sends in a second at rest in clusters of 2 to 200 nodes, and how soon all know of a death: a line of JSON for each`;

interface Share {
  readonly kinds: readonly string[];
  readonly families: readonly Families[];
  readonly first: number;
  readonly seeds: number;
  /** This share takes each scenario whose number leaves this rest. */
  readonly job: number;
  readonly jobs: number;
}

/** A thread tells so often how far it is, in milliseconds. */
const PROGRESS_MS = 500;

function* namesOf({ kinds, families, first, seeds }: Share): Generator<Name> {
  for (const kind of kinds) yield* scenarios(kind, families, first, seeds);
}

function work(share: Share): void {
  const tally: Tally = { scenarios: 0, steps: 0, failures: [] };
  let told = 0;
  let number = 0;
  for (const name of namesOf(share)) {
    if (number++ % share.jobs !== share.job) continue;
    run(name, tally);
    if (Date.now() - told < PROGRESS_MS) continue;
    told = Date.now();
    parentPort!.postMessage(tally);
  }
  parentPort!.postMessage(tally);
}

async function campaign(shares: readonly Share[], total: number): Promise<number> {
  const started = Date.now();
  const tallies: Tally[] = shares.map(() => ({ scenarios: 0, steps: 0, failures: [] }));
  const sum = (of: (tally: Tally) => number) => tallies.reduce((before, tally) => before + of(tally), 0);
  const line = () => [
    `${sum(({ scenarios: count }) => count)} of ${total} scenarios`,
    `${sum(({ steps }) => steps)} steps`,
    `${sum(({ failures }) => failures.length)} fail`,
    `${((Date.now() - started) / 1000).toFixed(0)} s`,
  ].join(', ');
  let told = started;
  await Promise.all(shares.map((workerShare, i) => new Promise<void>((resolve, reject) => {
    const worker = new Worker(__filename, { workerData: workerShare });
    worker.on('message', (tally: Tally) => {
      tallies[i] = tally;
      if (process.stderr.isTTY) {
        process.stderr.write(`\r\x1b[K${line()}`);
      } else if (Date.now() - told > 10_000) {
        told = Date.now();
        process.stderr.write(`${line()}\n`);
      }
    });
    worker.on('error', reject);
    worker.on('exit', () => resolve());
  })));
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  const failures = tallies.flatMap((tally) => tally.failures);
  for (const { name, violations } of failures.slice(0, 20)) console.log(`${name}: ${violations.join('; ')}`);
  if (failures.length > 20) console.log(`... and ${failures.length - 20} more`);
  console.log(line());
  return failures.length > 0 ? 1 : 0;
}

function replay(name: Name): number {
  const { violations, log, steps } = new Scenario(name.seed, name.families, name.kind).run();
  const summary = `${formatName(name)}: ${steps} steps, ${violations.length} violations`;
  console.log([...log, ...violations.map((violation) => `VIOLATED ${violation}`), summary].join('\n'));
  return violations.length > 0 ? 1 : 0;
}

function listOf<T extends string>(name: string, text: string | undefined, allowed: readonly T[], byDefault: readonly T[]): readonly T[] {
  if (text === undefined) return byDefault;
  return text.split(',').map((word) => {
    const known = allowed.find((each) => each === word);
    if (known === undefined) throw new Error(`--${name} ${text}: '${word}' is none of ${allowed.join(', ')}`);
    return known;
  });
}

function costs(counts: readonly number[]): number {
  for (const count of counts) console.log(JSON.stringify(costOf(count)));
  return 0;
}

function wholeOf(name: string, text: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
  if (!/^\d+$/.test(text) || Number(text) < least || Number(text) > most) throw new Error(`--${name} ${text}: give a whole number ${range}`);
  return Number(text);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      first: { type: 'string', default: '1' },
      kinds: { type: 'string' },
      families: { type: 'string' },
      jobs: { type: 'string', default: String(cpus().length) },
      replay: { type: 'string' },
      cost: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  if (values.cost !== undefined) return costs(values.cost.split(',').map((text) => wholeOf('cost', text, 2, 200)));
  if (values.replay !== undefined) return replay(parseName(values.replay));
  const kinds = listOf('kinds', values.kinds, Object.keys(KINDS), ['rough']);
  const families = listOf('families', values.families, FAMILIES, FAMILIES);
  const seeds = wholeOf('seeds', values.seeds, 1);
  const first = wholeOf('first', values.first, 1);
  const jobs = wholeOf('jobs', values.jobs, 1);
  return campaign(Array.from({ length: jobs }, (_, job) => ({ kinds, families, first, seeds, job, jobs })), kinds.length * families.length * seeds);
}

if (isMainThread) {
  main().then((code) => { process.exitCode = code; }).catch((error: Error) => {
    console.error(`${error.message}\n\n${USAGE}`);
    process.exitCode = 2;
  });
} else {
  work(workerData as Share);
}
