/**
 * Speakers on a virtual LAN with a virtual clock. Whatever happens is drawn from one seeded generator, so a seed is a scenario. Nodes are
 * paused, killed, stopped and started again; their clocks drift; what the networks do to packets is told in network.ts.
 */
import { EventQueue } from './event-queue';
import { Ground, Network } from './network';
import { Random } from './random';
import { VirtualNode } from './virtual-node';
import { FailbackOptions, LanCore, LanEvent, LanPlan, Outbox, PeerEvent } from '../../src/lan';
import { SPEAKERS_ALONE } from '../../src/lan/questions';
import { ArpFrame, decodeArp, decodeNeighbor, hardwareAddressKey, NEIGHBOR_ADVERTISEMENT, NeighborFrame, readIpv6 } from '../../src/wire';
import { CLIENT_MAC, KEY, macOf, question } from '../lan/harness';

export const INTERVAL_MS = 100;
export const MULTIPLIER = 3;
export const DETECTION_MS = INTERVAL_MS * MULTIPLIER;
/** For longer than that no node may be silent and answer at once: others may have given it up. */
const FENCE_MS = 123;

/** An accusation is about what was so long ago at most. */
const ACCUSATION_MS = 200;
/** Answers that take longer there and back may make a node that lives seem to be gone, once. */
const PROMPT_MS = 6;

const CLIENT_KEY = hardwareAddressKey(macOf(CLIENT_MAC));
/** Events at one moment, beyond which a deadline must be one that is never met. */
const STANDING_EVENTS = 100_000;

export class World implements Ground {
  now = 0;
  readonly nodes: VirtualNode[] = [];
  readonly log: string[] = [];
  readonly network = new Network(this);
  readonly violations: string[] = [];
  conflictDetection = false;
  fastDetection = false;
  /** Of all speakers. */
  failback: FailbackOptions = { mode: 'never' };
  /** When something was last disturbed. */
  disturbedAt = 0;
  /** How many events there have been: packets that arrived, timers, and what a scenario does. */
  steps = 0;
  private readonly queue = new EventQueue();
  private readonly questions = new Map<string, Uint8Array>();
  private incarnations = 0;
  /** How much has happened without time passing. */
  private standing = 0;

  /** @param onEvent told of what the speakers report */
  constructor(readonly random: Random, private readonly onEvent: (node: VirtualNode, event: LanEvent) => void = () => undefined) {}

  addNode(plan: (name: string) => LanPlan): VirtualNode {
    const last = 44 + this.nodes.length;
    const node = new VirtualNode(last, plan(`node-${last}`), KEY);
    this.nodes.push(node);
    this.network.join(node);
    return node;
  }

  at(time: number, run: () => void): void {
    this.queue.add(Math.max(time, this.now), run);
  }

  runUntil(time: number): void {
    const { queue } = this;
    while (queue.next <= time) {
      const at = queue.next;
      this.standing = at === this.now ? this.standing + 1 : 0;
      if (this.standing > STANDING_EVENTS) throw new Error(`${this.time()} time stands still: a deadline is never met\n${this.log.slice(-20).join('\n')}`);
      this.now = at;
      this.steps++;
      queue.take()();
    }
    this.now = time;
  }

  start(node: VirtualNode): void {
    if (node.leaving) return this.at(this.now + 1, () => this.start(node)); // the process has not ended yet
    if (node.core !== undefined) return;
    this.note(`${node.name} starts`);
    node.incarnation = ++this.incarnations;
    node.startedAt = this.now;
    node.toldInterface = node.interface.name;
    const core = new LanCore({
      node: node.name,
      incarnation: BigInt(node.incarnation) * 7919n + BigInt(this.random.seed),
      random: this.random.next,
      heartbeat: { intervalMs: INTERVAL_MS, multiplier: MULTIPLIER },
      failback: this.failback,
      conflictDetection: this.conflictDetection,
      fastDetection: this.fastDetection,
    });
    node.core = core;
    node.pausedUntil = 0;
    node.frozen = false;
    node.backlog.length = 0;
    node.wakeAt = Infinity;
    node.keys = node.keys.slice(0, 1);
    this.drain(node, core.setLinks(node.local(this.now), node.links));
    if (node.keys.length > 0) this.drain(node, core.setKeys(node.local(this.now), node.keys));
    this.drain(node, core.setPlan(node.local(this.now), node.plan = node.latestPlan));
  }

  /** SIGKILL: no goodbye. */
  kill(node: VirtualNode): void {
    if (node.core === undefined) return;
    this.note(`${node.name} is killed`);
    node.leaving = false;
    node.core = undefined;
  }

  stop(node: VirtualNode): void {
    const { core } = node;
    if (core === undefined || node.leaving || this.isPaused(node)) return;
    this.note(`${node.name} stops`);
    node.leaving = true;
    this.drain(node, core.stop(node.local(this.now)));
  }

