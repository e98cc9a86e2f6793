import { VIP } from './harness';
import { LanPlan } from '../../src/lan';
import { Random } from '../simulation/random';
import { VirtualNode } from '../simulation/virtual-node';
import { World } from '../simulation/world';

export const NAMES = ['node-44', 'node-45', 'node-46'];

export function planOf(node: string, candidates: readonly string[] = NAMES, overrides: Partial<LanPlan> = {}): LanPlan {
  return {
    node,
    addresses: [{ address: VIP, candidates }],
    peers: NAMES.filter((name) => name !== node).map((name) => ({ node: name, addresses: [`93.5.22.${name.slice(5)}`] })),
    ...overrides,
  };
}

/** A home with three nodes, of which the first is the best candidate. */
export class Home extends World {
  constructor(plan: (node: string) => LanPlan = planOf) {
    super(new Random(1));
    for (let i = 0; i < NAMES.length; i++) this.addNode(plan);
  }

  get a(): VirtualNode { return this.nodes[0]; }
  get b(): VirtualNode { return this.nodes[1]; }
  get c(): VirtualNode { return this.nodes[2]; }

  /** Starts all and lets them find each other. */
  settle(ms = 1000): this {
    for (const node of this.nodes) this.start(node);
    this.runUntil(this.now + ms);
    return this;
  }

  answering(address = VIP): string[] {
    return this.nodes.filter((node) => this.answers(node, address)).map(({ name }) => name);
  }

  /** Everybody who answered at any time in the next `ms`, how many at most and at least, and how long until exactly one did, `expected` if it is given. */
  watch(ms: number, expected?: string, address = VIP): { took: number; seen: string[]; most: number; least: number } {
    const start = this.now;
    const seen = new Set<string>();
    let took = Infinity;
    let most = 0;
    let least = Infinity;
    while (this.now < start + ms) {
      this.runUntil(this.now + 1);
      const answering = this.answering(address);
      answering.forEach((name) => seen.add(name));
      most = Math.max(most, answering.length);
      least = Math.min(least, answering.length);
      if (answering.length !== 1 || answering[0] !== (expected ?? answering[0])) took = Infinity;
      else if (took === Infinity) took = this.now - start;
    }
    return { took, seen: [...seen].sort(), most, least };
  }

  eventsOf(node: string, code: string): string[] {
    return this.log.filter((line) => line.includes(`${node} ${code}`)).map((line) => line.slice(line.indexOf(code)));
  }
}
