import { lasting, type Decision } from '../allocation';
import type { EventRecorder, Service, Stored } from '../kube';
import type { ControllerMetrics, Logger } from '../observability';

/** What was last said of a Service. */
interface Telling {
  readonly text: string;
  readonly version: string;
  /** The version that our own write made; it says nothing new. */
  echo?: string;
  /** Addresses that the status shows by what we wrote, or by what we found right. */
  wrote?: readonly string[];
  /** What is to be said once the Service shows what was decided. */
  held: readonly (() => void)[];
}

/**
 * Says what was decided about Services, once each: in events, in the log, and in the figures of those that have no address. What is to be written is said
 * when it is written: an event must not name an address that the Service never showed.
 */
export class Teller {
  private readonly told = new Map<string, Telling>();
  /** Services that want an address and have none, with the reason's code. */
  private readonly pending = new Map<string, string>();

  constructor(private readonly recorder: Pick<EventRecorder, 'record'>, private readonly log: Logger) {}

  /** Says what is new in a decision. A decision that was made again in vain is not told again, be other addresses free now than then. */
  tell(key: string, service: Stored<Service>, decision: Decision): void {
    const { outcome, reason, events } = decision;
    if (outcome === 'refused') {
      this.pending.set(key, reason!.code);
    } else {
      this.pending.delete(key);
    }
    const before = this.told.get(key);
    const version = service.metadata.resourceVersion;
    const said = events.map(({ reason: name, message }) => [name, lasting(message)]);
    const text = reason || said.length > 0 ? JSON.stringify([outcome, reason?.code, said]) : outcome;
    const known = before?.text === text && (version === before.version || version === before.echo);
    const wrote = decision.write ? before?.wrote : decision.ingress;
    const say = () => {
      events.forEach((event) => this.recorder.record(service, event.type, event.reason, event.message));
      this.logDecision(key, decision);
    };
    const telling: Telling = { text, version, echo: before?.echo, wrote, held: [...before?.held ?? [], ...known ? [] : [say]] };
    this.told.set(key, telling);
    if (!decision.write) {
      release(telling);
    }
  }

  /** A decision was written, which made this version of the Service. */
  written(key: string, version: string, ingress: readonly string[]): void {
    const telling = this.told.get(key);
    if (telling) {
      telling.echo = version;
      telling.wrote = ingress;
      release(telling);
    }
  }

  /** Addresses that the status of a Service shows, unless somebody else has written it since. */
  wrote(key: string): readonly string[] | undefined {
    return this.told.get(key)?.wrote;
  }

  forget(key: string): void {
    this.told.delete(key);
    this.pending.delete(key);
  }

  measure({ pendingServices }: ControllerMetrics): void {
    pendingServices.reset();
    this.pending.forEach((reason) => pendingServices.inc({ reason }));
  }

  private logDecision(service: string, { outcome, reason, ingress: ips, poolAnnotation: pool }: Decision): void {
    const why = reason && { reason: reason.code, asked: reason.asked, free: reason.free, fix: reason.fix };
    if (outcome === 'assigned') {
      this.log.info({ service, ips, pool, ...why }, 'address assigned');
    } else if (outcome === 'refused') {
      this.log.warn({ service, ...why }, `no address: ${reason!.message}`);
    } else if (outcome === 'cleared') {
      this.log.info({ service, reason: reason?.code }, 'address released');
    } else if (outcome === 'kept' && reason) {
      this.log.info({ service, ips, ...why }, `address kept: ${reason.message}`);
    }
  }
}

function release(telling: Telling): void {
  telling.held.forEach((say) => say());
  telling.held = [];
}
