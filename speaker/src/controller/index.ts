/**
 * The controller role: keeps each Service of type LoadBalancer at the addresses that the ledger says, writes its status and events, the counters of
 * the pools, and the key with which speakers sign their heartbeats.
 */
export { runController, type ControllerOptions } from './run';
