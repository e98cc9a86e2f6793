import * as path from 'path';
import { ask, AskReport, LabProcess, NodeSpec } from '../lab';
import { Options } from './options';
import { Progress } from './progress';
import { Case, compare } from './report';
import { answerFor, configure, createIpv6Service, createServices, DUAL_STACK, RoleError, Roles, startRoles, VIRTUAL_ADDRESS6 } from './roles';
import { prober } from '../lab/cache';
import { cpuTimeOf } from '../lab/usage';

/** How questions come: of a client now and then, or of a loop that asks again as soon as it is answered. */
const PACES = [
  { name: 'every 2 ms', count: 250, intervalUs: 2_000 },
  { name: 'back to back', count: 1_000, intervalUs: 0 },
] as const;
/** Enough in a few rounds for the one in a thousand that takes longest. */
const PACE_BUSY = { name: 'every 2 ms', count: 1_500, intervalUs: 2_000 } as const;
type Pace = typeof PACES[number] | typeof PACE_BUSY;

/**
 * Where frames are taken in. Left to itself the lab carries the question into the node within the client's own system call, which the kernel has answered before it is over,
 * and the answer to the client within the call that sends it; no LAN is like that. So a node has a processor of its own, which is woken by an interrupt as by a network card, and what
 * the switch does is done on the client's.
 */
const PATHS = [
  { name: '', receivers: { node: 2, switch: 1 }, askFrom: 0 },
  { name: ', in the asker\'s system call', receivers: { node: 0, switch: 0 }, askFrom: undefined },
] as const;
type Path = typeof PATHS[number];

/** Compilers have done what they will do for a hot loop. */
const WARM_UP = 20_000;
/** What the bare C program answers for, on the same node. */
const BARE_ADDRESS = '93.5.22.250';
/** Node programs take it: in the speaker's main thread it stands for large lists from the API server. */
const BUSY = path.resolve(__dirname, 'busy.cjs');

interface Samples {
  readonly ours: number[];
  readonly kernel: number[];
  readonly bare: number[];
  /** Processor time for each answer, one sample a round: of the whole speaker, and of the bare program. */
  readonly cpu: number[];
  readonly bareCpu: number[];
}

/**
 * How long an answer takes, for an announced address and for the address of the same node's interface, where the kernel answers. Both are
 * asked by the same program over the same cable, in short rounds that alternate. Beside them a bare C program answers for a third address: what it takes, any
 * program outside the kernel takes on this machine. And how long it takes for IPv6, with more Services, and while the speaker's main thread is busy.
 */
export async function measureArp(options: Options, progress: Progress): Promise<Case[]> {
  progress.say('starting a LAN, an API server, a controller and speakers');
  const ours = options.speaker.includes('speaker/dist/main.js');
  const speaker = ours ? `env NODE_OPTIONS=--require=${BUSY} ${options.speaker}` : options.speaker;
  const roles = await startRoles({ ...options, speaker }, { serviceClusterIpRanges: DUAL_STACK });
  try {
    await configure(roles);
    const cases: Case[] = [];
    let there = 0;
    for (const count of options.services) {
      const address = await createServices(roles, there, count, (done) => progress.say(`creating ${count - there} Services`, done, count));
      const node = (await answerFor(roles, address))!;
      const bench = new Asking(roles, node, await startBare(roles, node), options, progress);
      const services = count === 1 ? '1 Service' : `${count} Services`;
      for (const way of there === 0 ? PATHS : PATHS.slice(0, 1)) cases.push(...await bench.besideKernel(address, node.address, way, `${services}${way.name}`));
      if (there === 0 && ours) cases.push(...await bench.whileBusy(address));
      await bench.end();
      there = count;
    }
    await createIpv6Service(roles);
    const node = (await answerFor(roles, VIRTUAL_ADDRESS6))!;
    cases.push(...await new Asking(roles, node, undefined, options, progress).besideKernel(VIRTUAL_ADDRESS6, node.address6, PATHS[0], 'IPv6'));
    return cases;
  } finally {
    await roles.cluster.stop();
  }
}

/** On the node that is asked, so that its kernel has the same to do for all three. */
async function startBare({ cluster: { network } }: Roles, node: NodeSpec): Promise<LabProcess> {
  const bare = network.start(node.name, { name: 'bare', argv: [await prober(), 'answer', BARE_ADDRESS] });
  await bare.untilOutput(/"start"/);
  return bare;
}

class Asking {
  constructor(
    private readonly roles: Roles, private readonly node: NodeSpec, private readonly bare: LabProcess | undefined, private readonly options: Options,
    private readonly progress: Progress,
  ) {}

  async besideKernel(address: string, kernelAddress: string, way: Path, name: string): Promise<Case[]> {
    const { bare, speaker } = this;
    await this.take(way);
    for (const each of [address, kernelAddress]) await this.ask(each, PACES[1], way, WARM_UP);
    const samples = PACES.map((): Samples => ({ ours: [], kernel: [], bare: [], cpu: [], bareCpu: [] }));
    for (let round = 0; round < this.options.rounds; round++) {
      this.progress.say(`asking, ${name}`, round, this.options.rounds);
      for (const [i, pace] of PACES.entries()) {
        samples[i].cpu.push(await this.timed(speaker, pace, async () => samples[i].ours.push(...await this.ask(address, pace, way))));
        if (bare) samples[i].bareCpu.push(await this.timed(bare, pace, async () => samples[i].bare.push(...await this.ask(BARE_ADDRESS, pace, way))));
        samples[i].kernel.push(...await this.ask(kernelAddress, pace, way));
      }
    }
    return PACES.flatMap((pace, i) => {
      const kernel = { name: 'kernel', samples: micro(samples[i].kernel) };
      return [
        compare(`answer ${pace.name}, ${name}`, 'µs', micro(samples[i].ours), kernel),
        ...bare ? [compare(`answer of the C program ${pace.name}, ${name}`, 'µs', micro(samples[i].bare), kernel)] : [],
        compare(`processor time of an answer ${pace.name}, ${name}`, 'µs', micro(samples[i].cpu), bare && { name: 'C program', samples: micro(samples[i].bareCpu) }),
      ];
    });
  }

  /** In turn with a main thread that rests and one that parses without pause. */
  async whileBusy(address: string): Promise<Case[]> {
    const pace = PACE_BUSY, [way] = PATHS;
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

  async end(): Promise<void> {
    await this.bare?.stop();
  }

  private get speaker(): LabProcess {
    return this.roles.speakers[this.roles.cluster.nodes.indexOf(this.node)];
  }

  /** Processor time of a process, in nanoseconds for each question. */
  private async timed({ pid }: LabProcess, { count }: Pace, run: () => Promise<unknown>): Promise<number> {
    const before = cpuTimeOf(pid);
    await run();
    return (cpuTimeOf(pid) - before) / count;
  }

  private async take({ receivers }: Path): Promise<void> {
    await this.roles.cluster.network.setReceivers(this.node.name, receivers);
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
