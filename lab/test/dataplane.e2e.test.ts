import * as fs from 'fs';
import * as path from 'path';
import { setTimeout as sleep } from 'timers/promises';
import { ask, LabProcess, monotonicNs, Network, VIRTUAL_ADDRESS, watchLink } from '..';
import type { DataPlaneOptions, DataPlaneSnapshot } from '../../speaker/src/dataplane';
import type { LanEvent, LanPlan } from '../../speaker/src/lan';
import { run } from '../command';

const KEY = '5'.repeat(64);
const DETECTION_MS = 300; // by default: three heartbeats of 100 ms

/** What a node's program does with its main thread once SIGUSR2 comes. */
type Mischief = 'busy' | 'throw' | 'exit' | 'badPlan' | 'defect' | 'secondPlane';

interface Job {
  readonly options: DataPlaneOptions;
  readonly plan: LanPlan;
  readonly keys?: readonly string[];
  readonly mischief?: Mischief;
}

/** A program that does nothing but run a data plane, and says what it hears as lines of JSON. */
const PROGRAM = `
import { isMainThread } from 'worker_threads';
import { DataPlane, runDataPlaneWorker } from './speaker/src/dataplane';

const tell = (what) => require('fs').writeSync(1, JSON.stringify(what) + '\\n');
const describe = (error) => ({ name: error.name, code: error.code, message: error.message, stack: error.stack });

async function main() {
  const { options, plan, keys = [], mischief } = JSON.parse(process.argv[2]);
  const log = { warn: (fields, message) => tell({ warning: message, fields }) };
  const plane = await DataPlane.start({ ...options, log });
  plane.on('event', (event) => tell({ event }));
  plane.on('failed', (error) => tell({ failed: describe(error) }));
  plane.setKeys(keys.map((key) => Buffer.from(key, 'hex')));
  plane.setPlan(plan);
  const timer = setInterval(() => void plane.snapshot().then((snapshot) => tell({ snapshot }), () => clearInterval(timer)), 100);
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
      case 'defect': return plane.setPlan({ ...plan, addresses: [undefined] });
      case 'secondPlane': return DataPlane.start(options).catch((error) => tell({ second: describe(error) }));
    }
    tell({ done: mischief });
  });
}

if (isMainThread) main().catch((error) => { tell({ notStarted: describe(error) }); setTimeout(() => tell({ alive: true }), 50); });
else runDataPlaneWorker();
`;

