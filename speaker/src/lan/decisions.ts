/** When it is decided about an address anew, from what, and what follows. The rules are in ownership.ts. */
import { Handover, Reach } from '../wire';
import { Address } from './address';
import { AddressMap } from './address-map';
import { Handovers, STOP_MS } from './handover';
import { Holdings } from './holdings';
import { Listening } from './listening';
import { Membership } from './membership';
import { decide, Verdict } from './ownership';
import { Probing } from './probing';
import { askingMs } from './questions';
import { isRivalFresh, isRivalRecent, livesUnheard, UNANSWERED } from './rivals';

export class Decisions {
  /** Revision of the plan. */
  revision = 0;
  /** This speaker stops: it takes nothing, and waits to be relieved of what it holds. */
  leaving = false;
  /** Called before an address that was offered goes to who has taken it up. */
  handsOver: ((now: number, address: Address) => void) | undefined;

  constructor(
    private readonly membership: Membership, private readonly listening: Listening, private readonly holdings: Holdings,
    private readonly handovers: Handovers, private readonly probing: Probing,
  ) {}

  about(now: number, address: Address): Verdict {
    const { node, keys, detectionMs, peers, planned } = this.membership;
    return decide(address, {
      now,
      node,
      revision: this.revision,
      mayClaim: planned && !this.listening.active && !this.listening.hesitation.active && !this.leaving,
      begins: this.listening.hasJustEnded(now),
      assumePeersUp: !keys.any,
      detectionMs,
    }, peers);
  }

  /** Decides anew about an address, and does what follows. */
  reconsider(now: number, address: Address): void {
    const verdict = this.about(now, address), { handover, held, lastHolder } = address;
    if (address.held && !verdict.mine && verdict.holder === undefined && this.handovers.waits(now, address)) {
      if (address.handover !== handover) this.holdings.changed = true;
      return;
    }
    if (verdict.holder !== undefined || verdict.offeredBy !== undefined || verdict.contested || address.heldBeforeStall) this.know(address);
    if (held && handover !== Handover.NONE && verdict.holder !== undefined) this.handsOver?.(now, address);
    // As long as it is not known whether the address is free it is as if another were to take it.
    const waits = verdict.mine && !held && !this.probing.allows(now, address);
    this.holdings.settle(now, address, waits ? { mine: false, vacant: true } : verdict, this.leaving);
    if (address.held && !held) {
      address.known = true;
      this.probing.taken(now, address);
      if (lastHolder !== undefined) this.handovers.taken(now, address, lastHolder);
    } else if (held && !address.held) {
      this.probing.forget(address);
    }
    if (address.held && !this.leaving && this.handovers.review(now, address)) this.holdings.changed = true;
    if (!verdict.mine && !this.listening.active) address.heldBeforeStall = false;
  }

  /** Somebody in the cluster has the address. */
  private know(address: Address): void {
    address.known = true;
    if (!address.held) this.probing.forget(address);
  }

  /** Once an interval: decides anew where time alone may have changed something. */
  review(now: number, addresses: readonly Address[]): void {
    const { peers, detectionMs } = this.membership;
    for (const address of addresses) {
      const watched = address.held && (this.handovers.watches || address.handover !== Handover.NONE);
      if (address.rival === undefined && address.vacantSince === Infinity && !watched) continue;
      this.reconsider(now, address);
      if (!isRivalRecent(address, peers, { now, detectionMs })) address.rival = undefined;
    }
  }

  /**
   * No way leads to some peers any more. What they held may be taken, but the LAN is asked first, as a neighbour asks while a heartbeat
   * is overdue: it counts as claimed for one and a half intervals more, in which an answer renews the claim.
   */
  heedLost(now: number, addresses: readonly Address[]): void {
    const { lost, detectionMs, intervalMs } = this.membership;
    for (const { peer, record } of lost.splice(0)) {
      const at = now - detectionMs + askingMs(intervalMs);
      for (const address of addresses) {
        if (address.held || record?.states.get(address.key)?.held !== true) continue;
        if (!isRivalFresh(address, this.membership.peers, { now, detectionMs })) address.rival = { node: peer.node, at, onLinkAt: at };
      }
    }
  }

  /** The LAN has been listened to since then. If somebody lives there who is not heard by heartbeats, what has not been asked for yet must be before it is taken. */
  heedListened(now: number, since: number, addresses: readonly Address[]): void {
    const { peers, detectionMs, intervalMs } = this.membership;
    if (![...peers.values()].some((peer) => livesUnheard(peer, { now, detectionMs }))) return;
    for (const address of addresses) {
      address.sought = address.held || address.soughtAt >= since;
      address.askedUntil = Math.max(address.askedUntil, address.soughtAt + intervalMs / 4); // it has perhaps been asked for in this moment
    }
  }

  /** Peers whose heartbeats have ceased answer on the LAN, where there is no time to ask for each of the addresses that they held: these count as claimed. */
  heedVouched(now: number, addresses: AddressMap<Address>): void {
    const { vouched, peers, detectionMs } = this.membership;
    for (const { node, held } of vouched.splice(0)) {
      for (const { address: key, reach } of held) {
        const address = addresses.get(key);
        if (address === undefined || address.held || address.unanswered >= UNANSWERED || isRivalFresh(address, peers, { now, detectionMs })) continue;
        address.rival = { node, at: now, onLinkAt: reach === Reach.ON_LINK ? now : -Infinity };
      }
    }
  }

  /** Begins to stop: gives up what nobody could take over. Returns until when the rest waits for its successors; `now` if there is none. */
  leave(now: number, addresses: readonly Address[]): number {
    this.leaving = true;
    let until = now;
    for (const address of addresses) {
      if (!address.held) continue;
      if (!this.listening.authorised || !this.membership.keys.any || !this.handovers.hasSuccessor(address)) {
        this.holdings.lose(address, 'stopped');
        continue;
      }
      until = now + STOP_MS;
      this.handovers.begin(address, until);
    }
    return until;
  }
}
