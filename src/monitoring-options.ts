import { Duration } from 'cdk8s';
import { ISecret } from 'cdk8s-plus-28';

/**
 * How Prometheus finds the metrics.
 */
export enum MonitorKind {
  /** A PodMonitor: pods are scraped directly, no further object is needed. */
  POD_MONITOR = 'PodMonitor',
  /** A ServiceMonitor and a headless Service for each role, for a Prometheus that knows no PodMonitors. */
  SERVICE_MONITOR = 'ServiceMonitor',
  /**
   * None: something else collects the metrics, from port 9120 (`metrics`) of every pod. By HTTPS it has to show the token of an account that is bound to the
   * ClusterRole `NAMESPACE:metrics-reader`.
   */
  NONE = 'None',
}

/**
 * Which objects of the Prometheus operator (group `monitoring.coreos.com`) to make.
 */
export interface MonitoringOptions {
  /**
   * How Prometheus finds the metrics.
   *
   * @default MonitorKind.POD_MONITOR
   */
  readonly monitor?: MonitorKind;

  /**
   * Whether to alert when a configuration is wrong, a pool is nearly used up, a Service waits for an address, or a speaker may not answer.
   *
   * @default true
   */
  readonly alerts?: boolean;

  /**
   * Labels of the objects, by which a Prometheus chooses what it looks at, such as `{ release: 'kube-prometheus-stack' }`.
   *
   * @default - only those that say what made them
   */
  readonly labels?: { [key: string]: string };

  /**
   * Time between two looks at the metrics, whole seconds.
   *
   * @default - as Prometheus is set
   */
  readonly interval?: Duration;

  /**
   * Secret with the certificate (`ca.crt`) of who signed `metricsCertificate` of the load balancer, in the namespace of that; with `serverName`.
   *
   * @default - certificates are not verified
   */
  readonly certificateAuthority?: ISecret;

  /**
   * The name for which `metricsCertificate` of the load balancer was made; with `certificateAuthority`.
   *
   * @default - certificates are not verified
   */
  readonly serverName?: string;
}
