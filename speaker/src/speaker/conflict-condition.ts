import { SERVICES, isKubeError, timeText, type Condition, type EventRecorder, type KubeClient, type KubeObject } from '../kube';
import type { AddressConflictEvent } from '../lan';
import type { Logger } from '../observability';
import { ADDRESS_CONFLICT, conflictMessage, WorkQueue } from '../role';
import { originOf } from './hardware-origin';

/** Speakers share their condition, so that any of them can end what another has begun. */
const FIELD_MANAGER = 'home-load-balancer-speaker';

/** What the condition says beside its type. */
type Shown = Pick<Condition, 'status' | 'reason' | 'message' | 'lastTransitionTime'>;

export interface ConflictConditionsOptions {
  readonly client: Pick<KubeClient, 'apply'>;
  readonly node: string;
  readonly log: Logger;
  readonly recorder: Pick<EventRecorder, 'record'>;
  /** The Service as an event names it. */
  readonly objectOf: (service: string) => KubeObject | undefined;
  /** The condition as the API server has it. */
  readonly shownOf: (service: string) => Shown | undefined;
  /** @default the clock */
  readonly time?: () => Date;
}

/**
 * Tells on a Service that a foreign host uses its address: by an event each time the data plane reports it, and by a condition that stays until the host is gone.
 *
 * Whoever holds the address writes the condition; if that node dies, the next one finds out for itself, and ends or confirms it. Written by server-side apply, which leaves
 * the conditions of others alone.
 */
export class ConflictConditions {
  /** By Service, the addresses in conflict and what is said of each. */
  private readonly contested = new Map<string, Map<string, { readonly held: boolean; readonly text: string }>>();
  private readonly queue = new WorkQueue((service) => this.write(service), 4);

  constructor(private readonly options: ConflictConditionsOptions) {}

  /** A foreign host uses an address of the Service. */
  begin(service: string, event: AddressConflictEvent): void {
    const text = describe(event, this.options.node);
    const { objectOf, recorder } = this.options;
    const object = objectOf(service);
    if (object) {
      recorder.record(object, 'Warning', 'AddressConflict', conflictMessage(new Map([[event.address, text]])));
    }
    const addresses = this.contested.get(service) ?? new Map<string, { held: boolean; text: string }>();
    this.contested.set(service, addresses.set(event.address, { held: event.held, text }));
    this.queue.add(service);
  }

  /** No foreign host uses the address now. */
  end(service: string, address: string): void {
    this.forget(service, address);
    this.queue.add(service);
  }

  /** The Service has the address no longer, or this node has nothing more to say of it. */
  forget(service: string, address: string): void {
    const addresses = this.contested.get(service);
    addresses?.delete(address);
    if (addresses?.size === 0) {
      this.contested.delete(service);
    }
  }

  stop(): Promise<void> {
    return this.queue.stop();
  }

  private async write(service: string): Promise<void> {
    const { client, log, objectOf, recorder, shownOf, time = () => new Date() } = this.options;
    const object = objectOf(service), shown = shownOf(service), wanted = this.wanted(service);
    if (!object || (shown?.status ?? 'False') === wanted.status && (wanted.status === 'False' || shown?.message === wanted.message)) {
      return;
    }
    const { name, namespace } = object.metadata;
    const changed = shown?.status !== wanted.status;
    const lastTransitionTime = changed || !shown?.lastTransitionTime ? timeText(time().getTime()) : shown.lastTransitionTime;
    const condition = { type: ADDRESS_CONFLICT, ...wanted, lastTransitionTime };
    try {
      await client.apply(SERVICES, { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, status: { conditions: [condition] } } as KubeObject,
        { fieldManager: FIELD_MANAGER, force: true, namespace, subresource: 'status' });
    } catch (error) {
      if (isKubeError(error, 'NotFound')) {
        return; // the Service is gone
      }
      log.warn({ error, service }, `cannot write the condition ${ADDRESS_CONFLICT} of ${service}: ${(error as Error).message}`);
      throw error;
    }
    if (wanted.status === 'False') {
      recorder.record(object, 'Normal', 'AddressConflictEnded', wanted.message);
    }
  }

  private wanted(service: string): { status: 'True' | 'False'; reason: string; message: string } {
    const conflicts = this.contested.get(service);
    if (!conflicts) {
      return { status: 'False', reason: 'NoForeignHost', message: 'no foreign host uses an address of this Service' };
    }
    const reason = [...conflicts.values()].every(({ held }) => held) ? 'UsedByForeignHostToo' : 'UsedByForeignHost';
    return { status: 'True', reason, message: conflictMessage(new Map([...conflicts].map(([address, { text }]) => [address, text]))) };
  }
}

/** Who has the address, and what to do. */
function describe({ mac, interface: name, held }: AddressConflictEvent, node: string): string {
  const consequence = held ? 'answered for nevertheless' : 'not announced';
  return `is ${consequence}: the host ${mac} (${originOf(mac)}) on ${name} of ${node} uses it; give that host another address, or take this one out of the pool`;
}
