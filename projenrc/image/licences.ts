/** The licences of the packages that the bundle contains: the text must go where the code goes. */
import * as fs from 'fs';
import * as path from 'path';
import { Entry } from './tar';

interface Manifest {
  name: string;
  version: string;
  license?: string;
  dependencies?: Record<string, string>;
}

/** One file a licence text, under `folder/PACKAGE/`, for all that the package in `root` depends on, directly or not. */
export function licences(root: string, folder: string): Entry[] {
  const entries: Entry[] = [], seen = new Set<string>(), waiting = dependencies(root);
  for (let found = waiting.pop(); found; found = waiting.pop()) {
    if (!seen.has(found)) {
      seen.add(found);
      waiting.push(...dependencies(found));
      entries.push(...texts(found, folder));
    }
  }
  return entries;
}

function manifest(directory: string): Manifest {
  return JSON.parse(fs.readFileSync(path.join(directory, 'package.json'), 'utf8'));
}

function dependencies(directory: string): string[] {
  return Object.keys(manifest(directory).dependencies ?? {}).map((name) => locate(name, directory));
}

/** Where Node.js finds a package: in the node_modules of the folder, or of one above it. */
function locate(name: string, from: string): string {
  const directory = path.join(from, 'node_modules', name);
  return fs.existsSync(directory) ? directory : locate(name, path.dirname(from));
}

function texts(directory: string, folder: string): Entry[] {
  const { name, version, license } = manifest(directory);
  const files = fs.readdirSync(directory).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
  const to = `${folder}/${name}-${version}`; // two versions of one package may be there
  return files.length
    ? files.map((file) => ({ path: `${to}/${file}`, content: fs.readFileSync(path.join(directory, file)) }))
    : [{ path: `${to}/LICENSE`, content: Buffer.from(`${name} ${version}, licence ${license}\n`) }];
}
