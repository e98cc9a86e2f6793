import { setTimeout as sleep } from 'timers/promises';
import { Cluster, LinkEvent, LinkSummary, LinkWatch, NodeAddress, Role, VIRTUAL_ADDRESS, watchLink } from '..';
import { addressPool, eventually, holder, install, l2Advertisement, logOf, metrics, NAMESPACE, POOL, service, wants } from './support';
import { electionOrder } from '../../speaker/src/announcement';
import { KubeObject, SERVICE_L2_STATUSES } from '../../speaker/src/kube';

/** Far above what is promised (300 ms to find out), for tests are no place to measure: a busy machine is no defect. See `npm run bench -- failover`. */
const MOST_DARK_MS = 5_000;
/** How late an answer may be and still be told from another node's answer to the next question. */
const PATIENCE_MS = 30;
/** An answer to a question that crosses an announcement comes so soon after it. */
const CROSSING_MS = 10;
/** Asked on after what happened, to see whether a second one answers. */
const AFTERMATH_MS = 500;

/** What an outsider saw. */
export type Observed = Readonly<{
  /** Who answered for all the addresses before. */
  before: string;
  /** Who answered, in this order of nodes. */
  nodes: readonly string[];
  /** Questions that nobody answered. */
  lost: number;
  events: readonly (readonly LinkEvent[])[];
}>;

interface DuringOptions {
  /** Questions that two nodes may answer. Default 0. */
  readonly mostTwice?: number;
  /** Where is asked. Default `client`. */
  readonly from?: string;
}

/**
 * A cluster with a Service of IPv4, one of IPv6 and one of both, whose addresses have the same candidates in the same order: so one node has them
 * all, and what happens to it is seen for each kind at once.
 */
