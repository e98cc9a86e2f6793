/**
 * Speakers on a virtual LAN with a virtual clock. Whatever happens is drawn from one seeded generator, so a seed is a scenario. Nodes are
 * paused, killed, stopped and started again; their clocks drift; what the networks do to packets is told in network.ts.
 */
import { Claims } from './claims';
import { EventQueue } from './event-queue';
import { Ground, Network } from './network';
import { Port } from './port';
import { Random } from './random';
import { VirtualNode } from './virtual-node';
import { FailbackOptions, LanCore, LanEvent, LanPlan, Outbox } from '../../src/lan';
import { hardwareAddressKey } from '../../src/wire';
import { CLIENT_MAC, KEY, macOf } from '../lan/harness';

export const INTERVAL_MS = 100;
export const MULTIPLIER = 3;
export const DETECTION_MS = INTERVAL_MS * MULTIPLIER;
/** For longer than that no node may be silent and answer at once: others may have given it up. */
const FENCE_MS = 123;

const CLIENT_KEY = hardwareAddressKey(macOf(CLIENT_MAC));
/** Events at one moment, beyond which a deadline must be one that is never met. */
const STANDING_EVENTS = 100_000;

export class World implements Ground {
  now = 0;
  readonly nodes: VirtualNode[] = [];
  readonly log: string[] = [];
  readonly network: Network;
  readonly violations: string[] = [];
  conflictDetection = false;
  /** Of all speakers. */
  failback: FailbackOptions = { mode: 'never' };
  /** When something was last disturbed. */
  disturbedAt = 0;
  /** How many events there have been: packets that arrived, timers, and what a scenario does. */
  steps = 0;
  private readonly queue = new EventQueue();
  private readonly claims = new Claims(this);
  private incarnations = 0;
  /** How much has happened without time passing. */
  private standing = 0;

  /** @param onEvent told of what the speakers report */
  constructor(readonly random: Random, private readonly onEvent: (node: VirtualNode, event: LanEvent) => void = () => undefined, lans = 1) {
    this.network = new Network(this, lans);
  }

  /** @param twinOf whose name it has, rather than its own */
  addNode(plan: (name: string) => LanPlan, lans?: readonly number[], twinOf?: string): VirtualNode {
    const last = 44 + this.nodes.length;
    const node = new VirtualNode(last, plan(twinOf ?? `node-${last}`), KEY, lans, twinOf);
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
    node.ports.forEach((port) => port.told());
    const core = new LanCore({
      node: node.name,
      incarnation: BigInt(node.incarnation) * 7919n + BigInt(this.random.seed),
      random: this.random.next,
      heartbeat: { intervalMs: INTERVAL_MS, multiplier: MULTIPLIER },
      failback: this.failback,
      conflictDetection: this.conflictDetection,
      fastDetection: node.fastDetection,
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
      if (away && node.plan.addresses.some(({ address }) => node.ports.some((port) => this.answers(node, address, port)))) this.violate(`silent: ${node.name} answers right after it was away`);
      for (const run of backlog) run();
      node.wakeAt = Infinity;
      this.wake(node);
    });
  }

  private fences(node: VirtualNode): boolean {
    return node.fastDetection && node.keys.length > 0 && this.nodes.length <= 32;
  }

  isPaused(node: VirtualNode): boolean {
    return node.pausedUntil > this.now;
  }

  setLink(node: VirtualNode, up: boolean, port = node.port): void {
    if (port.linkUp === up) return;
    this.note(`${node.name} ${port.name} link ${up ? 'up' : 'down'}`);
    port.linkUp = up;
    this.deliver(node, (core, now) => core.setLinks(now, node.links));
  }

  /** An interface is renamed, goes or comes back, or has another hardware address, in which that octet is before the last. */
  changeInterface(port: Port, { mac, ...change }: { name?: string; index?: number; present?: boolean; mac?: number }): void {
    const { node } = port, text = () => JSON.stringify([port.name, port.index, port.present, port.mac]), before = text();
    Object.assign(port, change);
    if (mac !== undefined) port.setMac(`${port.mac.slice(0, 12)}${mac.toString(16).padStart(2, '0')}${port.mac.slice(14)}`);
    if (before === text()) return;
    this.note(`${node.name} interface ${text()}`);
    this.deliver(node, (core, now) => {
      port.told();
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

  receiveFrame(port: Port, bytes: Uint8Array): void {
    this.deliver(port.node, (core, now) => core.receiveFrame(now, port.index, bytes, bytes.length));
  }

  receiveHeartbeat(node: VirtualNode, from: string, bytes: Uint8Array): void {
    this.deliver(node, (core, now) => core.receiveHeartbeat(now, from, bytes, bytes.length));
  }

  refuseHeartbeat(node: VirtualNode, to: string): void {
    this.deliver(node, (core, now) => core.heartbeatRefused(now, to));
  }

  /** Whether a client on the segment of one of the node's ports would get an answer from it now; asks it. */
  answers(node: VirtualNode, address: string, port = node.port): boolean {
    const { core } = node, { client } = this.network.lans[port.lan];
    const request = this.network.lans[port.lan].question(address), now = node.local(this.now);
    for (const stopped of node.stopped) {
      if (!stopped.receiveFrame(now, port.index, request, request.length).empty || !stopped.tick(now).empty) this.violate(`${node.name} is not silent after it was stopped`);
    }
    if (core === undefined || !port.onLan || this.isPaused(node)) return false;
    const outbox = core.receiveFrame(now, port.index, request, request.length);
    let answered = false;
    for (let i = 0; i < outbox.frameCount; i++) answered ||= hardwareAddressKey(outbox.frames[i].bytes) === CLIENT_KEY;
    this.drain(node, outbox);
    if (answered && port.segment === 0) client.learn(this.now, address, port.mac);
    return answered;
  }

  /** All that decides who may answer, and is heard by whom on the LANs, as a text: everything but the path of heartbeats. */
  groundText(): string {
    return this.nodes.map((node) => {
      const ports = node.ports.map(({ segment, onLan, mac, deafTo, name, index }) => [segment, onLan, mac, name, index, deafTo.size].join());
      return [node.core !== undefined, node.incarnation, node.leaving, this.isPaused(node), node.pausedAt, node.plan.revision, ...ports].join();
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
      const { ifindex, bytes, length } = outbox.frames[i];
      const port = node.ports.find(({ index }) => index === ifindex);
      if (port === undefined) continue;
      const frame = bytes.slice(0, length);
      this.claims.checkFrame(port, frame);
      this.network.lans[port.lan].send(port, frame);
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
      if (event.code === 'peerDown') this.claims.checkAccusation(node, event);
      this.onEvent(node, event);
    }
    if (node.leaving && node.core?.ended) {
      node.stopped.push(node.core);
      node.core = undefined;
      node.leaving = false;
    }
    this.wake(node);
  }
}
