/**
 * Where each address is announced: computed anew when the plan or the links of this node change, with what follows for the addresses.
 *
 * An interface that comes up while some peer is not heard joins a LAN on which that peer may have the address: the LAN is listened to first. So it is, for as long as it takes
 * to ask all, when they are heard: while the cable was away they may have given this node up before it could know (suspicion.ts).
 *
 * An address that this node may announce from now on, by a new plan or an interface that appears, may be held by a peer that is not heard, and that this node had no reason to ask until now.
 * So the LAN is asked first, for one and a half intervals: long enough for one question. The same when it would announce the address on other interfaces than before: who has it
 * there alone did not matter as long as this node was where the address belongs.
 */
import { Reach } from '../wire';
import { Address } from './address';
import { Addresses } from './addresses';
import { Decisions } from './decisions';
import { Holdings } from './holdings';
import { Interfaces } from './interfaces';
import { Listening } from './listening';
import { Membership } from './membership';
import { Outbox } from './outbox';
import { askingMs } from './questions';
import { Rounds } from './rounds';
import { namesOf } from './snapshot';
import { Link } from './types';

export class Placement {
  constructor(
    private readonly membership: Membership, private readonly listening: Listening, private readonly decisions: Decisions,
    private readonly holdings: Holdings, private readonly rounds: Rounds, private readonly interfaces: Interfaces,
    private readonly addresses: Addresses, private readonly outbox: Outbox,
  ) {}

  setLinks(now: number, links: readonly Link[]): void {
    const before = new Set(this.interfaces.lans());
    this.interfaces.setLinks(links);
    const joined = this.interfaces.lans().some((lan) => !before.has(lan));
    if (joined) this.membership.resolveAnew();
    const listens = joined && this.membership.planned && this.rounds.canBeat && (!this.hearsAll || this.membership.prompt);
    if (listens) this.listening.start(now);
    else if (joined) this.membership.links.late(now); // who is overdue may have been heard by all but this node
    this.assign(now, this.addresses.list, listens);
  }

  /**
   * Assigns interfaces to these addresses. An address that was held on other networks alone, and could be on its own LAN now, is given up if
   * that LAN is to be listened to: who serves it there keeps it.
   */
  assign(now: number, addresses: readonly Address[], listens = false): void {
    const offLink = listens ? addresses.filter(({ held, reach }) => held && reach === Reach.OFF_LINK) : [];
    const { changed, renamed } = this.interfaces.assign(addresses);
    this.askForNew(now, addresses, new Set(changed));
    const heldBefore = new Set(renamed.filter(({ held }) => held));
    for (const address of offLink) if (address.reach === Reach.ON_LINK) this.holdings.lose(address, 'lanJoined');
    for (const address of changed) {
      const { held } = address;
      this.decisions.reconsider(now, address);
      if (held && address.held) this.holdings.announce(now, address);
      this.rounds.tellStates();
    }
    for (const address of heldBefore) {
      if (address.held) this.outbox.event({ code: 'interfacesChanged', address: address.text, interfaces: namesOf(address) });
    }
    this.interfaces.reportMissing(addresses, this.membership.node, this.outbox);
  }

  private askForNew(now: number, addresses: readonly Address[], changed: ReadonlySet<Address>): void {
    const { node, intervalMs } = this.membership;
    const asks = this.rounds.canBeat && !this.listening.active && !this.hearsAll;
    let asked = false;
    for (const address of addresses) {
      const eligible = address.reach !== Reach.NONE && address.candidates.includes(node);
      if (asks && eligible && !address.held && (!address.eligible || changed.has(address))) {
        address.askedUntil = now + askingMs(intervalMs);
        address.sought = false;
        asked = true;
      }
      address.eligible = eligible;
    }
    if (asked) this.membership.doubt(now); // to know who answers
  }

  private get hearsAll(): boolean {
    return [...this.membership.peers.values()].every(({ up }) => up);
  }
}
