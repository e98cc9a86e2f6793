import type { Decision, Withdrawal } from '../announcement';
import type { EventRecorder, KubeObject } from '../kube';
import type { Logger, SpeakerMetrics } from '../observability';

/** A Service whose pods are just starting, or a node that is just being labelled, is no trouble yet. */
const PATIENCE_MS = 5_000;

export interface NotAnnouncedOptions {
  readonly log: Logger;
  readonly metrics: SpeakerMetrics;
  readonly recorder: Pick<EventRecorder, 'record'>;
  readonly objectOf: (service: string) => KubeObject | undefined;
  /** Whether events about the whole cluster are this speaker's to write: all speakers come to the same decisions, and one tells. */
  readonly isSpokesman: () => boolean;
}

/**
 * Services that nobody announces, told to people: counted by cause at all times, and each with an event and a line of the log once the cause has lasted five
 * seconds; once for each cause, and anew after the Service has been announced in between.
 *
 * Not told here: Services without an address, which is the controller's to tell. O(1) for a decision.
 */
export class NotAnnounced {
  private readonly withdrawals = new Map<string, Withdrawal>();
  private readonly counts = new Map<string, number>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly told = new Map<string, string>();

  constructor(private readonly options: NotAnnouncedOptions) {}

  /** A decision was made anew; `undefined` when the Service is gone. */
  decided(service: string, decision: Decision | undefined): void {
    const before = this.withdrawals.get(service);
    const now = decision && !decision.announced && decision.cause !== 'notLoadBalancer' ? decision : undefined;
    if (before) {
      this.count(before, -1);
    }
    if (now) {
      this.count(now, 1);
      this.withdrawals.set(service, now);
    } else {
      this.withdrawals.delete(service);
      this.told.delete(service);
    }
    if (before?.cause !== now?.cause) {
      clearTimeout(this.timers.get(service));
      this.timers.delete(service);
      if (now && now.cause !== 'noIPAllocated' && this.told.get(service) !== now.cause) {
        this.timers.set(service, setTimeout(() => this.tell(service), PATIENCE_MS).unref());
      }
    }
  }

  stop(): void {
    this.timers.forEach((timer) => clearTimeout(timer));
    this.timers.clear();
  }

  private count({ reason, cause }: Withdrawal, change: number): void {
    const count = (this.counts.get(cause) ?? 0) + change;
    this.counts.set(cause, count);
    this.options.metrics.notAnnounced.set({ reason, cause }, count);
  }

  private tell(service: string): void {
    this.timers.delete(service);
    const { log, recorder, objectOf, isSpokesman } = this.options;
    const { reason, cause, message, fix } = this.withdrawals.get(service)!;
    this.told.set(service, cause);
    log.warn({ service, reason, cause, fix }, `nobody announces ${service}: ${message}`);
    const object = objectOf(service);
    if (object && isSpokesman()) {
      recorder.record(object, 'Warning', 'notAnnounced', `${cause}: ${message}; ${fix}`);
    }
  }
}
