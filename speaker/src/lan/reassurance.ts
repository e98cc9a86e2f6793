/**
 * Says again whose an address is after a peer was cut off.
 *
 * A candidate that was cut off may have taken the address on its side of the cut, and clients there know it by that node. Once the cut has healed it yields, but nobody would
 * tell those clients before the next refresh. So a holder announces its addresses anew when a peer that was silent is heard again, as after a takeover.
 * One that had said goodbye and listens, or was started again, has claimed nothing meanwhile; one that does not listen any more was perhaps started behind the cut.
 */
import { Address } from './address';
import { Holdings } from './holdings';
import { Peer } from './peer';
import { LanEvent } from './types';

export class Reassurance {
  /** Peers that ceased in a way that rules out a claim of theirs. */
  private readonly harmless = new Set<string>();

  constructor(private readonly holdings: Holdings, private readonly peers: ReadonlyMap<string, Peer>) {}

  /** Looks at what has just happened. However many peers return at once, each address is announced once. */
  heed(now: number, events: readonly LanEvent[], addresses: readonly Address[]): void {
    let healed = false;
    for (const event of events) {
      if (event.code === 'peerDown' && event.reason === 'goodbye') this.harmless.add(event.node);
      if (event.code !== 'peerUp' || event.reason === 'restarted') continue;
      const harmless = this.harmless.delete(event.node) && this.peers.get(event.node)?.listening === true;
      if (!harmless) healed = true;
    }
    if (healed) this.announce(now, addresses);
  }

  /** All of them: which addresses the peer was a candidate for while it was away, only its plan of then could tell. */
  private announce(now: number, addresses: readonly Address[]): void {
    for (const address of addresses) {
      if (address.held) this.holdings.announce(now, address);
    }
  }
}
