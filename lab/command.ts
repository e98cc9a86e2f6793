import { spawn } from 'child_process';
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
}

/** Users other than root often have no `sbin` in their PATH, where `ip` and `nft` live. */
export function pathWithSbin(): string {
  return [...new Set([...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/bin', '/bin'])].filter(Boolean).join(':');
}

/** Runs a command to its end. */
export async function run(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { input = '', timeoutMs = 30_000, check = true } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0], argv.slice(1), { env: { ...(options.env ?? process.env), PATH: pathWithSbin() }, timeout: timeoutMs, killSignal: 'SIGKILL' });
    const out: Buffer[] = [], err: Buffer[] = [];
    child.stdout.on('data', (data: Buffer) => out.push(data));
    child.stderr.on('data', (data: Buffer) => err.push(data));
    child.stdin.on('error', () => undefined); // it ended without reading everything: its status tells
    child.on('error', (error: NodeJS.ErrnoException) => reject(error.code === 'ENOENT'
      ? new LabError('TOOL_MISSING', `${argv[0]} is not installed`) : error));
    child.on('close', (code, signal) => {
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
