import * as path from 'path';
import { setTimeout as sleep } from 'timers/promises';
import type { PeersSetup } from './heartbeat-peers';
import { Options } from './options';
import { Progress } from './progress';
import { Case, compare } from './report';
import { configure, createServices, lastWords, RoleError, Roles, startRoles, until } from './roles';
import { LabProcess, NodeSpec } from '../lab';
import { putNode } from '../lab/inventory';
import { nodeSpecs } from '../lab/topology';
import { cpuTimeOf, memoryOf } from '../lab/usage';
import { NODES, SECRETS } from '../speaker/src/kube';
import { HEARTBEAT_SECRET } from '../speaker/src/role/heartbeat-secret';

/** After a change, before the first sample: longer than a speaker needs to write its status, and a collector of garbage to find quiet. */
const SETTLE_MS = 10_000;
const SAMPLES = 4;
const SAMPLE_MS = 5_000;
/** Samples are thrown away while peers come and go. */
const MOST_TRIES = 24;
const HEARTBEAT_PORT = 7946;
const MEBIBYTE = 1024 * 1024;
/** What stands beside ours: a program of the same kind that is woken as often as heartbeats are due, and does nothing. */
const REFERENCE = { name: 'Node, timer of 100 ms', code: 'setInterval(() => undefined, 100)' } as const;
const PROGRAM = path.resolve(__dirname, 'heartbeat-peers.ts');
/** Where the addresses of the peers are. */
const PLACE = 'client';

interface Samples {
  readonly unit: string;
  readonly ours: number[];
  readonly reference: number[];
}

/** What a speaker takes at rest, with a growing number of peers that all send heartbeats, and of Services: processor time of all its threads, and memory. */
export async function measureHeartbeat(options: Options, progress: Progress): Promise<Case[]> {
  progress.say('starting a LAN, an API server, a controller and a speaker');
  const roles = await startRoles({ ...options, nodes: 1 });
  try {
    const cluster = new Peers(roles, Math.max(...options.peers));
    const reference = roles.cluster.network.start(roles.cluster.nodes[0].name, { name: 'reference', argv: [process.execPath, '-e', REFERENCE.code] });
    const samples = new Map<string, Samples>();
    let there = 0;
    for (const count of options.services) {
      const services = count === 1 ? '1 Service' : `${count} Services`;
      await cluster.set(0);
      if (count > there) {
        if (there === 0) await configureAlone(roles);
        await createServices(roles, there, count, (done) => progress.say(`creating ${count - there} Services`, done, count));
        there = count;
      }
      for (const peers of options.peers) {
        const what = `${peers === 1 ? '1 peer' : `${peers} peers`}, ${services}`;
        progress.say(`${what}: settling`);
        await cluster.set(peers);
        await sleep(SETTLE_MS);
        for (let i = 0, tries = 0; i < SAMPLES; tries++) {
          if (tries === MOST_TRIES) {
            throw new RoleError(`${what}: the speaker has lost peers in ${tries - i} of ${tries} samples, so it is not at rest; leave the processors to this benchmark, or take fewer peers (--peers)`);
          }
          progress.say(what, i, SAMPLES);
          const lostBefore = losses(roles.speakers[0]), taken: [label: string, unit: string, ours: number, beside: number][] = [];
          await sample(roles.speakers[0], reference, (...values) => taken.push(values));
          if (losses(roles.speakers[0]) > lostBefore) continue;
          i++;
          for (const [label, unit, ours, beside] of taken) {
            const key = `${what}, ${label}`, { ours: before, reference: besideBefore } = samples.get(key) ?? { ours: [], reference: [] };
            samples.set(key, { unit, ours: [...before, ours], reference: [...besideBefore, beside] });
          }
        }
      }
    }
    return [...samples].map(([name, { unit, ours, reference: beside }]) => compare(name, unit, ours, { name: REFERENCE.name, samples: beside }));
  } finally {
    await roles.cluster.stop();
  }
}

/** How often the speaker has lost a peer, by its log. */
function losses(speaker: LabProcess): number {
  return `${speaker.stdout()}${speaker.stderr()}`.split('"event":"peerDown"').length - 1;
}

