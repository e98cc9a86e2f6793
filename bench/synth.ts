import { execFile } from 'child_process';
import { mkdtempSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import * as path from 'path';
import { promisify } from 'util';
import { Options } from './options';
import { Progress } from './progress';
import { Case, compare } from './report';

const ROOT = path.join(__dirname, '..');
const run = promisify(execFile);

/**
 * What the author of an app waits for: making the constructs, the checks, the manifests (with the checks once more, as cdk8s does them), for growing numbers of
 * Services; and `cdk8s synth` of examples/home from the command line, start of Node and compilation of TypeScript included. Every run is a new process.
 */
export async function measureSynth({ services, runs }: Options, progress: Progress): Promise<Case[]> {
  const samples = new Map<string, number[]>();
  const note = (name: string, milliseconds: number) => samples.set(name, [...samples.get(name) ?? [], milliseconds]);
  for (let i = 0; i < runs; i++) {
    for (const count of services) {
      progress.say(`an app of ${count} Services`, i, runs);
      for (const [step, milliseconds] of Object.entries(await synthesize(count))) note(`${step}, ${count} Services`, milliseconds);
    }
    progress.say('cdk8s synth of examples/home', i, runs);
    note('cdk8s synth of examples/home', await synthesizeHome());
  }
  return [...samples].map(([name, values]) => compare(name, 'ms', values));
}

async function synthesize(count: number): Promise<Record<string, number>> {
  const args = [require.resolve('tsx/cli'), '--tsconfig', path.join(ROOT, 'bench/tsconfig.json'), path.join(ROOT, 'bench/synth-app.ts'), String(count)];
  const { stdout } = await run(process.execPath, args);
  return JSON.parse(stdout);
}

async function synthesizeHome(): Promise<number> {
  const outdir = mkdtempSync(path.join(tmpdir(), 'synth-'));
  const started = performance.now();
  try {
    await run(path.join(ROOT, 'node_modules/.bin/cdk8s'), ['synth', '--check-upgrade=false', '--output', outdir], { cwd: path.join(ROOT, 'examples/home') });
    return performance.now() - started;
  } finally {
    rmSync(outdir, { recursive: true });
  }
}
