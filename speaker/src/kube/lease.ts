import { KubeClient } from './client';
import { bootClock, Clock, pause } from './clock';
import { isKubeError, KubeError } from './errors';
import { KubeLog, silentLog } from './log';
import { LEASES } from './resources';
import { Lease } from './types';

/*
 * Leader election by a Lease, as client-go does it: the holder renews, and whoever sees no renewal for the whole duration takes over.
 *
 * Only the local monotonic clock counts: a follower measures how long *it* has seen the same record, because clocks of two machines differ and the
 * wall clock of a machine without a battery jumps at boot. It also counts while the machine is suspended, so a laptop that is opened again knows that its
 * time is over. A leader gives up after `renewDeadlineMs` without success, before any follower may begin (`leaseDurationMs`), so two never lead at once.
 *
 * A record is what the election wrote: somebody else who labels the Lease each second does not make a dead leader look alive.
 */

export interface LeaderElectionOptions {
  readonly namespace: string;
  /** Name of the Lease. */
  readonly name: string;
  /** Who we are, unique among the candidates: the pod's name. */
  readonly identity: string;
  /** Silence after which others may take over, in milliseconds; whole seconds. @default 15000 */
  readonly leaseDurationMs?: number;
  /** Without a successful renewal for so long, leadership is given up, in milliseconds. Must be shorter than the lease duration. @default 10000 */
  readonly renewDeadlineMs?: number;
  /** Time between two attempts, in milliseconds. @default 2000 */
  readonly retryMs?: number;
  /** Called when leadership begins. The signal is aborted when it ends: stop writing at once. */
  readonly onLead: (signal: AbortSignal) => void;
  /** Called when somebody else is seen to lead. */
  readonly onFollow?: (leader: string) => void;
  readonly log?: KubeLog;
  readonly clock?: Clock;
  /** Source of randomness in [0, 1). @default Math.random */
  readonly random?: () => number;
}

/** The longest time between two attempts, as a multiple of `retryMs`: candidates that began together do not go on in step. */
const JITTER = 1.2;

/** Takes part in the election of one leader. */
export class LeaderElection {
  private readonly clock: Clock;
  private readonly log: KubeLog;
  private readonly random: () => number;
  private readonly leaseDurationMs: number;
  private readonly renewDeadlineMs: number;
  private readonly retryMs: number;
  private readonly stopping = new AbortController();
  private term?: AbortController;
  private running?: Promise<void>;
  private renewedAt = -Infinity;
  /** The record last seen, and when it was first seen so. */
  private observed?: { readonly record: string; readonly at: number };
  private leader?: string;
  private failing = false;

  constructor(private readonly client: KubeClient, private readonly options: LeaderElectionOptions) {
    this.clock = options.clock ?? bootClock;
    this.log = options.log ?? silentLog;
    this.random = options.random ?? Math.random;
    this.leaseDurationMs = options.leaseDurationMs ?? 15_000;
    this.renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
    this.retryMs = options.retryMs ?? 2_000;
    if (this.renewDeadlineMs >= this.leaseDurationMs || this.retryMs * JITTER >= this.renewDeadlineMs) {
      throw new KubeError('ConfigInvalid', `leader election: the retry time (${this.retryMs} ms, and up to a fifth more) must be shorter than the renew deadline`
        + ` (${this.renewDeadlineMs} ms), and that shorter than the lease duration (${this.leaseDurationMs} ms), or two could lead at once`);
    }
  }

  /** Whether we lead now. False at once when the time of the last renewal is over, also if this process was suspended meanwhile. */
  get leading(): boolean {
    return this.term !== undefined && !this.overdue;
  }

