import * as fs from 'fs';
import * as path from 'path';
import { ask, LabProcess, Network, VIRTUAL_ADDRESS } from '..';
import type { DataPlaneOptions, DataPlaneSnapshot } from '../../speaker/src/dataplane';
import type { LanEvent, LanPlan } from '../../speaker/src/lan';
import { run } from '../command';

/** What the tests of data planes without a cluster have in common. */

const KEY = '5'.repeat(64);
export const DETECTION_MS = 300; // by default: three heartbeats of 100 ms

/** What a node's program does with its main thread once SIGUSR2 comes. */
export type Mischief = 'busy' | 'throw' | 'exit' | 'badPlan' | 'defect' | 'secondPlane' | 'longerPlan';

export interface Job {
  readonly options: DataPlaneOptions;
  readonly plan: LanPlan;
  readonly keys?: readonly string[];
  readonly mischief?: Mischief;
  /** Of many addresses only sums are told, and of what happens to them only how often it did. */
  readonly sums?: boolean;
}

/** A program that does nothing but run a data plane, and says what it hears as lines of JSON. */
const PROGRAM = `
import { isMainThread } from 'worker_threads';
import { DataPlane, runDataPlaneWorker } from './speaker/src/dataplane';

const tell = (what) => require('fs').writeSync(1, JSON.stringify(what) + '\\n');
const describe = (error) => ({ name: error.name, code: error.code, message: error.message, stack: error.stack });

async function main() {
  const { options, plan, keys = [], mischief, sums } = JSON.parse(require('fs').readFileSync(process.argv[2], 'utf8'));
  const log = { warn: (fields, message) => tell({ warning: message, fields }) };
  const plane = await DataPlane.start({ ...options, log });
  const events = {};
  const count = ({ code, reason }) => { const name = [code, reason].join(' ').trim(); events[name] = (events[name] ?? 0) + 1; };
  plane.on('event', (event) => sums && event.address ? count(event) : tell({ event }));
  plane.on('failed', (error) => tell({ failed: describe(error) }));
  plane.setKeys(keys.map((key) => Buffer.from(key, 'hex')));
  plane.setPlan(plan);
  const sumOf = (addresses) => ({
    held: addresses.filter(({ held }) => held).length,
    announced: addresses.filter(({ held, gratuitousSent }) => held && gratuitousSent > 0).length,
    responsesSent: addresses.reduce((sum, { responsesSent }) => sum + responsesSent, 0),
    requestsReceived: addresses.reduce((sum, { requestsReceived }) => sum + requestsReceived, 0),
  });
  const show = ({ addresses, ...rest }) => tell(sums ? { sums: { ...rest, ...sumOf(addresses), events, t: Number(process.hrtime.bigint()) } } : { snapshot: { addresses, ...rest } });
  const timer = setInterval(() => void plane.snapshot().then(show, ({ code }) => code === 'DATAPLANE_TIMEOUT' || clearInterval(timer)), sums ? 250 : 100);
  process.on('SIGTERM', async () => {
    clearInterval(timer);
    await plane.stop();
    tell({ stopped: true });
    plane.snapshot().catch((error) => tell({ refused: describe(error) }));
    process.removeAllListeners('SIGTERM');
  });
  process.on('SIGUSR2', async () => {
    switch (mischief) {
      case 'busy': for (const until = Date.now() + 2000, text = JSON.stringify(Array(5000).fill({ a: [1] })); Date.now() < until;) JSON.parse(text); break;
      case 'throw': throw new Error('nobody catches this');
      case 'exit': return process.exit(7);
      case 'badPlan': return plane.setPlan({ ...plan, addresses: [{ address: 'nonsense', candidates: ['n1'] }] });
      case 'longerPlan': plane.setPlan({ ...plan, addresses: [...plan.addresses, { address: '93.5.22.101', candidates: [plan.node] }], revision: 2 }); break;
      case 'defect': return plane.setPlan({ ...plan, addresses: [{ address: '93.5.22.102' }] });
      case 'secondPlane': return DataPlane.start(options).catch((error) => tell({ second: describe(error) }));
    }
    tell({ done: mischief });
  });
}

if (isMainThread) main().catch((error) => { tell({ notStarted: describe(error) }); setTimeout(() => tell({ alive: true }), 50); });
else runDataPlaneWorker();
`;

