import { setTimeout as pause } from 'timers/promises';
import { MOST_RESERVATIONS, type Allocator, type Reservation } from '../allocation';
import { IpAddress } from '../ip';
import { CONFIG_MAPS, fromWallTime, isKubeError, toWallTime, type Clock, type KubeClient, type KubeObject } from '../kube';
import type { Logger } from '../observability';
import { MADE_BY_US, Throttle } from '../role';

/** Name of the ConfigMap that holds which addresses are kept for which Service. */
export const RESERVATIONS = 'home-load-balancer-reservations';

/** It changes with Services; it is written at most this often, in milliseconds. */
const COALESCE_MS = 1_000;

/** As long as something is kept, the ends that are written down are compared so often with what the wall clock shows, in milliseconds: it may have been set. */
const COMPARE_MS = 60_000;

/** An end that is written down and wrong by no more than this, in milliseconds, stays: a clock that is being adjusted is no reason to write. */
const TOLERANCE_MS = 5_000;

/** What is kept; `until` in milliseconds of the monotonic clock. */
type Memory = Omit<Reservation, 'until'> & { readonly until?: number };
type Entries = ReadonlyMap<string, string>;

/**
 * Keeps sticky addresses over a restart, in a ConfigMap, and ends them when their time has come.
 *
 * One entry for each Service that is gone and whose address is kept, and for each that is there and whose address would be: so a Service that is deleted
 * while no controller runs finds its address, too. There are at most `MOST_RESERVATIONS`; only entries that change are written. Without a sticky pool or
 * Service there is no ConfigMap, and nothing is written.
 *
 *     data:
 *       home_jellyfin: '{"ips":["93.5.22.101"],"pool":"home","until":"2026-11-27T15:00:00Z"}'
 *
 * What ends does so by the monotonic clock, so a wall clock that is set changes nothing. Only what is written down is wall time, as no other outlasts the process: it is
 * put right when the wall clock was set, and who reads it bounds it (`Allocator.restore`).
 */
export class StickyMemory {
  private readonly throttle: Throttle;
  private entries: Entries = new Map();
  private cancel?: () => void;
  private stopped = false;

  /**
   * @param ended told that addresses are kept no more, at the time of the monotonic clock `now`
   */
  constructor(
    private readonly options: {
      readonly client: KubeClient;
      readonly namespace: string;
      readonly allocator: Allocator;
      readonly ended: (now: number) => void;
      readonly clock: Clock;
      readonly log: Logger;
    },
  ) {
    const { log } = options;
    this.throttle = new Throttle(() => this.write(), COALESCE_MS, (error) => log.warn({ error }, `cannot write ConfigMap ${RESERVATIONS}: ${error.message}`));
  }

  /** Reads what an earlier controller wrote, however often that has to be tried: until it is known, no address can be given. Nothing after `stop`. */
  async recall(): Promise<Memory[]> {
    for (let delay = 500; !this.stopped; delay = Math.min(delay * 2, 30_000)) {
      try {
        return await this.load();
      } catch (error) {
        this.options.log.warn({ error, retryInMs: delay }, `cannot read which addresses are kept: ${(error as Error).message}`);
        await pause(delay);
      }
    }
    return [];
  }

  /** Entries that cannot be read are left out, and go with the next write. */
  private async load(): Promise<Memory[]> {
    const { client, namespace, log, clock } = this.options;
    try {
      const { data = {} } = await client.get<KubeObject & { data?: Record<string, string> }>(CONFIG_MAPS, RESERVATIONS, { namespace });
      this.entries = new Map(Object.entries(data));
    } catch (error) {
      if (isKubeError(error, 'Forbidden')) {
        log.warn({ error }, `cannot read ConfigMap ${RESERVATIONS}: sticky addresses do not outlast a restart; allow the controller to get, create and patch it`);
      } else if (!isKubeError(error, 'NotFound')) {
        throw error;
      }
    }
    return [...this.entries].flatMap(([name, text]) => {
      const memory = readEntry(name, text);
      if (!memory) {
        log.warn({ entry: name, value: text.slice(0, 200) }, `entry ${name} of ConfigMap ${RESERVATIONS} cannot be read, and is left out`);
      }
      return memory ? { ...memory, until: memory.until === undefined ? undefined : fromWallTime(clock, memory.until) } : [];
    });
  }

