import { Address } from './address';
import { Peer } from './peer';
import { AcquireReason } from './types';

/** Why this node takes an address now, told from its last holder. */
export function acquireReason(address: Address, peers: ReadonlyMap<string, Peer>, contested: boolean, offered: boolean): AcquireReason {
  if (address.heldBeforeStall) return 'authorityRegained';
  if (offered) return 'handedOver';
  if (contested) return 'holderOutranked';
  if (address.lastHolder === undefined) return peers.size === 0 || address.candidates.length === 1 ? 'onlyCandidate' : 'firstCandidate';
  const holder = peers.get(address.lastHolder);
  if (holder === undefined) return 'holderReleased';
  if (holder.reason === 'goodbye') return 'holderLeft';
  return holder.up && holder.reason !== 'restarted' ? 'holderReleased' : 'holderDown';
}
