/** A random scenario: so many nodes and addresses, and things that happen to them. The seed is all there is to it. */
import { Invariants, STEP_MS } from './invariants';
import { Random } from './random';
import { VirtualNode, World } from './world';
import { LanPlan } from '../../src/lan';

export interface Outcome {
  readonly violations: readonly string[];
  readonly log: readonly string[];
}

const DURATION_MS = 12_000;
/** At the end all is healed, and nothing happens any more. */
const CALM_MS = 6500;

/** Of which family the addresses are: the virtual ones, and those of the nodes, IPv4 if both. */
export type Families = 'ipv4' | 'ipv6' | 'both';

type Candidates = ReadonlyMap<string, readonly string[]>;

export class Scenario {
  readonly world: World;
  readonly invariants: Invariants;
  readonly addresses: readonly string[];
  private readonly random: Random;
  private readonly names: readonly string[];
  private candidates: Candidates = new Map();
  private revision = 1;

  constructor(seed: number, private readonly families: Families) {
    this.random = new Random(seed);
    this.world = new World(this.random);
    this.names = Array.from({ length: this.random.integer(2, 4) }, (_, i) => `node-${44 + i}`);
    this.addresses = Array.from({ length: this.random.integer(1, 3) }, (_, i) => isIpv6(families, i) ? `fd93:5:22::${100 + i}` : `93.5.22.${100 + i}`);
    this.drawCandidates();
    for (const name of this.names) this.world.addNode(() => this.planFor(name));
    this.invariants = new Invariants(this.world, this.addresses);
    this.world.heartbeatsOverLan = this.random.chance(0.5);
    if (this.random.chance(0.4)) this.drawFaults();
  }

  run(): Outcome {
    const { world } = this;
    for (const node of world.nodes) world.at(this.random.chance(0.5) ? 0 : this.random.between(0, 2000), () => this.disturb(() => world.start(node)));
    const happenings = this.random.integer(1, this.random.chance(0.5) ? 3 : 10);
    for (let i = 0; i < happenings; i++) world.at(this.random.between(500, DURATION_MS), () => this.happen());
    world.at(DURATION_MS, () => this.disturb(() => this.heal()));
    for (let now = STEP_MS; now <= DURATION_MS + CALM_MS && world.violations.length === 0; now += STEP_MS) {
      world.runUntil(now);
      this.invariants.check();
    }
    return { violations: world.violations, log: world.log };
  }

  private disturb(change: () => void): void {
    change();
    this.invariants.disturbedAt = this.world.now;
  }

  private happen(): void {
    const { random, world } = this;
    const node = random.pick(world.nodes);
    const later = (low: number, high: number, change: () => void) => world.at(world.now + random.between(low, high), () => this.disturb(change));
    this.disturb(() => {
      switch (random.integer(0, 8)) {
        case 0:
          world.kill(node);
          later(50, 3000, () => world.start(node));
          break;
        case 1:
          world.stop(node);
          later(50, 3000, () => world.start(node));
          break;
        case 2: {
          const ms = random.between(20, random.chance(0.5) ? 400 : 3000);
          world.pause(node, ms);
          later(ms, ms, () => undefined);
          break;
        }
        case 3:
          world.setLink(node, false);
          later(50, 3000, () => world.setLink(node, true));
          break;
        case 4:
          this.cut('segment');
          later(100, 9000, () => this.join('segment'));
          break;
        case 5:
          this.cut('heartbeatGroup');
          later(100, 9000, () => this.join('heartbeatGroup'));
          break;
        case 6:
          this.cut('segment');
          this.cut('heartbeatGroup');
          later(100, 9000, () => {
            this.join('segment');
            this.join('heartbeatGroup');
          });
          break;
        default:
          this.changePlan();
      }
    });
  }

  private cut(what: 'segment' | 'heartbeatGroup'): void {
    for (const node of this.world.nodes) node[what] = this.random.integer(0, 1);
    this.world.note(`${what} cut: ${this.world.nodes.map((node) => `${node.name}=${node[what]}`).join(' ')}`);
  }

  private join(what: 'segment' | 'heartbeatGroup'): void {
    for (const node of this.world.nodes) node[what] = 0;
    this.world.note(`${what} whole`);
  }

  private heal(): void {
    const { world } = this;
    this.join('segment');
    this.join('heartbeatGroup');
    Object.assign(world.faults.lan, { loss: 0, duplication: 0 });
    Object.assign(world.faults.heartbeat, { loss: 0, duplication: 0 });
    for (const node of world.nodes) world.setLink(node, true);
  }

  private drawFaults(): void {
    for (const faults of [this.world.faults.lan, this.world.faults.heartbeat]) {
      faults.loss = this.random.chance(0.5) ? this.random.between(0, 0.15) : 0;
      faults.duplication = this.random.chance(0.5) ? this.random.between(0, 0.2) : 0;
      faults.delayMs = this.random.chance(0.5) ? this.random.between(1, 40) : 1;
    }
  }

  /** The plan changes everywhere, a little later on some nodes than on others. */
  private changePlan(): void {
    this.drawCandidates();
    this.revision++;
    for (const node of this.world.nodes) {
      const plan = this.planFor(node.name);
      this.world.at(this.world.now + this.random.between(0, 300), () => this.disturb(() => this.deliverPlan(node, plan)));
    }
  }

  private deliverPlan(node: VirtualNode, plan: LanPlan): void {
    if ((plan.revision ?? 0) < (node.plan.revision ?? 0)) return;
    this.world.note(`${node.name} has plan ${plan.revision}: ${plan.addresses.map(({ address, candidates }) => `${address} [${candidates.join(' ')}]`).join(', ')}`);
    this.world.setPlan(node, plan);
  }

  private drawCandidates(): void {
    this.candidates = new Map(this.addresses
      .filter(() => this.random.chance(0.9))
      .map((address) => {
        const shuffled = this.random.shuffle(this.names);
        return [address, this.random.chance(0.7) ? shuffled : shuffled.slice(0, this.random.integer(1, this.names.length))];
      }));
  }

  private planFor(node: string): LanPlan {
    return {
      node,
      addresses: [...this.candidates].map(([address, candidates]) => ({ address, candidates })),
      peers: this.names.filter((name) => name !== node).map((name) => ({ node: name, addresses: [`${this.families === 'ipv6' ? 'fd93:5:22::' : '93.5.22.'}${name.slice(5)}`] })),
      revision: this.revision,
    };
  }
}

function isIpv6(families: Families, index: number): boolean {
  return families === 'ipv6' || (families === 'both' && index % 2 === 0);
}
