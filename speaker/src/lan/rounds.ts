/**
 * When heartbeats go out: a round once an interval, one more soon after something has changed, and in a large cluster what is passed on
 * between rounds. Once an interval it is also decided anew what time alone may have changed, and the LAN is asked who answers (witness.ts).
 *
 * A node's authority is measured from its last round: see {@link Rounds.silence}.
 */
import { Addresses } from './addresses';
import { Decisions } from './decisions';
import { STOP_SPACING_MS } from './handover';
import { Heartbeats } from './heartbeats';
import { Holdings } from './holdings';
import { Interfaces } from './interfaces';
import { Kernels } from './kernels';
import { Listening } from './listening';
import { Membership } from './membership';
import { Outbox } from './outbox';
import { Witness } from './witness';

/** Rounds sent because something changed are at least this far apart. */
const TRIGGERED_SPACING_MS = 10;
/** So are those that say so much that it takes longer to send and to read: lists of thousands of addresses take hundreds of datagrams. */
const DATAGRAMS_PER_MS = 6.4;
/** The same for what is passed on in a large cluster: when it starts, much is new at once. */
const PASS_SPACING_MS = 25;

export class Rounds {
  private readonly heartbeats: Heartbeats;
  private readonly witness = new Witness();
  /** When the last heartbeat went out, or would have; authority is measured from it. */
  private lastRound = Infinity;
  private nextBeat = Infinity;
  /** When something was last passed on to the neighbours, in a large cluster. */
  private lastPass = -Infinity;
  private linksTold = 0;
  /** When as much as was sent last may be followed by something else than the next round. */
  private spacedUntil = -Infinity;
  /** What peers should hear at once has changed. */
  private dirty = false;
  /** What our heartbeats tell of addresses has changed. */
  private statesChanged = false;

  constructor(
    private readonly intervalMs: number, private readonly random: () => number, private readonly membership: Membership,
    private readonly listening: Listening, private readonly decisions: Decisions, private readonly holdings: Holdings,
    private readonly interfaces: Interfaces, private readonly addresses: Addresses, private readonly kernels: Kernels,
    private readonly outbox: Outbox,
  ) {
    this.heartbeats = new Heartbeats(membership);
  }

  /** Whether heartbeats are sent at all: there is a key, and somebody to hear them. */
  get canBeat(): boolean {
    return this.membership.keys.any && this.membership.peers.size > 0;
  }

  /** For how long nothing has been sent; negative before the first round. */
  silence(now: number): number {
    return now - this.lastRound;
  }

  /** Whether the next round is overdue by more than an interval. */
  isLate(now: number): boolean {
    return now - this.nextBeat > this.intervalMs;
  }

  /** The first round, or the first after a pause, is due now; authority is measured from here on. */
  begin(now: number): void {
    this.lastRound = this.nextBeat = now;
  }

  /** The next round is due now. */
  hasten(now: number): void {
    this.nextBeat = now;
  }

  /** Peers should hear from this node soon. */
  tell(): void {
    this.dirty = true;
  }

  /** Peers should soon hear of what has changed about addresses. */
  tellStates(): void {
    this.statesChanged = this.dirty = true;
  }

  /** Sends heartbeats that are due, and once an interval asks the LAN. */
  beat(now: number): void {
    if (this.holdings.changed) {
      this.holdings.changed = false;
      this.tellStates();
    }
    const periodic = now >= this.nextBeat;
    if (periodic || (this.canBeat && now >= this.triggeredAt)) this.round(now, periodic);
    else if (this.canBeat && now >= this.goesOnAt) this.goOn(now);
    this.tellSingle(now);
    if (now >= this.passDeadline) this.pass(now, false);
  }

  /** When {@link beat} has something to send. */
  get deadline(): number {
    return Math.min(this.nextBeat, this.canBeat ? Math.min(this.triggeredAt, this.goesOnAt) : Infinity, this.passDeadline);
  }

