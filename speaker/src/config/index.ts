/**
 * config: custom resources in, a validated configuration and every problem out.
 *
 * One pure function, `parseConfig`, is used alike by the controller, the speaker, the webhook and `hlb check`, so that all of them say the same about the
 * same text. Input is untrusted JSON and never makes it throw. One file a kind; what MetalLB checks is checked with MetalLB's words, since people and
 * their alerts look for them.
 */
export { Advertisement, type Selection } from './advertisement';
export type { BFDProfile } from './bfd-profile';
export { BGPAdvertisement, type RouteSpec } from './bgp-advertisement';
export { BGPPeer, type BGPSession } from './bgp-peer';
export type { BGPTimers } from './bgp-timers';
export type { Community } from './community';
export { CommunityValue } from './community-value';
export type { BGPConfig, Config, UnusableResource } from './config';
export { type ConfigInput, INPUT_OF, selectForNode } from './config-input';
export { parseDuration } from './duration';
export { L2Advertisement, type PreferredNodes } from './l2-advertisement';
export { anyMatches, type Labels, LabelSelector, type LabelSelectorFault, readLabelSelector } from './label-selector';
export { type LabelledObject, shareANode } from './nodes';
export { parseConfig } from './parse-config';
export { Password } from './password';
export { comparePools, type Pool, type ServiceAllocation } from './pool';
export { DEFAULT_STICKY_MS, type NodeAddresses, OWN_GROUP, type PoolPolicy, sameOwnAnnotations, wantsNodes } from './pool-policy';
export { type Problem, type ProblemCode, problemText, type ResourceKind } from './problem';
export { type RouteAttribute, routeConflict } from './route-conflict';
