import { EventEmitter } from 'events';
import { getPriority, setPriority } from 'os';
import { Worker } from 'worker_threads';
import { FailbackOptions, LanEvent, LanPlan } from '../lan';
import { SysError, Wakeup } from '../sys';
import { DataPlaneError, fromErrorValue } from './errors';
import { KernelReport } from './kernel-watch';
import { Command, DataPlaneSnapshot, Report, WorkerOptions } from './messages';
import { PlanSender } from './plan-change';
import { SnapshotReceiver } from './snapshot-parts';

/** How long the end of the process waits for the goodbye to be on the wire. */
const GOODBYE_MS = 250;
const START_MS = 10_000;
/** Of the main thread, once the data plane runs; that of the data plane stays as it was, 0 as a rule. A tenth of its weight for the kernel's scheduler. */
const MAIN_THREAD_NICE = 10;

export interface DataPlaneOptions {
  /** Name of this node (`spec.nodeName`). */
  readonly node: string;
  /** UDP port, 1 to 65535, on which all speakers hear each other. */
  readonly heartbeatPort: number;
  /** Milliseconds between two heartbeats, 10 to 10000. @default 100 */
  readonly heartbeatIntervalMs?: number;
  /** Missed heartbeats after which a node is dead, 2 to 50. @default 3 */
  readonly heartbeatMultiplier?: number;
  /** Whether a node whose heartbeat is overdue is asked, and given up before the detection time if that shows that it is gone. @default true */
  readonly fastDetection?: boolean;
  /** Regular expression for the names of interfaces on which nothing is announced. @default - none */
  readonly excludeInterfaces?: string;
  /**
   * Regular expression for the names of interfaces that are asked for all frames, or `auto` for wireless stations: some of their drivers drop broadcasts otherwise.
   *
   * @default - none
   */
  readonly promiscuousInterfaces?: string;
  /** Milliseconds between two unasked-for announcements of an address that is held, 0 (off) or 1000 to 86400000. @default 60000 */
  readonly gratuitousIntervalMs?: number;
  /** When an address goes back to a better candidate that has returned. @default never */
  readonly failback?: FailbackOptions;
  /** Whether foreign hosts are asked for before an address is first announced. @default true */
  readonly conflictDetection?: boolean;
  /** The file that calls `runDataPlaneWorker`. @default - the file this code is in: the whole program, once it is bundled */
  readonly workerFile?: string;
  /** Told of troubles that end nothing: an unusable plan, a packet that could not be sent. @default - nobody */
  readonly log?: { warn(fields: object, message: string): void };
}

interface Waiting {
  readonly resolve: (snapshot: DataPlaneSnapshot) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The data plane as the main thread sees it: it is told what to do, and tells what it did. See `loop.ts` for what goes on inside.
 *
 * Events: `event`, for each event of the core; `kernel`, when what the kernel does by itself has changed; `failed`, once, when it has stopped answering because of an error. Peers then take over within the
 * detection time; whether to start another is for the owner to decide.
 */
export class DataPlane extends EventEmitter<{ event: [LanEvent]; kernel: [KernelReport]; failed: [Error] }> {
  /**
   * Starts the thread. Resolves when its sockets are open; nothing is announced before the first plan. The calling thread has less priority from then on.
   *
   * @throws SysError when a socket cannot be opened: `EPERM` without CAP_NET_RAW, `EADDRINUSE` when the port is taken, `ENOSYS` where there is no Linux
   * @throws DataPlaneError `DATAPLANE_OPTION`
   */
  public static async start(options: DataPlaneOptions): Promise<DataPlane> {
    validate(options);
    const plane = new DataPlane(options);
    await plane.started;
    giveWay();
    return plane;
  }

  private readonly wakeup = Wakeup.create();
  private readonly finished = new Int32Array(new SharedArrayBuffer(4));
  private readonly worker: Worker;
  private readonly started: Promise<void>;
  private readonly ended: Promise<void>;
  private readonly waiting = new Map<number, Waiting>();
  private readonly log: DataPlaneOptions['log'];
  private readonly plans = new PlanSender();
  private readonly snapshots = new SnapshotReceiver();
  private lastId = 0;
  private stopping = false;
  private failure: Error | undefined;

