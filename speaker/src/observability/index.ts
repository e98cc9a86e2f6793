/**
 * What people and machines see of a running role: one line of JSON per event (pino), metrics (prom-client) under MetalLB's names
 * and ours, and the HTTP endpoints that Kubernetes and Prometheus ask. No room of the program is known here.
 */
export { createLogger, LOG_LEVELS, type Logger, type LogLevel } from './logger';
export { ControllerMetrics, Metrics, SpeakerMetrics } from './metrics';
export { HttpEndpoints, type Access, type Check, type HttpEndpointsOptions, type SecureMetrics } from './http';
