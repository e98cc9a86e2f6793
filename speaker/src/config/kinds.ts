import { ResourceKind } from './problem';

interface KindWords {
  /** What it is called in messages. */
  readonly noun: string;
  /** What a message about one begins with, before the name. */
  readonly context: string;
  /** What is said of a second one with the name. */
  readonly taken: (name: string) => string;
}

const quoted = (noun: string) => (name: string) => `duplicate definition of ${noun} ${JSON.stringify(name)}`;

/** How MetalLB speaks of each kind. */
export const KINDS: Readonly<Record<ResourceKind, KindWords>> = {
  IPAddressPool: { noun: 'pool', context: 'parsing address pool', taken: quoted('pool') },
  L2Advertisement: { noun: 'L2 advertisement', context: 'parsing L2 advertisement', taken: quoted('L2 advertisement') },
  BFDProfile: { noun: 'BFD profile', context: 'parsing BFD profile', taken: quoted('BFD profile') },
  Community: { noun: 'Community', context: 'parsing community', taken: quoted('Community') },
  BGPPeer: { noun: 'peer', context: 'parsing peer', taken: (name) => `peer ${name} already exists` },
  BGPAdvertisement: { noun: 'BGP advertisement', context: 'parsing BGP advertisement', taken: quoted('bgpadvertisements') },
};
