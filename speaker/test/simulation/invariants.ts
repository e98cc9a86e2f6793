/**
 * What must always hold, looked at every STEP_MS by asking each node as a client would.
 *
 *  - `never`: no answer for an address that is not in the node's plan, nor from a node that is no candidate. At once, no allowance.
 *  - `one`: on one segment at most one node answers. Two may, but not longer than an allowance after both the second began and the last
 *    disturbance (a cut, a heal, a start, a changed plan ...):
 *    - with heartbeats and frames passing between them, one interval for the heartbeat that tells, and delays;
 *    - with heartbeats cut, until one hears the other's claim: the holder's question to a candidate that is down comes each second
 *      at first, and then after a tenth of the time it has been down.
 *  - `some`: if a candidate is up on the segment, somebody on it answers, unless a holder elsewhere is heard by all of them. Within the
 *    detection time (a dead holder) or the listening time (a start) after the last disturbance, a tick, and delays. When both
 *    networks are cut along different lines, a vacancy may have to be waited out first.
 *  - `still`: when nothing has been disturbed for a while and nothing is lost, nothing moves, whatever is cut.
 *  - `told`: a client that has asked once knows who answers now, though it never asks again: a while after everybody else has, if nothing is lost.
 *  - `silent`: nothing is sent after a stop (the world looks at that), and a node that was away answers nothing at first.
 */
import { DETECTION_MS, INTERVAL_MS, VirtualNode, World } from './world';
import { nodeMac } from '../lan/harness';

export const STEP_MS = 20;

/** Nothing is lost: an exchange takes an interval and two delays. */
const ONE_ALLOWANCE_MS = INTERVAL_MS + 100;
/** Only the LAN tells: a question a second, or after a cut of up to ten seconds one in two. If it loses packets, three of them. */
const ONE_BY_LAN_ALLOWANCE_MS = 2200;
const ONE_BY_LOSSY_LAN_ALLOWANCE_MS = 5000;
/** For each better candidate that is heard, but is on another segment and defers to a holder there: a vacancy is waited out. */
const VACANCY_ALLOWANCE_MS = 1000;
const SOME_ALLOWANCE_MS = DETECTION_MS * 2 + INTERVAL_MS + 100;
/** All has come to rest: longer than any of the others without losses. */
const STILL_AFTER_MS = 3900;
/** Until the client must know of a move: one unheeded announcement for each change within a second, and the next one 1.1 s later. */
const TOLD_ALLOWANCE_MS = 2500;
/** With losses heartbeats take longer to get through. */
const LOSSY_ALLOWANCE_MS = 3000;

export class Invariants {
  /** When something was last disturbed. */
  disturbedAt = 0;
  private readonly doubleSince = new Map<string, number>();
  /** Who answered when all had come to rest. */
  private readonly settled = new Map<string, string>();
  private readonly noneSince = new Map<string, number>();
  private readonly aloneSince = new Map<string, { readonly node: VirtualNode; readonly since: number }>();

  constructor(private readonly world: World, private readonly addresses: readonly string[]) {}

  check(): void {
    const { world } = this;
    for (const address of this.addresses) {
      const answering = world.nodes.filter((node) => this.ask(node, address));
      this.checkTold(address, answering.filter(({ segment }) => segment === 0));
      for (const segment of new Set(world.nodes.map((node) => node.segment))) {
        const members = world.nodes.filter((node) => node.segment === segment);
        this.checkStill(`${address} on segment ${segment}`, members.filter((node) => answering.includes(node)));
        this.checkOne(`${address} on segment ${segment}`, members.filter((node) => answering.includes(node)));
        this.checkSome(`${address} on segment ${segment}`, address, members, answering);
      }
    }
  }

  private checkStill(where: string, answering: readonly VirtualNode[]): void {
    const { faults, now } = this.world;
    if (faults.heartbeat.loss > 0 || faults.lan.loss > 0 || now - this.disturbedAt < STILL_AFTER_MS) {
      this.settled.delete(where);
      return;
    }
    const names = answering.map(({ name }) => name).join(' ');
    const before = this.settled.get(where) ?? names;
    if (before !== names) this.fail('still', `${where} moves from [${before}] to [${names}] though nothing has happened`);
    this.settled.set(where, names);
  }

