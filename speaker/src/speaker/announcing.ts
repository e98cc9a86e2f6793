import type { Decision } from '../announcement';
import type { EventRecorder, KubeObject } from '../kube';
import type { InterfacesMissingEvent, LanEvent } from '../lan';
import type { Logger, SpeakerMetrics } from '../observability';
import type { ConflictConditions } from './conflict-condition';
import type { L2Statuses } from './l2-status';
import { peerKernel, withoutInterfaces } from './log-event';

export interface AnnouncingOptions {
  readonly node: string;
  readonly log: Logger;
  readonly metrics: SpeakerMetrics;
  readonly recorder: Pick<EventRecorder, 'record'>;
  readonly statuses: Pick<L2Statuses, 'announce' | 'withdraw'>;
  readonly conflicts: Pick<ConflictConditions, 'begin' | 'end' | 'forget'>;
  /** The Service as an event names it. */
  readonly objectOf: (service: string) => KubeObject | undefined;
}

/**
 * What this node announces of each Service, told to the cluster: event, status object, metric and log line.
 *
 * Two things meet here: what ought to be announced (the decisions, by Service) and what the data plane answers for (by address). Either may change first.
 */
export class Announcing {
  /** The decision for each Service as it was last told. */
  private readonly decisions = new Map<string, Decision>();
  /** Services by address. */
  private readonly users = new Map<string, Set<string>>();
  /** Addresses that the data plane answers for, with the interfaces it does so on. */
  private readonly held = new Map<string, readonly string[]>();
  /** The addresses of each Service that were last told as announced. */
  private readonly told = new Map<string, readonly string[]>();

  constructor(private readonly options: AnnouncingOptions) {}

  /** A decision was made anew; `undefined` when the Service is gone. */
  decided(service: string, decision: Decision | undefined): void {
    const before = this.decisions.get(service);
    addressesOf(before).forEach((address) => this.users.get(address)?.delete(service));
    addressesOf(decision).forEach((address) => this.users.set(address, (this.users.get(address) ?? new Set()).add(service)));
    if (decision) {
      this.decisions.set(service, decision);
    } else {
      this.decisions.delete(service);
    }
    const kept = new Set(addressesOf(decision));
    addressesOf(before).filter((address) => !kept.has(address)).forEach((address) => this.options.conflicts.forget(service, address));
    addressesOf(before).filter((address) => this.users.get(address)?.size === 0).forEach((address) => this.users.delete(address));
    if (!decision?.announced && before?.announced) {
      const { reason, message, fix } = decision ?? { reason: 'serviceDeleted', message: 'the Service is gone', fix: undefined };
      this.options.log.info({ service, reason, fix }, `withdrawing service announcement: ${message}`);
    } else if (decision?.announced && before?.announced) {
      const gone = addressesOf(before).filter((address) => !kept.has(address));
      if (gone.length > 0) {
        this.options.log.info({ service, reason: 'loadBalancerIPChanged' }, `withdrawing service announcement: ${gone.join(' and ')} is no longer its address`);
      }
    }
    this.settle(service);
  }

  /** The Services of an address, as events name them. */
  servicesOf(address: string): KubeObject[] {
    return [...this.users.get(address) ?? []].map((service) => this.options.objectOf(service)).filter((object) => object !== undefined);
  }

  /** Whether the data plane answers for the address. */
  holds(address: string): boolean {
    return this.held.has(address);
  }

  /** The data plane did something. */
  heard(event: LanEvent): void {
    if (event.code === 'interfacesMissing') {
      this.users.get(event.address)?.forEach((service) => this.warn(service, event));
      return;
    }
    if (event.code === 'addressConflict') {
      this.users.get(event.address)?.forEach((service) => this.options.conflicts.begin(service, event));
      return;
    }
    if (event.code === 'addressUncontested') {
      this.users.get(event.address)?.forEach((service) => this.options.conflicts.end(service, event.address));
      return;
    }
    if (event.code === 'kernelAnswers') {
      this.servicesOf(event.address).forEach((object) => this.options.recorder.record(object, 'Warning', 'kernelAnswers', peerKernel(event)));
      return;
    }
    if (event.code === 'addressAcquired' || event.code === 'interfacesChanged') {
      this.held.set(event.address, event.interfaces);
    } else if (event.code === 'addressLost') {
      this.held.delete(event.address);
      this.users.get(event.address)?.forEach((service) => this.options.conflicts.forget(service, event.address));
    } else {
      return;
    }
    this.users.get(event.address)?.forEach((service) => this.settle(service));
  }

  private warn(service: string, event: InterfacesMissingEvent): void {
    const { node, recorder, objectOf } = this.options;
    const object = objectOf(service);
    if (object) {
      recorder.record(object, 'Warning', 'announceFailed', `node "${node}" ${withoutInterfaces(event)}`);
    }
  }

  private settle(service: string): void {
    const { node, metrics, log, recorder, statuses, objectOf } = this.options;
    const decision = this.decisions.get(service);
    const now = addressesOf(decision).filter((address) => this.held.has(address)), before = this.told.get(service) ?? [];
    const changed = now.join() !== before.join();
    if (changed) {
      const labels = { service, protocol: 'layer2', node };
      before.forEach((ip) => metrics.announced.remove({ ...labels, ip }));
      now.forEach((ip) => metrics.announced.set({ ...labels, ip }, 1));
      this.told.set(service, now);
    }
    if (now.length === 0) {
      this.told.delete(service);
      if (changed) {
        statuses.withdraw(service);
      }
      return;
    }
    const interfaces = decision!.announced && decision!.interfaces ? this.held.get(now[0])! : [];
    statuses.announce(service, interfaces, now.length === addressesOf(decision).length);
    if (changed) {
      log.info({ service, ips: now }, 'service has IP, announcing');
      const object = objectOf(service);
      if (object) {
        recorder.record(object, 'Normal', 'nodeAssigned', `announcing from node "${node}" with protocol "layer2"`);
      }
    }
  }
}

function addressesOf(decision: Decision | undefined): string[] {
  return decision?.announced ? decision.addresses.map(String) : [];
}