  /** SIGSTOP; or with its kernel, as a virtual machine whose host has too much to do. */
  pause(node: VirtualNode, ms: number, frozen = false): void {
    if (node.core === undefined || this.isPaused(node)) return;
    this.note(`${node.name} is ${frozen ? 'frozen' : 'paused'} for ${ms.toFixed(0)} ms`);
    node.frozen = frozen;
    node.pausedAt = this.now;
    node.pausedUntil = this.now + ms;
    const { core } = node;
    this.at(node.pausedUntil, () => {
      if (node.core !== core) return;
      const backlog = node.backlog.splice(0);
      node.pausedUntil = 0;
      this.note(`${node.name} goes on`);
      // Heartbeats are sent up to an interval apart, so after a detection time away the last one is at least that old.
      const away = node.local(this.now) - node.local(node.pausedAt) > (this.fences(node) ? FENCE_MS : DETECTION_MS);
      if (away && node.plan.addresses.some(({ address }) => this.answers(node, address))) this.violate(`silent: ${node.name} answers right after it was away`);
      for (const run of backlog) run();
      node.wakeAt = Infinity;
      this.wake(node);
    });
  }

  private fences(node: VirtualNode): boolean {
    return this.fastDetection && node.keys.length > 0 && this.nodes.length <= 32;
  }

  isPaused(node: VirtualNode): boolean {
    return node.pausedUntil > this.now;
  }

  setLink(node: VirtualNode, up: boolean): void {
    if (node.linkUp === up) return;
    this.note(`${node.name} link ${up ? 'up' : 'down'}`);
    node.linkUp = up;
    this.deliver(node, (core, now) => core.setLinks(now, node.links));
  }

  /** The node's interface is renamed, goes or comes back, or has another hardware address, which ends in that octet. */
  changeInterface(node: VirtualNode, { mac, ...change }: { name?: string; index?: number; present?: boolean; mac?: number }): void {
    const before = JSON.stringify([node.interface, node.mac]);
    Object.assign(node.interface, change);
    if (mac !== undefined) node.setMac(`02:00:5d:05:${mac.toString(16).padStart(2, '0')}:${node.last.toString(16).padStart(2, '0')}`);
    const after = JSON.stringify([node.interface, node.mac]);
    if (before === after) return;
    this.note(`${node.name} interface ${after}`);
    this.deliver(node, (core, now) => {
      node.toldInterface = node.interface.name;
      return core.setLinks(now, node.links);
    });
  }

  setPlan(node: VirtualNode, plan: LanPlan): void {
    node.latestPlan = plan;
    this.deliver(node, (core, now) => {
      node.planGivenAt = this.now;
      return core.setPlan(now, node.plan = plan);
    });
  }

  setKeys(node: VirtualNode, keys: readonly Uint8Array[]): void {
    node.keys = keys;
    this.deliver(node, (core, now) => core.setKeys(now, keys));
  }

  receiveFrame(node: VirtualNode, bytes: Uint8Array): void {
    this.deliver(node, (core, now) => core.receiveFrame(now, node.interface.index, bytes, bytes.length));
  }

  receiveHeartbeat(node: VirtualNode, from: string, bytes: Uint8Array): void {
    this.deliver(node, (core, now) => core.receiveHeartbeat(now, from, bytes, bytes.length));
  }

  refuseHeartbeat(node: VirtualNode, to: string): void {
    this.deliver(node, (core, now) => core.heartbeatRefused(now, to));
  }

  /** Whether a client on the node's segment would get an answer from it now; asks it. */
  answers(node: VirtualNode, address: string): boolean {
    const { core } = node;
    let request = this.questions.get(address);
    if (request === undefined) this.questions.set(address, request = question(address));
    const now = node.local(this.now);
    for (const stopped of node.stopped) {
      if (!stopped.receiveFrame(now, node.interface.index, request, request.length).empty || !stopped.tick(now).empty) this.violate(`${node.name} is not silent after it was stopped`);
    }
    if (core === undefined || !node.onLan || this.isPaused(node)) return false;
    const outbox = core.receiveFrame(now, node.interface.index, request, request.length);
    let answered = false;
    for (let i = 0; i < outbox.frameCount; i++) answered ||= hardwareAddressKey(outbox.frames[i].bytes) === CLIENT_KEY;
    this.drain(node, outbox);
    if (answered && node.segment === 0) this.network.client.learn(this.now, address, node.mac);
    return answered;
  }

