/**
 * What must always hold, looked at every STEP_MS by asking each node as a client would; and at every frame that a node sends, see World.
 *
 *  - `never`: no answer for an address that is not in the node's plan: at once, no allowance. Nor from a node that is no candidate, but while it
 *    hands over.
 *  - `one`: on one segment of a LAN at most one node answers. Two may, but not longer than an allowance after both the second began and the last
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
 *  - `keeps`: nobody takes an address, as if it were free or held by one that is off the LAN, from a node that has answered for it steadily where both are on the LAN. Who was
 *    brought there by a cut that has healed does not know that, and may; one whose cable was plugged in knows.
 *  - `told`: a client that has asked once knows who answers now, though it never asks again: a while after everybody else has, if nothing is lost.
 *  - `polite`: with conflict detection, no address that a foreign host has, and nobody in the cluster had before, is answered for.
 *  - `silent`: nothing is sent after a stop (the world looks at that), and a node that was away answers nothing at first.
 *  - `true`: nobody is found to be off the LAN who is on it, if nothing is lost there, nor a speaker to have ended that runs (the world looks at that).
 */
import { Lan } from './lan';
import { areTogether, FAST_MS, isAtHome, Places } from './places';
import { homeOf, Port } from './port';
import { VirtualNode } from './virtual-node';
import { DETECTION_MS, INTERVAL_MS, World } from './world';
import { AcquireReason, AddressAcquiredEvent, LanEvent } from '../../src/lan';
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
const UNASKED: ReadonlySet<AcquireReason> = new Set<AcquireReason>(['firstCandidate', 'onlyCandidate', 'holderDown', 'holderOutranked']);
/** By then a question of which nothing was lost has told who has an address. */
const FOUND_MS = DETECTION_MS + INTERVAL_MS;
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
  /** When a node that answers was last taken for a foreign host. */
  private mistakenAt = -Infinity;
  /** Who has answered where the client was not, and the client has not heard since. */
  private readonly behindCut = new Set<string>();
  private readonly everAnswered = new Set<string>();
  private readonly noneSince = new Map<string, number>();
  private readonly aloneSince = new Map<string, { readonly port: Port; readonly since: number }>();

  private readonly places: Places;
  /** When a node last found a peer. */
  private readonly metAt = new Map<VirtualNode, number>();
  private readonly keys: ReadonlyMap<string, number | bigint>;

  constructor(private readonly world: World, private readonly addresses: readonly string[]) {
    this.places = new Places(world);
    this.keys = new Map(addresses.map((address) => [address, parseAddress(address)!]));
  }

  /** Looks at what a speaker reports. */
  heed(taker: VirtualNode, event: LanEvent): void {
    if (event.code === 'peerUp') this.metAt.set(taker, this.world.now);
    if (event.code !== 'addressAcquired') return;
    // Also what lasts for less than a step, and tells a client.
    for (const { number } of this.world.network.lans) this.aloneSince.delete(`${event.address} ${number}`);
    if (!UNASKED.has(event.reason)) return;
    for (const port of taker.ports) this.checkKeeps(port, event);
  }

  private checkKeeps(port: Port, { address, reason }: AddressAcquiredEvent): void {
    const { world, world: { network, now } } = this, { node: taker } = port;
    this.places.note();
    if (this.places.calmOf(port.lan) < FOUND_MS) return;
    if (!taker.canAnswer(this.keys.get(address)!, port)) return;
    // Who has it on another LAN alone leaves the one where it belongs unserved.
    if (port.lan !== homeOf(address) && isAtHome(taker, address)) return;
    const { cutsSince, pluggedAt } = this.places.of(taker);
    for (const each of network.lans[port.lan].ports) {
      const { node: holder } = each;
      const answeringFor = now - (this.answeringSince.get(nameOf(address, each)) ?? now);
      const listened = now - Math.max(taker.startedAt, pluggedAt) < 2 * FOUND_MS;
      const steady = answeringFor >= STEADY_MS && now - this.places.of(holder).since >= (listened ? 2 * FOUND_MS : STILL_AFTER_MS);
      const runs = holder !== taker && holder.core !== undefined && !world.isPaused(holder);
      const there = runs && each.segment === port.segment && holder.canAnswer(this.keys.get(address)!, each);
      const agreed = holder.plan.revision === taker.plan.revision && !port.deafTo.has(holder) && !each.deafTo.has(taker);
      const arrived = now - cutsSince < STILL_AFTER_MS && taker.startedAt < cutsSince;
      if (steady && there && agreed && !arrived && this.places.isKnown(each, taker)) this.fail('keeps', `${taker.name} takes ${address} (${reason}), which ${holder.name} has`);
    }
  }

  private noteAnswers(address: string, answering: readonly Port[]): void {
    const { nodes, now } = this.world;
    for (const port of nodes.flatMap(({ ports }) => ports)) {
      const key = nameOf(address, port);
      if (!answering.includes(port)) this.answeringSince.delete(key);
      else if (!this.answeringSince.has(key)) this.answeringSince.set(key, now);
    }
  }

  check(): void {
    const { world } = this;
    this.places.note();
    const places = world.network.lans.flatMap(({ number, ports }) => [...new Set(ports.map(({ segment }) => segment))]
      .map((segment) => ({ number, segment, members: ports.filter((port) => port.segment === segment) })));
    const ground = world.groundText();
    if (ground !== this.ground) this.groundSince = world.now;
    this.ground = ground;
    for (const address of this.addresses) {
      const answering = world.nodes.flatMap(({ ports }) => ports.filter((port) => this.ask(port, address)));
      this.checkPolite(address, answering);
      this.noteAnswers(address, answering);
      for (const port of answering) if (port.segment !== 0) this.behindCut.add(nameOf(address, port));
      for (const lan of world.network.lans) this.checkTold(address, lan, answering.filter((port) => port.lan === lan.number && port.segment === 0));
      for (const { number, segment, members } of places) {
        const where = `${address} on segment ${segment}${number > 0 ? ` of LAN ${number}` : ''}`;
        const here = answering.filter((port) => port.lan === number && port.segment === segment);
        this.checkStill(where, here);
        this.checkStays(where, here);
        this.checkOne(where, address, here);
        if (here.length > 0) this.noneSince.delete(where);
        else this.checkSome(where, address, members, answering);
      }
    }
  }

  private checkPolite(address: string, answering: readonly Port[]): void {
    if (answering.length === 0 || this.everAnswered.has(address)) return;
    this.everAnswered.add(address);
    const { conflictDetection, network: { lans }, now } = this.world;
    for (const { node, lan: number, segment } of answering) {
      const lan = lans[number];
      const known = conflictDetection && lan.faults.loss === 0 && lan.foreignerUses(address) && now - lan.foreignerCameAt > 2 * PROBING_MS;
      if (known && segment === 0) this.fail('polite', `${node.name} answers first for ${address}, which a foreign host has`);
    }
  }

  private checkStill(where: string, answering: readonly Port[]): void {
    const { network, now } = this.world;
    if (network.lossy || now - this.world.disturbedAt < STILL_AFTER_MS) {
      this.settled.delete(where);
      return;
    }
    const names = namesOf(answering);
    const before = this.settled.get(where) ?? names;
    const givenBack = this.world.failback.mode !== 'never' && answering.length > 0;
    if (before !== names && !givenBack) this.fail('still', `${where} moves from [${before}] to [${names}] though nothing has happened`);
    this.settled.set(where, names);
  }

  private checkStays(where: string, answering: readonly Port[]): void {
    const { failback, network, now } = this.world;
    const since = Math.max(this.groundSince, ...network.lans.flatMap(({ foreignerLeftAt, foreignerCameAt }) => [foreignerLeftAt, foreignerCameAt]));
    const fast = network.lans.every(({ faults }) => faults.delayMs <= FAST_MS);
    const quiet = !network.lossy && fast && failback.mode === 'never' && now - since >= STILL_AFTER_MS;
    const names = namesOf(answering), before = this.stayed.get(where) ?? names;
    // Two may have begun behind a cut; then one yields.
    if (!quiet || answering.length !== 1 || before.includes(' ')) {
      this.stayed.delete(where);
      return;
    }
    if (before !== names) this.fail('stays', `${where} moves from [${before}] to [${names}] though only heartbeats were disturbed`);
    this.stayed.set(where, names);
  }

  private checkTold(address: string, { number, client, faults: { loss } }: Lan, answering: readonly Port[]): void {
    const { network, now } = this.world, where = `${address} ${number}`;
    const mac = client.table.get(address)?.mac;
    for (const port of answering) if (port.mac === mac) this.behindCut.delete(nameOf(address, port));
    const before = this.aloneSince.get(where);
    if (answering.length !== 1 || before?.port !== answering[0]) this.aloneSince.delete(where);
    if (answering.length !== 1) return;
    const [port] = answering;
    const since = Math.max(before?.port === port ? before.since : now, this.world.disturbedAt);
    this.aloneSince.set(where, { port, since });
    if (loss > 0 || now - since < TOLD_ALLOWANCE_MS || mac === port.mac) return;
    // Heartbeats that go over another network, or of those alone that were on the same side, do not show that a cut through the LAN has healed: that client is told by the next
    // refresh, after a minute at most.
    const { node } = port, noticed = network.heartbeatsOverLan && (this.metAt.get(node) ?? -Infinity) >= this.places.of(node).cutsSince;
    if (!noticed && this.behindCut.has(nameOf(address, port))) return;
    this.fail('told', `a client looks for ${address} at ${mac}, but ${port.node.name} alone answers since ${since}`);
  }

  private ask(port: Port, address: string): boolean {
    const { world } = this, { node } = port;
    const answered = world.answers(node, address, port);
    if (!answered) return false;
    if (!node.mayAnswer(world.now, this.keys.get(address)!, port)) this.fail('never', `${node.name} answers for ${address} against its plan`);
    return true;
  }

  private checkOne(where: string, address: string, answering: readonly Port[]): void {
    if (answering.length < 2) {
      this.doubleSince.delete(where);
      return;
    }
    const since = this.since(this.doubleSince, where);
    const { network, now } = this.world;
    const pairs = answering.flatMap((a) => answering.filter((b) => a !== b).map((b) => [a, b] as const));
    const heard = pairs.every(([a, b]) => network.heartbeatsPass(a.node, b.node));
    // Without a plan that has the other as a node it is a stranger, who is not believed.
    if (pairs.some(([a, b]) => !a.node.knows(b.node))) return;
    // Who ranks higher tells the other on the LAN, if it hears that.
    if (!heard && pairs.some(([a, b]) => a.deafTo.has(b.node))) return;
    // Each serves those on its side of a cut where the address belongs; what is heard of the other elsewhere must not keep it from that.
    const atHome = ({ node }: Port) => isAtHome(node, address);
    const apart = ([a, b]: readonly [Port, Port]) => atHome(a) && atHome(b) && !areTogether(a.node, b.node, address);
    if (!heard && answering[0].lan !== homeOf(address) && pairs.some(apart)) return;
    const { places } = this;
    const known = (port: Port, by: VirtualNode) => places.isKnown(port, by) && places.isKnown(port.node.portOn(homeOf(address)) ?? port, by);
    if (!heard && pairs.some(([a, b]) => !known(a, b.node))) return;
    const byLan = network.lossy ? ONE_BY_LOSSY_LAN_ALLOWANCE_MS : ONE_BY_LAN_ALLOWANCE_MS;
    const byHeartbeat = network.lossy ? LOSSY_ALLOWANCE_MS : Math.max(ONE_ALLOWANCE_MS, INTERVAL_MS + 2 * network.heartbeat.delayMs);
    const allowance = heard ? byHeartbeat : byLan;
    if (now - Math.max(since, this.world.disturbedAt) > allowance) this.fail('one', `${where}: ${answering.map(({ node }) => node.name).join(' and ')} answer`);
  }

  private checkSome(where: string, address: string, members: readonly Port[], answering: readonly Port[]): void {
    const { world, world: { network } } = this, key = this.keys.get(address)!;
    const able = members.filter((port) => port.node.core !== undefined && !world.isPaused(port.node) && port.node.canAnswer(key, port));
    const candidates = able.map(({ node }) => node);
    const [{ lan: number }] = members, atHome = number === homeOf(address);
    // Who has it on another LAN alone is no reason to leave the one where it belongs unserved; but the other way round.
    const elsewhere = answering.filter((port) => !members.includes(port) && (!atHome || port.lan === number));
    const hears = (node: VirtualNode, port: Port) => network.heartbeatsPass(node, port.node) || node.ports.some((own) => own.joins(port));
    const heldElsewhere = candidates.some((node) => elsewhere.some((port) => hears(node, port)));
    const foreign = answering.some((port) => able.some(({ node }) => port.node !== node && !this.places.isKnown(port, node)));
    if (foreign) this.mistakenAt = world.now;
    const foreignAt = Math.max(this.mistakenAt, ...network.lans.map(({ foreignerLeftAt }) => foreignerLeftAt));
    const refused = world.conflictDetection && world.now - foreignAt < RETRY_ALLOWANCE_MS;
    if (candidates.length === 0 || heldElsewhere || network.lans.some((lan) => lan.foreignerUses(address)) || refused) {
      this.noneSince.delete(where);
      return;
    }
    const since = this.since(this.noneSince, where);
    const nodes = new Set(members.map(({ node }) => node));
    const waitsFor = world.nodes.filter((node) => !nodes.has(node) && candidates.some((candidate) => network.heartbeatsPass(candidate, node)));
    const outdated = [...nodes].filter((node) => node.core !== undefined && candidates.some((candidate) => !this.agree(node, candidate, address)));
    const probing = world.conflictDetection ? PROBING_MS : 0;
    const allowance = (network.lossy ? LOSSY_ALLOWANCE_MS : SOME_ALLOWANCE_MS) + probing + (waitsFor.length + outdated.length) * VACANCY_ALLOWANCE_MS;
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

function nameOf(address: string, { node, lan }: Port): string {
  return `${address} ${node.name} ${lan}`;
}

function namesOf(ports: readonly Port[]): string {
  return ports.map(({ node }) => node.name).join(' ');
}
