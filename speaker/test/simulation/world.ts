/**
 * A LAN, a path for heartbeats and a clock, all virtual, with speakers on them. Whatever happens is drawn from one seeded generator, so a
 * seed is a scenario. Frames and datagrams are delayed, lost, doubled and thereby overtake each other; nodes are paused, killed, stopped
 * and started again; both networks can be cut in two independently of each other.
 */
import { Client } from './client';
import { Random } from './random';
import { LanCore, LanEvent, LanPlan, Outbox } from '../../src/lan';
import {
  ArpFrame, ARP_REPLY, ARP_REQUEST, decodeArp, decodeNeighbor, encodeArp, formatHardwareAddress, isBroadcast, NEIGHBOR_SOLICITATION, NeighborFrame,
  parseAddress, parseIpv4, readIpv6,
} from '../../src/wire';
import { advertisement, BROADCAST, CLIENT_MAC, KEY, frameOf, link, linkLocal, macOf, nodeMac, question } from '../lan/harness';

export const INTERVAL_MS = 100;
export const MULTIPLIER = 3;
export const DETECTION_MS = INTERVAL_MS * MULTIPLIER;

export interface NetworkFaults {
  loss: number;
  duplication: number;
  /** Greatest one-way delay, in milliseconds. */
  delayMs: number;
}

export interface VirtualNode {
  readonly name: string;
  readonly last: number;
  core: LanCore | undefined;
  /** Cores that were stopped; whatever is handed to them, they must stay silent. */
  readonly stopped: LanCore[];
  plan: LanPlan;
  hasKey: boolean;
  linkUp: boolean;
  segment: number;
  heartbeatGroup: number;
  pausedUntil: number;
  pausedAt: number;
  /** What came in while it was paused. */
  readonly backlog: (() => void)[];
  wake: number;
}

interface Scheduled {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export class World {
  now = 0;
  readonly nodes: VirtualNode[] = [];
  readonly log: string[] = [];
  readonly faults = { lan: { loss: 0, duplication: 0, delayMs: 1 }, heartbeat: { loss: 0, duplication: 0, delayMs: 1 } };
  /** Heartbeats go over the LAN, rather than over a network of their own. */
  heartbeatsOverLan = false;
  violations: string[] = [];
  /** On segment 0. */
  readonly client = new Client();
  private queue: Scheduled[] = [];
  private order = 0;
  private incarnations = 0;
  /** How much has happened without time passing. */
  private standing = 0;

  constructor(readonly random: Random) {}

  addNode(plan: (name: string) => LanPlan): VirtualNode {
    const last = 44 + this.nodes.length;
    const name = `node-${last}`;
    const node: VirtualNode = {
      name,
      last,
      core: undefined,
      stopped: [],
      plan: plan(name),
      hasKey: true,
      linkUp: true,
      segment: 0,
      heartbeatGroup: 0,
      pausedUntil: 0,
      pausedAt: 0,
      backlog: [],
      wake: 0,
    };
    this.nodes.push(node);
    return node;
  }

  at(time: number, run: () => void): void {
    const entry = { at: Math.max(time, this.now), order: this.order++, run };
    let low = 0;
    let high = this.queue.length;
    // Sorted with the earliest last, so that the next one is popped.
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const other = this.queue[middle];
      if (other.at > entry.at || (other.at === entry.at && other.order > entry.order)) low = middle + 1;
      else high = middle;
    }
    this.queue.splice(low, 0, entry);
  }

  runUntil(time: number): void {
    while (this.queue.length > 0 && this.queue[this.queue.length - 1].at <= time) {
      const { at, run } = this.queue.pop()!;
      this.standing = at === this.now ? this.standing + 1 : 0;
      if (this.standing > 10_000) throw new Error(`${this.time()} time stands still: a deadline is never met\n${this.log.slice(-20).join('\n')}`);
      this.now = at;
      run();
    }
    this.now = time;
  }

  start(node: VirtualNode): void {
    if (node.core !== undefined) return;
    this.note(`${node.name} starts`);
    const core = new LanCore({
      node: node.name,
      incarnation: BigInt(++this.incarnations) * 7919n + BigInt(this.random.seed),
      random: this.random.next,
      heartbeat: { intervalMs: INTERVAL_MS, multiplier: MULTIPLIER },
    });
    node.core = core;
    node.pausedUntil = 0;
    node.backlog.length = 0;
    this.drain(node, core.setLinks(this.now, this.linksOf(node)));
    if (node.hasKey) this.drain(node, core.setKeys(this.now, [KEY]));
    this.drain(node, core.setPlan(this.now, node.plan));
  }

