/**
 * A load balancer for clusters without a cloud, described in code. `HomeLoadBalancer` is where to begin.
 */
export * from './address-pool';
export * from './address-sharing';
export * from './advertisement';
export * from './bind-options';
export * from './crds';
export * from './home-load-balancer';
export * from './ip-range';