/** One sample of everything, of both processes at the same time. */
async function sample(
  speaker: LabProcess, reference: LabProcess, note: (label: string, unit: string, ours: number, reference: number) => void,
): Promise<void> {
  const both = [speaker, reference];
  const begin = process.hrtime.bigint(), before = both.map(({ pid }) => cpuTimeOf(pid));
  await sleep(SAMPLE_MS);
  const after = both.map(({ pid }) => cpuTimeOf(pid)), elapsed = Number(process.hrtime.bigint() - begin);
  const memory = both.map(({ pid }) => memoryOf(pid));
  for (const [i, { name }] of both.entries()) if (memory[i].rss === 0) throw new RoleError(`${name} has ended; it said: ${lastWords(both[i])}`);
  const [ours, beside] = after.map((time, i) => (time - before[i]) / elapsed * 100);
  note('processor', '% of a core', ours, beside);
  for (const kind of ['rss', 'pss'] as const) note(kind.toUpperCase(), 'MiB', memory[0][kind] / MEBIBYTE, memory[1][kind] / MEBIBYTE);
}

/** The peers announce nothing: what is measured is a speaker that has all the addresses. */
async function configureAlone(roles: Roles): Promise<void> {
  await configure(roles);
  const { namespace, nodes: [node] } = roles.cluster;
  const nodeSelectors = [{ matchLabels: { 'kubernetes.io/hostname': node.name } }];
  await roles.cluster.apply({
    apiVersion: 'metallb.io/v1beta1', kind: 'L2Advertisement', metadata: { namespace, name: 'workstation-l2adv' }, spec: { nodeSelectors },
  });
}

/** Nodes of the cluster beside the one that is measured; all of them live in one process, see heartbeat-peers.ts. */
class Peers {
  private readonly nodes: readonly NodeSpec[];
  private there = 0;
  private process: LabProcess | undefined;

  constructor(private readonly roles: Roles, most: number) {
    const { cluster } = roles;
    this.nodes = nodeSpecs([...cluster.nodes.map(({ name }) => name), ...Array.from({ length: most }, (_, i) => `peer-${i + 1}`)], 'lan').slice(cluster.nodes.length);
  }

  /** Has so many of them, and waits until each of them and the speaker hear each other. */
  async set(count: number): Promise<void> {
    const { roles, nodes, there, roles: { cluster, cluster: { network, nodes: [measured] } } } = this;
    await this.process?.stop();
    this.process = undefined;
    for (const node of nodes.slice(count, there)) {
      await cluster.client.delete(NODES, node.name);
      await network.exec(PLACE, ['ip', 'addr', 'del', `${node.address}/24`, 'dev', 'eth0']);
    }
    for (const node of nodes.slice(there, count)) {
      await network.exec(PLACE, ['ip', 'addr', 'add', `${node.address}/24`, 'dev', 'eth0']);
      await putNode(cluster.client, node);
    }
    this.there = count;
    if (count === 0) return;
    const { key } = await until(roles, `Secret ${HEARTBEAT_SECRET}`, async () => this.secret());
    const setup: PeersSetup = {
      key,
      port: HEARTBEAT_PORT,
      measured: { node: measured.name, address: measured.internalAddress },
      peers: nodes.slice(0, count).map(({ name, internalAddress }) => ({ node: name, address: internalAddress })),
    };
    this.process = network.start(PLACE, { name: `peers-${count}`, argv: [process.execPath, '--import', 'tsx', PROGRAM, JSON.stringify(setup)] });
    await this.process.untilOutput(/^up$/m);
  }

  private async secret(): Promise<{ key: string } | undefined> {
    const { client, namespace } = this.roles.cluster;
    const { items } = await client.list(SECRETS, { namespace });
    const found = items.find(({ metadata }) => metadata.name === HEARTBEAT_SECRET) as { data?: { secretkey?: string } } | undefined;
    return found?.data?.secretkey === undefined ? undefined : { key: found.data.secretkey };
  }
}
