/**
 * A load balancer for clusters without a cloud, described in code. `HomeLoadBalancer` is where to begin.
 */
export * from './address-pool';
export * from './address-pool-options';
export * from './address-sharing';
export * from './advertisement';
export * from './advertisement-options';
export * from './bfd-profile';
export * from './bgp-peer';
export * from './bgp-peer-options';
export * from './bind-options';
export * from './community';
export * from './community-aliases';
export * as crds from './imports/metallb.io';
export * from './crds';
export * from './home-load-balancer';
export * from './home-load-balancer-props';
export * from './ip-range';
export * from './monitoring-options';
export * from './network-policy-options';
export * from './selector';
export * from './settings';