/** One line of the program's output. */
type Line = Partial<{
  event: LanEvent;
  snapshot: DataPlaneSnapshot;
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

let network: Network, bundle: string;

beforeEach(async () => {
  network = await Network.create({ nodes: 2 });
  bundle = path.join(network.run.directory, 'program.js');
  const modules = path.resolve('node_modules');
  fs.symlinkSync(modules, path.join(network.run.directory, 'node_modules')); // where the native part of koffi is found
  await run([path.join(modules, '.bin/esbuild'), '--bundle', '--platform=node', '--target=node20', `--outfile=${bundle}`,
    `--alias:koffi=${modules}/koffi/index.cjs`, '--external:@koromix/*', '--log-level=warning'], { input: PROGRAM });
});
afterEach(async () => network.destroy());

/** A data plane on a node. */
class Plane {
  readonly process: LabProcess;

  constructor(readonly node: string, job: Partial<Job> = {}, wrapper: readonly string[] = []) {
    const options = { node, heartbeatPort: 7946, excludeInterfaces: '^(mgmt|cni)', ...job.options };
    const full: Job = { plan: plan(node), keys: [KEY], ...job, options };
    this.process = network.start(node, { name: `plane-${node}-${++planes}`, argv: [...wrapper, process.execPath, bundle, JSON.stringify(full)] });
  }

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

  misbehave(): void {
    process.kill(this.process.pid, 'SIGUSR2');
  }
}
let planes = 0;

function plan(node: string, change: Partial<LanPlan> = {}): LanPlan {
  const peers = network.nodes.filter(({ name }) => name !== node).map(({ name, address }) => ({ node: name, addresses: [address] }));
  return { node, addresses: [{ address: VIRTUAL_ADDRESS, candidates: ['n1', 'n2'] }], peers, ...change };
}

/** Two data planes that know each other; n1 holds the address. */
async function pair(first: Partial<Job> = {}, second: Partial<Job> = {}): Promise<[Plane, Plane]> {
  const both: [Plane, Plane] = [new Plane('n1', first), new Plane('n2', second)];
  await both[0].event('addressAcquired');
  await Promise.all(both.map(async (one) => one.snapshot(({ listening, peers }) => !listening && peers.every(({ up }) => up))));
  return both;
}

const alone = { plan: { node: 'n1', addresses: [{ address: VIRTUAL_ADDRESS, candidates: ['n1'] }], peers: [] } };
const answers = async (timeoutMs = 1000, count = 5) => (await ask(network, VIRTUAL_ADDRESS, { count, timeoutMs })).macs;

describe('one data plane', () => {
  test('answers for the addresses of its plan, with the hardware address of the interface, and for no others', async () => {
    const plane = new Plane('n1', alone);
    expect(await plane.event('addressAcquired')).toMatchObject({ address: VIRTUAL_ADDRESS, interfaces: ['eth0'], reason: 'onlyCandidate' });
    expect(await ask(network, VIRTUAL_ADDRESS, { count: 200 })).toMatchObject({ asked: 200, answered: 200, extra: 0, macs: { [network.node('n1').mac]: 200 } });
    expect(await ask(network, '93.5.22.101', { count: 3, timeoutMs: 100 })).toMatchObject({ answered: 0 });
    const { addresses: [address], loop, frameDrops } = await plane.snapshot();
    expect(address).toMatchObject({ held: true, requestsReceived: 200, responsesSent: 200 });
    expect(loop).toMatchObject({ framesReceived: 200, framesDropped: 0, sendErrors: {}, receiveErrors: {}, linkListings: 1 });
    expect(Object.values(frameDrops).every((count) => count === 0)).toBe(true); // the kernel dropped what was for others
  });

  test('answers while the main thread is busy for two seconds', async () => {
    const plane = new Plane('n1', { ...alone, mischief: 'busy' });
    await plane.event('addressAcquired');
    plane.misbehave();
    const report = await ask(network, VIRTUAL_ADDRESS, { count: 150, intervalUs: 10_000, timeoutMs: 500 });
    expect(plane.lines().filter(({ done }) => done)).toEqual([]);
    expect(report).toMatchObject({ answered: 150 });
    await plane.told('done');
  });

  test('stops: gives the address up, answers no more, and lets the process end', async () => {
    const plane = new Plane('n1', alone);
    await plane.event('addressAcquired');
    expect(await plane.process.stop()).toEqual({ code: 0, signal: null });
    expect(await answers(100)).toEqual({});
    const lines = plane.lines();
    expect(lines).toContainEqual({ event: { code: 'addressLost', address: VIRTUAL_ADDRESS, reason: 'stopped' } });
    expect(lines).toContainEqual({ stopped: true });
    expect(lines.at(-1)).toMatchObject({ refused: { code: 'DATAPLANE_STOPPED' } });
  });

  test('without CAP_NET_RAW does not start, says what to grant, and leaves the process alive', async () => {
    const plane = new Plane('n1', alone, ['setpriv', '--bounding-set', '-net_raw', '--inh-caps', '-net_raw', '--']);
    expect(await plane.told('notStarted')).toMatchObject({ name: 'SysError', code: 'EPERM', message: expect.stringContaining('add NET_RAW') });
    await plane.told('alive');
    expect(await plane.process.exited).toEqual({ code: 0, signal: null });
  });

  test('with CAP_NET_RAW as its only capability runs', async () => {
    await new Plane('n1', alone, ['setpriv', '--bounding-set', '-all,+net_raw', '--inh-caps', '-all', '--']).event('addressAcquired');
    expect(await answers()).toEqual({ [network.node('n1').mac]: 5 });
  });

  test('a second one on the node does not start, and says how to find the first', async () => {
    const plane = new Plane('n1', { ...alone, mischief: 'secondPlane' });
    await plane.event('addressAcquired');
    plane.misbehave();
    expect(await plane.told('second')).toMatchObject({ code: 'EADDRINUSE', message: expect.stringContaining("ss -lunp 'sport = :7946'") });
    expect(await answers()).toEqual({ [network.node('n1').mac]: 5 });
  });

  test('a plan that cannot be used is refused and told, and the one before stays in force', async () => {
    const plane = new Plane('n1', { ...alone, mischief: 'badPlan' });
    await plane.event('addressAcquired');
    plane.misbehave();
    await plane.told('warning', (warning) => warning.startsWith('the plan cannot be used'));
    expect(await answers()).toEqual({ [network.node('n1').mac]: 5 });
  });
});

describe('interfaces', () => {
  test('that appear are answered on, and those that vanish are not missed', async () => {
    const plane = new Plane('n1', alone);
    await plane.event('addressAcquired');
    await network.addInterface('n1', 'eth1');
    await plane.snapshot(({ addresses: [{ interfaces }] }) => interfaces.join() === 'eth0,eth1');
    expect((await ask(network, VIRTUAL_ADDRESS, { count: 5 })).extra).toBeGreaterThan(0); // both are on the LAN
    await network.removeInterface('n1', 'eth1');
    await plane.snapshot(({ addresses: [{ interfaces }] }) => interfaces.join() === 'eth0');
    expect(await ask(network, VIRTUAL_ADDRESS, { count: 5 })).toMatchObject({ answered: 5, extra: 0, macs: { [network.node('n1').mac]: 5 } });
  });

  test('that join a bridge are not answered on, the bridge is; and back', async () => {
    const plane = new Plane('n1', alone);
    await plane.event('addressAcquired');
    const ip = async (...lines: string[]) => Promise.all(lines.map(async (line) => network.exec('n1', ['ip', ...line.split(' ')])));
    await ip('link add br0 address 02:00:00:00:00:99 up type bridge');
    await ip('link set eth0 master br0');
    await plane.snapshot(({ addresses: [{ interfaces }] }) => interfaces.join() === 'br0');
    expect(await answers()).toEqual({ '02:00:00:00:00:99': 5 });
    await ip('link set eth0 nomaster');
    await ip('link del br0');
    await plane.snapshot(({ addresses: [{ interfaces }] }) => interfaces.join() === 'eth0');
    expect(await answers()).toEqual({ [network.node('n1').mac]: 5 });
  });

  test('that drop broadcasts are asked for all frames while it runs', async () => {
    const promiscuity = async () => /promiscuity (\d+)/.exec((await network.exec('n1', ['ip', '-d', 'link', 'show', 'eth0'])).stdout)![1];
    expect(await promiscuity()).toBe('0');
    const plane = new Plane('n1', { ...alone, options: { node: 'n1', heartbeatPort: 7946, promiscuousInterfaces: '^eth' } });
    await plane.snapshot();
    expect(await promiscuity()).toBe('1');
    await plane.process.stop();
    expect(await promiscuity()).toBe('0');
  });

  test('changing faster than they can be followed are listed again', async () => {
    const plane = new Plane('n1', alone);
    await plane.event('addressAcquired');
    plane.process.pause();
    const addresses = Array.from({ length: 6000 }, (_, i) => `addr add 10.200.${i >> 8}.${i & 255}/32 dev cni0`); // eslint-disable-line no-bitwise
    await network.exec('n1', ['ip', '-batch', '-'], { input: `${addresses.join('\n')}\n` });
    await network.addInterface('n1', 'eth1');
    plane.process.resume();
    const { loop } = await plane.snapshot(({ addresses: [{ interfaces }] }) => interfaces.join() === 'eth0,eth1');
    expect(loop.linkListings).toBeGreaterThan(1);
    await plane.snapshot(({ authorised, addresses: [{ held }] }) => authorised && held);
    expect(Object.keys(await answers()).length).toBeGreaterThan(0);
  });

  test('without carrier hand the address over', async () => {
    const [first, second] = await pair();
    await network.pullCable('n1');
    await second.event('addressAcquired');
    await first.event('addressLost', 'noInterface');
    expect(await answers()).toEqual({ [network.node('n2').mac]: 5 });
  });
});

describe('two data planes', () => {
  test('one answers, and the other knows that it does', async () => {
    const [, second] = await pair();
    expect(await answers()).toEqual({ [network.node('n1').mac]: 5 });
    expect((await second.snapshot()).addresses).toMatchObject([{ held: false, holder: 'n1' }]);
  });

  test('hear each other over IPv6 too', async () => {
    const six = (node: string) => plan(node, {
      peers: network.nodes.filter(({ name }) => name !== node).map(({ name, address6 }) => ({ node: name, addresses: [address6] })),
    });
    const [first] = await pair({ plan: six('n1') }, { plan: six('n2') });
    expect((await first.snapshot()).loop).toMatchObject({ sendErrors: {} });
  });

  test.each<[string, Mischief | 'SIGTERM' | 'SIGKILL', string, object]>([
    ['stops', 'SIGTERM', 'handedOver', { code: 0 }],
    ['dies of an uncaught exception', 'throw', 'handedOver', { code: 1 }],
    ['calls process.exit', 'exit', 'handedOver', { code: 7 }],
    ['is killed', 'SIGKILL', 'holderDown', { signal: 'SIGKILL' }],
  ])('when one %s, it ends at once and the other takes over', async (_, how, reason, status) => {
    const [first, second] = await pair({ mischief: how as Mischief });
    const begun = monotonicNs();
    if (how === 'SIGTERM' || how === 'SIGKILL') first.process.kill(how); else first.misbehave();
    expect(await first.process.exited).toMatchObject(status);
    expect((monotonicNs() - begun) / 1e6).toBeLessThan(5000); // a thread that cannot be interrupted would hold it for ever
    expect(await second.event('addressAcquired')).toMatchObject({ reason, from: 'n1' });
    expect(await answers()).toEqual({ [network.node('n2').mac]: 5 });
  });

  test('a defect stops the answers before it can do harm; the owner hears of it, and the other takes over', async () => {
    const [first, second] = await pair({ mischief: 'defect' });
    first.misbehave();
    expect(await first.told('failed')).toMatchObject({ name: 'DataPlaneError', code: 'DATAPLANE_DEFECT', stack: expect.stringContaining('setPlan') });
    expect(await second.event('addressAcquired')).toMatchObject({ reason: 'holderDown' });
    expect(await answers()).toEqual({ [network.node('n2').mac]: 5 });
    first.process.kill('SIGTERM');
    expect(await first.process.exited).toEqual({ code: 0, signal: null });
  });

  test('one that was frozen for longer than the detection time comes back silent', async () => {
    const [first, second] = await pair();
    const watch = await watchLink(network, VIRTUAL_ADDRESS, { intervalMs: 5 });
    first.process.pause();
    await second.event('addressAcquired', 'holderDown');
    await sleep(2 * DETECTION_MS);
    first.process.resume();
    await first.event('authorityRegained');
    await sleep(2 * DETECTION_MS);
    const answered = watch.events().filter((event) => event.event === 'answered').map((event) => event.mac);
    await watch.stop();
    expect(answered[0]).toBe(network.node('n1').mac);
    expect(answered.slice(1).filter((mac) => mac !== network.node('n2').mac)).toEqual([]);
    expect(first.events()).toEqual(expect.arrayContaining(['authorityLost', 'addressLost', 'authorityRegained']));
    expect(await answers()).toEqual({ [network.node('n2').mac]: 5 });
  });
});
