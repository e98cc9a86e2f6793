import type { ResourceKind } from '../config';
import {
  BFD_PROFILES, BGP_ADVERTISEMENTS, BGP_PEERS, COMMUNITIES, IP_ADDRESS_POOLS, L2_ADVERTISEMENTS, type ResourceRef,
} from '../kube';

/** Where the API server has the objects of a kind. */
export const RESOURCE_OF: Readonly<Record<ResourceKind, ResourceRef>> = {
  IPAddressPool: IP_ADDRESS_POOLS,
  L2Advertisement: L2_ADVERTISEMENTS,
  BFDProfile: BFD_PROFILES,
  Community: COMMUNITIES,
  BGPPeer: BGP_PEERS,
  BGPAdvertisement: BGP_ADVERTISEMENTS,
};
