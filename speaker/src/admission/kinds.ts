import type { ResourceKind } from '../config';

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