  /** All that decides who may answer, and is heard by whom on the LAN, as a text: everything but the path of heartbeats. */
  groundText(): string {
    return this.nodes.map((node) => {
      const { segment, onLan, mac, lanDeafTo, interface: { name, index } } = node;
      const speaker = [node.core !== undefined, node.incarnation, node.leaving, this.isPaused(node), node.pausedAt, node.plan.revision];
      return [...speaker, segment, onLan, mac, name, index, lanDeafTo.size].join();
    }).join(' ');
  }

  violate(text: string): void {
    this.violations.push(`${this.time()} ${text}`);
  }

  note(text: string): void {
    this.log.push(`${this.time()} ${text}`);
  }

  time(): string {
    return this.now.toFixed(1).padStart(9);
  }

  private deliver(node: VirtualNode, call: (core: LanCore, now: number) => Outbox): void {
    const { core } = node;
    if (core === undefined) return;
    const run = () => {
      if (node.core === core) this.drain(node, call(core, node.local(this.now)));
    };
    if (this.isPaused(node)) node.backlog.push(run);
    else run();
  }

  private wake(node: VirtualNode): void {
    const { core } = node;
    if (core === undefined) return;
    const deadline = core.nextDeadline();
    if (deadline === node.wakeAt) return;
    node.wakeAt = deadline;
    const turn = ++node.wake;
    if (deadline === Infinity) return;
    this.at(node.world(deadline), () => {
      if (node.wake !== turn || node.core !== core || this.isPaused(node)) return;
      node.wakeAt = Infinity;
      this.drain(node, core.tick(node.local(this.now)));
    });
  }

  private drain(node: VirtualNode, outbox: Outbox): void {
    for (let i = 0; i < outbox.frameCount; i++) {
      const { bytes, length } = outbox.frames[i];
      const frame = bytes.slice(0, length);
      this.checkFrame(node, frame);
      this.network.sendFrame(node, frame);
    }
    let shared: Uint8Array | undefined;
    let copied: Uint8Array | undefined;
    for (let i = 0; i < outbox.datagramCount; i++) {
      const { to, bytes, length } = outbox.datagrams[i];
      if (bytes !== shared) copied = (shared = bytes).slice(0, length);
      this.network.sendDatagram(node, to, copied!);
    }
    for (const event of outbox.events) {
      const { code, ...rest } = event;
      this.note(`${node.name} ${code} ${JSON.stringify(rest)}`);
      if (event.code === 'peerDown') this.checkAccusation(node, event);
      this.onEvent(node, event);
    }
    if (node.leaving && node.core?.ended) {
      node.stopped.push(node.core);
      node.core = undefined;
      node.leaving = false;
    }
    this.wake(node);
  }

  /** Nobody is found to be gone who is there; `recently`, for what was on its way. */
  private checkAccusation(by: VirtualNode, { node: name, reason }: PeerEvent): void {
    const node = this.nodes.find((each) => each.name === name)!, recently = this.now - ACCUSATION_MS;
    if (reason === 'refused' && node.core !== undefined && node.startedAt < recently) this.violate(`true: ${by.name} says that the speaker of ${name} has ended`);
    if (reason !== 'offLan' || !this.calm(recently)) return;
    const deaf = by.lanDeafTo.has(node) || node.lanDeafTo.has(by);
    const gone = !node.onLan || node.segment !== by.segment || deaf || (node.frozen && this.isPaused(node));
    if (!gone) this.violate(`true: ${by.name} says that ${name} is off the LAN`);
  }

  /** Whether every frame arrives soon, and nothing has been disturbed for a while. */
  private calm(since: number): boolean {
    const { loss, delayMs } = this.network.lan;
    return loss === 0 && delayMs < PROMPT_MS && this.disturbedAt < since;
  }

  /** Nothing is claimed on the wire, neither unasked nor in an answer, that is not in the plan of the sender. */
  private checkFrame(node: VirtualNode, frame: Uint8Array): void {
    const claimed = claimOf(frame);
    if (claimed === undefined || node.protocolAddresses.has(claimed)) return;
    if (!node.mayAnswer(this.now, claimed)) this.violate(`never: ${node.name} claims an address against its plan: ${claimed}`);
  }
}

const arp = new ArpFrame();
const neighbor = new NeighborFrame();

/** The address that a frame claims for its sender, if it claims one. */
function claimOf(frame: Uint8Array): number | bigint | undefined {
  if (decodeArp(frame, frame.length, arp) === undefined) {
    // Questions in nobody's name: 0.0.0.0, and 255.255.255.255 where kernels are not to answer.
    return [0, SPEAKERS_ALONE].includes(arp.senderProtocolAddress) ? undefined : arp.senderProtocolAddress;
  }
  if (decodeNeighbor(frame, frame.length, neighbor) !== undefined || neighbor.type !== NEIGHBOR_ADVERTISEMENT) return undefined;
  return readIpv6(neighbor.target, 0);
}
