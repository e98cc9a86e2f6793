/**
 * The sans-I/O core of the data plane: frames, heartbeats, plan, links and time go in; frames, heartbeats and events come out.
 * It decides which addresses this node owns, answers ARP and Neighbor Solicitations for them, announces them, and notices when somebody else does.
 * It has no socket, clock, timer or random source; dataplane/ gives it those. The essay is at the top of core.ts.
 */
export { keyOf } from './addresses';
export { LanCore } from './core';
export { LanError } from './errors';
export type { LanErrorCode } from './errors';
export { Outbox } from './outbox';
export type { OutgoingDatagram, OutgoingFrame, Takeover } from './outbox';
export type { AddressSnapshot, LanSnapshot, LanSummary, PeerSnapshot } from './snapshot';
export type { Survey } from './survey';
export * from './types';
