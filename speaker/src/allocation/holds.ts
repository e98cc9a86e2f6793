import { IpAddress } from '../ip';

/** The address of a Service that is gone, kept for one of the same namespace and name. */
export interface Reservation {
  /** `namespace/name`. */
  readonly key: string;
  readonly ips: readonly IpAddress[];
  readonly pool: string;
  /** When it ends, in milliseconds of a clock that never jumps. */
  readonly until: number;
  /** The Service asked for it, so that it holds whatever the pool says. */
  readonly own: boolean;
}

/** An address that is not to be given, because something that is no Service uses it. */
export interface Quarantine {
  readonly ip: IpAddress;
  /** When it ends, in milliseconds of a clock that never jumps; Infinity for one that stands until another takes its place. */
  readonly until: number;
  /** Who uses it, as people would say it: `a host with MAC 02:00:00:00:00:01 answers for it`. */
  readonly detail: string;
}

/** So many reservations at most; one too many ends the one that would end first. They are kept in one object of the API, which holds 1 MiB. */
export const MOST_RESERVATIONS = 4_000;

interface Held {
  readonly ip: IpAddress;
  readonly reservedFor: Set<string>;
  quarantine?: Quarantine;
}

/** Told when an address begins or ends to be held back. */
export interface HoldsListener {
  held(ip: IpAddress): void;
  released(ip: IpAddress): void;
}

/**
 * Addresses that nobody has and that are not given either: reserved for a Service that went, or in quarantine. What is held ends by a call, `expire` with
 * the time among them: nothing here has a clock.
 */
export class Holds {
  private readonly byAddress = new Map<string, Held>();
  private readonly byService = new Map<string, Reservation>();

  constructor(private readonly listener: HoldsListener) {}

  isEmpty(): boolean {
    return this.byAddress.size === 0;
  }

  /** By key, in the order in which they were made. */
  reservations(): IterableIterator<Reservation> {
    return this.byService.values();
  }

  reservation(key: string): Reservation | undefined {
    return this.byService.get(key);
  }

  /** Every address that is held back, once. */
  *addresses(): Iterable<IpAddress> {
    for (const { ip } of this.byAddress.values()) yield ip;
  }

  reserve(reservation: Reservation): void {
    this.cancel(reservation.key);
    if (this.byService.size >= MOST_RESERVATIONS) {
      const first = [...this.byService.values()].reduce((a, b) => b.until < a.until ? b : a);
      this.cancel(first.key);
    }
    this.byService.set(reservation.key, reservation);
    for (const ip of reservation.ips) this.at(ip).reservedFor.add(reservation.key);
  }

  /** Ends the reservation of a Service. */
  cancel(key: string): Reservation | undefined {
    const reservation = this.byService.get(key);
    this.byService.delete(key);
    for (const ip of reservation?.ips ?? []) {
      this.byAddress.get(`${ip}`)?.reservedFor.delete(key);
      this.tidy(ip);
    }
    return reservation;
  }

  quarantine(quarantine: Quarantine): void {
    this.at(quarantine.ip).quarantine = quarantine;
  }

  /** Ends the quarantine of an address. */
  acquit(ip: IpAddress): void {
    const held = this.byAddress.get(`${ip}`);
    if (held) held.quarantine = undefined;
    this.tidy(ip);
  }

  quarantineOf(ip: IpAddress): Quarantine | undefined {
    return this.byAddress.get(`${ip}`)?.quarantine;
  }

  /** For whom an address is reserved; empty for one that is not. */
  reservedFor(ip: IpAddress): ReadonlySet<string> {
    return this.byAddress.get(`${ip}`)?.reservedFor ?? new Set();
  }

  /** Ends what has lasted long enough. @returns whether an address is held back no more */
  expire(now: number): boolean {
    const before = this.byAddress.size;
    for (const { key, until } of [...this.byService.values()]) {
      if (until <= now) this.cancel(key);
    }
    for (const { ip, quarantine } of [...this.byAddress.values()]) {
      if (quarantine && quarantine.until <= now) this.acquit(ip);
    }
    return this.byAddress.size < before;
  }

  /** When the next one ends. */
  nextExpiry(): number | undefined {
    const quarantines = [...this.byAddress.values()].flatMap(({ quarantine }) => quarantine ?? []);
    const ends = [...this.byService.values(), ...quarantines].map(({ until }) => until);
    return ends.length > 0 ? ends.reduce((a, b) => Math.min(a, b)) : undefined;
  }

  private at(ip: IpAddress): Held {
    const text = `${ip}`;
    let held = this.byAddress.get(text);
    if (!held) {
      held = { ip, reservedFor: new Set() };
      this.byAddress.set(text, held);
      this.listener.held(ip);
    }
    return held;
  }

  private tidy(ip: IpAddress): void {
    const held = this.byAddress.get(`${ip}`);
    if (held && held.reservedFor.size === 0 && !held.quarantine) {
      this.byAddress.delete(`${ip}`);
      this.listener.released(ip);
    }
  }
}
