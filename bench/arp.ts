import { ask, AskReport, VIRTUAL_ADDRESS } from '../lab';
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
const WARM_UP = 2_000;

interface Samples {
  readonly ours: number[];
  readonly kernel: number[];
  /** Processor time of the speaker for each of our answers, one sample a round. */
  readonly cpu: number[];
}

/**
 * How long an answer takes, for the announced address and for the address of the same node's interface, where the kernel answers. Both are
 * asked by the same program over the same cable, in short rounds that alternate.
 */
export async function measureArp(options: Options, progress: Progress): Promise<Case[]> {
  progress.say('starting a LAN, an API server, a controller and speakers');
  const roles = await startRoles(options);
  try {
    await configure(roles);
    await createServices(roles, 0, 1);
    const node = (await answerFor(roles, VIRTUAL_ADDRESS))!;
    const speaker = roles.speakers[roles.cluster.nodes.indexOf(node)];
    const { network } = roles.cluster;
    const asked = async (address: string, count: number, intervalUs: number) => (
      all(roles, await ask(network, address, { count, intervalUs, samples: true }))
    );
    for (const address of [VIRTUAL_ADDRESS, node.address]) await asked(address, WARM_UP, 0);

    const samples = PACES.map((): Samples => ({ ours: [], kernel: [], cpu: [] }));
    for (let round = 0; round < options.rounds; round++) {
      for (const [i, { count, intervalUs }] of PACES.entries()) {
        progress.say('asking', round, options.rounds);
        const before = cpuTimeOf(speaker.pid);
        samples[i].ours.push(...await asked(VIRTUAL_ADDRESS, count, intervalUs));
        samples[i].cpu.push((cpuTimeOf(speaker.pid) - before) / count);
        samples[i].kernel.push(...await asked(node.address, count, intervalUs));
      }
    }
    return [
      ...PACES.map(({ name }, i) => compare(`answer, ${name}`, 'µs', micro(samples[i].ours), { name: 'kernel', samples: micro(samples[i].kernel) })),
      ...PACES.map(({ name }, i) => compare(`processor time of an answer, ${name}`, 'µs', micro(samples[i].cpu))),
    ];
  } finally {
    await roles.cluster.stop();
  }
}

/** The latencies, when every question was answered, by one host. */
function all(roles: Roles, { address, asked, answered, macs, samples }: AskReport): readonly number[] {
  if (answered < asked || Object.keys(macs).length !== 1) {
    throw new RoleError(`${address}: ${answered} of ${asked} questions were answered, by ${Object.keys(macs).join(', ') || 'nobody'}; ${roles.speakers.length} speakers run`);
  }
  return samples!;
}

function micro(nanoseconds: readonly number[]): number[] {
  return nanoseconds.map((one) => one / 1000);
}
