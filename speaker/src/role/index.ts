/**
 * What the two roles have in common: how they begin and end, how their watches are started and shown, and how a role says whether it
 * could use its configuration.
 */
export { ADDRESS_CONFLICT, conflictMessage, conflictTexts } from './address-conflict';
export { Causes } from './causes';
export { RESOURCE_OF } from './config-resources';
export { ConfigurationState, type ConfigurationReport } from './configuration-state';
export { HEARTBEAT_SECRET } from './heartbeat-secret';
export { MADE_BY_US } from './labels';
export { ownPod } from './own-pod';
export { runRole, type Role, type RoleContext, type RoleOptions } from './run';
export { Throttle } from './throttle';
export { Watches } from './watches';
export { WorkQueue } from './work-queue';
