/**
 * How much the program says.
 */
export enum LogLevel {
  /** Everything, the same as debug. */
  ALL = 'all',
  /** Decisions and their reasons. */
  DEBUG = 'debug',
  /** What changes. */
  INFO = 'info',
  /** What may need attention. */
  WARN = 'warn',
  /** What failed. */
  ERROR = 'error',
  /** Nothing. */
  NONE = 'none',
}

/**
 * What becomes of a change of the configuration while no controller can be asked about it.
 */
export enum WebhookPolicy {
  /** It is made: the controller finds out what is wrong with it afterwards. */
  IGNORE = 'Ignore',
  /** It is refused. The pools of a first installation must then be applied after the controller runs. */
  FAIL = 'Fail',
  /** No change is ever asked about: there is no webhook. For a load balancer beside another one, or beside a MetalLB. */
  NONE = 'None',
}

/**
 * When an address goes back to a node that comes before its holder in the order of nodes, and has returned. A move breaks established connections.
 */
export enum Failback {
  /** Not before the holder fails. */
  NEVER = 'never',
  /** When the node has been there for `failbackHoldDown`. */
  HOLD_DOWN = 'hold-down',
  /** At once. */
  IMMEDIATE = 'immediate',
}

/**
 * Versions of TLS.
 */
export enum TlsVersion {
  /** RFC 5246. */
  TLS_1_2 = 'VersionTLS12',
  /** RFC 8446. */
  TLS_1_3 = 'VersionTLS13',
}