/** Of all addresses together. */
export interface Sums extends Omit<DataPlaneSnapshot, 'addresses'> {
  readonly held: number;
  /** Those of them that were announced unasked at least once. */
  readonly announced: number;
  readonly responsesSent: number;
  readonly requestsReceived: number;
  /** How often each happened, by code and reason. */
  readonly events: Readonly<Record<string, number>>;
  /** When this was so; compare with `monotonicNs()`. */
  readonly t: number;
}

/** One line of the program's output. */
type Line = Partial<{
  event: LanEvent;
  snapshot: DataPlaneSnapshot;
  sums: Sums;
  warning: string;
  fields: Record<string, string>;
  failed: Told;
  notStarted: Told;
  second: Told;
  refused: Told;
  alive: true;
  stopped: true;
  done: Mischief;
}>;
interface Told { readonly name: string; readonly code: string; readonly message: string; readonly stack: string }

/** A host that sends frames as they are given to it, and says which it got until it has got one with each of the texts in it. */
const RAW_HOST = `
import { Epoll, LinkMonitor, NOTHING, PacketSocket } from './speaker/src/sys';

const { device, frames, until } = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const { index } = LinkMonitor.open().links.find(({ name }) => name === device);
const sockets = [0x0806, 0x86dd].map((protocol) => PacketSocket.open(protocol)), epoll = Epoll.create();
for (const socket of sockets) {
  socket.setFilter(Uint8Array.of(6, 0, 0, 0, 0, 0, 4, 0)); // all
  epoll.add(socket);
}
for (const frame of frames) {
  const bytes = Buffer.from(frame, 'hex');
  sockets[0].send(index, bytes, bytes.length);
}
const got = [], packet = Buffer.alloc(2048);
for (const end = Date.now() + 20_000; Date.now() < end && !until.every((text) => got.some((frame) => frame.includes(text)));) {
  epoll.wait(1000);
  for (const socket of sockets) {
    for (let length = socket.receive(packet); length !== NOTHING; length = socket.receive(packet)) {
      if (socket.interfaceIndex === index) got.push(packet.toString('hex', 0, length));
    }
  }
}
console.log(JSON.stringify(got));
`;

/** A data plane on a node. */
export class Plane {
  constructor(readonly node: string, readonly process: LabProcess) {}

  lines(): Line[] {
    const text = this.process.stdout();
    return text.slice(0, text.lastIndexOf('\n') + 1).split('\n').filter(Boolean).map((line) => JSON.parse(line) as Line);
  }

  /** Waits for a line that has this; those already there count. */
  async told<K extends keyof Line>(what: K, check: (value: NonNullable<Line[K]>) => boolean = () => true): Promise<NonNullable<Line[K]>> {
    const find = () => this.lines().map((line) => line[what]).find((value) => value !== undefined && check(value));
    return this.process.until(find as () => NonNullable<Line[K]> | undefined, `line with ${what}`);
  }

  async event<C extends LanEvent['code']>(code: C, reason?: string): Promise<Extract<LanEvent, { code: C }>> {
    const found = await this.told('event', (event) => event.code === code && (reason === undefined || 'reason' in event && event.reason === reason));
    return found as Extract<LanEvent, { code: C }>;
  }

  events(): string[] {
    return this.lines().flatMap(({ event }) => event ? [event.code] : []);
  }

  /** A snapshot that was asked for after now. */
  async snapshot(check: (snapshot: DataPlaneSnapshot) => boolean = () => true): Promise<DataPlaneSnapshot> {
    const before = this.lines().length;
    return this.process.until(() => this.lines().slice(before).map(({ snapshot }) => snapshot).find((value) => value && check(value)), 'snapshot');
  }

