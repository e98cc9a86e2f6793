import { problemText, type Problem } from '../config';
import { CONFIGURATION_STATES, type KubeClient, type KubeObject, type OwnerReference } from '../kube';
import type { Logger, Metrics } from '../observability';
import { Throttle } from './throttle';

/** Changes within this time are written together, in milliseconds. */
const COALESCE_MS = 1_000;

/** Kubernetes allows 32 KiB in a condition's message. */
const LONGEST_MESSAGE = 32_000;

export interface ConfigurationReport {
  /** Every problem there is; none means that all of the configuration is in use. */
  readonly problems: readonly Problem[];
}

export interface ConfigurationStateOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  /** Name of the object: `controller`, or `speaker-<node>`. */
  readonly name: string;
  /** `metallb.io/component-type` and, for speakers, `metallb.io/node-name`. */
  readonly labels: Record<string, string>;
  /** Type of the condition that this role writes: `poolReconcilerValid` or `configReconcilerValid`. */
  readonly condition: string;
  /** The own pod, with which the object goes away. */
  readonly owner?: OwnerReference;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/**
 * Says whether the configuration could be used: in the `ConfigurationState` object of this role, in the metrics and, once for each change, in the log.
 *
 * Written by server-side apply, at most once a second; a write that fails is tried again with growing delays.
 */
export class ConfigurationState {
  private wanted?: ConfigurationReport;
  private written?: string;
  private said?: string;
  private readonly throttle: Throttle;

  constructor(private readonly options: ConfigurationStateOptions) {
    this.throttle = new Throttle(() => this.write(), COALESCE_MS, (error) => (
      options.log.warn({ error }, `cannot write ConfigurationState ${options.name}: ${error.message}`)
    ));
  }

  report(report: ConfigurationReport): void {
    const { metrics, log } = this.options;
    metrics.configLoaded.set(1);
    metrics.configStale.set(report.problems.length > 0 ? 1 : 0);
    const text = report.problems.map(problemText).join('\n');
    if (text !== this.said) {
      this.said = text;
      for (const problem of report.problems) {
        log.error({ code: problem.code, kind: problem.kind, name: problem.name, field: problem.field }, `failed to parse the configuration: ${problemText(problem)}`);
      }
      if (report.problems.length === 0) {
        log.info({}, 'config reloaded');
      }
    }
    this.wanted = report;
    this.throttle.request();
  }

  stop(): void {
    this.throttle.stop();
  }

  private async write(): Promise<void> {
    const body = this.body(this.wanted!), text = JSON.stringify(body.status);
    if (text !== this.written) {
      await this.apply(body);
      this.written = text;
    }
  }

  private async apply(body: ReturnType<ConfigurationState['body']>): Promise<void> {
    const { client, namespace, name, condition } = this.options;
    const { status, ...object } = body;
    const manager = { namespace, fieldManager: condition.replace(/Valid$/, ''), force: true };
    // Two requests: the first makes the object, and its status is a resource of its own.
    await client.apply(CONFIGURATION_STATES, object, manager);
    const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    await client.apply(CONFIGURATION_STATES, {
      metadata: { name, namespace },
      status: { ...status, conditions: status.conditions.map((each) => ({ ...each, lastTransitionTime: now })) },
    } as KubeObject, { ...manager, subresource: 'status' });
  }

  private body({ problems }: ConfigurationReport) {
    const { namespace, name, labels, condition, owner } = this.options;
    const summary = problems.map(problemText).join('\n').slice(0, LONGEST_MESSAGE);
    const valid = problems.length === 0;
    return {
      metadata: { name, namespace, labels, ...(owner && { ownerReferences: [owner] }) },
      status: {
        result: valid ? 'Valid' : 'Invalid',
        errorSummary: summary,
        conditions: [{
          type: condition,
          status: valid ? 'True' : 'False',
          reason: valid ? 'Reconciled' : 'ConfigurationError',
          message: valid ? '' : `configuration error: ${summary}`.slice(0, LONGEST_MESSAGE),
        }],
      },
    };
  }
}
