import { spawn, spawnSync } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { pathWithSbin } from './command';

/** Set in a process that was started again inside its own user namespace. */
const INSIDE = 'HLB_LAB_USER_NAMESPACE';

/** Programs that the lab runs, and the Debian packages that bring them. */
const TOOLS: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  nft: 'nftables',
  unshare: 'util-linux',
  setpriv: 'util-linux',
  mount: 'mount',
  gcc: 'gcc libc6-dev',
};

/**
 * - `root`: namespaces can be made directly.
 * - `userns`: they can be made by a user namespace in which this user is root; the process has to start again inside it.
 * - `none`: neither; `missing` says what to install or to set.
 */
export type Privileges =
  | { readonly mode: 'root' }
  | { readonly mode: 'userns'; readonly inside: boolean }
  | { readonly mode: 'none'; readonly missing: string };

/** Finds out what this process may do, without changing anything. */
export function privileges(): Privileges {
  if (process.platform !== 'linux') {
    return { mode: 'none', missing: `the lab is made of Linux network namespaces; this is ${os.type()}` };
  }
  const lacking = Object.keys(TOOLS).filter((tool) => !pathWithSbin().split(':').some((folder) => executable(path.join(folder, tool))));
  if (lacking.length > 0) {
    const packages = [...new Set(lacking.map((tool) => TOOLS[tool]))].join(' ');
    return { mode: 'none', missing: `not installed: ${lacking.join(', ')}. On Debian and Ubuntu: apt-get install ${packages}` };
  }
  if (process.env[INSIDE]) return { mode: 'userns', inside: true };
  if (process.getuid!() === 0 && works(['--net', '--mount', '--', 'true'])) return { mode: 'root' };
  if (works([...USER_NAMESPACE, '--', 'sh', '-c', 'mount -t tmpfs tmpfs /run'])) return { mode: 'userns', inside: false };
  return { mode: 'none', missing: whyNoUserNamespace() };
}

/**
 * Makes sure that this process can make network namespaces: as root it returns at once, otherwise the whole program is
 * started again in a user namespace and this call does not return: the process ends with that program's exit status.
 *
 * @returns how, or what is missing
 */
export async function ensurePrivileges(): Promise<Exclude<Privileges, { inside: false }>> {
  const found = privileges();
  process.env.PATH = pathWithSbin();
  if (found.mode !== 'userns') return found;
  if (found.inside) return { mode: 'userns', inside: true };
  // `ip netns` keeps its names under /run: a private one, so that no other user's are seen nor needed.
  const script = 'mount -t tmpfs tmpfs "$(realpath /var/run)" && ip link set lo up && exec "$@"';
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', 'unshare', ...USER_NAMESPACE, '--', 'sh', '-c', script, 'sh',
    process.execPath, ...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } });
  process.on('SIGINT', () => undefined); // the terminal sends it to the child too, which cleans up
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((_, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => process.exit(code ?? 128 + os.constants.signals[signal!]));
  });
}

const USER_NAMESPACE = ['--user', '--map-root-user', '--net', '--mount'];

function works(unshareArguments: string[]): boolean {
  return spawnSync('unshare', unshareArguments, { stdio: 'ignore', env: { ...process.env, PATH: pathWithSbin() } }).status === 0;
}

function executable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Distributions switch user namespaces off in three ways. */
function whyNoUserNamespace(): string {
  const switches: [string, string][] = [
    ['kernel.unprivileged_userns_clone', '0'],
    ['user.max_user_namespaces', '0'],
    ['kernel.apparmor_restrict_unprivileged_userns', '1'],
  ];
  for (const [name, off] of switches) {
    if (sysctl(name) !== off) continue;
    const on = { 0: name.startsWith('user.') ? '10000' : '1', 1: '0' }[off];
    return `user namespaces are switched off here. Run it as root, or: sudo sysctl -w ${name}=${on}`;
  }
  return process.getuid!() === 0
    ? 'this root may not make network namespaces (a container without CAP_SYS_ADMIN?). Run it with --privileged, or on the machine itself'
    : 'this user may not make network namespaces (a container, or a security module). Run it as root';
}

function sysctl(name: string): string | undefined {
  try {
    return fs.readFileSync(`/proc/sys/${name.replace(/\./g, '/')}`, 'utf8').trim();
  } catch {
    return undefined;
  }
}
