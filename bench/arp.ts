import * as path from 'path';
import { ask, AskReport, NodeSpec } from '../lab';
import { Options } from './options';
import { Progress } from './progress';
import { Case, compare } from './report';
import { answerFor, configure, createServices, RoleError, Roles, startRoles } from './roles';
import { cpuTimeOf } from '../lab/usage';

/** How questions come: of a client now and then, or of a loop that asks again as soon as it is answered. */
const PACES = [
  { name: 'every 2 ms', count: 125, intervalUs: 2_000 },
  { name: 'back to back', count: 1_000, intervalUs: 0 },
] as const;
type Pace = typeof PACES[number];

/**
 * Where the node takes the question in. Left to itself the lab does so in the client's own system call, which the kernel has answered before it is over;
 * no LAN is like that. So a node takes frames in on a processor of its own, which is woken by an interrupt as by a network card.
 */
const PATHS = [
  { name: '', mask: 2, askFrom: 0 },
  { name: ', in the asker\'s system call', mask: 0, askFrom: undefined },
] as const;
type Path = typeof PATHS[number];

const WARM_UP = 2_000;
/** Node programs take it: in the speaker's main thread it stands for large lists from the API server. */
const BUSY = path.resolve(__dirname, 'busy.cjs');

interface Samples {
  readonly ours: number[];
  readonly reference: number[];
  /** Processor time of the speaker for each of our answers, one sample a round. */
  readonly cpu: number[];
}

/**
 * How long an answer takes, for an announced address and for the address of the same node's interface, where the kernel answers. Both are
 * asked by the same program over the same cable, in short rounds that alternate. And how long it takes with more Services, and while the
 * speaker's main thread is busy.
 */
export async function measureArp(options: Options, progress: Progress): Promise<Case[]> {
  progress.say('starting a LAN, an API server, a controller and speakers');
  const ours = options.speaker.includes('speaker/dist/main.js');
  const roles = await startRoles(ours ? { ...options, speaker: `env NODE_OPTIONS=--require=${BUSY} ${options.speaker}` } : options);
  try {
    await configure(roles);
    const cases: Case[] = [];
    let there = 0;
    for (const count of options.services) {
      const address = await createServices(roles, there, count, (done) => progress.say(`creating ${count - there} Services`, done, count));
      const bench = new Asking(roles, (await answerFor(roles, address))!, options, progress);
      const services = count === 1 ? '1 Service' : `${count} Services`;
      for (const way of there === 0 ? PATHS : PATHS.slice(0, 1)) cases.push(...await bench.besideKernel(address, way, `${services}${way.name}`));
      if (there === 0 && ours) cases.push(...await bench.whileBusy(address));
      there = count;
    }
    return cases;
  } finally {
    await roles.cluster.stop();
  }
}

class Asking {
  constructor(
    private readonly roles: Roles, private readonly node: NodeSpec, private readonly options: Options, private readonly progress: Progress,
  ) {}

  async besideKernel(address: string, way: Path, name: string): Promise<Case[]> {
    const { node } = this;
    await this.take(way);
    for (const each of [address, node.address]) await this.ask(each, PACES[1], way, WARM_UP);
    const samples = PACES.map((): Samples => ({ ours: [], reference: [], cpu: [] }));
    for (let round = 0; round < this.options.rounds; round++) {
      this.progress.say(`asking, ${name}`, round, this.options.rounds);
      for (const [i, pace] of PACES.entries()) {
        const before = this.cpuTime();
        samples[i].ours.push(...await this.ask(address, pace, way));
        samples[i].cpu.push((this.cpuTime() - before) / pace.count);
        samples[i].reference.push(...await this.ask(node.address, pace, way));
      }
    }
    return PACES.flatMap((pace, i) => [
      compare(`answer ${pace.name}, ${name}`, 'µs', micro(samples[i].ours), { name: 'kernel', samples: micro(samples[i].reference) }),
      compare(`processor time of an answer ${pace.name}, ${name}`, 'µs', micro(samples[i].cpu)),
    ]);
  }

  /** In turn with a main thread that rests and one that parses without pause. */
  async whileBusy(address: string): Promise<Case[]> {
    const [pace] = PACES, [way] = PATHS;
    await this.take(way);
    const busy: number[] = [], quiet: number[] = [];
    for (let round = 0; round < this.options.rounds; round++) {
      this.progress.say('asking, main thread busy', round, this.options.rounds);
      quiet.push(...await this.ask(address, pace, way));
      this.speaker.kill('SIGUSR2');
      busy.push(...await this.ask(address, pace, way));
      this.speaker.kill('SIGUSR2');
    }
    return [compare(`answer ${pace.name}, main thread parses JSON`, 'µs', micro(busy), { name: 'main thread rests', samples: micro(quiet) })];
  }

  private get speaker() {
    return this.roles.speakers[this.roles.cluster.nodes.indexOf(this.node)];
  }

  private cpuTime(): number {
    return cpuTimeOf(this.speaker.pid);
  }

  private async take({ mask }: Path): Promise<void> {
    await this.roles.cluster.network.exec(this.node.name, ['sh', '-c', `echo ${mask} >/sys/class/net/eth0/queues/rx-0/rps_cpus`]);
  }

  /** The latencies, when every question was answered, by one host. */
  private async ask(address: string, { count, intervalUs }: Pace, { askFrom }: Path, instead?: number): Promise<readonly number[]> {
    const { cluster: { network }, speakers } = this.roles;
    const { asked, answered, macs, samples }: AskReport = await ask(network, address, {
      count: instead ?? count, intervalUs, samples: true, processor: askFrom,
    });
    if (answered < asked || Object.keys(macs).length !== 1) {
      throw new RoleError(`${address}: ${answered} of ${asked} questions were answered, by ${Object.keys(macs).join(', ') || 'nobody'}; ${speakers.length} speakers run`);
    }
    return samples!;
  }
}

function micro(nanoseconds: readonly number[]): number[] {
  return nanoseconds.map((one) => one / 1000);
}
