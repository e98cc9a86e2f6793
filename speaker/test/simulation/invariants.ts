/**
 * What must always hold, looked at every STEP_MS by asking each node as a client would; and at every frame that a node sends, see World.
 *
 *  - `never`: no answer for an address that is not in the node's plan: at once, no allowance. Nor from a node that is no candidate, but while it
 *    hands over.
 *  - `one`: on one segment at most one node answers. Two may, but not longer than an allowance after both the second began and the last
 *    disturbance (a cut, a heal, a start, a changed plan ...):
 *    - with heartbeats and frames passing between them, one interval for the heartbeat that tells, and delays;
 *    - with heartbeats cut, until one hears the other's claim: the holder's question to a candidate that is down comes each second
 *      at first, and then after a tenth of the time it has been down.
 *  - `some`: if a candidate is up on the segment, somebody on it answers, unless a holder elsewhere is heard by all of them. Within the
 *    detection time (a dead holder) or the listening time (a start) after the last disturbance, a tick, and delays. When both
 *    networks are cut along different lines, or plans differ, a vacancy may have to be waited out first.
 *  - `still`: when nothing has been disturbed for a while and nothing is lost, nothing moves, whatever is cut; but to a better
 *    candidate, where that is wanted.
 *  - `stays`: nor does anything move when heartbeats alone are disturbed, for the LAN tells who lives; but to a better candidate, where that is wanted.
 *  - `keeps`: nobody takes an address, as if it were free, from a node that has answered for it steadily where both are on the LAN.
 *  - `told`: a client that has asked once knows who answers now, though it never asks again: a while after everybody else has, if nothing is lost.
 *  - `polite`: with conflict detection, no address that a foreign host has, and nobody in the cluster had before, is answered for.
 *  - `silent`: nothing is sent after a stop (the world looks at that), and a node that was away answers nothing at first.
 *  - `true`: nobody is found to be off the LAN who is on it, if nothing is lost there, nor a speaker to have ended that runs (the world looks at that).
 */
import { VirtualNode } from './virtual-node';
import { DETECTION_MS, INTERVAL_MS, World } from './world';
import { AcquireReason, LanEvent } from '../../src/lan';
import { PROBING_MS } from '../../src/lan/probing';
import { parseAddress } from '../../src/wire';

export const STEP_MS = 20;

/** Nothing is lost: an exchange takes an interval and two delays. */
const ONE_ALLOWANCE_MS = INTERVAL_MS + 100;
/** Only the LAN tells: a question a second, or after a cut of up to ten seconds one in two. If it loses packets, three of them. */
const ONE_BY_LAN_ALLOWANCE_MS = 2200;
const ONE_BY_LOSSY_LAN_ALLOWANCE_MS = 5000;
/** For each better candidate that is heard, but is on another segment and defers to a holder there, or has another plan: a vacancy is waited out. */
const VACANCY_ALLOWANCE_MS = 1000;
const SOME_ALLOWANCE_MS = DETECTION_MS * 2 + INTERVAL_MS + 100;
/** Who has answered for so long is known to all who have listened. */
const STEADY_MS = 1000;
const AS_IF_FREE: ReadonlySet<AcquireReason> = new Set<AcquireReason>(['firstCandidate', 'onlyCandidate', 'holderDown']);
/** An answer on the LAN comes before the next question is due. */
const FAST_MS = 10;
/** All has come to rest: longer than any of the others without losses. */
const STILL_AFTER_MS = 3900;
/** Until the client must know of a move: one unheeded announcement for each change within a second, and the next one 1.1 s later. */
const TOLD_ALLOWANCE_MS = 2500;
/** Until an address is asked for again that a foreign host had for a few seconds. */
const RETRY_ALLOWANCE_MS = 9000;
/** With losses heartbeats take longer to get through. */
const LOSSY_ALLOWANCE_MS = 3000;

export class Invariants {
  private readonly doubleSince = new Map<string, number>();
  /** Who answered when all had come to rest. */
  private readonly settled = new Map<string, string>();
  /** The same, of all that may have changed but the path of heartbeats; and since when that has been so. */
  private readonly stayed = new Map<string, string>();
  private ground = '';
  private groundSince = 0;
  /** Since when a node has answered for an address, and since when it has been where it is on the LAN, undisturbed. */
  private readonly answeringSince = new Map<string, number>();
  private readonly place = new Map<VirtualNode, { text: string; since: number }>();
  /** Who has answered where the client was not, and the client has not heard since. */
  private readonly behindCut = new Set<string>();
  private readonly everAnswered = new Set<string>();
  private readonly noneSince = new Map<string, number>();
  private readonly aloneSince = new Map<string, { readonly node: VirtualNode; readonly since: number }>();

  private readonly keys: ReadonlyMap<string, number | bigint>;

  constructor(private readonly world: World, private readonly addresses: readonly string[]) {
    this.keys = new Map(addresses.map((address) => [address, parseAddress(address)!]));
  }

