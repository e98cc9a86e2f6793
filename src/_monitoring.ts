import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { alertRules } from './_alerts';
import { formatDuration } from './_durations';
import { checkLabels, metadataOf } from './_names';
import { checkBoolean, checkDuration, checkMember, isGiven } from './_values';
import { METRICS_PORT, selectorOf } from './_workloads';
import { MonitoringOptions, MonitorKind } from './monitoring-options';

/** Lets a Prometheus that is run by its operator collect the metrics of the load balancer, and alerts with the names that MetalLB's chart has. */
export class Monitoring extends Construct {
  constructor(scope: Construct, id: string, namespace: string, props: MonitoringOptions) {
    super(scope, id);
    this.check(props);
    const interval = isGiven(props.interval) ? formatDuration(props.interval!.toMilliseconds()) : undefined;
    const monitor = props.monitor ?? MonitorKind.POD_MONITOR;
    const metadata = (name: string) => metadataOf(name, namespace, props.labels);
    const endpoint = { port: 'metrics', path: '/metrics', ...interval && { interval } };

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

  private check(props: MonitoringOptions): void {
    const where = (property: string) => `${this.node.path}: ${property}`;
    checkMember(where('monitor'), props.monitor, MonitorKind);
    checkBoolean(where('alerts'), props.alerts);
    checkLabels(where('labels'), props.labels);
    checkDuration(where('interval'), props.interval, { text: 'whole seconds from 1 s to 1 h', test: (time) => time >= 1000 && time <= 3_600_000 && time % 1000 === 0 });
  }
}