  private get overdue(): boolean {
    return this.clock.now() - this.renewedAt >= this.renewDeadlineMs;
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Ends our part; a leader hands the lease back, so that its successor need not wait. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    const release = this.leading;
    this.resign();
    if (release) await this.release();
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      if (this.overdue) this.resign();
      const startedAt = this.clock.now();
      try {
        const outcome = await this.attempt();
        this.failing = false;
        if (outcome === 'ours') {
          this.renewedAt = startedAt; // others count from when the server wrote it, which was not before
          if (!this.term && !signal.aborted) this.lead();
        } else if (outcome === 'theirs') {
          this.resign();
        }
      } catch (error) {
        if (!signal.aborted) this.complain(error as Error);
      }
      if (this.overdue) this.resign();
      const untilDeadline = this.term ? this.renewedAt + this.renewDeadlineMs - this.clock.now() : Infinity;
      await pause(this.clock, Math.max(0, Math.min(this.retryMs * (1 + this.random() * (JITTER - 1)), untilDeadline)), signal);
    }
  }

  /** One attempt to take or renew the lease. `unknown`: somebody wrote to it at the same moment, the next attempt will tell. */
  private async attempt(): Promise<'ours' | 'theirs' | 'unknown'> {
    const { namespace, name, identity } = this.options;
    const left = this.term ? this.renewedAt + this.renewDeadlineMs - this.clock.now() : this.renewDeadlineMs;
    const timeout = new AbortController();
    const cancel = this.clock.schedule(() => timeout.abort(), Math.max(1, left));
    const stop = () => timeout.abort();
    this.stopping.signal.addEventListener('abort', stop, { once: true });
    try {
      const lease = await this.read(timeout.signal);
      if (!lease) {
        await this.client.create(LEASES, { metadata: { name, namespace }, spec: this.record(0) }, { signal: timeout.signal });
        return 'ours';
      }
      const { resourceVersion } = lease.metadata;
      const record = JSON.stringify(lease.spec ?? {});
      if (record !== this.observed?.record) this.observed = { record, at: this.clock.now() };
      const holder = lease.spec?.holderIdentity ?? '';
      const expired = this.clock.now() - this.observed!.at >= (lease.spec?.leaseDurationSeconds ?? 0) * 1000;
      if (holder !== '' && holder !== identity && !expired) {
        this.follow(holder);
        return 'theirs';
      }
      const transitions = (lease.spec?.leaseTransitions ?? 0) + (holder === identity ? 0 : 1);
      const acquireTime = holder === identity ? lease.spec?.acquireTime : undefined;
      const spec = { ...this.record(transitions), ...(acquireTime ? { acquireTime } : {}) };
      await this.client.patch(LEASES, name, { metadata: { resourceVersion }, spec }, { namespace, signal: timeout.signal });
      return 'ours';
    } catch (error) {
      if (isKubeError(error, 'Conflict', 'AlreadyExists')) return 'unknown';
      throw error;
    } finally {
      cancel();
      this.stopping.signal.removeEventListener('abort', stop);
    }
  }

  private async read(signal: AbortSignal): Promise<Lease | undefined> {
    try {
      return await this.client.get<Lease>(LEASES, this.options.name, { namespace: this.options.namespace, signal });
    } catch (error) {
      if (isKubeError(error, 'NotFound') && error.body?.details?.name !== undefined) return undefined;
      throw error;
    }
  }

  private record(leaseTransitions: number): NonNullable<Lease['spec']> {
    const now = new Date(this.clock.wallTime()).toISOString().replace('Z', '000Z'); // metav1.MicroTime
    const leaseDurationSeconds = Math.ceil(this.leaseDurationMs / 1000);
    return { holderIdentity: this.options.identity, leaseDurationSeconds, acquireTime: now, renewTime: now, leaseTransitions };
  }

  /** Once for each outage. */
  private complain(error: Error): void {
    const { name } = this.options;
    if (!this.failing) this.log.warn({ err: error, lease: name }, `the Lease ${name} could not be read or written, and is tried again: ${error.message}`);
    this.failing = true;
  }

  private lead(): void {
    this.term = new AbortController();
    this.leader = this.options.identity;
    this.log.info({ lease: this.options.name, identity: this.options.identity }, 'leading');
    this.tell(() => this.options.onLead(this.term!.signal));
  }

  private resign(): void {
    if (!this.term) return;
    this.term.abort();
    this.term = undefined;
    this.log.info({ lease: this.options.name, identity: this.options.identity }, 'no longer leading');
  }

  private follow(leader: string): void {
    if (leader === this.leader) return;
    this.leader = leader;
    this.tell(() => this.options.onFollow?.(leader));
  }

  private async release(): Promise<void> {
    const { namespace, name, identity } = this.options;
    try {
      const lease = await this.client.get<Lease>(LEASES, name, { namespace });
      if (lease.spec?.holderIdentity !== identity) return;
      const { resourceVersion } = lease.metadata;
      const spec = { holderIdentity: '', leaseDurationSeconds: 1 };
      await this.client.patch(LEASES, name, { metadata: { resourceVersion }, spec }, { namespace });
    } catch (error) {
      this.log.debug({ err: error, lease: name }, 'the lease could not be handed back; it expires by itself');
    }
  }

  private tell(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.log.error({ err: error, lease: this.options.name }, 'a callback of the leader election failed');
    }
  }
}
