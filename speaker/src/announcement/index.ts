/**
 * Which addresses the cluster should announce, from which nodes, in which order: Services × endpoints × configuration × nodes → plan.
 *
 * Every speaker computes the same lists from the same objects. Which of an address's candidates answers for it is decided by the
 * data plane, which knows who is alive.
 */
export { Announcer, type AnnouncerOptions } from './announcer';
export { electionOrder } from './election';
export { mergePlan, type PlannedAddress } from './plan';
export type { AnnouncedService, Announcement, Decision, Endpoint, NodeView, Withdrawal, WithdrawalCause, WithdrawalReason } from './types';