  /** SIGKILL: no goodbye. */
  kill(node: VirtualNode): void {
    if (node.core === undefined) return;
    this.note(`${node.name} is killed`);
    node.core = undefined;
  }

  stop(node: VirtualNode): void {
    const { core } = node;
    if (core === undefined || this.isPaused(node)) return;
    this.note(`${node.name} stops`);
    const outbox = core.stop(this.now);
    if (outbox.frameCount > 0) this.violations.push(`${this.time()} ${node.name} sends a frame when it stops`);
    this.drain(node, outbox);
    node.core = undefined;
    node.stopped.push(core);
  }

  pause(node: VirtualNode, ms: number): void {
    if (node.core === undefined || this.isPaused(node)) return;
    this.note(`${node.name} is paused for ${ms.toFixed(0)} ms`);
    node.pausedAt = this.now;
    node.pausedUntil = this.now + ms;
    const { core } = node;
    this.at(node.pausedUntil, () => {
      if (node.core !== core) return;
      const backlog = node.backlog.splice(0);
      node.pausedUntil = 0;
      this.note(`${node.name} goes on`);
      // Heartbeats are sent up to an interval apart, so after a detection time away the last one is at least that old.
      if (this.now - node.pausedAt > DETECTION_MS && node.plan.addresses.some(({ address }) => this.answers(node, address))) {
        this.violations.push(`${this.time()} silent: ${node.name} answers right after it was away`);
      }
      for (const run of backlog) run();
      this.wake(node);
    });
  }

  isPaused(node: VirtualNode): boolean {
    return node.pausedUntil > this.now;
  }

  setLink(node: VirtualNode, up: boolean): void {
    if (node.linkUp === up) return;
    this.note(`${node.name} link ${up ? 'up' : 'down'}`);
    node.linkUp = up;
    this.deliver(node, (core) => core.setLinks(this.now, this.linksOf(node)));
  }

  setPlan(node: VirtualNode, plan: LanPlan): void {
    node.plan = plan;
    this.deliver(node, (core) => core.setPlan(this.now, plan));
  }

  giveKey(node: VirtualNode): void {
    node.hasKey = true;
    this.deliver(node, (core) => core.setKeys(this.now, [KEY]));
  }

  /** Whether a client on the node's segment would get an answer from it now; asks it. */
  answers(node: VirtualNode, address: string): boolean {
    const { core } = node;
    const request = question(address);
    for (const stopped of node.stopped) {
      if (!stopped.receiveFrame(this.now, 2, request, request.length).empty || !stopped.tick(this.now).empty) {
        this.violations.push(`${this.time()} ${node.name} is not silent after it was stopped`);
      }
    }
    if (core === undefined || !node.linkUp || this.isPaused(node)) return false;
    const outbox = core.receiveFrame(this.now, 2, request, request.length);
    let answered = false;
    for (let i = 0; i < outbox.frameCount; i++) {
      const { bytes } = outbox.frames[i];
      answered ||= formatHardwareAddress(bytes) === CLIENT_MAC;
    }
    this.drain(node, outbox);
    if (answered && node.segment === 0) this.client.learn(this.now, address, nodeMac(node.last));
    return answered;
  }

  note(text: string): void {
    this.log.push(`${this.time()} ${text}`);
  }

  time(): string {
    return this.now.toFixed(1).padStart(9);
  }

  private linksOf(node: VirtualNode) {
    return [link(node.last, { up: node.linkUp })];
  }

  private deliver(node: VirtualNode, call: (core: LanCore) => Outbox): void {
    const { core } = node;
    if (core === undefined) return;
    const run = () => {
      if (node.core === core) this.drain(node, call(core));
    };
    if (this.isPaused(node)) node.backlog.push(run);
    else run();
  }

  private wake(node: VirtualNode): void {
    const { core } = node;
    if (core === undefined) return;
    const turn = ++node.wake;
    const deadline = core.nextDeadline();
    if (deadline === Infinity) return;
    this.at(deadline, () => {
      if (node.wake === turn && node.core === core && !this.isPaused(node)) this.drain(node, core.tick(this.now));
    });
  }

