/**
 * Packages the library for other languages, and lets an app of each one make what TypeScript makes; `docs/languages.md` says more.
 *
 *   tsx projenrc/languages.ts [python | java | go | dotnet]… [--keep]
 *
 *   --keep  leaves the packages and apps of this run, and says where they are
 *
 * The library must have been compiled (`npm run languages` does).
 */
import { spawnSync } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { parseArgs } from 'util';
import { compare, documented, Expected, expected, read } from './languages/apps';
import { Shell } from './languages/command';
import { dotnet } from './languages/dotnet';
import { LanguageError } from './languages/error';
import { go } from './languages/go';
import { java } from './languages/java';
import { App, Language, Workplace } from './languages/language';
import { python } from './languages/python';

const ROOT = path.resolve(__dirname, '..');
const LANGUAGES = [python, go, java, dotnet]; // the slowest of those that run is the last of them
const cache = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'home-load-balancer/languages');

type Outcome = 'passed' | 'failed' | 'skipped';

/** Writes a line, with the time that it took. */
function say(language: string, what: string, since?: number): void {
  const time = since === undefined ? '' : `${((performance.now() - since) / 1000).toFixed(1)} s`;
  console.log(`${language.padEnd(12)}${what.padEnd(68)}${time.padStart(8)}`.trimEnd());
}

/** Does a step, and says what came of it; on a terminal, the seconds are counted meanwhile. */
async function step<T>(language: string, doing: string, work: () => Promise<T>, done: (result: T) => string): Promise<T> {
  const since = performance.now();
  const erase = () => process.stdout.write('\r\x1b[K');
  const timer = process.stdout.isTTY && setInterval(() => {
    erase();
    process.stdout.write(`${language.padEnd(12)}${doing} ... ${((performance.now() - since) / 1000).toFixed(0)} s`);
  }, 1000);
  let result: T;
  try {
    result = await work();
  } finally {
    if (timer) {
      clearInterval(timer);
      erase();
    }
  }
  say(language, done(result), since);
  return result;
}

/** Bytes in a file, or in all files of a folder. */
function size(file: string): number {
  const stat = fs.statSync(file);
  return stat.isDirectory() ? fs.readdirSync(file).reduce((sum, name) => sum + size(path.join(file, name)), 0) : stat.size;
}

/** The tools of a language that this machine lacks. */
function missing(language: Language): string[] {
  return language.tools.filter(({ command, args }) => spawnSync(command, args, { stdio: 'ignore' }).status !== 0).map(({ name }) => name);
}

/** Builds the apps of a language, runs them, and compares what they make. */
async function check(language: Language, work: Workplace, wanted: Expected): Promise<void> {
  await step(language.name, 'installing the package and building the apps', () => language.build!(work, documented(ROOT, language.fence!)),
    () => 'installed the package and built the apps');

  const run = (app: App, outdir: string, mayFail: boolean) => {
    const { command, args, cwd } = language.command!(work, app);
    return work.shell.run(command, args, { cwd, mayFail, env: { CDK8S_OUTDIR: outdir } });
  };
  for (const app of [App.EXAMPLE, App.DOCUMENTED] as const) {
    const what = app === App.EXAMPLE ? 'examples/home' : 'the app of docs/languages.md';
    const outdir = path.join(work.folder, 'out', app);
    await step(language.name, `running ${what}`, async () => {
      await run(app, outdir, false);
      compare(read(outdir), wanted[app]);
    }, () => `identical to TypeScript: ${what}, ${size(outdir)} bytes`);
  }
  if (language.refuse) await step(language.name, 'passing what is of another kind', async () => language.refuse!(work), (what) => what);
  await step(language.name, 'making a mistake', async () => {
    const { status, output } = await run(App.MISTAKEN, path.join(work.folder, 'out', App.MISTAKEN), true);
    if (status === 0 || !output.includes(wanted[App.MISTAKEN])) {
      throw new LanguageError('ERR_LANGUAGE_MESSAGE',
        `a range that is backwards ends with status ${status}, and must end with another one and the error ${wanted[App.MISTAKEN]}`);
    }
  }, () => 'a mistake ends with the error that TypeScript gives');
}

async function one(language: Language, work: Workplace, wanted: Expected): Promise<Outcome> {
  const tools = missing(language);
  if (tools.length > 0) {
    say(language.name, `skipped: this machine lacks ${tools.join(', ')}`);
    return 'skipped';
  }
  try {
    await step(language.name, 'packaging', () => language.package(work),
      (files) => `packaged: ${files.map((file) => `${path.basename(file)}, ${(size(file) / 1e3).toFixed(0)} kB`).join('; ')}`);
    if (!language.fence) {
      say(language.name, 'sources only: there is nothing to run');
      return 'passed';
    }
    await check(language, work, wanted);
    return 'passed';
  } catch (error) {
    say(language.name, `failed: ${error instanceof LanguageError ? error.message : error}`);
    return 'failed';
  }
}

/** The languages that are named, or all. */
function chosen(names: string[]): Language[] {
  const unknown = names.find((name) => !LANGUAGES.some((language) => language.name === name));
  if (unknown !== undefined) {
    throw new LanguageError('ERR_LANGUAGE_UNKNOWN', `'${unknown}' is no language of ours; name some of ${LANGUAGES.map(({ name }) => name).join(', ')}`);
  }
  return LANGUAGES.filter(({ name }) => names.length === 0 || names.includes(name));
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { keep: { type: 'boolean' } } });
  const languages = chosen(positionals);
  const { version } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'languages-'));
  process.on('exit', () => {
    if (values.keep) console.log(`kept: ${folder}`);
    else fs.rmSync(folder, { recursive: true, force: true });
  });
  const workplace = (name: string): Workplace => {
    fs.mkdirSync(path.join(folder, name));
    return {
      shell: new Shell(path.join(cache, `logs/${name}.log`)),
      root: ROOT,
      folder: path.join(folder, name),
      cache,
      tell: (what) => say(name, what),
      version,
    };
  };

  const reference = workplace('typescript');
  const wanted = await step('typescript', 'making what the others have to make', () => expected(ROOT, reference.folder, version, reference.shell),
    () => 'made what the others have to make');

  const count: Record<Outcome, number> = { passed: 0, failed: 0, skipped: 0 };
  for (const language of languages) {
    count[await one(language, workplace(language.name), wanted)]++;
  }
  console.log(`Tests: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  process.exitCode = count.failed === 0 ? 0 : 1;
}

main().catch((error) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
