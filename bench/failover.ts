import { setTimeout as sleep } from 'timers/promises';
import { Cluster, monotonicNs, NodeAddress, NodeSpec, ROUTER, VIRTUAL_ADDRESS } from '../lab';
import { CASES, FailoverCase } from './failover-cases';
import { Observation, Observer } from './observer';
import { Options } from './options';
import { Progress } from './progress';
import { Case, compare } from './report';
import { answerFor, configure, DUAL_STACK, Roles, startRoles, until, VIRTUAL_ADDRESS6 } from './roles';
import { prober } from '../lab/cache';
import { ENDPOINT_SLICES } from '../speaker/src/kube';

/** Both of one Service. */
const ADDRESSES = [VIRTUAL_ADDRESS, VIRTUAL_ADDRESS6] as const;
const FAMILIES = ['IPv4', 'IPv6'] as const;
const SERVICE = 'bench';
const TARGET_PORT = 20_000;
/** Asked before the event, so that there is a history. */
const BEFORE_MS = 100;
/**
 * How long it takes depends on how old the last heartbeat is, 0 to 100 ms, and runs that follow each other in the same rhythm meet the same moment again and again. So each waits for another
 * part of an interval: the multiples of the golden section are spread evenly, however many there are.
 */
const INTERVAL_MS = 100;
const GOLDEN_SECTION = (Math.sqrt(5) - 1) / 2;
/** Looked at after the move, to see a second answer: longer than an announcement is repeated after. */
const AFTER_MS = 1200;
/** Peers measured with this harness need up to half a minute. */
const MOVE_MS = 60_000;

/**
 * How long an address is dark when its node fails, as an outsider sees it, and whether two nodes ever answer. Each run does it to whoever
 * answers then, on one cluster, which is whole again before the next run.
 */
export async function measureFailover(options: Options, progress: Progress): Promise<Case[]> {
  const observations = new Map<string, Observation[][]>();
  for (const nodeAddress of ['lan', 'management'] as const) {
    const cases = CASES.filter((each) => each.nodeAddress === nodeAddress && options.cases.includes(each.name));
    if (cases.length > 0) await measureOn(options, nodeAddress, cases, observations, progress);
  }
  return CASES.flatMap((each) => [
    ...rowsOf(each.name, each.moves, observations.get(each.name) ?? []),
    ...(each.recovery ? rowsOf(each.recovery, false, observations.get(each.recovery) ?? []) : []),
  ]);
}

async function measureOn(
  options: Options, nodeAddress: NodeAddress, cases: readonly FailoverCase[], observations: Map<string, Observation[][]>, progress: Progress,
): Promise<void> {
  progress.say(`starting a LAN, an API server, a controller and speakers that know each other by ${nodeAddress} addresses`);
  const roles = await startRoles(options, { nodeAddress, serviceClusterIpRanges: DUAL_STACK });
  const note = (what: string, seen: Observation[]) => observations.set(what, [...observations.get(what) ?? [], seen]);
  try {
    await configure(roles, [`${ADDRESSES[0]}/32`, `${ADDRESSES[1]}/128`]);
    await serve(roles.cluster);
    for (const each of cases) {
      for (let run = 0; run < options.runs; run++) {
        progress.say(each.name, run, options.runs);
        const node = await oneHolder(roles);
        note(each.name, await observe(roles, async () => each.happen(roles, node), each.moves, (run * GOLDEN_SECTION % 1) * INTERVAL_MS));
        if (each.recovery) note(each.recovery, await observe(roles, async () => each.recover(roles, node), false));
        else await each.recover(roles, node);
        await sleep(options.settleMs);
      }
    }
  } finally {
    await roles.cluster.stop();
  }
}

/** Looks at both addresses while something happens. */
async function observe({ cluster: { network } }: Roles, happen: () => Promise<void>, moves: boolean, phaseMs = 0): Promise<Observation[]> {
  const observers = await Promise.all(ADDRESSES.map(async (address) => Observer.begin(network, address)));
  await sleep(BEFORE_MS + phaseMs);
  const event = monotonicNs();
  await happen();
  if (moves) await Promise.all(observers.map(async (observer) => observer.untilMoved(MOVE_MS)));
  await Promise.all(observers.map(async (observer) => observer.untilServed(MOVE_MS)));
  await sleep(AFTER_MS);
  return Promise.all(observers.map(async (observer) => observer.end(event)));
}

/** Waits until one node answers for both addresses. */
async function oneHolder(roles: Roles): Promise<NodeSpec> {
  return until(roles, `one node that answers for ${ADDRESSES.join(' and ')}`, async () => {
    const [first, second] = await Promise.all(ADDRESSES.map(async (address) => answerFor(roles, address)));
    return first === second ? first : undefined;
  });
}

/** A Service of both families whose pod is on no node of the cluster, so that nothing of it fails with a node. */
async function serve(cluster: Cluster): Promise<void> {
  const pods = [ROUTER.address, ROUTER.address6];
  for (const [i, address] of pods.entries()) {
    const pod = cluster.network.start(ROUTER.name, { name: `pod-${FAMILIES[i]}`, argv: [await prober(), 'serve', address, 'pod', `tcp:${TARGET_PORT}`] });
    await pod.untilOutput(/"start"/);
  }
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: SERVICE, namespace: 'default', annotations: { 'metallb.io/loadBalancerIPs': ADDRESSES.join(',') } },
    spec: { type: 'LoadBalancer', ipFamilyPolicy: 'RequireDualStack', ipFamilies: FAMILIES, ports: [{ name: 'http', port: 80, targetPort: TARGET_PORT }] },
  });
  for (const [i, address] of pods.entries()) {
    await cluster.client.apply(ENDPOINT_SLICES, {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { namespace: 'default', name: `${SERVICE}-${FAMILIES[i].toLowerCase()}`, labels: { 'kubernetes.io/service-name': SERVICE } },
      addressType: FAMILIES[i],
      ports: [{ name: 'http', protocol: 'TCP', port: TARGET_PORT }],
      endpoints: [{ addresses: [address], conditions: { ready: true, serving: true, terminating: false } }],
    } as never, { fieldManager: 'lab', force: true });
  }
}

/** The lines of a case: times for each family, counts for both together. */
function rowsOf(name: string, moves: boolean, runs: readonly Observation[][]): Case[] {
  if (runs.length === 0) return [];
  const count = (of: (seen: Observation) => number) => runs.map((run) => run.reduce((sum, seen) => sum + of(seen), 0));
  return [
    ...FAMILIES.flatMap((family, i) => {
      const of = (what: (seen: Observation) => number) => runs.map((run) => what(run[i]));
      return [
        moves ? compare(`${name}, ${family}: another node answers`, 'ms', of(({ moved }) => moved!)) : compare(`${name}, ${family}: one node answers`, 'ms', of(({ settled }) => settled)),
        compare(`${name}, ${family}: pages come again`, 'ms', of(({ served }) => served)),
        compare(`${name}, ${family}: longest time without an answer`, 'ms', of(({ dark }) => dark)),
      ];
    }),
    compare(`${name}: nodes that answered`, '', runs.map((run) => Math.max(...run.map(({ macs }) => macs.length)))),
    compare(`${name}: questions answered by two`, '', count(({ doubleAnswers }) => doubleAnswers)),
    compare(`${name}: questions not answered`, '', count(({ lost }) => lost)),
    compare(`${name}: connections failed`, '', count(({ failed }) => failed)),
  ];
}

