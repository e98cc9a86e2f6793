/**
 * Two machines with one node name, in clusters of chance. What must hold while a third node hears both: they do not both answer for longer than it takes to find that out and to tell, it is the
 * later one that falls silent, and one node goes on answering for each address.
 */
import { Random } from './random';
import { VirtualNode } from './virtual-node';
import { DETECTION_MS, INTERVAL_MS, World } from './world';
import { LanPlan } from '../../src/lan';

/** A speaker that is not heard to echo anything for two detection times, while another of its name is heard, is a twin; the next of its heartbeats is answered with that. */
const FOUND_MS = 2 * DETECTION_MS + 3 * INTERVAL_MS;

class Clones extends World {
  readonly addresses: readonly string[];
  readonly original: VirtualNode;
  readonly twin: VirtualNode;

  constructor(seed: number) {
    super(new Random(seed));
    const { random } = this;
    const names = Array.from({ length: random.integer(2, 4) }, (_, i) => `node-${44 + i}`);
    this.addresses = Array.from({ length: random.integer(1, 3) }, (_, i) => i === 1 ? 'fd93:5:22::101' : `93.5.22.${100 + i}`);
    const candidates = new Map(this.addresses.map((address) => [address, random.shuffle(names)]));
    const plan = (node: string): LanPlan => ({
      node,
      addresses: this.addresses.map((address) => ({ address, candidates: candidates.get(address)! })),
      peers: names.filter((name) => name !== node).map((name) => ({ node: name, addresses: [`93.5.22.${name.slice(5)}`] })),
    });
    for (let i = 0; i < names.length; i++) this.addNode(plan);
    this.original = random.pick(this.nodes);
    this.twin = this.addNode(plan, undefined, this.original.name);
    for (const node of this.nodes) node.fastDetection = seed % 2 === 0;
  }

  /** Until then, each 20 ms: how many answer for each of the addresses, and whether the twin is one of them. */
  * watch(until: number): Generator<{ answering: readonly VirtualNode[]; address: string }> {
    while (this.now < until) {
      this.runUntil(this.now + 20);
      for (const address of this.addresses) yield { address, answering: this.nodes.filter((node) => this.answers(node, address)) };
    }
  }
}

test.each(Array.from({ length: 12 }, (_, i) => i + 1))('cluster %i', (seed) => {
  const clones = new Clones(seed), { random, twin } = clones;
  for (const node of clones.nodes) if (node !== twin) clones.start(node);
  clones.runUntil(2000);
  for (let i = 0; i < 2; i++) {
    clones.start(twin);
    const found = clones.now + FOUND_MS, until = clones.now + random.between(1500, 5000);
    for (const { answering, address } of clones.watch(until)) {
      const ok = clones.now < found || (answering.length === 1 && answering[0] !== twin);
      if (!ok) throw new Error([`${clones.time()} ${address}: ${answering.map(({ port }) => port.addresses[0]).join(' and ') || 'nobody'}`, ...clones.log].join('\n'));
    }
    expect(clones.log.some((line) => line.includes('duplicateNode'))).toBe(true);
    clones.kill(twin);
    clones.runUntil(clones.now + random.between(50, 2000));
  }
  expect(clones.violations).toEqual([]);
});
