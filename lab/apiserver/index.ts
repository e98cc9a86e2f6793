/**
 * API servers for tests and for the demo: one in this process with its objects in memory, and the real one (etcd and kube-apiserver) as processes.
 * Both are used through a kubeconfig; `lab/test/api-contract.ts` holds them to the same behaviour.
 */
export { selfSigned, type Certificate } from './certificates';
export { Faults, type Match, type RequestInfo } from './faults';
export { ApiError, type ApiObject, type JsonObject } from './objects';
export { kubeBinaries, startRealApiServer, type RealApiServer, type RealApiServerOptions } from './real';
export { EmbeddedApiServer, type EmbeddedApiServerOptions } from './server';
