/**
 * Finds out early that a peer is gone: who is overdue by a little is asked, rather than waited for.
 *
 * A heartbeat that is late by a few milliseconds may be lost, or its sender busy. So the peer is asked, {@link QUESTIONS} times within 24 ms, each time in three ways:
 *
 *  - by a heartbeat that demands one in return, which a living speaker sends at once;
 *  - for its node address, by ARP or a Neighbor Solicitation on each interface in the subnet: its kernel answers, whatever its speaker does;
 *  - for the addresses that it holds, by the questions of witness.ts: its speaker answers on the LAN, whatever becomes of heartbeats. If other peers are silent, too, everybody is asked: one of
 *    them may have these addresses.
 *
 * Any heartbeat acquits it. If nothing of all this is answered there are two cases in which more is known than that it is silent:
 *
 * **Off the LAN.** Its kernel answered here at once whenever it was asked (path.ts), and does not now, while others on that interface do. So the machine has lost power or its cable, and
 * cannot be answering there. Its addresses may be taken if they belong on the interfaces on which it was asked; with an address that belongs elsewhere, too, the
 * detection time is waited for. That others are heard is what tells it from a cable of our own that is dead behind the next switch.
 *
 * **Refused.** Its kernel says that nobody listens on the port of heartbeats (ICMP port unreachable). Anybody could forge that, so it is a suspicion and no proof: a speaker that lives
 * answers the question, on the path of heartbeats or on the LAN. A question that is refused, too, and not answered, says that the process has ended.
 *
 * **Else** the detection time decides as ever. So it does about a speaker that stands still (SIGSTOP, a starved machine): its kernel answers, and its port is open.
 *
 * **What makes it safe.** A holder may be suspected only after {@link Suspicion.verdictMs} of silence. A speaker that finds it has been silent for almost that long answers nothing before it has
 * asked its peers (inquiry.ts, core.ts); it says so in its heartbeats, and nobody else is suspected. Our own health comes first, too: whoever is late with a question asks again, and after a
 * longer pause of ours nobody is suspected for a detection time, as in links.ts.
 *
 * Nothing is asked while all is well, but for the node address of each peer once a minute. In a cluster of more than 32 nodes nothing is asked at all.
 */
import { hardwareAddressKey, parseAddress, Reach } from '../wire';
import { Address } from './address';
import { Addresses } from './addresses';
import { askKernel, Calibration } from './calibration';
import { Interface, Interfaces, subnetOf } from './interfaces';
import { Membership } from './membership';
import { Outbox } from './outbox';
import { Peer } from './peer';
import { askingMs, probe, resolve } from './questions';
import { counters } from './snapshot';
import { LanEvent, SUSPICION_OUTCOMES, SuspicionOutcome } from './types';

/** How often a suspect is asked, and how far apart. */
export const QUESTIONS = 4;
export const SPACING_MS = 6;
/** After so many questions to its hardware address everybody is asked: it may have another one now. */
const TO_IT_ALONE = 2;
/** A suspect that we were late in asking is asked so often at most. */
const MOST_QUESTIONS = 8;
/** Of this part of the interval, and at least so much, a heartbeat may be late by nothing but ordinary delays. */
const TOLERANCE = 0.05;
const LEAST_TOLERANCE_MS = 5;
/** Of so many questions it must be said that nobody listens; the kernel limits how often it says that. */
const REFUSALS = 2;
/** A loop that does at once what is due is not later than that. */
const TURN_MS = 2;
/** Addresses that a suspect is asked for with each question, and other peers that show that the LAN works. */
const CLAIMS = 8;
const WITNESSES = 2;

interface Suspect {
  /** What was heard of it last; anything later acquits it. */
  readonly heardAt: number;
  readonly byRefusal: boolean;
  asked: number;
  /** When it is asked again, or decided; Infinity when the detection time is to decide. */
  nextAt: number;
  refusals: number;
  /** After which question it was last said that nobody listens. */
  refusedAt: number;
  /** Interfaces on which a frame of it was seen. */
  readonly seen: Set<number>;
  /** Its speaker has answered for an address, or claimed one. */
  claimed: boolean;
  /** Interfaces on which somebody else was seen. */
  readonly witnessed: Set<number>;
}

export class Suspicion {
  /** A peer that is silent for longer is asked. */
  readonly overdueMs: number;
  /** The shortest silence for which a peer may be given up. */
  readonly verdictMs: number;
  /** A speaker that was silent for longer asks its peers before it answers anything. */
  readonly fenceMs: number;
  readonly outcomes: Record<SuspicionOutcome, number> = counters(SUSPICION_OUTCOMES);
  private readonly suspects = new Map<Peer, Suspect>();
  private readonly calibration: Calibration;

