/** A random scenario: so many nodes and addresses, and things that happen to them. Its name, which holds the seed, is all there is to it. */
import { happen, heal } from './happenings';
import { Invariants, STEP_MS } from './invariants';
import { prefixOf } from './port';
import { Random } from './random';
import { VirtualNode } from './virtual-node';
import { World } from './world';
import { FailbackOptions, LanPlan } from '../../src/lan';
import { parseAddress } from '../../src/wire';

export interface Outcome {
  readonly violations: readonly string[];
  readonly log: readonly string[];
  /** Events of the world, each followed by the reaction of a speaker. */
  readonly steps: number;
}

/** Of which family the addresses are: the virtual ones, and those of the nodes, IPv4 if both. */
export const FAMILIES = ['ipv4', 'ipv6', 'both'] as const;
export type Families = (typeof FAMILIES)[number];

interface KindOf {
  /** Fewest and most nodes, and addresses. */
  readonly nodes: readonly [number, number];
  readonly addresses: readonly [number, number];
  /** The first and the last of the happenings of happenings.ts that may happen. */
  readonly happenings: readonly [number, number];
  /** Whether those of disruptions.ts may happen, too. @default false */
  readonly disruptions?: boolean;
  readonly durationMs: number;
  /** Half of the nodes start at once, the others within so long. @default 2000 */
  readonly startMs?: number;
  /** Clocks run faster or slower by up to this part. */
  readonly drift: number;
  /** The kernels of all nodes answer for the addresses. */
  readonly kernelsAnswer?: boolean;
  /** There are two LANs, each node is on one or both, and each address is for one or both; what is in lan-happenings.ts may happen. @default false */
  readonly lans?: boolean;
  /** Speakers wait for the detection time, whoever is silent. @default that of the program, but for some nodes with every fifth seed */
  readonly patient?: boolean;
}

/**
 * What kinds of scenarios there are, with `--fast-detection on`. `small` is the home: few nodes, cuts, crashes, pauses, plans that change. `rough` adds drifting clocks, stale plans,
 * foreign hosts, new keys, and single nodes that are cut off. `wild` adds what is in disruptions.ts, and addresses that are for
 * interfaces of one name. `crowd` is the same with all nodes that a full mesh has,
 * `sparse` with more, and `vast` with up to 200. In `abrupt` ones machines lose power, freeze and are cut off for moments, which is where waiting
 * for heartbeats is cut short most often. `ipvs` is the home with kernels that answer for the addresses by themselves. In `lans` ones there are two LANs.
 */
export const PROMPT: Readonly<Record<string, KindOf>> = {
  small: { nodes: [2, 4], addresses: [1, 3], happenings: [0, 8], durationMs: 12_000, drift: 0 },
  ipvs: { nodes: [2, 4], addresses: [1, 3], happenings: [0, 8], durationMs: 12_000, drift: 0, kernelsAnswer: true },
  rough: { nodes: [2, 8], addresses: [1, 4], happenings: [0, 14], durationMs: 12_000, drift: 0.005 },
  wild: { nodes: [2, 8], addresses: [1, 4], happenings: [0, 14], disruptions: true, durationMs: 12_000, drift: 0.005 },
  abrupt: { nodes: [2, 5], addresses: [1, 3], happenings: [9, 20], durationMs: 12_000, drift: 0.005 },
  sparse: { nodes: [33, 48], addresses: [1, 4], happenings: [0, 14], durationMs: 6000, drift: 0.005 },
  vast: { nodes: [64, 200], addresses: [1, 2], happenings: [0, 14], startMs: 300, durationMs: 4000, drift: 0.005 },
  lans: { nodes: [2, 4], addresses: [1, 4], happenings: [0, 8], lans: true, durationMs: 12_000, drift: 0 },
  crowd: { nodes: [9, 32], addresses: [1, 6], happenings: [0, 14], durationMs: 6000, drift: 0.005 },
};

/** Each of them is there with `--fast-detection off` on all nodes, too: `small-patient`. */
export const KINDS: Readonly<Record<string, KindOf>> = {
  ...PROMPT, ...Object.fromEntries(Object.entries(PROMPT).map(([name, kind]) => [`${name}-patient`, { ...kind, patient: true }])),
};

