import { spawn } from 'child_process';
import { createHash } from 'crypto';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { run } from './command';

/** Where what is built once is kept: `$XDG_CACHE_HOME` or `~/.cache`, else (a user without a home) the temporary folder. */
export function cacheDirectory(): string {
  const candidates = [
    process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'),
    path.join(os.tmpdir(), `cache-${os.userInfo().uid}`),
  ];
  for (const candidate of candidates) {
    try {
      const directory = path.join(candidate, 'home-load-balancer');
      fs.mkdirSync(directory, { recursive: true, mode: 0o755 });
      fs.accessSync(directory, fs.constants.W_OK);
      return directory;
    } catch {
      continue; // read-only, or somebody else's
    }
  }
  throw new Error(`no folder for the cache can be written: ${candidates.join(', ')}; set XDG_CACHE_HOME`);
}

const built = new Map<string, Promise<string>>();

/**
 * The outside witness, `lab/probe/`: compiled when its source is new, about a second.
 *
 * @returns its path
 */
export async function prober(): Promise<string> {
  return compiled('probe', 'prober', []);
}

/**
 * What shifts the wall clock of a process, `lab/clock/`; see {@link WallClock}.
 *
 * @returns the path of the library
 */
export async function clockShift(): Promise<string> {
  return compiled('clock', 'shift.so', ['-shared', '-fPIC', '-ldl']);
}

async function compiled(folder: string, product: string, flags: readonly string[]): Promise<string> {
  const known = built.get(folder) ?? compile(folder, product, flags);
  built.set(folder, known);
  return known;
}

async function compile(name: string, product: string, flags: readonly string[]): Promise<string> {
  const folder = path.join(__dirname, name);
  const sources = fs.readdirSync(folder).filter((file) => /\.[ch]$/.test(file)).sort().map((file) => path.join(folder, file));
  const hash = createHash('sha256');
  sources.forEach((file) => hash.update(fs.readFileSync(file)));
  const directory = path.join(cacheDirectory(), name, hash.digest('hex').slice(0, 16));
  const program = path.join(directory, product);
  if (!fs.existsSync(program)) {
    fs.mkdirSync(directory, { recursive: true });
    const fresh = `${program}.${process.pid}`;
    await run(['gcc', '-std=gnu11', '-O2', '-Wall', '-Wextra', '-o', fresh, ...sources.filter((file) => file.endsWith('.c')), ...flags]);
    fs.renameSync(fresh, program); // whole or not at all
  }
  return program;
}

/**
 * Folder with etcd, kube-apiserver, kubectl, kube-proxy and kube-controller-manager. Where they are not there yet,
 * `lab/build-kube.sh` builds them, once, in about five minutes, telling its progress on standard error.
 */
export async function kubeBinaries(): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(path.join(__dirname, 'build-kube.sh'), [], { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '', said = '';
    child.stdout.on('data', (data: Buffer) => {
      out += data.toString();
    });
    child.stderr.on('data', (data: Buffer) => {
      said += data.toString();
      if (/building|waiting/.test(said)) process.stderr.write(data); // silent when all is there
    });
    child.on('error', reject);
    child.on('exit', (code) => (code === 0 ? resolve(out.trim()) : reject(new Error(`lab/build-kube.sh failed: ${said.trim()}`))));
  });
}