  private constructor(options: DataPlaneOptions) {
    super();
    this.log = options.log;
    const workerData: WorkerOptions = {
      role: 'dataplane',
      node: options.node,
      heartbeatPort: options.heartbeatPort,
      heartbeatIntervalMs: options.heartbeatIntervalMs ?? 100,
      heartbeatMultiplier: options.heartbeatMultiplier ?? 3,
      fastDetection: options.fastDetection ?? true,
      excludeInterfaces: options.excludeInterfaces,
      promiscuousInterfaces: options.promiscuousInterfaces,
      gratuitousIntervalMs: options.gratuitousIntervalMs,
      failback: options.failback,
      conflictDetection: options.conflictDetection ?? true,
      wakeup: this.wakeup.fd,
      finished: this.finished.buffer as SharedArrayBuffer,
    };
    try {
      this.worker = new Worker(options.workerFile ?? __filename, { workerData, name: 'dataplane' });
    } catch (error) {
      this.wakeup.close();
      throw error;
    }
    // Also after an uncaught exception: the goodbye makes peers take over at once, and a thread that has ended is not waited for.
    const farewell = () => {
      this.send({ type: 'stop' });
      Atomics.wait(this.finished, 0, 0, GOODBYE_MS);
    };
    process.once('exit', farewell);
    this.ended = new Promise((resolve) => this.worker.once('exit', () => {
      process.removeListener('exit', farewell);
      this.wakeup.close();
      this.fail(new DataPlaneError('DATAPLANE_ENDED', 'the thread of the data plane ended by itself'));
      this.waiting.forEach(({ reject }) => reject(stopped()));
      this.waiting.clear();
      resolve();
    }));
    this.worker.on('error', (error) => this.fail(error));
    this.started = new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        reject(new DataPlaneError('DATAPLANE_TIMEOUT', `the data plane did not start within ${START_MS} ms; does ${options.workerFile ?? __filename} call runDataPlaneWorker()?`));
        void this.stop(0);
      }, START_MS);
      this.worker.on('message', (report: Report) => {
        if (report.type === 'ready') {
          clearTimeout(late);
          resolve();
        } else {
          this.heard(report);
        }
      });
      void this.ended.then(() => {
        clearTimeout(late);
        reject(this.failure ?? stopped());
      });
    });
  }

  /** Replaces the plan. A plan that the core refuses changes nothing and is logged. Has no effect after `stop`. */
  public setPlan(plan: LanPlan): void {
    for (const command of this.plans.commands(plan)) this.send(command);
  }

  /** Replaces the keys of the heartbeats: the first signs, all are believed. */
  public setKeys(keys: readonly Uint8Array[]): void {
    this.send({ type: 'keys', keys });
  }

  /**
   * All that the data plane knows, and how its loop fares.
   *
   * @param timeoutMs how long to wait for it
   * @throws DataPlaneError `DATAPLANE_TIMEOUT`, `DATAPLANE_STOPPED`
   */
  public async snapshot(timeoutMs = 1000): Promise<DataPlaneSnapshot> {
    if (this.stopping || this.failure) throw stopped();
    const id = ++this.lastId;
    let late: NodeJS.Timeout | undefined;
    try {
      return await new Promise<DataPlaneSnapshot>((resolve, reject) => {
        this.waiting.set(id, { resolve, reject });
        late = setTimeout(() => reject(new DataPlaneError('DATAPLANE_TIMEOUT', `the data plane gave no snapshot within ${timeoutMs} ms`)), timeoutMs);
        this.send({ type: 'snapshot', id });
      });
    } finally {
      clearTimeout(late);
      this.waiting.delete(id);
    }
  }

  /**
   * Gives all addresses up, says so to the peers, closes the sockets and ends the thread. Resolves when that is done, after `timeoutMs` at the latest.
   * A second call waits for the first.
   */
  public async stop(timeoutMs = 2000): Promise<void> {
    this.send({ type: 'stop' });
    this.stopping = true;
    let late: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => { late = setTimeout(() => resolve(), timeoutMs); });
    await Promise.race([this.ended, timeout]);
    clearTimeout(late);
    // A thread that hangs in JavaScript is ended by force, without waiting for it.
    if (Atomics.load(this.finished, 0) === 0) void this.worker.terminate();
  }

  private heard(report: Report): void {
    switch (report.type) {
      case 'events': return report.events.forEach((event) => this.emit('event', event));
      case 'kernel': return void this.emit('kernel', report.kernel);
      case 'problem': return this.log?.warn(report.fields, report.message);
      case 'addresses': return this.snapshots.add(report.addresses);
      case 'snapshot': {
        const snapshot = this.snapshots.complete(report.snapshot);
        return report.ids.forEach((id) => this.waiting.get(id)?.resolve(snapshot));
      }
      case 'failed': return this.fail(fromErrorValue(report.error));
      case 'ready': return;
    }
  }

  private fail(error: Error | SysError): void {
    if (this.stopping || this.failure) return;
    this.failure = error;
    this.emit('failed', error);
  }

  private send(command: Command): void {
    if (this.stopping) return;
    this.worker.postMessage(command);
    this.wakeup.signal();
  }
}

/**
 * Lowers the priority of the calling thread alone, which on Linux has one of its own (setpriority(2)): when there are fewer processors than threads with something to do, the
 * kernel then interrupts the main thread for a question instead of letting it finish its slice of some milliseconds. Nobody needs a right to be nicer, and with a cgroup for each container
 * as in Kubernetes other programs gain nothing by it.
 */
function giveWay(): void {
  if (getPriority() >= MAIN_THREAD_NICE) return; // to be less nice than before is not allowed
  setPriority(MAIN_THREAD_NICE);
}

function stopped(): DataPlaneError {
  return new DataPlaneError('DATAPLANE_STOPPED', 'the data plane has been stopped');
}

function validate(options: DataPlaneOptions): void {
  const { node, heartbeatPort, heartbeatIntervalMs = 100, heartbeatMultiplier = 3, gratuitousIntervalMs = 0 } = options;
  const { excludeInterfaces, promiscuousInterfaces } = options;
  whole({ heartbeatPort }, 1, 65_535);
  whole({ heartbeatIntervalMs }, 10, 10_000);
  whole({ heartbeatMultiplier }, 2, 50);
  if (gratuitousIntervalMs !== 0) whole({ gratuitousIntervalMs }, 1_000, 86_400_000);
  if (node === '') throw wrong('node', node, 'the name of a Node, as in Kubernetes');
  for (const [name, source] of Object.entries({ excludeInterfaces, promiscuousInterfaces })) {
    try {
      new RegExp(source ?? '');
    } catch (error) {
      throw wrong(name, source, `a regular expression (${(error as Error).message})`);
    }
  }
}

function whole(named: Readonly<Record<string, number>>, least: number, most: number): void {
  for (const [name, value] of Object.entries(named)) {
    if (!Number.isInteger(value) || value < least || value > most) throw wrong(name, value, `a whole number from ${least} to ${most}`);
  }
}

function wrong(name: string, value: unknown, allowed: string): DataPlaneError {
  return new DataPlaneError('DATAPLANE_OPTION', `${name} ${JSON.stringify(value)} cannot be used: give ${allowed}`);
}
