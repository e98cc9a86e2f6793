import { ChildProcess, spawn } from 'child_process';
import * as fs from 'fs';
import * as path from 'path';
import { setTimeout as sleep } from 'timers/promises';
import { pathWithSbin } from './command';
import { LabError } from './errors';
import { inNamespace } from './netns';

/** What to run and where. */
export interface ProcessOptions {
  /** Name in messages and of the files `<name>.out` and `<name>.err`. */
  readonly name: string;
  readonly argv: readonly string[];
  /** Network namespace. Default: this process' own. */
  readonly namespace?: string;
  /** Folder for its output. */
  readonly directory: string;
  /** Added to this process' environment. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/** How a process ended. */
export interface ExitStatus {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * A process of the lab. Its output goes to files, so that it never waits for us; it is the leader of a process group, so that
 * what it starts is stopped with it; and it is killed by the kernel if the lab dies.
 */
export class LabProcess {
  /** Starts it. */
  static start(options: ProcessOptions): LabProcess {
    return new LabProcess(options);
  }

  readonly name: string;
  readonly pid: number;
  /** File with its standard output. */
  readonly outFile: string;
  /** File with its standard error. */
  readonly errFile: string;
  /** Settles when it has ended. */
  readonly exited: Promise<ExitStatus>;
  private readonly child: ChildProcess;
  private status?: ExitStatus;

  private constructor(options: ProcessOptions) {
    this.name = options.name;
    this.outFile = path.join(options.directory, `${options.name}.out`);
    this.errFile = path.join(options.directory, `${options.name}.err`);
    const out = fs.openSync(this.outFile, 'a'), err = fs.openSync(this.errFile, 'a');
    const argv = ['setpriv', '--pdeathsig', 'KILL', ...(options.namespace ? inNamespace(options.namespace, options.argv) : options.argv)];
    this.child = spawn(argv[0], argv.slice(1), {
      detached: true,
      stdio: ['ignore', out, err],
      cwd: options.cwd,
      env: { ...process.env, PATH: pathWithSbin(), TMPDIR: options.directory, ...options.env }, // what it leaves goes with the folder
    });
    fs.closeSync(out);
    fs.closeSync(err);
    if (this.child.pid === undefined) throw new LabError('TOOL_MISSING', `${options.name}: setpriv is not installed (package util-linux)`);
    this.pid = this.child.pid;
    this.exited = new Promise((resolve) => this.child.once('exit', (code, signal) => resolve(this.status = { code, signal })));
  }

  /** False as soon as we know that it has ended. */
  get running(): boolean {
    return this.status === undefined;
  }

  stdout(): string {
    return fs.readFileSync(this.outFile, 'utf8');
  }

  stderr(): string {
    return fs.readFileSync(this.errFile, 'utf8');
  }

  /**
   * Waits until `check` gives something other than false or undefined, asking every 10 ms.
   *
   * @param what what is awaited, for the message
   * @throws LabError `PROCESS_ENDED` with the end of its output if it ends first; `TIMEOUT`
   */
  async until<T>(check: () => T | false | undefined | Promise<T | false | undefined>, what: string, timeoutMs = 20_000): Promise<T> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const result = await check();
      if (result !== false && result !== undefined) return result;
      if (!this.running) {
        throw new LabError('PROCESS_ENDED', `${this.name} ended (${this.status!.signal ?? this.status!.code}) before ${what}: ${this.tail()}`);
      }
      if (Date.now() > deadline) throw new LabError('TIMEOUT', `${this.name}: no ${what} within ${timeoutMs} ms; output: ${this.tail()}`);
      await sleep(10);
    }
  }

  /** Waits until its output (either stream) matches. */
  async untilOutput(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray> {
    return this.until(() => pattern.exec(this.stdout()) ?? pattern.exec(this.stderr()) ?? undefined, `output that matches ${pattern}`, timeoutMs);
  }

  /** Sends a signal to it and to what it started; nothing if it has ended. */
  kill(signal: NodeJS.Signals): void {
    if (!this.running) return;
    try {
      process.kill(-this.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  /** Freezes it (SIGSTOP), as a paused virtual machine would be. */
  pause(): void {
    this.kill('SIGSTOP');
  }

  /** Lets it go on. */
  resume(): void {
    this.kill('SIGCONT');
  }

  /** SIGTERM, then SIGKILL after `graceMs`. */
  async stop(graceMs = 5_000): Promise<ExitStatus> {
    this.kill('SIGTERM');
    this.kill('SIGCONT'); // a frozen one could not obey
    const ended = await Promise.race([this.exited, sleep(graceMs, undefined, { ref: false })]);
    if (!ended) this.kill('SIGKILL');
    return this.exited;
  }

  private tail(): string {
    const text = `${this.stdout()}${this.stderr()}`.trim();
    return text.slice(-2_000) || '(none)';
  }
}