  /** Something has changed that may be worth remembering. */
  request(): void {
    if (this.options.allocator.isSticky || this.entries.size > 0) {
      this.throttle.request();
    }
  }

  stop(): void {
    this.stopped = true;
    this.throttle.stop();
    this.cancel?.();
  }

  private async write(): Promise<void> {
    const { client, namespace, allocator, clock } = this.options;
    this.schedule();
    const wanted = new Map<string, string>();
    for (const memory of allocator.memories()) {
      if (wanted.size === MOST_RESERVATIONS) {
        break;
      }
      const until = memory.until === undefined ? undefined : toWallTime(clock, memory.until);
      const [name, text] = writeEntry({ ...memory, until });
      const before = this.entries.get(name);
      wanted.set(name, before !== undefined && until !== undefined && isNear(before, name, text, until) ? before : text);
    }
    const data: Record<string, string | null> = {};
    wanted.forEach((text, name) => this.entries.get(name) !== text && (data[name] = text));
    this.entries.forEach((_, name) => !wanted.has(name) && (data[name] = null));
    if (Object.keys(data).length === 0) {
      return;
    }
    await client.patch(CONFIG_MAPS, RESERVATIONS, { data }, { namespace }).catch(async (error) => {
      if (!isKubeError(error, 'NotFound')) {
        throw error;
      }
      await client.create(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: RESERVATIONS, namespace, labels: MADE_BY_US }, data: Object.fromEntries(wanted) }, { namespace });
    });
    this.entries = wanted;
  }

  /** Ends what has ended, and comes back when the next one does. */
  private schedule(): void {
    const { allocator, ended, clock } = this.options;
    this.cancel?.();
    const now = clock.now();
    if (allocator.expire(now)) {
      ended(now);
    }
    const next = allocator.nextExpiry();
    if (next !== undefined && next !== Infinity) {
      this.cancel = clock.schedule(() => this.throttle.request(), Math.min(COMPARE_MS, Math.max(0, next - now)));
    }
  }
}

/** The two differ in when they end at the most, and hardly in that. */
function isNear(before: string, name: string, text: string, until: number): boolean {
  const memory = readEntry(name, before);
  return memory?.until !== undefined && Math.abs(memory.until - until) <= TOLERANCE_MS && writeEntry({ ...memory, until })[1] === text;
}

/** @param until of the wall clock */
function writeEntry({ key, ips, pool, until, own }: Memory): [name: string, text: string] {
  const time = until === undefined ? undefined : new Date(until).toISOString();
  // Names of namespaces and Services have no underscore, and keys of a ConfigMap no slash.
  return [key.replace('/', '_'), JSON.stringify({ ips, pool, until: time, own: own || undefined })];
}

/** @returns with `until` of the wall clock */
function readEntry(name: string, text: string): Memory | undefined {
  try {
    const { ips, pool, until, own } = JSON.parse(text) as Record<string, unknown>;
    const addresses = Array.isArray(ips) ? ips.flatMap((ip) => (typeof ip === 'string' ? IpAddress.tryParse(ip) ?? [] : [])) : [];
    const time = until === undefined ? undefined : Date.parse(`${until}`);
    if (addresses.length === 0 || addresses.length > 2 || typeof pool !== 'string' || Number.isNaN(time) || !/^[^_]+_[^_]+$/.test(name)) {
      return undefined;
    }
    return { key: name.replace('_', '/'), ips: addresses, pool, until: time, own: own === true };
  } catch {
    return undefined;
  }
}
