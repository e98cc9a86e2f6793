import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { killCommands } from './command';
import { listNamespaces, removeNamespaces } from './netns';
import { LabProcess, ProcessOptions } from './process';

const PREFIX = 'hlb';
const FOLDER = 'hlb-lab-';

/**
 * One use of the lab: a name prefix, a folder and a set of processes that belong together and vanish together, whether the
 * program ends well, by a signal or by an exception. What a killed program left behind is removed by the next run: names
 * carry the owner's process id and start time, so that a process id used again is not taken for the owner.
 */
export class Run {
  /** Begins a run, and removes what dead owners left. */
  static begin(): Run {
    reap();
    return new Run();
  }

  private static readonly live = new Set<Run>();
  private static count = 0;
  private static guarded = false;

  /** The last line of defence: nothing stays behind when the program exits or is interrupted. */
  private static guard(): void {
    if (Run.guarded) return;
    Run.guarded = true;
    process.on('exit', () => {
      if (Run.live.size > 0) killCommands();
      Run.live.forEach((run) => run.remove());
    });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => process.exit(128 + os.constants.signals[signal]));
    }
  }

  /** Begins the name of each namespace, for example `hlb-4711-1x2y-1-`. */
  readonly prefix: string;
  /** Folder for logs, kubeconfigs and sockets; removed at the end unless the environment has `LAB_KEEP_LOGS`. */
  readonly directory: string;
  private readonly processes: LabProcess[] = [];

  private constructor() {
    const owner = `${process.pid}-${startTime(process.pid)}`;
    this.prefix = `${PREFIX}-${owner}-${++Run.count}-`;
    this.directory = fs.mkdtempSync(path.join(os.tmpdir(), `${FOLDER}${owner}-`));
    Run.live.add(this);
    Run.guard();
  }

  /** Starts a process that ends with the run. A second one of the same name appends to the same files. */
  spawn(options: Omit<ProcessOptions, 'directory'>): LabProcess {
    const started = LabProcess.start({ ...options, directory: this.directory });
    this.processes.push(started);
    return started;
  }

  /** Stops every process, the youngest first, and removes namespaces and folder. */
  async end(): Promise<void> {
    const running = this.processes.filter((one) => one.running).reverse();
    running.forEach((one) => one.kill('SIGKILL')); // each had its chance to stop in order before this
    await Promise.all(running.map((one) => one.exited));
    this.remove();
  }

  private remove(): void {
    if (!Run.live.delete(this)) return;
    this.processes.forEach((one) => one.kill('SIGKILL'));
    removeNamespaces(listNamespaces().filter((name) => name.startsWith(this.prefix)));
    if (!process.env.LAB_KEEP_LOGS) fs.rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Removes namespaces and folders of runs whose owner is dead. */
function reap(): void {
  const dead = (name: string, start: RegExp): boolean => {
    const [, pid, started] = start.exec(name) ?? [];
    return pid !== undefined && startTime(Number(pid)) !== started;
  };
  removeNamespaces(listNamespaces().filter((name) => dead(name, new RegExp(`^${PREFIX}-(\\d+)-([0-9a-z]+)-`))));
  for (const name of fs.readdirSync(os.tmpdir())) {
    if (!dead(name, new RegExp(`^${FOLDER}(\\d+)-([0-9a-z]+)-`)) || process.env.LAB_KEEP_LOGS) continue;
    fs.rmSync(path.join(os.tmpdir(), name), { recursive: true, force: true });
  }
}

/** When a process started, in clock ticks since boot (proc(5), field 22 of stat), base 36; undefined if there is none. */
function startTime(pid: number): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]).toString(36);
  } catch {
    return undefined;
  }
}
