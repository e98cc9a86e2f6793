/** A large cluster on which nothing is broken: what it costs, and how soon all of it knows of a death. All of this is counted on the virtual clock, so it is the same each time. */
import { Random } from './random';
import { VirtualNode } from './virtual-node';
import { DETECTION_MS, INTERVAL_MS, World } from './world';
import { LanEvent } from '../../src/lan';

/** By when everybody must know of a death: the last neighbour misses its heartbeats, and passes that on in a few steps. */
export const KNOWN_MS = DETECTION_MS + INTERVAL_MS + 50;
/** By when another must answer: the LAN is asked, too, and nobody answers. */
export const TAKEOVER_MS = KNOWN_MS + 2.5 * INTERVAL_MS;

export class Cluster extends World {
  readonly names: readonly string[];
  /** Apart from those of the nodes. */
  readonly address = '93.5.22.10';
  /** Of peers that were last reported down: by whom last. */
  private readonly reportedDown = new Map<string, { at: number; by: number }>();

  constructor(count: number) {
    super(new Random(count), (_, event) => this.heed(event));
    this.names = Array.from({ length: count }, (_, i) => `node-${44 + i}`);
    for (let i = 0; i < count; i++) {
      this.addNode((node) => ({
        node,
        addresses: [{ address: this.address, candidates: this.names }],
        peers: this.names.filter((name) => name !== node).map((name) => ({ node: name, addresses: [`93.5.22.${name.slice(5)}`] })),
      }));
    }
  }

  /** All start, and find each other. */
  settle(): this {
    for (const node of this.nodes) this.at(this.random.between(0, 200), () => this.start(node));
    this.runUntil(2500);
    return this;
  }

  get answering(): string[] {
    return this.nodes.filter((node) => this.answers(node, this.address)).map(({ name }) => name);
  }

  /** How many of the running nodes take another for alive, or dead. */
  viewsOf(name: string): { up: number; down: number } {
    const views = this.nodes.filter((node) => node.core !== undefined && node.name !== name)
      .map((node) => node.core!.snapshot(this.now).peers.find((peer) => peer.node === name)!.up);
    return { up: views.filter((up) => up).length, down: views.filter((up) => !up).length };
  }

  /** What a node sends in a second while nothing happens. */
  rate(): { datagrams: number; octets: number; frames: number } {
    const { network, nodes } = this;
    const before = { datagrams: network.datagrams, octets: network.octets, frames: network.frames };
    this.runUntil(this.now + 1000);
    const per = (what: 'datagrams' | 'octets' | 'frames') => (network[what] - before[what]) / nodes.length;
    return { datagrams: per('datagrams'), octets: per('octets'), frames: per('frames') };
  }

  /** A node dies. How many milliseconds pass until the last of all others knows. Infinity if one does not within {@link KNOWN_MS}. */
  detectionOf(node: VirtualNode): number {
    const at = this.now;
    this.kill(node);
    this.runUntil(at + KNOWN_MS);
    const reported = this.reportedDown.get(node.name);
    return reported?.by === this.nodes.filter(({ core }) => core !== undefined).length ? reported.at - at : Infinity;
  }

  private heed(event: LanEvent): void {
    if (event.code !== 'peerDown') return;
    const { by = 0 } = this.reportedDown.get(event.node) ?? {};
    this.reportedDown.set(event.node, { at: this.now, by: by + 1 });
  }
}

/** What `simulate --cost` tells of a cluster of so many nodes. */
export interface Cost {
  readonly nodes: number;
  /** Of one node in a second, at rest. */
  readonly datagrams: number;
  readonly octets: number;
  readonly frames: number;
  /** From a death until the last node knows. */
  readonly detectionMs: number;
}

export function costOf(count: number): Cost {
  const cluster = new Cluster(count).settle();
  const { datagrams, octets, frames } = cluster.rate();
  const detectionMs = cluster.detectionOf(cluster.nodes[0]);
  return { nodes: count, datagrams: Math.round(datagrams), octets: Math.round(octets), frames, detectionMs: Math.round(detectionMs) };
}