  goodbye(now: number): void {
    if (this.membership.planned && this.membership.keys.any) this.heartbeats.goodbye(now, this.outbox);
  }

  private round(now: number, periodic: boolean): void {
    if (periodic) {
      // A little earlier each time by chance, as BFD does (RFC 5880 §6.8.7), so that speakers do not fall into step.
      this.nextBeat = now + this.intervalMs - this.intervalMs * 0.1 * this.random();
      if (this.decisions.leaving) this.nextBeat = now + STOP_SPACING_MS;
      this.decisions.review(now, this.addresses.list);
      this.askLan(now);
    }
    this.lastRound = now;
    this.holdings.told(now);
    if (!this.canBeat) return;
    if (this.membership.twins.notices.length > 0) this.heartbeats.notify(now, this.outbox);
    this.update();
    this.spaced(now, () => this.heartbeats.round(now, this.dirty, this.listening.active, this.interfaces, this.outbox));
    this.dirty = this.statesChanged; // that is told when a long list has been told to its end
    if (this.membership.mesh.relays) this.pass(now, periodic);
  }

  /** Asks peers, and answers those that have asked; the round that has just gone out is an answer, too. */
  private tellSingle(now: number): void {
    const { questions, answers } = this.membership;
    if (questions.size === 0 && answers.size === 0) return;
    this.update();
    for (const peer of questions) this.heartbeats.tell(now, peer, true, this.listening.active, this.interfaces, this.outbox);
    if (this.lastRound < now) for (const peer of answers) this.heartbeats.tell(now, peer, false, this.listening.active, this.interfaces, this.outbox);
    questions.clear();
    answers.clear();
  }

  private goOn(now: number): void {
    this.spaced(now, () => this.heartbeats.goOn(now, this.listening.active, this.interfaces, this.outbox));
  }

  /** The more is sent, the longer it is until something follows. */
  private spaced(now: number, send: () => void): void {
    const before = this.outbox.datagramCount;
    send();
    this.spacedUntil = now + Math.max(TRIGGERED_SPACING_MS, (this.outbox.datagramCount - before) / DATAGRAMS_PER_MS);
  }

  private update(): void {
    if (!this.statesChanged || this.heartbeats.unfinished) return;
    this.statesChanged = false;
    this.heartbeats.update(this.addresses.list, this.decisions.revision);
  }

  private askLan(now: number): void {
    const { intervalMs, listening: { active: listening }, interfaces, membership: { detectionMs, peers } } = this;
    if (peers.size === 0) return;
    const { addresses } = this;
    this.witness.tick({ now, intervalMs, detectionMs, listening, peers, interfaces, addresses: addresses.map }, addresses.list, this.outbox);
    this.kernels.tick(now, this.addresses.list);
  }

  /** When something is to be told that should not wait for the next round. */
  private get triggeredAt(): number {
    return this.dirty && !this.heartbeats.unfinished ? Math.max(this.spacedUntil, this.lastRound + TRIGGERED_SPACING_MS) : Infinity;
  }

  /** When the next pages of a long list are to be told. */
  private get goesOnAt(): number {
    return this.heartbeats.unfinished ? this.spacedUntil : Infinity;
  }

  /** In a large cluster, passes on what is new. */
  private pass(now: number, periodic: boolean): void {
    this.lastPass = now;
    this.linksTold = this.membership.links.changes;
    this.heartbeats.pass(now, periodic, this.listening.active, this.interfaces, this.outbox);
  }

  /** When something is to be passed on that should not wait for the next round. */
  private get passDeadline(): number {
    const { mesh, links } = this.membership;
    const waiting = mesh.relays && this.canBeat && (mesh.news.size > 0 || mesh.newcomers.size > 0 || links.changes !== this.linksTold);
    return waiting ? this.lastPass + PASS_SPACING_MS : Infinity;
  }
}
