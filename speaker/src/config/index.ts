/**
 * config: custom resources in, a validated configuration and every problem out.
 *
 * One pure function, `parseConfig`, is used alike by the controller, the speaker, the webhook and `hlb check`, so that all of them say the same about the
 * same text. Input is untrusted JSON and never makes it throw. One file a kind; what MetalLB checks is checked with MetalLB's words, since people and
 * their alerts look for them.
 */
export type { Config, UnusableResource } from './config';
export { L2Advertisement, type PreferredNodes } from './l2-advertisement';
export { anyMatches, type Labels, LabelSelector, type LabelSelectorFault, readLabelSelector } from './label-selector';
export { type ConfigInput, type LabelledObject, parseConfig } from './parse-config';
export { comparePools, type Pool, type ServiceAllocation } from './pool';
export { type Problem, type ProblemCode, problemText, type ResourceKind } from './problem';
