import { LanPlan } from '../lan';
import { NetworkLink } from '../sys';
import { KernelFinding, kernelFindings } from './kernel-answers';

/** After a change of interfaces or plan what follows it is waited for: kube-proxy adds addresses one by one. */
const SETTLE_MS = 200;
/** Two looks are at least this far apart. */
const SPACING_MS = 1000;
/** The kernel does not tell when a parameter is changed. A look costs a few file reads of some 20 µs. */
const PERIOD_MS = 30_000;

export interface KernelReport {
  /** Everything that is wrong now. */
  readonly findings: readonly KernelFinding[];
  /** Whether the parameters could be read. */
  readonly readable: boolean;
}

export interface KernelWatchOptions {
  readonly excludeInterfaces?: RegExp;
  /** Reads a parameter of the network namespace by its path below `/proc/sys/net`. */
  readonly read: (path: string) => number | undefined;
  /** Told of what is found, at the first look and when it changes. */
  readonly report: (report: KernelReport) => void;
}

/**
 * When the kernel's own answers are looked at: soon after interfaces, addresses or the plan have changed, and every 30 seconds. On a node that is alone nobody else could answer, so
 * nothing is looked at.
 */
export class KernelWatch {
  /** When {@link look} is due; Infinity for never. */
  deadline = Infinity;
  private lookedAt = -Infinity;
  private links: readonly NetworkLink[] = [];
  private planned: LanPlan['addresses'] = [];
  private alone = true;
  private told = '';

  constructor(private readonly options: KernelWatchOptions) {}

  setPlan(now: number, { node, addresses, peers }: LanPlan): void {
    this.planned = addresses;
    this.alone = peers.every((peer) => peer.node === node);
    this.schedule(now);
  }

  setLinks(now: number, links: readonly NetworkLink[]): void {
    this.links = links;
    this.schedule(now);
  }

  look(now: number): void {
    this.lookedAt = now;
    this.deadline = this.alone ? Infinity : now + PERIOD_MS;
    let readable = true;
    const parameter = (scope: string, name: string) => {
      const value = this.options.read(`ipv4/conf/${scope}/${name}`);
      if (value === undefined && scope === 'all') readable = false;
      return value;
    };
    const { links, planned, options: { excludeInterfaces } } = this;
    const findings = this.alone ? [] : kernelFindings({
      links, announced: new Set(planned.map(({ address }) => address)), excludeInterfaces, parameter,
    });
    const text = JSON.stringify([findings, readable]);
    if (text === this.told) return;
    this.told = text;
    this.options.report({ findings, readable });
  }

  private schedule(now: number): void {
    // Once it has told of something it has to say that this is over, too.
    if (this.alone && this.told === '') return;
    this.deadline = Math.min(this.deadline, Math.max(now + SETTLE_MS, this.lookedAt + SPACING_MS));
  }
}
