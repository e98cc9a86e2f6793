/** Taking addresses, giving them up, and saying so on the LAN. Whether to is decided elsewhere (ownership.ts). */
import { Handover, Reach } from '../wire';
import { Address } from './address';
import { Gratuitous } from './gratuitous';
import { Membership } from './membership';
import { Outbox } from './outbox';
import { Verdict } from './ownership';
import { acquireReason } from './reasons';
import { namesOf } from './snapshot';
import { LoseReason } from './types';

export class Holdings {
  /** Whether peers should hear of a change; whoever reads it sets it back. */
  changed = false;
  /** Addresses taken from others who answer, that wait for their turn to be announced: those others will hear of it by heartbeat. */
  private readonly untold: Address[] = [];

  constructor(private readonly membership: Membership, private readonly gratuitous: Gratuitous, private readonly outbox: Outbox) {}

  /** When {@link tick} has something to send. */
  get deadline(): number {
    return this.gratuitous.deadline;
  }

  /** Does what a verdict says. */
  settle(now: number, address: Address, verdict: Verdict, leaving = false): void {
    if (verdict.holder !== undefined) address.lastHolder = verdict.holder;
    if (!verdict.vacant) address.vacantSince = Infinity;
    else if (address.vacantSince === Infinity || verdict.untold) address.vacantSince = now;
    if (verdict.mine) {
      if (!address.held) this.acquire(now, address, verdict);
      else if (verdict.contested) this.assert(now, address);
    } else if (address.held) {
      this.lose(address, leaving ? 'stopped' : this.loseReason(address, verdict), verdict.holder);
    }
  }

  lose(address: Address, reason: LoseReason, to?: string): void {
    if (!address.held) return;
    address.held = false;
    address.handover = Handover.NONE;
    address.better = undefined;
    this.gratuitous.stop(address);
    this.outbox.event({ code: 'addressLost', address: address.text, reason, to });
    this.changed = true;
  }

  /** Its interfaces have changed while it is held: announce it anew, for a switch or a client may see it on a new port. */
  announce(now: number, address: Address): void {
    this.gratuitous.start(now, address, this.outbox);
  }

  /** Sends announcements that are due. */
  tick(now: number, addresses: readonly Address[]): void {
    this.gratuitous.tick(now, addresses, this.outbox);
  }

  private acquire(now: number, address: Address, { contested = false, offeredBy }: Verdict): void {
    address.lastHolder = offeredBy ?? address.lastHolder;
    const reason = acquireReason(address, this.membership.peers, contested, offeredBy !== undefined);
    const died = reason === 'holderDown';
    const darkMs = died ? this.silenceOf(now, address.lastHolder!) : undefined;
    const found = died ? this.membership.peers.get(address.lastHolder!)?.reason : undefined;
    const event = { code: 'addressAcquired', address: address.text, interfaces: namesOf(address), reason, from: address.lastHolder } as const;
    this.outbox.event({
      ...event, ...(found && { found }), ...(darkMs !== undefined && { darkMs }), ...(address.reach === Reach.OFF_LINK && { offLink: true }),
    });
    address.held = true;
    address.heldSince = now;
    address.heldBecause = reason;
    address.lastDarkMs = darkMs ?? address.lastDarkMs;
    address.darkMs += darkMs ?? 0;
    address.heldBeforeStall = false;
    address.lastHolder = undefined;
    address.assertedAt = now;
    address.assertedTo = undefined;
    const served = this.isServed(address), first = this.outbox.frameCount;
    this.announce(now, address);
    const announced = this.outbox.frameCount > first;
    address.answersFrom = !served ? -Infinity : announced ? now : Infinity;
    if (served && announced) this.outbox.frames[first].takeover = address;
    else if (served) this.untold.push(address);
    this.changed = true;
  }

  /** Peers are told by heartbeat now of what is held. */
  told(now: number): void {
    for (const address of this.untold) if (address.answersFrom === Infinity) address.answersFrom = now;
    this.untold.length = 0;
  }

  /**
   * Whether another, who reaches the address as well as this node does, answers for it now: until it hears the announcement. One who reaches
   * it less well may not be on the LAN where the address belongs, and answer nobody there.
   */
  private isServed({ key, reach }: Address): boolean {
    for (const peer of this.membership.peers.values()) {
      if (peer.up && peer.stateOf(key)?.held === true && peer.reachOf(key) >= reach) return true;
    }
    return false;
  }

  /** How long a node has not been heard: it answered for nothing for so long at most. */
  private silenceOf(now: number, node: string): number | undefined {
    const heardAt = this.membership.peers.get(node)?.heardAt ?? -Infinity;
    return heardAt === -Infinity ? undefined : now - heardAt;
  }

  /** Another who ranks lower holds or claims the address too: say again whose it is, but no more than once in a detection time. */
  private assert(now: number, address: Address): void {
    if (now - address.assertedAt < this.membership.detectionMs) return;
    address.assertedAt = now;
    address.assertedTo = address.rival?.node;
    this.announce(now, address); // and again past the moment in which the other's announcement may still be under way
    this.changed = true;
  }

  private loseReason({ candidates, reach, handover }: Address, { byClaim }: Verdict): LoseReason {
    if (!candidates.includes(this.membership.node)) return 'notCandidate';
    if (reach === Reach.NONE) return 'noInterface';
    if (handover === Handover.TO_BETTER) return 'handedOver';
    return byClaim ? 'claimHeard' : 'outranked';
  }
}
