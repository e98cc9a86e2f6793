import { parseArgs } from 'util';

/** What the command line says. */
export interface Options {
  readonly bench: 'arp' | 'memory';
  /** Where to write the figures as JSON. */
  readonly json?: string;
  readonly api: 'embedded' | 'real';
  readonly nodes: number;
  /** `arp`: rounds of each kind, ours and the kernel's in turn. */
  readonly rounds: number;
  /** `memory`: how often everything is started anew. */
  readonly runs: number;
  /** `memory`: numbers of Services at which a sample is taken, ascending. */
  readonly services: readonly number[];
  /** Shell commands of the roles. */
  readonly speaker: string;
  readonly controller: string;
}

/** A command line that cannot be used; the message says what is allowed. */
export class UsageError extends Error {}

export const USAGE = `npm run bench -- arp | memory [options]

arp      how fast our answer to an ARP request is, beside the kernel's own, asked from another host
memory   what the two roles take, idle and with Services

  --json FILE                write the figures as JSON, too
  --api embedded|real        an API server in memory (default), or etcd and kube-apiserver
  --nodes N                  nodes of the cluster, each with a speaker, 1 to 20 (default 1)
  --rounds N                 arp: rounds of each kind, 1 to 1000 (default 40)
  --runs N                   memory: how often all is started anew, 1 to 100 (default 1)
  --services N,N,...         memory: numbers of Services, up to 10000 (default 0,1,1000)
  --speaker-command CMD      what to measure as the speaker (default: node speaker/dist/main.js speaker)
  --controller-command CMD   and as the controller (default: node speaker/dist/main.js controller)

A command runs in a shell on its node. It finds KUBECONFIG and METALLB_NODE_NAME, METALLB_NAMESPACE, METALLB_POD_NAME, METALLB_HOST in its
environment; {kubeconfig} {node} {namespace} {pod} {address} in it are replaced.`;

/**
 * Reads the command line.
 *
 * @param node the command of Node, for the default commands
 * @throws UsageError
 */
export function readOptions(argv: readonly string[], node: string): Options {
  const { values, positionals } = parse(argv);
  const [bench, ...more] = positionals;
  if (bench !== 'arp' && bench !== 'memory') throw new UsageError(bench === undefined ? 'say what to measure: arp or memory' : `'${bench}' is no benchmark: there are arp and memory`);
  if (more.length > 0) throw new UsageError(`'${more[0]}' is one word too many: measure ${bench} alone`);
  if (values.api !== 'embedded' && values.api !== 'real') throw new UsageError(`--api ${values.api}: allowed are embedded and real`);
  const others = bench === 'arp' ? ['runs', 'services'] as const : ['rounds'] as const;
  for (const other of others) if (values[other] !== undefined) throw new UsageError(`--${other} has no meaning for ${bench}`);
  const services = (values.services ?? '0,1,1000').split(',').map((text) => whole('services', text, 0, 10_000));
  if (services.some((count, i) => i > 0 && count <= services[i - 1])) throw new UsageError(`--services ${values.services}: give ascending numbers, as 0,1,1000`);
  return {
    bench,
    json: values.json,
    api: values.api,
    nodes: whole('nodes', values.nodes, 1, 20),
    rounds: whole('rounds', values.rounds ?? '40', 1, 1000),
    runs: whole('runs', values.runs ?? '1', 1, 100),
    services,
    speaker: command('speaker', values['speaker-command'], node),
    controller: command('controller', values['controller-command'], node),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        'json': { type: 'string' },
        'api': { type: 'string', default: 'embedded' },
        'nodes': { type: 'string', default: '1' },
        'rounds': { type: 'string' },
        'runs': { type: 'string' },
        'services': { type: 'string' },
        'speaker-command': { type: 'string' },
        'controller-command': { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) throw new UsageError(`--${name} ${text}: allowed is a whole number from ${least} to ${most}`);
  return value;
}

function command(role: string, given: string | undefined, node: string): string {
  if (given?.trim() === '') throw new UsageError(`--${role}-command is empty: give a command that starts a ${role}`);
  return given ?? `${node} speaker/dist/main.js ${role}`;
}
