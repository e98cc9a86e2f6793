/**
 * Whether this node may go on with what it knew: found out at the beginning of each call, from the time alone.
 *
 * Silent for longer than a detection time it has lost its addresses, perhaps; silent for longer than a peer needs to find another gone (suspicion.ts) it has in a rare case,
 * and asks. Another of its name, which is believed by the others, silences it for longer.
 */
import { Addresses } from './addresses';
import { Holdings } from './holdings';
import { Listening } from './listening';
import { Membership } from './membership';
import { Rounds } from './rounds';
import { Suspicion } from './suspicion';
import { REFUSED_MS } from './twins';

export class Authority {
  constructor(
    private readonly membership: Membership, private readonly listening: Listening, private readonly holdings: Holdings,
    private readonly addresses: Addresses, private readonly rounds: Rounds, private readonly suspicion: Suspicion,
  ) {}

  /** Returns whether this node has been away; the next tick is due then, whatever call found it out: it sends the heartbeat by whose echo peers are known to be heard again. */
  examine(now: number): boolean {
    const silence = this.rounds.silence(now);
    if (silence > this.membership.detectionMs) this.stall(now, silence);
    else if (silence > this.suspicion.fenceMs && this.suspicion.active) this.hesitate(now);
    else return false;
    this.rounds.begin(now);
    return true;
  }

  /** Another speaker has this node's name, and is believed by the others. */
  standDown(now: number): void {
    this.membership.twins.refused = false;
    this.listening.bar(now, now + REFUSED_MS);
    for (const address of this.addresses.list) this.holdings.lose(address, 'duplicate');
  }

  private stall(now: number, silence: number): void {
    this.listening.loseAuthority(now, silence);
    for (const address of this.addresses.list) {
      address.heldBeforeStall ||= address.held;
      this.holdings.lose(address, 'stalled');
    }
    this.rounds.tell();
  }

  private hesitate(now: number): void {
    // Datagrams may be waiting, so nobody is accused yet.
    if (this.rounds.isLate(now)) this.membership.links.late(now);
    this.listening.hesitation.begin(now);
  }
}
