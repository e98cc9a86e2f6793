import { parseArgs } from 'util';
import { CASE_NAMES, CaseName } from './failover-cases';

const BENCHES = ['arp', 'failover', 'memory', 'heartbeat', 'allocation', 'synth'] as const;
export type Bench = typeof BENCHES[number];
const NAMES = BENCHES.join(', ');

/** Options that say something to some benchmarks only. */
const MEANT_FOR: Readonly<Record<string, readonly Bench[]>> = {
  'api': ['arp', 'failover', 'memory', 'heartbeat'],
  'nodes': ['arp', 'failover', 'memory'],
  'rounds': ['arp'],
  'runs': ['failover', 'memory', 'allocation', 'synth'],
  'case': ['failover'],
  'settle-ms': ['failover'],
  'services': ['arp', 'memory', 'heartbeat', 'allocation', 'synth'],
  'peers': ['heartbeat'],
  'speaker-command': ['arp', 'failover', 'memory', 'heartbeat'],
  'controller-command': ['arp', 'failover', 'memory', 'heartbeat', 'allocation'],
};

const RUNS: Partial<Record<Bench, string>> = { failover: '30', synth: '5' };
const SERVICES: Partial<Record<Bench, string>> = { arp: '1,100,1000', heartbeat: '1,1000', allocation: '1000', synth: '10,100,1000' };

/** What the command line says. */
export interface Options {
  readonly bench: Bench;
  /** Where to write the figures as JSON. */
  readonly json?: string;
  readonly api: 'embedded' | 'real';
  readonly nodes: number;
  /** `arp`: rounds of each kind, ours and the kernel's in turn. */
  readonly rounds: number;
  /** `failover`: how often each case is done; `memory`, `allocation`, `synth`: how often everything is started anew. */
  readonly runs: number;
  /** `failover`: what is done to the node that answers. */
  readonly cases: readonly CaseName[];
  /** `failover`: rest after each run, in which a speaker that was started again finds the others. */
  readonly settleMs: number;
  /** `heartbeat`: numbers of peers at which samples are taken, ascending. */
  readonly peers: readonly number[];
  /** `arp`, `memory`, `heartbeat`, `synth`: numbers of Services at which a sample is taken, ascending. `allocation`: the one number of Services at a time. */
  readonly services: readonly number[];
  /** Shell commands of the roles. */
  readonly speaker: string;
  readonly controller: string;
}

/** A command line that cannot be used; the message says what is allowed. */
export class UsageError extends Error {}

export const USAGE = `npm run bench -- arp | failover | memory | heartbeat | allocation | synth [options]

arp          how fast our answer to an ARP request is, beside the kernel's own, asked from another host
failover     how long an address is dark when its node fails, and whether two nodes ever answer for it
memory       what the two roles take, idle and with Services
heartbeat    what a speaker takes at rest, with peers that all send heartbeats: processor and memory
allocation   how long Services wait for their addresses: in the ledger alone, and on etcd and kube-apiserver
synth        how long an author waits: constructs, checks and manifests of growing apps, and cdk8s synth of examples/home

  --json FILE                write the figures as JSON, too
  --api embedded|real        an API server in memory (default), or etcd and kube-apiserver
  --nodes N                  nodes of the cluster, each with a speaker, 1 to 20 (default 1; failover: 2 to 20, default 3)
  --rounds N                 arp: rounds of each kind, 1 to 1000 (default 10)
  --runs N                   failover: runs of each case, 1 to 1000 (default 30); memory, allocation, synth: how often all is started anew, 1 to 100 (default 1; synth: 5)
  --case NAME,NAME,...       failover: ${CASE_NAMES.join(', ')} (default all)
  --settle-ms N              failover: rest after each run, 0 to 60000 (default 2000)
  --services N,N,...         numbers of Services, up to 10000, arp: default 1,100,1000; memory: 0,1,1000; heartbeat: 1,1000; synth: 10,100,1000; allocation: how many at once (default 1000)
  --peers N,N,...            heartbeat: numbers of other nodes, up to 49 (default 0,3,32)
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
  const [word, ...more] = positionals;
  const bench = BENCHES.find((name) => name === word);
  if (bench === undefined) throw new UsageError(word === undefined ? `say what to measure: ${NAMES}` : `'${word}' is no benchmark: there are ${NAMES}`);
  if (more.length > 0) throw new UsageError(`'${more[0]}' is one word too many: measure ${bench} alone`);
  for (const [option, benches] of Object.entries(MEANT_FOR)) {
    if (values[option as keyof typeof values] !== undefined && !benches.includes(bench)) throw new UsageError(`--${option} has no meaning for ${bench}`);
  }
  const api = values.api ?? 'embedded';
  if (api !== 'embedded' && api !== 'real') throw new UsageError(`--api ${api}: allowed are embedded and real`);
  const services = (values.services ?? SERVICES[bench] ?? '0,1,1000').split(',').map((text) => whole('services', text, bench === 'arp' || bench === 'heartbeat' ? 1 : 0, 10_000));
  if (!ascends(services)) throw new UsageError(`--services ${values.services}: give ascending numbers, as 0,1,1000`);
  const peers = (values.peers ?? '0,3,32').split(',').map((text) => whole('peers', text, 0, 49));
  if (!ascends(peers)) throw new UsageError(`--peers ${values.peers}: give ascending numbers, as 0,3,32`);
  if (bench === 'allocation' && (services.length > 1 || services[0] === 0)) throw new UsageError(`--services ${values.services}: give one number from 1 to 10000`);
  const failover = bench === 'failover';
  return {
    bench,
    json: values.json,
    api,
    nodes: whole('nodes', values.nodes ?? (failover ? '3' : '1'), failover ? 2 : 1, 20),
    rounds: whole('rounds', values.rounds ?? '10', 1, 1000),
    runs: whole('runs', values.runs ?? RUNS[bench] ?? '1', 1, failover ? 1000 : 100),
    cases: (values.case?.split(',') ?? CASE_NAMES).map(caseName),
    settleMs: whole('settle-ms', values['settle-ms'] ?? '2000', 0, 60_000),
    peers,
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
        'api': { type: 'string' },
        'nodes': { type: 'string' },
        'rounds': { type: 'string' },
        'runs': { type: 'string' },
        'case': { type: 'string' },
        'settle-ms': { type: 'string' },
        'peers': { type: 'string' },
        'services': { type: 'string' },
        'speaker-command': { type: 'string' },
        'controller-command': { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function ascends(numbers: readonly number[]): boolean {
  return numbers.every((number, i) => i === 0 || number > numbers[i - 1]);
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) throw new UsageError(`--${name} ${text}: allowed is a whole number from ${least} to ${most}`);
  return value;
}

function caseName(text: string): CaseName {
  const found = CASE_NAMES.find((name) => name === text);
  if (found === undefined) throw new UsageError(`--case ${text}: allowed are ${CASE_NAMES.join(', ')}`);
  return found;
}

function command(role: string, given: string | undefined, node: string): string {
  if (given?.trim() === '') throw new UsageError(`--${role}-command is empty: give a command that starts a ${role}`);
  return given ?? `${node} speaker/dist/main.js ${role}`;
}
