import { setTimeout as pause } from 'timers/promises';
import { problemText, type Problem } from '../config';
import { CONFIGURATION_STATES, type KubeClient, type KubeObject, type OwnerReference } from '../kube';
import type { Logger, Metrics } from '../observability';

/** Changes within this time are written together, in milliseconds. */
const COALESCE_MS = 1_000;

/** The first retry of a failed write, and the longest, in milliseconds. */
const RETRY_MS = 1_000, LONGEST_RETRY_MS = 60_000;

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
  private writing = false;
  private readonly stopping = new AbortController();

  constructor(private readonly options: ConfigurationStateOptions) {}

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
    void this.write();
  }

  stop(): void {
    this.stopping.abort();
  }

  /** Writes until what is wanted is written; one call at a time does the work for all. */
  private async write(): Promise<void> {
    if (this.writing) {
      return;
    }
    this.writing = true;
    let failures = 0;
    while (!this.stopping.signal.aborted && JSON.stringify(this.body(this.wanted!).status) !== this.written) {
      const body = this.body(this.wanted!);
      try {
        await this.apply(body);
        this.written = JSON.stringify(body.status);
        failures = 0;
      } catch (error) {
        failures += 1;
        if (!this.stopping.signal.aborted) {
          this.options.log.warn({ error }, `cannot write ConfigurationState ${this.options.name}: ${(error as Error).message}`);
        }
      }
      const delay = failures > 0 ? Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** (failures - 1)) : COALESCE_MS;
      await pause(delay, undefined, { signal: this.stopping.signal }).catch(() => undefined); // rejects when it is cut short
    }
    this.writing = false;
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
