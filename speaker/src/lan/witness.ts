/**
 * Asks the LAN when heartbeats do not tell.
 *
 * An ARP request sent to a speaker's own hardware address is answered by that speaker if it holds the address, and by nobody if it is dead, and so is
 * a Neighbor Solicitation. Neither changes anybody's table. The kernel beside the speaker must not answer, which it would if it has the address, too (kube-proxy in IPVS
 * mode without strictARP): it lives on when the speaker is dead. So the sender of the ARP request is 255.255.255.255 (`SPEAKERS_ALONE`), to which a kernel answers
 * nothing whatever, since no host can have that address. That is also how the answer is told from one to an ordinary question. So:
 *
 *  - While a holder's heartbeat is overdue, and as long after as it answers, it is asked each interval. By the time it would be declared
 *    down, its answer has shown that it lives, or its silence that it does not: a cut on the heartbeat's path does not move an
 *    address, and a crash moves it no later than without the question.
 *  - A node that starts, may announce an address from now on, or waits for one that is vacant while candidates are down, asks everybody (broadcast, by an ARP probe: RFC 5227 §2.1.1), so that it hears a holder whose heartbeats do not
 *    reach it.
 *  - Who answers an ordinary question though it is not known to hold the address is asked in this way, at once.
 *  - A holder asks candidates that are down, ever more rarely, whether they hold the address too, as they may after a cut through the
 *    LAN has healed.
 *
 * A tick has a budget. If it does not suffice each address has its turn, what was not answered is asked for again first, and holders vouch for the rest: see rivals.ts.
 *
 * The answers come in as claims; see conflict.ts. To know a speaker by its hardware address when it was never heard, its node address is
 * resolved with an ordinary request.
 */
import { AddressKey } from '../wire';
import { Address } from './address';
import { AddressMap } from './address-map';
import { Interface, Interfaces, subnetOf } from './interfaces';
import { Outbox } from './outbox';
import { FULL_MESH_NODES } from './overlay';
import { Peer } from './peer';
import { askingMs, probe, resolve } from './questions';
import { isRivalFresh, livesUnheard, UNANSWERED } from './rivals';

/** An address is asked for after an answer to an ordinary question at most so often on each interface: on which of them it is held decides who yields. */
const VERIFY_SPACING_MS = 10;

/** Frames a tick may spend on questions; at ten ticks a second far below what a LAN notices. */
const FRAMES_PER_TICK = 64;
/**
 * Peers of which a tick may find out the hardware address, in a cluster where everybody hears everybody, and in a larger one. There these questions, which are broadcast, would be
 * most of what is on the LAN while all nodes start; and each neighbour passes on the hardware addresses of all the others.
 */
const RESOLUTIONS_PER_TICK = FULL_MESH_NODES;
const SPARSE_RESOLUTIONS_PER_TICK = 8;
/** Questions to candidates that are down are spaced by a tenth of the time they have been down, within these. */
const MIN_SPACING_MS = 1000;
const MAX_SPACING_MS = 10_000;

export interface WitnessView {
  readonly now: number;
  readonly intervalMs: number;
  readonly detectionMs: number;
  /** This node has not listened long enough to claim. */
  readonly listening: boolean;
  readonly peers: ReadonlyMap<string, Peer>;
  readonly interfaces: Interfaces;
  readonly addresses: AddressMap<Address>;
}

/** Puts questions into the outbox; called once an interval. */
export class Witness {
  private budget = 0;
  /** Where the next tick begins, so that with more addresses than the budget each has its turn. */
  private turn = 0;
  /** Peers that are down, or whose heartbeats are overdue: nobody else is asked. At rest there is none, and nothing is done for each address. */
  private doubtful: readonly Peer[] = [];
  /** What has been asked of rivals in this tick. */
  private asked: Address[] = [];

  tick(view: WitnessView, addresses: readonly Address[], outbox: Outbox): void {
    this.budget = FRAMES_PER_TICK;
    this.resolveUnknown(view, outbox);
    const doubted = this.doubtful.length > 0;
    this.doubtful = [...view.peers.values()].filter((peer) => !peer.up || isOverdue(view, peer));
    if (doubted && this.doubtful.length === 0) for (const address of addresses) address.unanswered = 0;
    const before = this.asked;
    this.asked = [];
    if (this.doubtful.length > 0 || view.listening) this.askAll(view, before, addresses, outbox);
    for (const peer of view.peers.values()) peer.vouching = this.budget <= 0 && this.doubtful.includes(peer);
  }

  private askAll(view: WitnessView, before: readonly Address[], addresses: readonly Address[], outbox: Outbox): void {
    for (const peer of this.doubtful) this.askForOne(view, peer, outbox);
    for (const address of before) {
      const again = address.eligible && address.probedAt !== view.now && address.unanswered > 0 && address.unanswered < UNANSWERED;
      if (again && this.budget > 0) this.ask(view, address, outbox);
    }
    for (let i = 0; i < addresses.length && this.budget > 0; i++) {
      this.turn = (this.turn + 1) % addresses.length;
      const address = addresses[this.turn];
      if (address.eligible && address.probedAt !== view.now) this.ask(view, address, outbox);
    }
  }