  /** Sums that were asked for after now. */
  async sums(check: (sums: Sums) => boolean = () => true, timeoutMs?: number): Promise<Sums> {
    const before = this.lines().length;
    return this.process.until(() => this.lines().slice(before).map(({ sums }) => sums).find((value) => value && check(value)), 'sums', timeoutMs);
  }

  misbehave(): void {
    process.kill(this.process.pid, 'SIGUSR2');
  }
}

/** Nodes on a LAN, and programs for them. A network for each test, since planes change it. */
export class DataPlaneLab {
  static async start(nodes = 2): Promise<DataPlaneLab> {
    const lab = new DataPlaneLab(await Network.create({ nodes }));
    const modules = path.resolve('node_modules');
    fs.symlinkSync(modules, path.join(lab.network.run.directory, 'node_modules')); // where the native part of koffi is found
    await lab.bundle('program', PROGRAM);
    return lab;
  }

  private planes = 0;

  private constructor(readonly network: Network) {}

  async destroy(): Promise<void> {
    await this.network.destroy();
  }

  plane(node: string, job: Partial<Job> = {}, wrapper: readonly string[] = []): Plane {
    const options = { node, heartbeatPort: 7946, excludeInterfaces: '^(mgmt|cni)', ...job.options };
    const full: Job = { plan: this.plan(node), keys: [KEY], ...job, options };
    const name = `plane-${node}-${++this.planes}`, file = path.join(this.network.run.directory, `${name}.json`);
    fs.writeFileSync(file, JSON.stringify(full)); // no argument may be as long as the longest plan
    return new Plane(node, this.network.start(node, { name, argv: [...wrapper, process.execPath, this.file('program'), file] }));
  }

  plan(node: string, change: Partial<LanPlan> = {}): LanPlan {
    const peers = this.network.nodes.filter(({ name }) => name !== node).map(({ name, address }) => ({ node: name, addresses: [address] }));
    return { node, addresses: [{ address: VIRTUAL_ADDRESS, candidates: ['n1', 'n2'] }], peers, ...change };
  }

  /** Two data planes that know each other; n1 holds the address. */
  async pair(first: Partial<Job> = {}, second: Partial<Job> = {}): Promise<[Plane, Plane]> {
    const both: [Plane, Plane] = [this.plane('n1', first), this.plane('n2', second)];
    await both[0].event('addressAcquired');
    await Promise.all(both.map(async (one) => one.snapshot(({ listening, peers }) => !listening && peers.every(({ up }) => up))));
    return both;
  }

  /** Answers by hardware address. */
  async answers(timeoutMs = 1000, count = 5): Promise<Readonly<Record<string, number>>> {
    return (await ask(this.network, VIRTUAL_ADDRESS, { count, timeoutMs })).macs;
  }

  /** Has the client send frames, one after the other, and gives those that it gets until each of `until` is in one: the answers to what was asked last. */
  async exchange(frames: readonly Uint8Array[], until: readonly Uint8Array[]): Promise<Buffer[]> {
    if (!fs.existsSync(this.file('host'))) await this.bundle('host', RAW_HOST);
    const hex = (all: readonly Uint8Array[]) => all.map((each) => Buffer.from(each).toString('hex'));
    const job = { device: 'eth0', frames: hex(frames), until: hex(until) };
    const { stdout } = await this.network.exec('client', [process.execPath, this.file('host')], { input: JSON.stringify(job) });
    return (JSON.parse(stdout) as string[]).map((frame) => Buffer.from(frame, 'hex'));
  }

  private file(name: string): string {
    return path.join(this.network.run.directory, `${name}.js`);
  }

  private async bundle(name: string, input: string): Promise<void> {
    const modules = path.resolve('node_modules');
    await run([path.join(modules, '.bin/esbuild'), '--bundle', '--platform=node', '--target=node20', `--outfile=${this.file(name)}`,
      `--alias:koffi=${modules}/koffi/index.cjs`, '--external:@koromix/*', '--log-level=warning'], { input });
  }
}

/** A plan for n1 alone. */
export const ALONE: Partial<Job> = { plan: { node: 'n1', addresses: [{ address: VIRTUAL_ADDRESS, candidates: ['n1'] }], peers: [] } };
