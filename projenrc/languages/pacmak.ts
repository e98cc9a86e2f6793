import * as path from 'path';
import { Workplace } from './language';

/** The folder that packages are written to. */
export function packages(work: Workplace, language: string): string {
  return path.join(work.folder, 'packages', language);
}

/** The folder of an npm package. */
export function npmPackage(work: Workplace, name: string): string {
  return path.join(work.root, 'node_modules', name);
}

/** Packages npm packages (the library, unless others are named) for a language. */
export async function pacmak(work: Workplace, language: string, options: string[] = [], projects = [work.root]): Promise<void> {
  const program = require.resolve('jsii-pacmak/bin/jsii-pacmak');
  const args = ['--target', language, '--outdir', path.dirname(packages(work, language)), '--no-npmignore', ...options];
  await work.shell.run(process.execPath, [program, ...projects, ...args], { cwd: work.root });
}
