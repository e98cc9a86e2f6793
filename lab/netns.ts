import { execFileSync } from 'child_process';
import * as fs from 'fs';
import { CommandOptions, CommandResult, run } from './command';

/** Where `ip netns` keeps its names. */
const NAMES = '/var/run/netns';

/** File of a namespace, for setns(2). */
export function namespaceFile(namespace: string): string {
  return `${NAMES}/${namespace}`;
}

/** Names of all network namespaces, ours or not. */
export function listNamespaces(): string[] {
  try {
    return fs.readdirSync(NAMES);
  } catch {
    return []; // there never was one
  }
}

/** Runs lines of `ip` commands in one process, inside a namespace if one is named. */
export async function ipBatch(lines: readonly string[], namespace?: string): Promise<void> {
  if (lines.length === 0) return;
  await run(['ip', ...(namespace ? ['-n', namespace] : []), '-batch', '-'], { input: `${lines.join('\n')}\n` });
}

/** The command that runs `argv` inside a namespace. */
export function inNamespace(namespace: string, argv: readonly string[]): string[] {
  return ['ip', 'netns', 'exec', namespace, ...argv];
}

/** Runs a command inside a namespace to its end. */
export async function exec(namespace: string, argv: readonly string[], options?: CommandOptions): Promise<CommandResult> {
  return run(inNamespace(namespace, argv), options);
}

/** Sets kernel parameters of a namespace, as `sysctl -w`; those that this kernel does not have are left alone. */
export async function setSysctls(namespace: string, values: Readonly<Record<string, string | number>>): Promise<void> {
  const script = Object.entries(values)
    .map(([name, value]) => `f=/proc/sys/${name.replace(/\./g, '/')}; [ ! -e $f ] || echo ${value} > $f`).join('\n');
  await exec(namespace, ['sh', '-ec', script]);
}

/** Ids of the processes inside a namespace. */
export function processesIn(namespace: string): number[] {
  const wanted = inode(namespaceFile(namespace));
  if (wanted === undefined) return [];
  return fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => inode(`/proc/${pid}/ns/net`) === wanted).map(Number);
}

/** Ends every process inside the namespaces and removes these; synchronous, because it also runs while the process exits. */
export function removeNamespaces(namespaces: readonly string[]): void {
  if (namespaces.length === 0) return;
  for (const pid of namespaces.flatMap(processesIn)) kill(pid, 'SIGKILL');
  execFileSync('ip', ['-force', '-batch', '-'], { input: namespaces.map((name) => `netns del ${name}\n`).join(''), stdio: ['pipe', 'ignore', 'ignore'] });
}

/** Sends a signal; a process that is gone already is fine. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function inode(file: string): number | undefined {
  try {
    return fs.statSync(file).ino;
  } catch {
    return undefined; // gone meanwhile, or not ours to look at
  }
}
