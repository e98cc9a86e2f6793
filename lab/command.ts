import { ChildProcess, spawn } from 'child_process';
import * as fs from 'fs';
import { LabError } from './errors';

/** How a command ended. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** Written to its standard input. Default: nothing. */
  readonly input?: string;
  /** Killed after this many ms. Default 30 000. */
  readonly timeoutMs?: number;
  /** Throw `COMMAND_FAILED` if the status is not 0. Default true. */
  readonly check?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  /** The folder it runs in. Default: that of this process. */
  readonly cwd?: string;
}

/** Users other than root often have no `sbin` in their PATH, where `ip` and `nft` live. */
export function pathWithSbin(): string {
  return [...new Set([...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/bin', '/bin'])].filter(Boolean).join(':');
}

const running = new Set<ChildProcess>();

/** Kills the commands under way and waits until they are dead; for the program's exit, when no event is handled any more. */
export function killCommands(): void {
  const deadline = Date.now() + 1_000;
  for (const child of running) {
    child.kill('SIGKILL');
    while (lives(child.pid!) && Date.now() < deadline); // a moment: nothing it does after this could be undone
  }
}

/** Whether a process runs; one that is dead but not waited for does not. */
function lives(pid: number): boolean {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !'ZX'.includes(stat[stat.lastIndexOf(')') + 2]);
  } catch {
    return false;
  }
}

/** Runs a command to its end. */
export async function run(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { input = '', timeoutMs = 30_000, check = true } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0], argv.slice(1), {
      cwd: options.cwd, env: { ...(options.env ?? process.env), PATH: pathWithSbin() }, timeout: timeoutMs, killSignal: 'SIGKILL',
    });
    if (child.pid !== undefined) running.add(child);
    const out: Buffer[] = [], err: Buffer[] = [];
    child.stdout.on('data', (data: Buffer) => out.push(data));
    child.stderr.on('data', (data: Buffer) => err.push(data));
    child.stdin.on('error', () => undefined); // it ended without reading everything: its status tells
    child.on('error', (error: NodeJS.ErrnoException) => reject(error.code === 'ENOENT'
      ? new LabError('TOOL_MISSING', `${argv[0]} is not installed`) : error));
    child.on('close', (code, signal) => {
      running.delete(child);
      const result = { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
      if (check && code !== 0) {
        const how = signal === 'SIGKILL' ? `was killed (limit ${timeoutMs} ms)` : `ended with ${signal ?? code}`;
        reject(new LabError('COMMAND_FAILED', `${argv.join(' ')} ${how}: ${(result.stderr || result.stdout).trim() || 'no message'}`));
      } else {
        resolve(result);
      }
    });
    child.stdin.end(input);
  });
}
