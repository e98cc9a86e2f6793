/**
 * Compares the public API with that of the last release, the newest tag `v*` that this checkout descends from, and fails when somebody's app would no longer
 * compile. What is broken on purpose is listed in `.compatignore`.
 *
 *   tsx projenrc/compat.ts
 *
 * The library must have been compiled (`npm run compat` does).
 */
import { spawnSync } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';

const ROOT = path.resolve(__dirname, '..');

function run(command: string, args: readonly string[], cwd: string, stdio: 'inherit' | 'pipe' = 'inherit'): { status: number; output: string } {
  const { status, stdout, error } = spawnSync(command, args, { cwd, stdio: ['ignore', stdio, 'inherit'], encoding: 'utf8' });
  if (error) throw error;
  return { status: status ?? 1, output: (stdout ?? '').trim() };
}

/** The newest release that `HEAD` descends from; undefined before the first one. */
export function lastRelease(root: string): string | undefined {
  const { output } = run('git', ['tag', '--list', 'v[0-9]*', '--merged', 'HEAD', '--sort=-version:refname'], root, 'pipe');
  return output.split('\n')[0] || undefined;
}

/** Checks a release out beside everything, compiles it with today's compiler, and compares. */
function compareWith(tag: string): number {
  const folder = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'compat-')), 'release');
  try {
    run('git', ['worktree', 'add', '--detach', '--quiet', folder, tag], ROOT);
    fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
    const bin = (name: string) => path.join(ROOT, 'node_modules/.bin', name);
    const { status } = run(bin('jsii'), ['--silence-warnings=reserved-word'], folder);
    if (status !== 0) {
      console.error(`compat: ${tag} does not compile with the packages of this checkout`);
      return status;
    }
    return run(bin('jsii-diff'), [folder, ROOT, '--keys', '--ignore-file', path.join(ROOT, '.compatignore')], ROOT).status;
  } finally {
    run('git', ['worktree', 'remove', '--force', folder], ROOT);
    fs.rmSync(path.dirname(folder), { recursive: true, force: true });
  }
}

if (require.main === module) {
  const tag = lastRelease(ROOT);
  console.log(tag === undefined ? 'compat: nothing has been released yet, so nothing can be broken' : `compat: comparing with ${tag}`);
  process.exitCode = tag === undefined ? 0 : compareWith(tag);
  if (tag !== undefined && process.exitCode === 0) console.log(`compat: whatever compiles with ${tag} compiles with this`);
}
