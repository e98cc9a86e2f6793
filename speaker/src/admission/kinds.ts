import type { ConfigInput, ResourceKind } from '../config';
import {
  BFD_PROFILES, BGP_ADVERTISEMENTS, BGP_PEERS, COMMUNITIES, IP_ADDRESS_POOLS, L2_ADVERTISEMENTS, type ResourceRef,
} from '../kube';

/** Where the objects of a kind are in the input of the parser. */
export const INPUT_OF = {
  IPAddressPool: 'ipAddressPools',
  L2Advertisement: 'l2Advertisements',
  BFDProfile: 'bfdProfiles',
  Community: 'communities',
  BGPPeer: 'bgpPeers',
  BGPAdvertisement: 'bgpAdvertisements',
} as const satisfies Record<ResourceKind, keyof ConfigInput>;

export const RESOURCE_OF: Readonly<Record<ResourceKind, ResourceRef>> = {
  IPAddressPool: IP_ADDRESS_POOLS,
  L2Advertisement: L2_ADVERTISEMENTS,
  BFDProfile: BFD_PROFILES,
  Community: COMMUNITIES,
  BGPPeer: BGP_PEERS,
  BGPAdvertisement: BGP_ADVERTISEMENTS,
};

const ROUTES: readonly ResourceKind[] = ['IPAddressPool', 'BGPAdvertisement', 'BGPPeer', 'BFDProfile'];

/** With whom an object of a kind may be in contradiction, its own kind included. Passwords are not looked at: the webhook reads no Secret of users. */
export const RELATED: Readonly<Record<ResourceKind, readonly ResourceKind[]>> = {
  IPAddressPool: ROUTES,
  L2Advertisement: ['L2Advertisement'],
  BFDProfile: ROUTES,
  Community: ['Community', 'BGPAdvertisement'],
  BGPPeer: ROUTES,
  BGPAdvertisement: [...ROUTES, 'Community'],
};

/** MetalLB's paths. */
export const PATHS: ReadonlyMap<string, ResourceKind> = new Map([
  ['/validate-metallb-io-v1beta1-ipaddresspool', 'IPAddressPool'],
  ['/validate-metallb-io-v1beta1-bgpadvertisement', 'BGPAdvertisement'],
  ['/validate-metallb-io-v1beta1-l2advertisement', 'L2Advertisement'],
  ['/validate-metallb-io-v1beta1-community', 'Community'],
  ['/validate-metallb-io-v1beta2-bgppeer', 'BGPPeer'],
  ['/validate-metallb-io-v1beta1-bfdprofile', 'BFDProfile'],
]);