  /** Looks at what a speaker reports. */
  heed(taker: VirtualNode, event: LanEvent): void {
    // Also what lasts for less than a step, and tells a client.
    if (event.code === 'addressAcquired') this.aloneSince.delete(event.address);
    if (event.code !== 'addressAcquired' || !AS_IF_FREE.has(event.reason)) return;
    const { world, world: { network: { lan }, now } } = this;
    if (lan.loss > 0 || lan.delayMs > FAST_MS) return;
    const key = this.keys.get(event.address)!;
    for (const holder of world.nodes) {
      const answeringFor = now - (this.answeringSince.get(`${event.address} ${holder.name}`) ?? now);
      const steady = answeringFor >= STEADY_MS && now - this.placedSince(holder) >= STILL_AFTER_MS;
      const runs = holder !== taker && holder.core !== undefined && !world.isPaused(holder);
      const there = runs && holder.segment === taker.segment && holder.canAnswer(key);
      const agreed = holder.plan.revision === taker.plan.revision && !taker.lanDeafTo.has(holder) && !holder.lanDeafTo.has(taker);
      const arrived = now - (this.place.get(taker)?.since ?? now) < STILL_AFTER_MS && taker.startedAt < this.placedSince(taker);
      if (steady && there && agreed && !arrived) this.fail('keeps', `${taker.name} takes ${event.address} (${event.reason}), which ${holder.name} has`);
    }
  }

  private placedSince(node: VirtualNode): number {
    return this.place.get(node)?.since ?? this.world.now;
  }

  private notePlaces(): void {
    for (const node of this.world.nodes) {
      const text = [node.segment, node.onLan, node.mac, node.interface.index].join();
      if (this.place.get(node)?.text !== text) this.place.set(node, { text, since: this.world.now });
    }
  }

  private noteAnswers(address: string, answering: readonly VirtualNode[]): void {
    const { nodes, now } = this.world;
    for (const node of nodes) {
      const key = `${address} ${node.name}`;
      if (!answering.includes(node)) this.answeringSince.delete(key);
      else if (!this.answeringSince.has(key)) this.answeringSince.set(key, now);
    }
  }

  check(): void {
    const { world } = this;
    this.notePlaces();
    const segments = [...new Set(world.nodes.map(({ segment }) => segment))]
      .map((segment) => ({ segment, members: world.nodes.filter((node) => node.segment === segment) }));
    const ground = world.groundText();
    if (ground !== this.ground) this.groundSince = world.now;
    this.ground = ground;
    for (const address of this.addresses) {
      const answering = world.nodes.filter((node) => this.ask(node, address));
      this.checkPolite(address, answering);
      this.noteAnswers(address, answering);
      for (const { name, segment } of answering) if (segment !== 0) this.behindCut.add(`${address} ${name}`);
      this.checkTold(address, answering.filter(({ segment }) => segment === 0));
      for (const { segment, members } of segments) {
        const where = `${address} on segment ${segment}`;
        const here = answering.filter((node) => node.segment === segment);
        this.checkStill(where, here);
        this.checkStays(where, here);
        this.checkOne(where, here);
        if (here.length > 0) this.noneSince.delete(where);
        else this.checkSome(where, address, members, answering);
      }
    }
  }

  private checkPolite(address: string, answering: readonly VirtualNode[]): void {
    if (answering.length === 0 || this.everAnswered.has(address)) return;
    this.everAnswered.add(address);
    const { conflictDetection, network, now } = this.world;
    const known = conflictDetection && network.lan.loss === 0 && network.foreignerUses(address) && now - network.foreignerCameAt > 2 * PROBING_MS;
    if (known && answering[0].segment === 0) this.fail('polite', `${answering[0].name} answers first for ${address}, which a foreign host has`);
  }

  private checkStill(where: string, answering: readonly VirtualNode[]): void {
    const { network, now } = this.world;
    if (network.heartbeat.loss > 0 || network.lan.loss > 0 || now - this.world.disturbedAt < STILL_AFTER_MS) {
      this.settled.delete(where);
      return;
    }
    const names = answering.map(({ name }) => name).join(' ');
    const before = this.settled.get(where) ?? names;
    const givenBack = this.world.failback.mode !== 'never' && answering.length > 0;
    if (before !== names && !givenBack) this.fail('still', `${where} moves from [${before}] to [${names}] though nothing has happened`);
    this.settled.set(where, names);
  }

  private checkStays(where: string, answering: readonly VirtualNode[]): void {
    const { failback, network: { heartbeat, lan, foreignerLeftAt, foreignerCameAt }, now } = this.world;
    const since = Math.max(this.groundSince, foreignerLeftAt, foreignerCameAt);
    const quiet = heartbeat.loss === 0 && lan.loss === 0 && lan.delayMs <= FAST_MS && failback.mode === 'never' && now - since >= STILL_AFTER_MS;
    const names = answering.map(({ name }) => name).join(' '), before = this.stayed.get(where) ?? names;
    // Two may have begun behind a cut; then one yields.
    if (!quiet || answering.length !== 1 || before.includes(' ')) {
      this.stayed.delete(where);
      return;
    }
    if (before !== names) this.fail('stays', `${where} moves from [${before}] to [${names}] though only heartbeats were disturbed`);
    this.stayed.set(where, names);
  }

