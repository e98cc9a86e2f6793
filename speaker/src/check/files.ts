import { readdirSync, readFileSync, statSync } from 'fs';
import { join } from 'path';

const MANIFEST = /\.(ya?ml|json)$/i;

/** What is read for `-`. */
const STDIN = 0;

/** What every manifest has in it; other files of a folder are somebody else's. */
const MARK = /apiVersion/;

/**
 * The texts of files, of all manifests in folders (`.yaml`, `.yml`, `.json`, however deep, hidden folders and node_modules left out), and of standard
 * input for `-`.
 *
 * @throws Error naming the path that cannot be read, or a folder without manifests
 */
export function readFiles(paths: readonly string[]): { readonly file: string; readonly text: string }[] {
  return paths.flatMap((path) => {
    if (path === '-') return [{ file: '(standard input)', text: readFileSync(STDIN, 'utf8') }];
    if (!statSync(path).isDirectory()) return [read(path)];
    const manifests = manifestsIn(path).map(read).filter(({ text }) => MARK.test(text));
    if (manifests.length === 0) throw new Error(`${path} has no manifest: no file that ends in .yaml, .yml or .json and has an apiVersion in it`);
    return manifests;
  });
}

function read(file: string): { readonly file: string; readonly text: string } {
  return { file, text: readFileSync(file, 'utf8') };
}

function manifestsIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1)).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name.startsWith('.') || entry.name === 'node_modules' ? [] : manifestsIn(path);
    return MANIFEST.test(entry.name) ? [path] : [];
  });
}
