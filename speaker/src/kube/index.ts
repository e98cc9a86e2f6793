/**
 * The Kubernetes API as this program uses it: a client and watches over one HTTP/2 connection, written on `node:http2`.
 *
 * `loadKubeConfig` says where the cluster is, `KubeClient` calls it, a `Reflector` mirrors one kind of object into a `Store` and never stops silently,
 * an `EventRecorder` tells users what happened. Every failure is a `KubeError` whose message names the fix. This room knows nothing of load balancing.
 */
export { Backoff, type BackoffOptions } from './backoff';
export { KubeClient, type KubeClientOptions } from './client';
export { bootClock, fromWallTime, systemClock, toWallTime, type Clock } from './clock';
export { loadKubeConfig, type ClusterConfig, type LoadKubeConfigOptions, type TlsMaterial } from './config';
export { isKubeError, KubeError, type KubeErrorCode } from './errors';
export { EventRecorder, type EventRecorderOptions } from './events';
export { LeaderElection, type LeaderElectionOptions } from './lease';
export { silentLog, type KubeLog } from './log';
export type * from './options';
export { projectMeta, projectNamespace, projectService, projectWhole, type Stored } from './projections';
export { Reflector, type ReflectorOptions, type ReflectorState } from './reflector';
export * from './resources';
export { keyOf, newerOf, Store, type Delta } from './store';
export { timeText } from './time';
export type * from './types';
