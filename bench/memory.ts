import { setTimeout as sleep } from 'timers/promises';
import { Options } from './options';
import { Progress } from './progress';
import { Case, compare } from './report';
import { configure, createServices, lastWords, RoleError, Roles, startRoles } from './roles';
import { Memory, memoryOf } from '../lab/usage';

/** After a change, before the first sample: longer than a collector of garbage waits for quiet. */
const SETTLE_MS = 18_000;
const SAMPLES = 5;
const SAMPLE_MS = 500;
const MEBIBYTE = 1024 * 1024;

const KINDS: readonly (readonly [keyof Memory, string])[] = [['rss', 'RSS'], ['pss', 'PSS'], ['private', 'private']];

/**
 * What controller and speaker take with a growing number of Services: in each run both are started anew, and the Services are created while they run.
 */
export async function measureMemory(options: Options, progress: Progress): Promise<Case[]> {
  const samples = new Map<string, number[]>();
  for (let run = 1; run <= options.runs; run++) {
    progress.say(`run ${run} of ${options.runs}: starting a LAN, an API server, a controller and a speaker`);
    const roles = await startRoles(options);
    try {
      await measureRun(options, roles, samples, (what, done, total) => progress.say(`run ${run} of ${options.runs}: ${what}`, done, total));
    } finally {
      await roles.cluster.stop();
    }
  }
  return [...samples].map(([name, values]) => compare(name, 'MiB', values));
}

async function measureRun(options: Options, roles: Roles, samples: Map<string, number[]>, say: Progress['say']): Promise<void> {
  let there = 0;
  for (const count of options.services) {
    if (count > there) {
      say(`creating ${services(count - there)}`);
      if (there === 0) await configure(roles);
      await createServices(roles, there, count, (done) => say(`creating ${services(count - there)}`, done, count));
      there = count;
    }
    say(`${services(count)}: settling`);
    await sleep(SETTLE_MS);
    for (let i = 0; i < SAMPLES; i++) {
      await sleep(SAMPLE_MS);
      for (const [role, process] of [['controller', roles.controller], ['speaker', roles.speakers[0]]] as const) {
        const memory = memoryOf(process.pid);
        if (memory.rss === 0) throw new RoleError(`${process.name} has ended; it said: ${lastWords(process)}`);
        for (const [kind, label] of KINDS) {
          const key = `${role}, ${services(count)}, ${label}`;
          samples.set(key, [...samples.get(key) ?? [], memory[kind] / MEBIBYTE]);
        }
      }
    }
  }
}

function services(count: number): string {
  return count === 1 ? '1 Service' : `${count} Services`;
}