  private drain(node: VirtualNode, outbox: Outbox): void {
    for (let i = 0; i < outbox.frameCount; i++) {
      const { bytes, length } = outbox.frames[i];
      this.sendFrame(node, Uint8Array.from(bytes.subarray(0, length)));
    }
    for (let i = 0; i < outbox.datagramCount; i++) {
      const { to, bytes, length } = outbox.datagrams[i];
      this.sendDatagram(node, to, Uint8Array.from(bytes.subarray(0, length)));
    }
    for (const event of outbox.events) this.note(`${node.name} ${describe(event)}`);
    this.wake(node);
  }

  private sendFrame(from: VirtualNode, bytes: Uint8Array): void {
    if (!from.linkUp) return;
    if (isGroup(bytes) || formatHardwareAddress(bytes) === CLIENT_MAC) {
      this.transmit(this.faults.lan, () => from.linkUp && from.segment === 0 && this.client.hear(this.now, bytes));
    }
    for (const node of this.nodes) {
      if (node === from || node.segment !== from.segment) continue;
      if (!isGroup(bytes) && formatHardwareAddress(bytes) !== nodeMac(node.last)) continue;
      this.transmit(this.faults.lan, () => {
        if (!node.linkUp || node.segment !== from.segment) return;
        this.answerAsKernel(node, bytes);
        this.deliver(node, (core) => core.receiveFrame(this.now, 2, bytes, bytes.length));
      });
    }
  }

  /** The node's own address is answered for by its kernel, whether the speaker runs or not. */
  private answerAsKernel(node: VirtualNode, bytes: Uint8Array): void {
    const neighbor = new NeighborFrame();
    if (decodeNeighbor(bytes, bytes.length, neighbor) === undefined) this.answerSolicitationAsKernel(node, neighbor);
    const arp = new ArpFrame();
    if (decodeArp(bytes, bytes.length, arp) !== undefined || arp.operation !== ARP_REQUEST) return;
    if (arp.targetProtocolAddress !== parseIpv4(`93.5.22.${node.last}`)) return;
    const reply = frameOf({ operation: ARP_REPLY, spa: `93.5.22.${node.last}`, tpa: '0.0.0.0', sha: nodeMac(node.last), destination: BROADCAST });
    const answer = new ArpFrame();
    decodeArp(reply, reply.length, answer);
    answer.destination.set(arp.senderHardwareAddress);
    answer.source.set(macOf(nodeMac(node.last)));
    answer.targetProtocolAddress = arp.senderProtocolAddress;
    encodeArp(reply, answer);
    this.sendFrame(node, reply);
  }

  private answerSolicitationAsKernel(node: VirtualNode, { type, target, linkLayerAddress }: NeighborFrame): void {
    const own = `fd93:5:22::${node.last}`;
    if (type !== NEIGHBOR_SOLICITATION || readIpv6(target, 0) !== parseAddress(own)) return;
    const destination = formatHardwareAddress(linkLayerAddress);
    const asker = this.nodes.find(({ last }) => nodeMac(last) === destination);
    if (asker === undefined) return;
    this.sendFrame(node, advertisement(own, nodeMac(node.last), { to: linkLocal(asker.last), destination, solicited: true }));
  }

  private sendDatagram(from: VirtualNode, to: string, bytes: Uint8Array): void {
    const node = this.nodes.find(({ last }) => [`10.0.0.${last}`, `93.5.22.${last}`, `fd93:5:22::${last}`].includes(to));
    if (node === undefined) return;
    this.transmit(this.faults.heartbeat, () => {
      if (!this.heartbeatsPass(from, node)) return;
      this.deliver(node, (core) => core.receiveHeartbeat(this.now, `10.0.0.${from.last}`, bytes, bytes.length));
    });
  }

  heartbeatsPass(a: VirtualNode, b: VirtualNode): boolean {
    if (a.heartbeatGroup !== b.heartbeatGroup) return false;
    return !this.heartbeatsOverLan || (a.linkUp && b.linkUp && a.segment === b.segment);
  }

  private transmit({ loss, duplication, delayMs }: NetworkFaults, arrive: () => void): void {
    const copies = this.random.chance(duplication) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      if (!this.random.chance(loss)) this.at(this.now + this.random.between(0.05, delayMs), arrive);
    }
  }
}

/** Broadcast, or a group of IPv6. */
function isGroup(bytes: Uint8Array): boolean {
  return isBroadcast(bytes) || (bytes[0] === 0x33 && bytes[1] === 0x33);
}

function describe(event: LanEvent): string {
  const { code, ...rest } = event;
  return `${code} ${JSON.stringify(rest)}`;
}
