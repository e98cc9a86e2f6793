/**
 * What the controller may reach.
 */
export interface NetworkPolicyOptions {
  /**
   * TCP ports of the API server, 1 to 65535: those of its Service and of its endpoints, for network plug-ins differ in which one they look at.
   *
   * @default [443, 6443]
   */
  readonly apiServerPorts?: number[];
}
