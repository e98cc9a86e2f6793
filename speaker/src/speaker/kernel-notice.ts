import type { KernelCause, KernelFinding, KernelReport } from '../dataplane';
import type { EventRecorder, KubeObject } from '../kube';
import type { Logger, SpeakerMetrics } from '../observability';
import { describeEnd, describeFinding } from './kernel-fix';

export interface KernelNoticeOptions {
  /** Name of this node. */
  readonly node: string;
  readonly log: Logger;
  readonly metrics: SpeakerMetrics;
  readonly recorder: Pick<EventRecorder, 'record'>;
  /** This Node as an event names it. */
  readonly nodeObject: () => KubeObject | undefined;
  /** Its InternalIPs. */
  readonly nodeAddresses: () => readonly string[];
  /** The Services of an address, as events name them. */
  readonly servicesOf: (address: string) => readonly KubeObject[];
  /** Whether this node answers for the address. */
  readonly holds: (address: string) => boolean;
}

/** What is told of one interface that has addresses it should not have, or may have them. */
interface Told {
  /** One, or two: on some interfaces the kernel answers, on others it only speaks in the name of the addresses. */
  findings: readonly KernelFinding[];
  text: string;
  /** Addresses whose Services have been told. */
  readonly addresses: Set<string>;
}

/**
 * Tells that the kernel of this node answers for addresses of Services: a line of the log and an event of the Node when that begins, changes or ends, an event of the Service, and a
 * metric.
 *
 * A Service learns of an address that was left on an interface from the node that has it. Of kube-proxy's mode, which is the same on every node as a rule, it learns from the node that announces it,
 * so that it is one event and not one from each node.
 */
export class KernelNotice {
  private readonly told = new Map<string, Told>();
  private saidUnreadable = false;

  constructor(private readonly options: KernelNoticeOptions) {}

  look({ findings, readable }: KernelReport): void {
    const { log, metrics } = this.options;
    if (!readable && !this.saidUnreadable) {
      this.saidUnreadable = true;
      log.info({}, 'whether the kernel of this node answers for addresses of Services cannot be seen: /proc/sys/net/ipv4/conf/all/arp_ignore or arp_announce cannot be read');
    }
    metrics.kernelAnswers.reset();
    const present = new Map<string, KernelFinding[]>();
    for (const finding of findings) {
      for (const { name } of finding.interfaces) metrics.kernelAnswers.set({ interface: name, on: finding.on }, 1);
      const key = `${finding.cause} ${finding.on}`;
      present.set(key, [...present.get(key) ?? [], finding]);
    }
    present.forEach((found, key) => this.tell(key, found));
    for (const [key, { findings: [finding] }] of this.told) if (!present.has(key)) this.end(key, finding);
  }

  /** This node answers for the address from now on. */
  acquired(address: string): void {
    for (const told of this.told.values()) this.tellServices(told, [address]);
  }

  private tell(key: string, findings: readonly KernelFinding[]): void {
    const { node, log, recorder, nodeObject, nodeAddresses } = this.options;
    const text = findings.map((finding) => describeFinding(finding, { node, nodeAddresses: nodeAddresses() })).join('; ');
    const told = this.told.get(key) ?? { findings, text: '', addresses: new Set() };
    this.told.set(key, told);
    told.findings = findings;
    if (text !== told.text) {
      told.text = text;
      told.addresses.clear();
      const { cause, on, addresses } = findings[0], reason = reasonOf(cause);
      log.warn({ event: reason, on, addresses, interfaces: findings.flatMap(({ interfaces }) => interfaces) }, text);
      const object = nodeObject();
      if (object) recorder.record(object, 'Warning', reason, text);
    }
    this.tellServices(told, addressesOf(findings));
  }

  private end(key: string, finding: KernelFinding): void {
    const { node, log, recorder, nodeObject } = this.options;
    this.told.delete(key);
    const text = describeEnd(finding, node), object = nodeObject();
    log.info({ event: 'kernelSilent', on: finding.on }, text);
    if (object) recorder.record(object, 'Normal', 'kernelSilent', text);
  }

  private tellServices({ findings, text, addresses }: Told, candidates: readonly string[]): void {
    const { servicesOf, holds, recorder } = this.options;
    const there = addressesOf(findings), { cause } = findings[0];
    for (const address of candidates) {
      if (addresses.has(address) || !there.includes(address) || cause === 'ipvs' && !holds(address)) continue;
      addresses.add(address);
      servicesOf(address).forEach((service) => recorder.record(service, 'Warning', reasonOf(cause), text));
    }
  }
}

function addressesOf(findings: readonly KernelFinding[]): string[] {
  return [...new Set(findings.flatMap(({ addresses }) => addresses.map((cidr) => cidr.slice(0, cidr.indexOf('/')))))];
}

function reasonOf(cause: KernelCause): string {
  return cause === 'ipvs' ? 'strictARPMissing' : 'kernelAnswers';
}
