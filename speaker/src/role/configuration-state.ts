import { problemText, type Problem } from '../config';
import {
  CONFIGURATION_STATES, newerOf, projectWhole, timeText, type EventRecorder, type KubeClient, type KubeObject, type OwnerReference, type Reflector,
  type Stored,
} from '../kube';
import type { Logger, Metrics } from '../observability';
import { Throttle } from './throttle';
import type { Watches } from './watches';

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
  readonly recorder: Pick<EventRecorder, 'record'>;
  /** The custom resource that a problem is about, for an event; undefined when it is gone, or somebody else tells. */
  readonly objectOf: (problem: Problem) => KubeObject | undefined;
  readonly log: Logger;
  readonly metrics: Metrics;
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime?: string;
}

interface State extends KubeObject {
  readonly status?: { readonly result?: string; readonly errorSummary?: string; readonly conditions?: readonly Condition[] };
}

/**
 * Says whether the configuration could be used: in the `ConfigurationState` object of this role, in the metrics and, once for each change, in the log and
 * in events of the objects that are refused.
 *
 * The object is written by server-side apply, at most once a second, and only when it differs from what it ought to be: it is watched, so it is made again
 * when somebody deletes it, and put right when somebody changes it. A write that fails is tried again with growing delays. Result, summary and condition
 * are made of one report and written at once, so they never contradict each other.
 */
export class ConfigurationState {
  private wanted?: ConfigurationReport;
  private said = new Set<string>();
  private everSaid = false;
  private readonly throttle: Throttle;
  private readonly own: Reflector<Stored<State>>;
  /** What the API server answered to our last write, which the watch may not have brought yet. */
  private answer?: Stored<State>;

  /** Adds its watch; the caller starts the watches. */
  constructor(private readonly options: ConfigurationStateOptions, watches: Watches) {
    const { namespace, name, log } = options;
    this.throttle = new Throttle(() => this.write(), COALESCE_MS, (error) => (
      log.warn({ error }, `cannot write ConfigurationState ${name}: ${error.message}`)
    ));
    this.own = watches.add<Stored<State>>({
      resource: CONFIGURATION_STATES,
      namespace,
      fieldSelector: `metadata.name=${name}`,
      project: (raw) => projectWhole<State>(raw),
      onChange: ({ type }) => {
        if (type === 'deleted') this.answer = undefined;
        if (this.wanted) this.throttle.request();
      },
    });
  }

  report(report: ConfigurationReport): void {
    const { metrics } = this.options;
    metrics.configLoaded.set(1);
    metrics.configStale.set(report.problems.length > 0 ? 1 : 0);
    this.say(report.problems);
    this.wanted = report;
    this.throttle.request();
  }

  stop(): void {
    this.throttle.stop();
  }

  private say(problems: readonly Problem[]): void {
    const { log, recorder, objectOf } = this.options;
    const texts = new Set(problems.map(problemText));
    const same = this.everSaid && texts.size === this.said.size && [...texts].every((text) => this.said.has(text));
    for (const problem of problems) {
      const { code, kind, name, field, message, fix } = problem;
      if (this.said.has(problemText(problem))) continue;
      log.error({ code, kind, name, field }, `failed to parse the configuration: ${problemText(problem)}`);
      const object = objectOf(problem);
      if (object) recorder.record(object, 'Warning', code, `${field}: ${message}; ${fix}`);
    }
    if (!same && problems.length === 0) {
      log.info({}, 'config reloaded');
    }
    this.said = texts;
    this.everSaid = true;
  }

  private async write(): Promise<void> {
    const { client, namespace, name, labels, condition, owner } = this.options;
    const manager = { namespace, fieldManager: condition.replace(/Valid$/, ''), force: true };
    const metadata = { name, namespace, labels, ...(owner && { ownerReferences: [owner] }) };
    const status = this.status();
    let now = this.now();
    // Two requests: the first makes the object, and its status is a resource of its own.
    if (!now || Object.entries(labels).some(([key, value]) => now!.metadata.labels?.[key] !== value)
      || owner && !now.metadata.ownerReferences?.some(({ uid }) => uid === owner.uid)) {
      now = this.answer = await client.apply<Stored<State>>(CONFIGURATION_STATES, { metadata }, manager);
    }
    if (!shows(now, status)) {
      const before = now.status?.conditions?.find(({ type }) => type === condition);
      const [after] = status.conditions;
      const lastTransitionTime = before?.status === after.status ? before.lastTransitionTime : undefined;
      const conditions = [{ ...after, lastTransitionTime: lastTransitionTime ?? timeText(Date.now()) }];
      const body = { metadata: { name, namespace }, status: { ...status, conditions } };
      this.answer = await client.apply<Stored<State>>(CONFIGURATION_STATES, body as KubeObject, { ...manager, subresource: 'status' });
    }
  }

  /** The newest version of the object: what the watch brought, or the answer to our last write. */
  private now(): Stored<State> | undefined {
    const [watched] = this.own.store.snapshot();
    return newerOf(watched, this.answer);
  }

  private status() {
    const { condition } = this.options;
    const { problems } = this.wanted!;
    const summary = problems.map(problemText).join('\n').slice(0, LONGEST_MESSAGE);
    const valid = problems.length === 0;
    return {
      result: valid ? 'Valid' : 'Invalid',
      errorSummary: summary,
      conditions: [{
        type: condition,
        status: valid ? 'True' : 'False',
        reason: valid ? 'Reconciled' : 'ConfigurationError',
        message: valid ? '' : `configuration error: ${summary}`.slice(0, LONGEST_MESSAGE),
      }],
    };
  }
}

/** True when the object has this status, whenever that was. */
function shows({ status }: State, { result, errorSummary, conditions: [wanted] }: ReturnType<ConfigurationState['status']>): boolean {
  const condition = status?.conditions?.find(({ type }) => type === wanted.type);
  return status?.result === result && (status.errorSummary ?? '') === errorSummary
    && condition?.status === wanted.status && condition.reason === wanted.reason && condition.message === wanted.message;
}
