import { spawn } from 'child_process';
import * as fs from 'fs';
import * as path from 'path';
import { LanguageError } from './error';

/** How long a command may take before it is ended, in milliseconds; the longest one compiles 400 Java classes on a machine with other things to do. */
const LIMIT = 15 * 60_000;

/** Lines of its output that are shown when a command fails. */
const TAIL = 25;

export interface CommandOptions {
  readonly cwd: string;
  /** Added to the environment. */
  readonly env?: Record<string, string>;
  /** Whether the command may fail; otherwise that throws. */
  readonly mayFail?: boolean;
}

export interface CommandResult {
  readonly status: number;
  /** What it wrote, to stdout and stderr. */
  readonly output: string;
}

const running = new Set<number>();
for (const [signal, number] of [['SIGINT', 2], ['SIGTERM', 15]] as const) {
  process.once(signal, () => {
    running.forEach((pid) => end(pid));
    process.exit(128 + number); // rather than by the signal, so that folders are removed
  });
}

/** Ends a command and everything that it has started. */
function end(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch { /* it is gone already */ }
}

/** Runs commands and keeps what they write in a log file. */
export class Shell {
  constructor(private readonly log: string) {
    fs.mkdirSync(path.dirname(log), { recursive: true });
    fs.writeFileSync(log, '');
  }

  /** @throws LanguageError `ERR_LANGUAGE_COMMAND` when the command fails, or takes longer than a quarter of an hour */
  async run(command: string, args: string[], options: CommandOptions): Promise<CommandResult> {
    fs.appendFileSync(this.log, `\n$ ${[command, ...args].join(' ')}\n`);
    const { status, output } = await this.spawn(command, args, options);
    if (status !== 0 && !options.mayFail) {
      const why = status < 0 ? `did not end in ${LIMIT / 60_000} minutes` : `failed with ${status}`;
      throw new LanguageError('ERR_LANGUAGE_COMMAND',
        `${path.basename(command)} ${args[0] ?? ''} ${why}; everything it wrote is in ${this.log}, and its last lines are\n${last(output)}`);
    }
    return { status, output };
  }

  private spawn(command: string, args: string[], options: CommandOptions): Promise<CommandResult> {
    return new Promise((resolve, reject) => {
      const env = { ...process.env, JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION: 'true', ...options.env };
      // A group of its own, so that it ends with all that it has started.
      const child = spawn(command, args, { cwd: options.cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
      const pid = child.pid;
      let output = '';
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        if (pid) end(pid);
      }, LIMIT);
      if (pid) running.add(pid);
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text;
          fs.appendFileSync(this.log, text);
        });
      }
      const over = () => {
        clearTimeout(timer);
        if (pid) running.delete(pid);
      };
      child.once('error', (error) => {
        over();
        reject(new LanguageError('ERR_LANGUAGE_COMMAND', `${command} cannot be run: ${error.message}`));
      });
      child.once('close', (status) => {
        over();
        resolve({ status: late ? -1 : status ?? 1, output });
      });
    });
  }
}

function last(output: string): string {
  return output.trimEnd().split('\n').slice(-TAIL).map((line) => `    ${line}`).join('\n');
}
