/** Kernels of nodes that answer for the address by themselves, as with kube-proxy in IPVS mode without strictARP. */
import { nodeMac, VIP } from './harness';
import { LanEvent, LanPlan } from '../../src/lan';
import { parseAddress } from '../../src/wire';
import { Random } from '../simulation/random';
import { VirtualNode } from '../simulation/virtual-node';
import { World } from '../simulation/world';

const KERNELS: ReadonlySet<number | bigint> = new Set([parseAddress(VIP)!]);

class Cluster {
  readonly raw: LanEvent[] = [];
  private readonly events: string[] = [];
  readonly world = new World(new Random(1), (node, event) => {
    this.raw.push(event);
    this.events.push(textOf(node, event));
  });
  readonly nodes: readonly VirtualNode[];

  /** @param order in which the nodes are candidates: node-44, node-45, ... by number */
  constructor(count: number, order: readonly number[], { kernelsAnswer = true, conflictDetection = false } = {}) {
    const { world } = this, names = Array.from({ length: count }, (_, i) => `node-${44 + i}`);
    world.conflictDetection = conflictDetection;
    if (kernelsAnswer) world.network.kernelAddresses = KERNELS;
    const planFor = (node: string): LanPlan => ({
      node,
      addresses: [{ address: VIP, candidates: order.map((number) => `node-${number}`) }],
      peers: names.filter((name) => name !== node).map((name) => ({ node: name, addresses: [`93.5.22.${name.slice(5)}`] })),
    });
    this.nodes = names.map(() => world.addNode(planFor));
  }

  run(ms: number): string[] {
    this.world.runUntil(this.world.now + ms);
    return this.events.splice(0);
  }

  start(...nodes: readonly VirtualNode[]): void {
    nodes.forEach((node) => this.world.start(node));
  }

  holders(): string[] {
    return this.nodes.filter((node) => this.world.answers(node, VIP)).map(({ name }) => name);
  }
}

function textOf(node: VirtualNode, event: LanEvent): string {
  const about = 'node' in event && event.node !== undefined ? ` ${event.node}` : '', reason = 'reason' in event ? ` ${event.reason}` : '';
  return `${node.name} ${event.code}${about}${reason}`;
}
const ofKernels = (events: readonly string[]) => events.filter((text) => text.includes(' kernel')).sort();
const moves = (events: readonly string[]) => events.filter((text) => text.includes(' address'));

describe('the kernels of peers that do not hold the address', () => {
  test('are told of by the holder, each once, and when they are silent again', () => {
    const cluster = new Cluster(3, [45, 44, 46]);
    cluster.start(...cluster.nodes);
    const events = cluster.run(60_000);
    expect(ofKernels(events)).toEqual(['node-45 kernelAnswers node-44', 'node-45 kernelAnswers node-46']);
    expect(moves(events)).toEqual(['node-45 addressAcquired firstCandidate']);
    expect(cluster.nodes[1].core!.snapshot(cluster.world.now).peers).toMatchObject([{ trouble: 'kernelAnswers' }, { trouble: 'kernelAnswers' }]);
    cluster.world.network.kernelAddresses = new Set();
    const later = cluster.run(60_000);
    expect(ofKernels(later)).toEqual(['node-45 kernelSilent node-44', 'node-45 kernelSilent node-46']);
    expect(cluster.nodes[1].core!.snapshot(cluster.world.now).peers.map(({ trouble }) => trouble)).toEqual([undefined, undefined]);
  });

  test('are told of with the hardware address and the interface of the answer', () => {
    const cluster = new Cluster(2, [44, 45]);
    cluster.start(...cluster.nodes);
    cluster.run(20_000);
    expect(cluster.raw.filter(({ code }) => code === 'kernelAnswers')).toEqual([
      { code: 'kernelAnswers', address: VIP, node: 'node-45', mac: nodeMac(45), interface: 'eth0' },
    ]);
  });

  test('are told of by whoever holds the address next', () => {
    const cluster = new Cluster(3, [44, 45, 46]);
    cluster.start(...cluster.nodes);
    cluster.run(60_000);
    cluster.world.stop(cluster.nodes[0]);
    expect(ofKernels(cluster.run(60_000))).toEqual(['node-45 kernelAnswers node-46']);
  });

  test('that answer twice are not: an address that was there for a moment', () => {
    const cluster = new Cluster(2, [44, 45], { kernelsAnswer: false });
    cluster.start(...cluster.nodes);
    cluster.run(10_000);
    const answers = () => cluster.nodes[0].core!.snapshot(cluster.world.now).frameDrops.kernelAnswer;
    cluster.world.network.kernelAddresses = KERNELS;
    while (answers() === 0) cluster.run(100);
    cluster.run(3000);
    expect(answers()).toBe(2);
    cluster.world.network.kernelAddresses = new Set();
    expect(ofKernels(cluster.run(60_000))).toEqual([]);
  });
});

test('speakers that stop and start, one after the other, are no kernels', () => {
  const cluster = new Cluster(3, [44, 45, 46], { kernelsAnswer: false });
  cluster.start(...cluster.nodes);
  const events = cluster.run(12_000);
  for (let turn = 0; turn < 60; turn++) {
    const node = cluster.nodes[turn % 3];
    cluster.world.stop(node);
    events.push(...cluster.run(300 + turn * 50));
    cluster.start(node);
    events.push(...cluster.run(700));
  }
  expect(moves(events).length).toBeGreaterThan(60);
  expect(ofKernels(events)).toEqual([]);
});

describe.each([false, true])('ownership is not disturbed by kernels that answer, with conflict detection %p', (conflictDetection) => {
  test('a holder whose speaker dies, and whose kernel goes on answering, is relieved once', () => {
    const cluster = new Cluster(3, [44, 45, 46], { conflictDetection });
    cluster.start(...cluster.nodes);
    cluster.run(20_000);
    cluster.world.kill(cluster.nodes[0]);
    const events = cluster.run(60_000);
    expect(moves(events).filter((text) => !text.includes('Uncontested'))).toEqual(['node-45 addressAcquired holderDown']);
    expect(cluster.holders()).toEqual(['node-45']);
  });

  test('a better candidate whose speaker is dead, and whose kernel answers, takes nothing from who starts after it', () => {
    const cluster = new Cluster(2, [44, 45], { conflictDetection });
    cluster.start(cluster.nodes[1]);
    const events = cluster.run(60_000);
    expect(moves(events).filter((text) => !text.includes('Uncontested'))).toEqual(['node-45 addressAcquired firstCandidate']);
    expect(cluster.holders()).toEqual(['node-45']);
  });

  test('two speakers whose heartbeats do not pass hear each other on the LAN, in spite of their kernels', () => {
    const cluster = new Cluster(2, [44, 45], { conflictDetection });
    cluster.nodes[1].heartbeatGroup = 1;
    cluster.start(...cluster.nodes);
    cluster.run(20_000);
    for (let now = 0; now < 20_000; now += 500) {
      cluster.run(500);
      expect(cluster.holders()).toEqual(['node-44']);
    }
  });
});