  constructor(
    private readonly membership: Membership, private readonly interfaces: Interfaces, private readonly addresses: Addresses,
    private readonly outbox: Outbox,
  ) {
    this.calibration = new Calibration(membership, interfaces, outbox);
    const { intervalMs } = membership;
    this.overdueMs = intervalMs + Math.max(LEAST_TOLERANCE_MS, intervalMs * TOLERANCE);
    this.verdictMs = this.overdueMs + QUESTIONS * SPACING_MS;
    this.fenceMs = this.verdictMs - SPACING_MS;
  }

  /** Whether peers are suspected at all, and may suspect this node. */
  get active(): boolean {
    const { membership } = this;
    return membership.prompt && membership.keys.any && !membership.mesh.sparse && this.verdictMs < membership.detectionMs;
  }

  /** When {@link tick} has something to do. */
  get deadline(): number {
    if (!this.active) return Infinity;
    let deadline = Infinity;
    for (const peer of this.membership.peers.values()) {
      if (!peer.linkUp || !peer.prompt) continue;
      const suspect = this.suspects.get(peer);
      deadline = Math.min(deadline, suspect?.heardAt === peer.heardAt ? suspect.nextAt : peer.heardAt + this.overdueMs);
    }
    return deadline;
  }

  tick(now: number): void {
    if (!this.active) return;
    for (const peer of this.suspects.keys()) if (this.membership.peers.get(peer.node) !== peer) this.suspects.delete(peer);
    for (const peer of this.membership.peers.values()) {
      const suspect = this.suspectOf(now, peer);
      if (!peer.linkUp || !peer.prompt) continue;
      if (suspect === undefined && now >= peer.heardAt + this.overdueMs) this.question(now, peer, this.suspect(peer, false));
      else if (suspect !== undefined && now >= suspect.nextAt) this.proceed(now, peer, suspect);
    }
  }

  /** Once an interval: see {@link Calibration}. */
  calibrate(now: number): void {
    if (this.active) this.calibration.tick(now);
  }

  /** Looks at what has just happened: peers that are found, or return. */
  heed(now: number, events: readonly LanEvent[]): void {
    if (this.active) this.calibration.heed(now, events);
  }

  /** The machine with this address says that nobody takes heartbeats there. */
  refused(now: number, to: string): void {
    const key = parseAddress(to), peer = key === undefined ? undefined : this.membership.byProtocolAddress.get(key);
    if (!this.active || peer === undefined || !peer.linkUp || !peer.prompt) return;
    const suspect = this.suspectOf(now, peer);
    if (suspect === undefined) {
      if (peer.refusals.isOver(now)) this.question(now, peer, this.suspect(peer, true));
    } else if (suspect.refusedAt !== suspect.asked) {
      suspect.refusedAt = suspect.asked;
      suspect.refusals++;
    }
  }

  /** A frame has come in. */
  seen(ifindex: number, hardwareAddress: Uint8Array): void {
    if (this.suspects.size === 0) return;
    const sender = hardwareAddressKey(hardwareAddress);
    for (const [peer, suspect] of this.suspects) {
      if (peer.hardwareAddresses.has(sender)) suspect.seen.add(ifindex);
      else suspect.witnessed.add(ifindex);
    }
  }

  /** A frame has come in from a peer's node address. */
  answered(now: number, ifindex: number, peer: Peer, hardwareAddress: number): void {
    const suspect = this.suspects.get(peer), path = peer.paths.get(ifindex);
    suspect?.seen.add(ifindex);
    // The next question is overdue: it is this node that was late, and the answer has perhaps waited for long.
    path?.answered(now, hardwareAddress, suspect !== undefined && now - suspect.nextAt > TURN_MS);
  }

  /** A speaker has answered for an address. */
  claimed(peer: Peer): void {
    const suspect = this.suspects.get(peer);
    if (suspect !== undefined) suspect.claimed = true;
  }

  private suspect(peer: Peer, byRefusal: boolean): Suspect {
    const suspect: Suspect = {
      heardAt: peer.heardAt, byRefusal, asked: 0, nextAt: -Infinity, refusals: 0, refusedAt: 0, seen: new Set(), claimed: false, witnessed: new Set(),
    };
    this.suspects.set(peer, suspect);
    return suspect;
  }

  /** What it is suspected of; undefined if of nothing, or if it has been heard since. */
  private suspectOf(now: number, peer: Peer): Suspect | undefined {
    const suspect = this.suspects.get(peer);
    if (suspect === undefined || (suspect.heardAt === peer.heardAt && peer.linkUp)) return suspect;
    this.suspects.delete(peer);
    if (!peer.linkUp) {
      for (const path of peer.paths.values()) path.forget();
      return undefined;
    }
    if (suspect.nextAt !== Infinity) this.outcomes.answered++;
    if (suspect.byRefusal) peer.refusals.renew(now);
    return undefined;
  }