/** By the seed, so that all else that is drawn from a seed stays what it was. */
const FAILBACKS: readonly FailbackOptions[] = [{ mode: 'never' }, { mode: 'never' }, { mode: 'immediate' }, { mode: 'hold-down', holdDownMs: 1000 }];

/** At the end all is healed, and nothing happens any more. */
const CALM_MS = 6500;
/** A speaker asks for an API server that is away so often. */
const RETRY_MS = 50;

export class Scenario {
  readonly world: World;
  readonly invariants: Invariants;
  readonly addresses: readonly string[];
  readonly kind: KindOf;
  readonly random: Random;
  /** Nodes that are no candidates, and nodes that are not in the cluster. */
  readonly drained = new Set<string>();
  readonly removed = new Set<string>();
  private readonly names: readonly string[];
  private candidates: ReadonlyMap<string, readonly string[]> = new Map();
  private revision = 1;
  /** With two LANs: those that each node is on; the interfaces that addresses are for, if not for all; whether nodes are sent heartbeats at all of their addresses. */
  private readonly cabling = new Map<string, readonly number[]>();
  private readonly interfaces = new Map<string, readonly string[]>();
  private allAddresses = false;

  /** @param kind one of {@link KINDS} */
  constructor(seed: number, private readonly families: Families, kind = 'small') {
    this.kind = KINDS[kind];
    const { nodes, addresses, drift } = this.kind;
    this.random = new Random(seed);
    this.world = new World(this.random, (node, event) => this.invariants.heed(node, event), this.kind.lans ? 2 : 1);
    this.world.conflictDetection = seed % 3 === 0;
    this.world.failback = FAILBACKS[seed % FAILBACKS.length];
    this.names = Array.from({ length: this.random.integer(...nodes) }, (_, i) => `node-${44 + i}`);
    const first = this.names.length < 50 ? 100 : 10;
    this.addresses = Array.from({ length: this.random.integer(...addresses) }, (_, i) => {
      const lan = this.kind.lans && i % 3 === 2 ? 1 : 0;
      return `${prefixOf(lan, isIpv6(families, i) ? 'ipv6' : 'ipv4')}${first + i}`;
    });
    if (this.kind.lans) this.layOut();
    if (this.kind.kernelsAnswer) this.world.network.kernelAddresses = new Set(this.addresses.map((address) => parseAddress(address)!));
    this.drawCandidates();
    for (let i = 0; i < this.names.length; i++) {
      const node = this.world.addNode((each) => this.planFor(each), this.cabling.get(this.names[i]));
      if (this.allAddresses) node.heartbeatPorts = node.ports;
      node.fastDetection = !this.kind.patient && (seed % 5 !== 2 || this.random.chance(0.5));
      if (drift === 0) continue;
      node.clockRate = 1 + this.random.between(-drift, drift);
      node.clockOffset = this.random.between(0, 1e7);
    }
    this.invariants = new Invariants(this.world, this.addresses);
    this.world.network.recording = this.kind.disruptions === true;
    this.world.network.heartbeatsOverLan = this.random.chance(0.5);
    if (this.random.chance(0.4)) this.drawFaults();
  }

  run(): Outcome {
    const { world, random, kind: { durationMs, startMs = 2000 } } = this;
    for (const node of world.nodes) world.at(random.chance(0.5) ? 0 : random.between(0, startMs), () => this.disturb(() => world.start(node)));
    const happenings = this.kind.lans ? random.integer(3, 8) : random.integer(1, random.chance(0.5) ? 3 : 10);
    for (let i = 0; i < happenings; i++) world.at(random.between(500, durationMs), () => happen(this));
    world.at(durationMs, () => this.disturb(() => heal(world)));
    for (let now = STEP_MS; now <= durationMs + CALM_MS && world.violations.length === 0; now += STEP_MS) {
      world.runUntil(now);
      this.invariants.check();
    }
    return { violations: world.violations, log: world.log, steps: world.steps };
  }

