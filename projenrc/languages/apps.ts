import * as fs from 'fs';
import * as path from 'path';
import { Shell } from './command';
import { LanguageError } from './error';
import { App, Sources } from './language';

const ADDRESS = '93.5.22.100';
const BACKWARDS = `93.5.22.110-${ADDRESS}`;

/** Files by name. */
export type Files = Map<string, string>;

/** What every language has to reproduce. */
export interface Expected {
  /** What `examples/home` makes. */
  readonly [App.EXAMPLE]: Files;
  /** What the app of `docs/languages.md` makes. */
  readonly [App.DOCUMENTED]: Files;
  /** What the error of a mistake says. */
  readonly [App.MISTAKEN]: string;
}

/** The app that `docs/languages.md` has for a language, and the same with its address written backwards. */
export function documented(root: string, fence: string): Sources {
  const text = fs.readFileSync(path.join(root, 'docs/languages.md'), 'utf8');
  const [, app] = new RegExp(`^\`\`\`${fence}\\n([^]*?)^\`\`\`$`, 'm').exec(text) ?? [];
  if (!app?.includes(ADDRESS)) {
    throw new LanguageError('ERR_LANGUAGE_DOCUMENT', `docs/languages.md has no app fenced as ${fence} with the address ${ADDRESS}`);
  }
  return { [App.DOCUMENTED]: app, [App.MISTAKEN]: app.replace(ADDRESS, BACKWARDS) };
}

/** All files in a folder. */
export function read(folder: string): Files {
  return new Map(fs.readdirSync(folder).sort().map((name) => [name, fs.readFileSync(path.join(folder, name), 'utf8')]));
}

/**
 * Runs the apps in TypeScript.
 *
 * @throws LanguageError `ERR_LANGUAGE_EXPECTED` when examples/home does not make the manifests that are committed beside it
 */
export async function expected(root: string, folder: string, version: string, shell: Shell): Promise<Expected> {
  const run = (file: string, outdir: string, mayFail = false) => shell.run(
    process.execPath, [require.resolve('tsx/cli'), '--tsconfig', path.join(root, 'examples/tsconfig.json'), file],
    { cwd: folder, mayFail, env: { CDK8S_OUTDIR: outdir, NODE_PATH: path.join(root, 'node_modules') } });

  for (const [app, text] of Object.entries(documented(root, 'ts'))) {
    fs.writeFileSync(path.join(folder, `${app}.ts`), text);
  }
  const outdir = (app: App) => path.join(folder, app);
  await run(path.join(root, 'examples/home/main.ts'), outdir(App.EXAMPLE));
  await run(`${App.DOCUMENTED}.ts`, outdir(App.DOCUMENTED));
  const { output } = await run(`${App.MISTAKEN}.ts`, outdir(App.MISTAKEN), true);
  const [, message] = /^ConstructError: (.+)$/m.exec(output) ?? [];

  const example = read(outdir(App.EXAMPLE));
  const committed = fs.readFileSync(path.join(root, 'examples/home/home.k8s.yaml'), 'utf8')
    .replaceAll('home-load-balancer:0.0.0', `home-load-balancer:${version}`);
  if (example.get('home.k8s.yaml') !== committed || !message?.includes(BACKWARDS)) {
    throw new LanguageError('ERR_LANGUAGE_EXPECTED',
      'TypeScript makes other manifests than examples/home/home.k8s.yaml, or takes a range that is backwards; see npx jest test/examples.test.ts first');
  }
  return { [App.EXAMPLE]: example, [App.DOCUMENTED]: read(outdir(App.DOCUMENTED)), [App.MISTAKEN]: message };
}

/**
 * Compares what an app has made with what it has to make.
 *
 * @throws LanguageError `ERR_LANGUAGE_MANIFESTS` that names the first line that differs
 */
export function compare(actual: Files, wanted: Files): void {
  const names = [...actual.keys()].join(', '), all = [...wanted.keys()].join(', ');
  if (names !== all) {
    throw new LanguageError('ERR_LANGUAGE_MANIFESTS', `it makes the files ${names || '(none)'} instead of ${all}`);
  }
  for (const [name, text] of wanted) {
    const made = actual.get(name)!;
    if (made !== text) {
      const lines = made.split('\n'), others = text.split('\n');
      const index = others.findIndex((line, i) => line !== lines[i]);
      const at = index < 0 ? others.length : index;
      throw new LanguageError('ERR_LANGUAGE_MANIFESTS',
        `${name} differs from TypeScript's in line ${at + 1}: '${lines[at] ?? ''}' instead of '${others[at] ?? ''}'`);
    }
  }
}