  private proceed(now: number, peer: Peer, suspect: Suspect): void {
    const late = now - suspect.nextAt > SPACING_MS && suspect.asked < MOST_QUESTIONS;
    if (suspect.asked < QUESTIONS || late) return this.question(now, peer, suspect);
    const reason = this.verdict(now, peer, suspect);
    this.outcomes[reason ?? 'undecided']++;
    suspect.nextAt = Infinity;
    if (reason === undefined) return;
    peer.accusedAt = now;
    if (this.missesOthersThan(peer)) {
      for (const address of this.heldBy(peer, CLAIMS, Infinity)) address.askedUntil = now + askingMs(this.membership.intervalMs);
    }
    this.membership.accuse(now, peer, reason, this.outbox);
    this.suspectOf(now, peer);
  }

  private question(now: number, peer: Peer, suspect: Suspect): void {
    suspect.asked++;
    suspect.nextAt = now + SPACING_MS;
    this.membership.questions.add(peer);
    for (const iface of this.interfaces.announcing.values()) {
      const path = peer.paths.get(iface.index);
      if (path !== undefined) askKernel(now, iface, path, this.outbox, suspect.asked > TO_IT_ALONE);
      if (suspect.asked > 1 && !suspect.witnessed.has(iface.index)) this.callWitnesses(now, peer, iface);
    }
    const everybody = this.missesOthersThan(peer);
    for (const address of this.heldBy(peer, 0, CLAIMS)) {
      for (const iface of address.interfaces) {
        for (const hardwareAddress of everybody ? [undefined] : peer.hardwareAddresses) probe(iface, address, hardwareAddress, this.outbox);
      }
    }
  }

  /** The addresses that it holds, from the one with this number to before that one. */
  private* heldBy(peer: Peer, from: number, to: number): Generator<Address> {
    let number = 0;
    for (const { address: key } of peer.heldAddresses()) {
      const address = this.addresses.map.get(key);
      if (address === undefined) continue;
      if (number >= to) return;
      if (number++ >= from) yield address;
    }
  }

  /** Another one is not heard, and may hold what this one says that it holds: a cut of which both saw the other side only. */
  private missesOthersThan(peer: Peer): boolean {
    for (const other of this.membership.peers.values()) if (other !== peer && !other.up) return true;
    return false;
  }

  /** Asks others on the same LAN, so that their answers show that it works: peers, or in a cluster of two those who have asked for an address of the suspect. */
  private callWitnesses(now: number, suspect: Peer, iface: Interface): void {
    let called = 0;
    for (const peer of this.membership.peers.values()) {
      const path = peer.paths.get(iface.index);
      if (called === WITNESSES || peer === suspect || !peer.linkUp || path?.hardwareAddress === undefined) continue;
      called++;
      askKernel(now, iface, path, this.outbox);
    }
    for (const { address: key } of suspect.heldAddresses()) {
      for (const { ipv4, hardwareAddress, ifindex } of this.addresses.map.get(key)?.clients ?? []) {
        if (called >= WITNESSES) return;
        if (ifindex !== iface.index || ipv4 === 0) continue;
        called++;
        resolve(iface, ipv4, hardwareAddressKey(hardwareAddress), this.outbox);
      }
    }
  }

  private verdict(now: number, peer: Peer, suspect: Suspect): 'offLan' | 'refused' | undefined {
    if (!this.membership.links.mayAccuse(now)) return undefined;
    if (suspect.refusals >= REFUSALS && !suspect.claimed) return 'refused';
    return this.isOffLan(now, peer, suspect) ? 'offLan' : undefined;
  }

  /** It may be seen on another network, by which no client of these addresses reaches it. */
  private isOffLan(now: number, peer: Peer, { seen, witnessed }: Suspect): boolean {
    const silent = ({ index }: Interface) => !seen.has(index) && witnessed.has(index) && peer.paths.get(index)?.trusted(now) === true;
    if (![...this.interfaces.announcing.values()].some(silent)) return false;
    for (const { address: key } of peer.heldAddresses()) {
      const address = this.addresses.map.get(key);
      if (address === undefined || address.reach === Reach.NONE || !address.candidates.includes(this.membership.node)) continue;
      const homes = address.interfaces.filter((iface) => subnetOf(iface, key) !== undefined);
      if (homes.length === 0 || !homes.every(silent)) return false;
    }
    return true;
  }
}
