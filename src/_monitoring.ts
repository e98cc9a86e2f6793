import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { alertRules } from './_alerts';
import { formatDuration } from './_durations';
import { ConstructError } from './_errors';
import { checkLabels, LABELS, metadataOf } from './_names';
import { Balancer } from './_registry';
import { isToken, textOf } from './_tokens';
import { checkBoolean, checkDuration, checkMember, checkText, isGiven } from './_values';
import { METRICS_PORT, selectorOf } from './_workloads';
import { MonitoringOptions, MonitorKind } from './monitoring-options';

/** The account whose token Prometheus shows: pods ask the API server whether it may read their metrics. */
const READER = 'metrics-reader';
const TOKEN = 'metrics-reader-token';

/** Lets a Prometheus that is run by its operator collect the metrics of the load balancer, and alerts with the names that MetalLB's chart has. */
export class Monitoring extends Construct {
  constructor(scope: Construct, id: string, { namespace, metricsInsecure }: Balancer, private readonly props: MonitoringOptions) {
    super(scope, id);
    this.check(props);
    const interval = isGiven(props.interval) ? formatDuration(props.interval!.toMilliseconds()) : undefined;
    const monitor = props.monitor ?? MonitorKind.POD_MONITOR;
    const metadata = (name: string) => metadataOf(name, namespace, props.labels);
    if (!metricsInsecure) this.createReader(namespace, monitor !== MonitorKind.NONE);
    const endpoint = { port: 'metrics', path: '/metrics', ...interval && { interval }, ...!metricsInsecure && this.secured() };

    for (const role of ['controller', 'speaker']) {
      const common = { selector: { matchLabels: selectorOf(role) }, namespaceSelector: { matchNames: [namespace] }, jobLabel: 'component' };
      if (monitor === MonitorKind.POD_MONITOR) {
        new ApiObject(this, `${role}-monitor`, {
          apiVersion: 'monitoring.coreos.com/v1', kind: 'PodMonitor', metadata: metadata(`${role}-monitor`), spec: { ...common, podMetricsEndpoints: [endpoint] },
        });
      } else if (monitor === MonitorKind.SERVICE_MONITOR) {
        const labels = { ...props.labels, ...selectorOf(role) };
        new ApiObject(this, `${role}-metrics`, {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: metadataOf(`${role}-monitor-service`, namespace, labels),
          spec: { clusterIP: 'None', selector: selectorOf(role), ports: [{ name: 'metrics', port: METRICS_PORT, targetPort: 'metrics' }] },
        });
        new ApiObject(this, `${role}-monitor`, {
          apiVersion: 'monitoring.coreos.com/v1', kind: 'ServiceMonitor', metadata: metadata(`${role}-monitor`), spec: { ...common, endpoints: [endpoint] },
        });
      }
    }
    if (props.alerts ?? true) {
      new ApiObject(this, 'alerts', {
        apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule', metadata: metadata('home-load-balancer-alerts'), spec: { groups: alertRules() },
      });
    }
  }

  /** The right to read the metrics, which whoever else collects them can be bound to, and an account that has it. */
  private createReader(namespace: string, withAccount: boolean): void {
    const apiGroup = 'rbac.authorization.k8s.io';
    const metadata = { name: textOf([namespace], ([name]) => `${name}:${READER}`), labels: LABELS };
    new k8s.KubeClusterRole(this, 'reader-role', { metadata, rules: [{ nonResourceUrLs: ['/metrics'], verbs: ['get'] }] });
    if (!withAccount) return;
    new k8s.KubeServiceAccount(this, 'reader', { metadata: metadataOf(READER, namespace) });
    new k8s.KubeClusterRoleBinding(this, 'reader-binding', {
      metadata, roleRef: { apiGroup, kind: 'ClusterRole', name: metadata.name }, subjects: [{ kind: 'ServiceAccount', name: READER, namespace }],
    });
    new k8s.KubeSecret(this, 'reader-token', {
      metadata: { ...metadataOf(TOKEN, namespace), annotations: { 'kubernetes.io/service-account.name': READER } }, type: 'kubernetes.io/service-account-token',
    });
  }

  /** What an endpoint says about how to reach it by HTTPS. */
  private secured(): object {
    const { certificateAuthority, serverName } = this.props;
    return {
      scheme: 'https',
      authorization: { type: 'Bearer', credentials: { name: TOKEN, key: 'token' } },
      // A pod that makes its own certificate cannot be verified; its metrics are no secret from who pretends to be it, and the token opens nothing else.
      tlsConfig: certificateAuthority ? { ca: { secret: { name: certificateAuthority.name, key: 'ca.crt' } }, serverName } : { insecureSkipVerify: true },
    };
  }

  private check(props: MonitoringOptions): void {
    const where = (property: string) => `${this.node.path}: ${property}`;
    checkMember(where('monitor'), props.monitor, MonitorKind);
    checkBoolean(where('alerts'), props.alerts);
    checkLabels(where('labels'), props.labels);
    checkDuration(where('interval'), props.interval, { text: 'whole seconds from 1 s to 1 h', test: (time) => time >= 1000 && time <= 3_600_000 && time % 1000 === 0 });
    if (isGiven(props.certificateAuthority)) checkText(where('certificateAuthority: name'), props.certificateAuthority!.name ?? '');
    checkText(where('serverName'), props.serverName);
    const [one, other] = props.certificateAuthority ? ['certificateAuthority', 'serverName'] : ['serverName', 'certificateAuthority'];
    if (Boolean(props.certificateAuthority) !== Boolean(props.serverName) && !isToken(props.serverName)) {
      throw new ConstructError('INVALID_PROPS', `${where(one)} needs ${other}, too: a certificate is verified for a name, by who signed it; pass both, or none`);
    }
  }
}
