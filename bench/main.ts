import * as fs from 'fs';
import { ensurePrivileges } from '../lab';
import { measureAllocation } from './allocation';
import { measureArp } from './arp';
import { measureFailover } from './failover';
import { measureHeartbeat } from './heartbeat';
import { measureMemory } from './memory';
import { Bench, Options, readOptions, USAGE, UsageError } from './options';
import { Progress } from './progress';
import { Case, report } from './report';
import { RoleError } from './roles';
import { measureSynth } from './synth';
import { LabError } from '../lab/errors';

const MEASURE: Readonly<Record<Bench, (options: Options, progress: Progress) => Promise<Case[]>>> = {
  arp: measureArp,
  failover: measureFailover,
  memory: measureMemory,
  heartbeat: measureHeartbeat,
  allocation: measureAllocation,
  synth: measureSynth,
};

async function main(): Promise<void> {
  if (process.argv.includes('--help')) return console.log(USAGE);
  const options = readOptions(process.argv.slice(2), process.execPath);
  if (options.json) mustBeWritable(options.json);
  if (options.bench !== 'synth') { // which has no LAN
    const found = await ensurePrivileges();
    if (found.mode === 'none') throw new LabError('PRIVILEGES_MISSING', found.missing);
  }
  const progress = new Progress();
  const cases = await MEASURE[options.bench](options, progress);
  progress.end();
  report(options.bench, cases, options.json);
}

/** Said before a minute is spent on measuring. */
function mustBeWritable(file: string): void {
  try {
    fs.closeSync(fs.openSync(file, 'a'));
  } catch (error) {
    throw new UsageError(`--json ${file} cannot be written: ${(error as Error).message}`);
  }
}

main().then(() => process.exit(0), (error: Error) => {
  const expected = error instanceof UsageError || error instanceof RoleError || error instanceof LabError;
  console.error(`\nbench: ${expected ? error.message : error.stack}`);
  if (error instanceof UsageError) console.error(`\n${USAGE}`);
  process.exit(1);
});