  private checkTold(address: string, answering: readonly VirtualNode[]): void {
    const { faults, client, now } = this.world;
    const before = this.aloneSince.get(address);
    if (answering.length !== 1 || before?.node !== answering[0]) this.aloneSince.delete(address);
    if (answering.length !== 1) return;
    const [node] = answering;
    const since = Math.max(before?.node === node ? before.since : now, this.disturbedAt);
    this.aloneSince.set(address, { node, since });
    const known = client.table.get(address)?.mac;
    if (faults.lan.loss > 0 || now - since < TOLD_ALLOWANCE_MS || known === nodeMac(node.last)) return;
    this.fail('told', `a client looks for ${address} at ${known}, but ${node.name} alone answers since ${since}`);
  }

  private ask(node: VirtualNode, address: string): boolean {
    const { world } = this;
    const answered = world.answers(node, address);
    if (!answered) return false;
    const planned = node.plan.addresses.find((each) => each.address === address);
    if (planned === undefined || !planned.candidates.includes(node.name)) this.fail('never', `${node.name} answers for ${address} against its plan`);
    return true;
  }

  private checkOne(where: string, answering: readonly VirtualNode[]): void {
    if (answering.length < 2) {
      this.doubleSince.delete(where);
      return;
    }
    const since = this.since(this.doubleSince, where);
    const { faults, now } = this.world;
    const heard = answering.every((a) => answering.every((b) => a === b || this.world.heartbeatsPass(a, b)));
    const lossy = faults.heartbeat.loss > 0 || faults.lan.loss > 0;
    const byLan = lossy ? ONE_BY_LOSSY_LAN_ALLOWANCE_MS : ONE_BY_LAN_ALLOWANCE_MS;
    const byHeartbeat = lossy ? LOSSY_ALLOWANCE_MS : ONE_ALLOWANCE_MS;
    const allowance = heard ? byHeartbeat : byLan;
    if (now - Math.max(since, this.disturbedAt) > allowance) this.fail('one', `${where}: ${answering.map(({ name }) => name).join(' and ')} answer`);
  }

  private checkSome(where: string, address: string, members: readonly VirtualNode[], answering: readonly VirtualNode[]): void {
    const { world } = this;
    const candidates = members.filter((node) => node.core !== undefined && node.linkUp && !world.isPaused(node)
      && node.plan.addresses.some((each) => each.address === address && each.candidates.includes(node.name)));
    const heldElsewhere = candidates.some((node) => answering.some((each) => each.segment !== node.segment && world.heartbeatsPass(node, each)));
    if (candidates.length === 0 || heldElsewhere || members.some((node) => answering.includes(node))) {
      this.noneSince.delete(where);
      return;
    }
    const since = this.since(this.noneSince, where);
    const lossy = world.faults.heartbeat.loss > 0 || world.faults.lan.loss > 0;
    const elsewhere = world.nodes.filter((node) => !members.includes(node));
    const waitsFor = elsewhere.filter((node) => candidates.some((candidate) => world.heartbeatsPass(candidate, node)));
    const allowance = (lossy ? LOSSY_ALLOWANCE_MS : SOME_ALLOWANCE_MS) + waitsFor.length * VACANCY_ALLOWANCE_MS;
    if (world.now - Math.max(since, this.disturbedAt) > allowance) {
      this.fail('some', `${where}: nobody answers, though ${candidates.map(({ name }) => name).join(', ')} could`);
    }
  }

  private since(map: Map<string, number>, where: string): number {
    const since = map.get(where) ?? this.world.now;
    map.set(where, since);
    return since;
  }

  private fail(invariant: string, text: string): void {
    this.world.violations.push(`${this.world.time()} ${invariant}: ${text}`);
  }
}