export class FailoverLab {
  static async start(nodeAddress: NodeAddress, nodes: number): Promise<FailoverLab> {
    const cluster = await Cluster.start({ api: 'real', nodes, nodeAddress, serviceClusterIpRanges: ['10.96.0.0/16', 'fd96::/112'] });
    try {
      const lab = new FailoverLab(cluster, (await install(cluster)).speakers);
      await lab.furnish();
      return lab;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Of the three Services; the last two are one Service's. */
  readonly addresses: readonly [string, string, string, string];

  private constructor(readonly cluster: Cluster, readonly speakers: Map<string, Role>) {
    const order = (address: string) => electionOrder(address, cluster.nodes.map(({ name }) => name)).join();
    const alike = (addresses: string[]) => addresses.find((address) => order(address) === order(VIRTUAL_ADDRESS))!;
    const [four, six] = [(last: number) => `93.5.22.${101 + last}`, (last: number) => `fd93:5:22::${(0x100 + last).toString(16)}`];
    const numbers = Array.from({ length: 150 }, (_, i) => i);
    this.addresses = [VIRTUAL_ADDRESS, alike(numbers.concat(numbers.map((i) => i + 150)).map(six)), alike(numbers.map(four)), 'fd93:5:22::1000'];
  }

  async stop(): Promise<void> {
    await this.cluster.stop();
  }

  others(node: string): string[] {
    return this.cluster.nodes.map(({ name }) => name).filter((name) => name !== node);
  }

  mac(node: string): string {
    return this.cluster.network.node(node).mac;
  }

  /** Waits until every speaker hears every other one. */
  async united(): Promise<void> {
    await eventually(async () => {
      for (const { name } of this.cluster.nodes) {
        const found = await metrics(this.cluster, name);
        for (const peer of this.others(name)) expect([name, peer, found.get(`hlb_peer_up{peer="${peer}"}`)]).toEqual([name, peer, 1]);
      }
    });
  }

  /** Ends the speaker of a node if it runs, and starts one again. */
  async restart(node: string): Promise<void> {
    await this.speakers.get(node)!.stop();
    this.speakers.set(node, await this.cluster.startSpeaker(node));
  }

  /** Starts what has ended. */
  async mend(): Promise<void> {
    for (const [node, { process }] of this.speakers) if (!process.running) await this.restart(node);
  }

  /** Waits until one node answers for all addresses, and gives its name. */
  async holder(): Promise<string> {
    return eventually(async () => {
      const nodes = new Set(await Promise.all(this.addresses.map(async (address) => holder(this.cluster, address, 0))));
      if (nodes.size !== 1) throw new Error(`answered for by ${[...nodes].join(' and ')}:\n${this.moves()}`);
      return [...nodes][0];
    });
  }

  /** Waits until the node, and no other, says by a ServiceL2Status that it announces the Services. */
  async saysItAnnounces(node: string): Promise<void> {
    await eventually(async () => {
      const { items } = await this.cluster.client.list<KubeObject & { status?: { node?: string } }>(SERVICE_L2_STATUSES, { namespace: NAMESPACE });
      expect(items.map(({ status }) => status?.node)).toEqual([node, node, node]);
    });
  }

  /** Asks for all addresses without pause while something happens; no more than `mostTwice` questions may be answered by two nodes, apart from those that cross an announcement. */
  async during(
    what: string, happens: (before: string, watches: Watches) => Promise<void>, { mostTwice = 0, from }: DuringOptions = {},
  ): Promise<Observed> {
    const before = await this.holder();
    const watches = await Watches.begin(this, from);
    await happens(before, watches).catch((error) => {
      throw new Error(`${error}\n${this.moves()}`);
    });
    await sleep(AFTERMATH_MS);
    const { events, summaries } = await watches.stop();
    const dark = summaries.map(({ longestGapNs }) => Math.round(longestGapNs / 1e6));
    process.stdout.write(`${what}: dark for ${dark.join(', ')} ms (${this.addresses.join(', ')})\n`);
    const twice = events.reduce((sum, watch, i) => sum + answeredTwice(watch, summaries[i]), 0);
    if (twice > mostTwice) throw new Error(`${twice} questions were answered by two nodes:\n${this.moves()}`);
    for (const each of dark) expect(each).toBeLessThan(MOST_DARK_MS);
    const macs = new Set(summaries.flatMap((summary) => summary.macs));
    const lost = summaries.reduce((sum, summary) => sum + Math.max(0, summary.lost), 0);
    return { before, lost, nodes: this.cluster.nodes.filter(({ mac }) => macs.has(mac)).map(({ name }) => name), events };
  }

  /** Who took and lost addresses when, as the speakers say. */
  moves(): string {
    return [...this.speakers].flatMap(([node, role]) => logOf(role)
      .flatMap(({ ts, msg, event }) => (/^(address|peer|authority)/.test(String(event)) ? `${ts} ${node} ${msg}` : []))).sort().slice(-40).join('\n');
  }

  private async furnish(): Promise<void> {
    const [four, six, ...dual] = this.addresses;
    await this.cluster.apply(
      addressPool(POOL, ['93.5.22.100-93.5.22.250', 'fd93:5:22::100-fd93:5:22::1000']), l2Advertisement('workstation-l2adv'),
      service('four', { annotations: wants(four) }),
      service('six', { annotations: wants(six), spec: { ipFamilies: ['IPv6'] } }),
      service('dual', { annotations: wants(dual.join(',')), spec: { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' } }),
    );
    for (const name of ['four', 'six', 'dual']) await this.cluster.serve({ name });
    await this.holder();
  }
}

/**
 * How many questions two nodes have answered, but for one that was on the LAN in the very moment in which an announcement was: one node may hear it before, and the other after that.
 * Such a moment is some 50 µs long, or as long as the next holder has to wait for a processor just then, and a question comes every 5 ms. A second answer that comes after the next question
 * is seen as an answer too many.
 */
function answeredTwice(events: readonly LinkEvent[], { lost }: LinkSummary): number {
  const announcements = events.flatMap((event, i) => {
    if (event.event !== 'gratuitous') return [];
    const before = events.slice(0, i).reverse().find((each) => each.event === 'gratuitous' || each.event === 'answered');
    return before !== undefined && 'mac' in before && before.mac !== event.mac ? [event] : [];
  });
  const doubles = events.filter((event) => {
    if (event.event !== 'double') return false;
    const crossed = announcements.findIndex(({ t, mac }) => Math.abs(event.t - t) <= CROSSING_MS * 1e6 && (mac === event.mac || mac === event.first));
    if (crossed >= 0) announcements.splice(crossed, 1);
    return crossed < 0;
  });
  return doubles.length + Math.max(0, -lost - announcements.length);
}

/** One watch for each address. */
export class Watches {
  static async begin(lab: FailoverLab, from?: string): Promise<Watches> {
    const all = await Promise.all(lab.addresses.map(async (address) => (
      watchLink(lab.cluster.network, address, { intervalMs: 5, patienceMs: PATIENCE_MS, darkMs: 250, from })
    )));
    await Promise.all(all.map(async (watch) => watch.until(({ event }) => event === 'answered', 'first answer')));
    return new Watches(lab, all);
  }

  private constructor(private readonly lab: FailoverLab, private readonly all: readonly LinkWatch[]) {}

  /** Waits until the newest answers for all addresses come from one node that passes the check, and gives its name. */
  async answeredBy(check: (node: string) => boolean): Promise<string> {
    return eventually(() => {
      const latest = new Set(this.all.map((watch) => watch.events().filter((event) => event.event === 'answered').at(-1)!.mac));
      const node = this.lab.cluster.nodes.find(({ mac }) => latest.has(mac))?.name;
      if (latest.size !== 1 || node === undefined || !check(node)) throw new Error(`the latest answers are of ${[...latest].join(' and ')}:\n${this.lab.moves()}`);
      return node;
    });
  }

  /** Waits until a node has announced all addresses unasked. */
  async announcedBy(node: string): Promise<void> {
    const mac = this.lab.mac(node);
    await Promise.all(this.all.map(async (watch) => watch.until((event) => event.event === 'gratuitous' && event.mac === mac, `announcement of ${node}`)));
  }

  async stop(): Promise<{ events: LinkEvent[][]; summaries: LinkSummary[] }> {
    const summaries = await Promise.all(this.all.map(async (watch) => watch.stop()));
    return { events: this.all.map((watch) => watch.events()), summaries };
  }
}