  private checkTold(address: string, answering: readonly VirtualNode[]): void {
    const { network, now } = this.world;
    const mac = network.client.table.get(address)?.mac;
    for (const node of answering) if (node.mac === mac) this.behindCut.delete(`${address} ${node.name}`);
    const before = this.aloneSince.get(address);
    if (answering.length !== 1 || before?.node !== answering[0]) this.aloneSince.delete(address);
    if (answering.length !== 1) return;
    const [node] = answering;
    const since = Math.max(before?.node === node ? before.since : now, this.world.disturbedAt);
    this.aloneSince.set(address, { node, since });
    if (network.lan.loss > 0 || now - since < TOLD_ALLOWANCE_MS || mac === node.mac) return;
    // Heartbeats that go over another network do not show that a cut through the LAN has healed: that client is told by the next refresh, after a minute at most.
    if (!network.heartbeatsOverLan && this.behindCut.has(`${address} ${node.name}`)) return;
    this.fail('told', `a client looks for ${address} at ${mac}, but ${node.name} alone answers since ${since}`);
  }

  private ask(node: VirtualNode, address: string): boolean {
    const { world } = this;
    const answered = world.answers(node, address);
    if (!answered) return false;
    if (!node.mayAnswer(world.now, this.keys.get(address)!)) this.fail('never', `${node.name} answers for ${address} against its plan`);
    return true;
  }

  private checkOne(where: string, answering: readonly VirtualNode[]): void {
    if (answering.length < 2) {
      this.doubleSince.delete(where);
      return;
    }
    const since = this.since(this.doubleSince, where);
    const { network, now } = this.world;
    const heard = answering.every((a) => answering.every((b) => a === b || network.heartbeatsPass(a, b)));
    // Without a plan that has the other as a node it is a stranger, who is not believed.
    if (answering.some((a) => answering.some((b) => a !== b && !a.knows(b)))) return;
    // Who ranks higher tells the other on the LAN, if it hears that.
    if (!heard && answering.some((a) => answering.some((b) => a.lanDeafTo.has(b)))) return;
    const lossy = network.heartbeat.loss > 0 || network.lan.loss > 0;
    const byLan = lossy ? ONE_BY_LOSSY_LAN_ALLOWANCE_MS : ONE_BY_LAN_ALLOWANCE_MS;
    const byHeartbeat = lossy ? LOSSY_ALLOWANCE_MS : ONE_ALLOWANCE_MS;
    const allowance = heard ? byHeartbeat : byLan;
    if (now - Math.max(since, this.world.disturbedAt) > allowance) this.fail('one', `${where}: ${answering.map(({ name }) => name).join(' and ')} answer`);
  }

  private checkSome(where: string, address: string, members: readonly VirtualNode[], answering: readonly VirtualNode[]): void {
    const { world, world: { network } } = this;
    const candidates = members.filter((node) => node.core !== undefined && !world.isPaused(node) && node.canAnswer(this.keys.get(address)!));
    const heldElsewhere = candidates.some((node) => answering.some((each) => each.segment !== node.segment && network.heartbeatsPass(node, each)));
    const refused = world.conflictDetection && world.now - network.foreignerLeftAt < RETRY_ALLOWANCE_MS;
    if (candidates.length === 0 || heldElsewhere || network.foreignerUses(address) || refused) {
      this.noneSince.delete(where);
      return;
    }
    const since = this.since(this.noneSince, where);
    const lossy = network.heartbeat.loss > 0 || network.lan.loss > 0;
    const elsewhere = world.nodes.filter((node) => !members.includes(node));
    const waitsFor = elsewhere.filter((node) => candidates.some((candidate) => network.heartbeatsPass(candidate, node)));
    const outdated = members.filter((node) => node.core !== undefined && candidates.some((candidate) => !this.agree(node, candidate, address)));
    const probing = world.conflictDetection ? PROBING_MS : 0;
    const allowance = (lossy ? LOSSY_ALLOWANCE_MS : SOME_ALLOWANCE_MS) + probing + (waitsFor.length + outdated.length) * VACANCY_ALLOWANCE_MS;
    if (world.now - Math.max(since, this.world.disturbedAt) > allowance) {
      this.fail('some', `${where}: nobody answers, though ${candidates.map(({ name }) => name).join(', ')} could`);
    }
  }

  /** Whether two nodes have the same plan for an address. */
  private agree(a: VirtualNode, b: VirtualNode, address: string): boolean {
    const key = this.keys.get(address)!;
    return a.plannedFor(key)?.candidates.join() === b.plannedFor(key)?.candidates.join();
  }

  private since(map: Map<string, number>, where: string): number {
    const since = map.get(where) ?? this.world.now;
    map.set(where, since);
    return since;
  }

  private fail(invariant: string, text: string): void {
    this.world.violate(`${invariant}: ${text}`);
  }
}