  /** Does something after which the nodes need a while to agree again. */
  disturb(change: () => void): void {
    change();
    this.world.disturbedAt = this.world.now;
  }

  /** The plan changes everywhere, a little later on some nodes than on others, and not at all where the API server is away. */
  changePlan(): void {
    this.drawCandidates();
    this.revision++;
    for (const node of this.world.nodes) {
      const plan = this.planFor(node.name);
      this.deliverLater(node, plan, this.world.now + this.random.between(0, 300));
    }
  }

  /** Of two LANs: which nodes are on which, and which addresses are for which. */
  private layOut(): void {
    const { random, world } = this;
    this.allAddresses = random.chance(0.5);
    const [one, other] = random.shuffle(world.network.lans);
    one.faults.delayMs = 0.1; // so that what it tells nearly always comes first
    other.faults.delayMs = random.pick([0.1, 1, 1]);
    const both = random.between(0.5, 1);
    for (const name of this.names) this.cabling.set(name, random.chance(both) ? [0, 1] : [random.integer(0, 1)]);
    for (const address of this.addresses) {
      const interfaces = random.pick([undefined, undefined, undefined, ['eth0'], ['eth1']]);
      if (interfaces !== undefined) this.interfaces.set(address, interfaces);
    }
  }

  private deliverLater(node: VirtualNode, plan: LanPlan, at: number): void {
    this.world.at(at, () => {
      if (node.apiAwayUntil > this.world.now) this.deliverLater(node, plan, this.world.now + RETRY_MS);
      else this.disturb(() => this.deliverPlan(node, plan));
    });
  }

  private deliverPlan(node: VirtualNode, plan: LanPlan): void {
    if ((plan.revision ?? 0) < (node.latestPlan.revision ?? 0)) return;
    this.world.note(`${node.name} has plan ${plan.revision}: ${plan.addresses.map(({ address, candidates }) => `${address} [${candidates.join(' ')}]`).join(', ')}`);
    this.world.setPlan(node, plan);
  }

  private drawFaults(): void {
    for (const faults of [...this.world.network.lans.map((lan) => lan.faults), this.world.network.heartbeat]) {
      faults.loss = this.random.chance(0.5) ? this.random.between(0, 0.15) : 0;
      faults.duplication = this.random.chance(0.5) ? this.random.between(0, 0.2) : 0;
      faults.delayMs = this.random.chance(0.5) ? this.random.between(1, 40) : 1;
    }
  }

  private drawCandidates(): void {
    this.candidates = new Map(this.addresses
      .filter(() => this.random.chance(0.9))
      .map((address) => {
        const shuffled = this.random.shuffle(this.names).filter((name) => !this.drained.has(name) && !this.removed.has(name));
        return [address, this.random.chance(0.7) ? shuffled : shuffled.slice(0, this.random.integer(1, this.names.length))];
      }));
  }

  /** In a wild scenario some addresses are for interfaces of one name. */
  private interfacesOf(address: string): readonly string[] | undefined {
    return this.kind.disruptions === true && this.addresses.indexOf(address) % 3 === 1 ? ['eth0'] : this.interfaces.get(address);
  }

  private planFor(node: string): LanPlan {
    return {
      node,
      addresses: [...this.candidates].map(([address, candidates]) => ({ address, candidates, interfaces: this.interfacesOf(address) })),
      peers: this.names.filter((name) => name !== node && !this.removed.has(name))
        .map((name) => ({ node: name, addresses: this.nodeAddresses(name) })),
      revision: this.revision,
    };
  }

  /** To which others send heartbeats. */
  private nodeAddresses(name: string): string[] {
    const family = this.families === 'ipv6' ? 'ipv6' : 'ipv4', lans = this.cabling.get(name) ?? [0];
    return (this.allAddresses ? lans : lans.slice(0, 1)).map((lan) => `${prefixOf(lan, family)}${name.slice(5)}`);
  }
}

function isIpv6(families: Families, index: number): boolean {
  return families === 'ipv6' || (families === 'both' && index % 2 === 0);
}