  private ask(view: WitnessView, address: Address, outbox: Outbox): void {
    const { now } = view;
    if (!address.held && (view.listening || now < address.askedUntil || !address.sought || this.waitsForVacancy(address))) {
      this.seek(view, address, outbox);
      return;
    }
    const asked = address.held ? this.absent(view, address) : this.doubtful.filter((peer) => this.isSuspect(view, address, peer));
    if (asked.length === 0) return;
    address.probedAt = now;
    if (!address.held) {
      address.unanswered++;
      this.asked.push(address);
    }
    for (const peer of asked) {
      for (const iface of address.interfaces) {
        for (const hardwareAddress of peer.hardwareAddresses) this.probe(iface, address, hardwareAddress, outbox);
      }
    }
  }

  /** Asks everybody who has it. */
  private seek(view: WitnessView, address: Address, outbox: Outbox): void {
    for (const iface of address.interfaces) this.probe(iface, address, undefined, outbox);
    address.soughtAt = view.now;
    if (address.sought) return;
    address.sought = true;
    if (!this.doubtful.some((peer) => livesUnheard(peer, view))) return;
    address.askedUntil = Math.max(address.askedUntil, view.now + askingMs(view.intervalMs));
  }

  /** One of the addresses of each peer is asked for in any case, so that it is known whether it may vouch for the others. */
  private askForOne(view: WitnessView, peer: Peer, outbox: Outbox): void {
    const address = peer.claimed === undefined ? undefined : view.addresses.get(peer.claimed);
    if (address?.rival?.node === peer.node && address.eligible && !address.held) this.ask(view, address, outbox);
  }

  /** Another is to take it, or this node after a while. Candidates that are not heard may have it: what kept them from answering before may be over, and their hardware address another. */
  private waitsForVacancy({ candidates, check, vacantSince }: Address): boolean {
    return vacantSince !== Infinity && check === undefined && this.doubtful.some(({ up, node }) => !up && candidates.includes(node));
  }

  /** The candidates that a holder asks now: all that are down, when it is time for one of them. */
  private absent({ now }: WitnessView, address: Address): Peer[] {
    const absent = this.doubtful.filter((peer) => !peer.up && address.candidates.includes(peer.node));
    return absent.some((peer) => now - address.probedAt >= spacingAfter(now - peer.downSince)) ? absent : [];
  }

  /** Whether a peer whose heartbeat is overdue may hold the address. Of those that are down any candidate may: the one that was heard last on the LAN may have yielded to another since. */
  private isSuspect({ now, detectionMs, peers }: WitnessView, address: Address, peer: Peer): boolean {
    if (peer.up) return peer.stateOf(address.key)?.held === true;
    return isRivalFresh(address, peers, { now, detectionMs }) && (address.rival?.node === peer.node || address.candidates.includes(peer.node));
  }

  private probe(iface: Interface, address: Address, hardwareAddress: number | undefined, outbox: Outbox): void {
    if (this.spend()) probe(iface, address, hardwareAddress, outbox);
  }

  /**
   * Asks for the hardware addresses of peers that are not heard: once at least, and whenever a stranger is seen that may be one of them with a new one; again and again if none is
   * known. First for those for which it has not been asked for longest.
   */
  private resolveUnknown({ now, listening, peers, interfaces }: WitnessView, outbox: Outbox): void {
    const sparse = peers.size >= FULL_MESH_NODES;
    const spacing = MAX_SPACING_MS * Math.max(1, peers.size / FULL_MESH_NODES);
    const unknown = [...peers.values()].filter(({ up, hardwareAddresses, resolvedAt }) => (
      !up && (resolvedAt === -Infinity || (hardwareAddresses.size === 0 && (listening || now - resolvedAt >= spacing)))
    ));
    if (unknown.length === 0) return;
    unknown.sort((a, b) => a.resolvedAt === b.resolvedAt ? 0 : a.resolvedAt - b.resolvedAt);
    for (const peer of unknown.slice(0, sparse ? SPARSE_RESOLUTIONS_PER_TICK : RESOLUTIONS_PER_TICK)) {
      peer.resolvedAt = now;
      for (const target of peer.protocolAddresses) {
        for (const iface of interfaces.announcing.values()) this.resolveOn(iface, target, outbox);
      }
    }
  }

  private resolveOn(iface: Interface, target: AddressKey, outbox: Outbox): void {
    if (subnetOf(iface, target) !== undefined && this.spend()) resolve(iface, target, undefined, outbox);
  }

  /** Takes a frame out of the budget; false when it is used up. */
  private spend(): boolean {
    return this.budget-- > 0;
  }
}

/** Somebody with a speaker's hardware address has answered an ordinary question for an address: asks whether it was the speaker. */
export function verify(now: number, iface: Interface, address: Address, hardwareAddress: number, outbox: Outbox): void {
  const { verifiedAt = new Map<number, number>() } = address;
  if (typeof address.key !== 'number' || now - (verifiedAt.get(iface.index) ?? -Infinity) < VERIFY_SPACING_MS) return;
  address.verifiedAt = verifiedAt.set(iface.index, now);
  probe(iface, address, hardwareAddress, outbox);
}

function isOverdue({ now, intervalMs }: WitnessView, { linkUp, heardAt, confirmedAt }: Peer): boolean {
  return linkUp && now - Math.min(heardAt, confirmedAt) > askingMs(intervalMs);
}

function spacingAfter(downMs: number): number {
  return Math.min(Math.max(downMs / 10, MIN_SPACING_MS), MAX_SPACING_MS);
}
