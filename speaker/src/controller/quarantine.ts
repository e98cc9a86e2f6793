import type { Allocator } from '../allocation';
import type { Config } from '../config';
import { IpAddress } from '../ip';
import { keyOf, toWallTime, type Clock, type Service, type Stored } from '../kube';
import type { Logger } from '../observability';
import { ADDRESS_CONFLICT, conflictTexts } from '../role';

/** An address that a foreign host uses, or has used until lately. */
interface Contested {
  readonly ip: IpAddress;
  /** Services that have the address and whose condition names it; empty once that is over. */
  readonly services: Set<string>;
  /** How long it is held back after that, in milliseconds. */
  lastsMs: number;
  /** Who uses it. */
  detail: string;
  /** When it is over, in milliseconds of the monotonic clock; Infinity as long as a Service names it. */
  until: number;
}

export interface QuarantinesOptions {
  readonly allocator: Allocator;
  readonly log: Logger;
  /** Told of a Service of which something else is to be said now. */
  readonly decide: (key: string) => void;
  /** Told that what is held back, or until when, has changed. */
  readonly changed: () => void;
  readonly clock: Clock;
}

/**
 * Puts an address that a foreign host uses into quarantine, where its pool says how long that lasts.
 *
 * It stands as long as a Service that has the address bears the condition of the speakers that names it, and ends so long after the condition, or the Service, is
 * gone, or has another address. An address that the Service does not have is not looked at: nobody can lock up the address of another by writing a condition, nor does a
 * condition that a speaker had no time to take back. The conditions are all the memory there is: after a restart, what no Service shows is forgotten.
 *
 * A look at a Service costs as much as the conditions it bears; only a quarantine that begins or ends goes through all allocations.
 */
export class Quarantines {
  private readonly byAddress = new Map<string, Contested>();
  private readonly byService = new Map<string, readonly Contested[]>();
  private policies: ReadonlyMap<string, number | undefined> = new Map();

  constructor(private readonly options: QuarantinesOptions) {}

  /** Takes over the durations of new pools, of which the allocator has been told. Ends what is in quarantine in a pool that has none any more. */
  reconfigure({ pools }: Config, services: Iterable<Stored<Service>>): void {
    this.policies = new Map(pools.map(({ name, policy }) => [name, policy.quarantineMs]));
    for (const [text, contested] of [...this.byAddress]) {
      if (this.isOff(contested.ip)) {
        contested.services.clear();
        this.byAddress.delete(text);
        this.options.allocator.acquit(contested.ip);
      }
    }
    for (const service of services) this.look(service);
  }

  /** Takes in what the condition of a Service says. To be called after each change of the Service, and of the addresses that it has. */
  look(service: Stored<Service>): void {
    const condition = service.status?.conditions?.find(({ type, status }) => type === ADDRESS_CONFLICT && status === 'True');
    this.set(keyOf(service), condition?.message ?? '');
  }

  /** The Service is gone, and has no address any more. */
  gone(key: string): void {
    this.set(key, '');
  }

  /** Forgets what the allocator has let expire, and lets it be said. @param now milliseconds of the monotonic clock, as the allocator was told */
  expired(now: number): void {
    for (const [text, { ip, until }] of [...this.byAddress]) {
      if (until <= now) {
        this.byAddress.delete(text);
        this.options.log.info({ ip: text }, 'the quarantine of an address is over');
        this.tell(ip);
      }
    }
  }

  private set(key: string, message: string): void {
    const before = this.byService.get(key) ?? [];
    if (message === '' && before.length === 0) {
      return; // nearly always
    }
    const now: Contested[] = [];
    const has = new Set(this.options.allocator.get(key)?.ips.map(String));
    for (const [address, text] of conflictTexts(message)) {
      const ip = IpAddress.tryParse(address);
      const contested = ip && has.has(`${ip}`) ? this.begin(key, ip, text) : undefined;
      if (contested) now.push(contested);
    }
    before.filter((contested) => !now.includes(contested)).forEach((contested) => this.end(key, contested));
    if (now.length > 0) {
      this.byService.set(key, now);
    } else {
      this.byService.delete(key);
    }
  }

  private begin(key: string, ip: IpAddress, text: string): Contested | undefined {
    const known = this.byAddress.get(`${ip}`);
    const lastsMs = this.durationOf(ip) ?? known?.lastsMs;
    if (lastsMs === undefined || this.isOff(ip)) {
      return undefined;
    }
    const detail = /the host .+? uses it/.exec(text)?.[0] ?? text;
    const contested = known ?? { ip, services: new Set<string>(), lastsMs, detail, until: 0 };
    this.byAddress.set(`${ip}`, contested);
    contested.lastsMs = lastsMs;
    contested.services.add(key);
    // Of several Services that share the address, the first one is believed, else their words would take turns.
    const [first] = contested.services;
    if (contested.until !== Infinity || first === key && contested.detail !== detail) {
      this.options.log.info({ ip: `${ip}`, service: key }, `an address is in quarantine: ${detail}`);
      this.hold(key, contested, Infinity, detail);
    }
    return contested;
  }

  private end(key: string, contested: Contested): void {
    if (contested.services.delete(key) && contested.services.size === 0) {
      this.hold(key, contested, this.options.clock.now() + contested.lastsMs, contested.detail);
    }
  }

  private hold(by: string, contested: Contested, until: number, detail: string): void {
    const { ip } = contested;
    Object.assign(contested, { until, detail });
    const end = until === Infinity ? '' : `, or did so until lately; it is held back until ${new Date(toWallTime(this.options.clock, until)).toISOString()}`;
    this.options.allocator.quarantine({ ip, until, detail: detail + end });
    this.tell(ip, by);
    this.options.changed();
  }

  /** Those who have the address are told what is the matter with it; who causes this is being looked at anyway. */
  private tell(ip: IpAddress, by?: string): void {
    for (const { key, ips } of this.options.allocator.allocations()) {
      if (key !== by && ips.some((one) => `${one}` === `${ip}`)) this.options.decide(key);
    }
  }

  private durationOf(ip: IpAddress): number | undefined {
    const pool = this.options.allocator.poolOf([ip]);
    return pool === undefined ? undefined : this.policies.get(pool);
  }

  /** A pool has the address, and puts nothing into quarantine. */
  private isOff(ip: IpAddress): boolean {
    return this.options.allocator.poolOf([ip]) !== undefined && this.durationOf(ip) === undefined;
  }
}
