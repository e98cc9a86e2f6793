/**
 * Asks the LAN whether a foreign host uses an address: before the cluster first answers for it, a while after, and while there is a conflict
 * (RFC 5227 §2.1 for IPv4, Duplicate Address Detection of RFC 4862 §5.4 for IPv6).
 *
 * **First in the cluster** means that this speaker has known no holder of the address since it is in the plan: neither itself nor a peer, by heartbeat or on the LAN, and a
 * speaker listens to all of them before it takes anything. Whoever takes an address over from another, or takes it again, does not probe: that
 * path stays as fast as it is. A speaker that is alone, and is started again, cannot know, and probes.
 *
 * **Timing.** RFC 5227 has a host wait 0 to 1 s, probe three times 1 to 2 s apart, and wait 2 s: 4 to 7 s in all. That is made for a host whose own link may have just come up.
 * Here somebody waits for a Service, on a link that is there. So the three probes are 100 ms apart, and 100 ms after the last one answers begin; two more probes follow at
 * the distance of the RFC while the address is announced already. A host that is awake answers within milliseconds; one that sleeps is found by the later ones, and by what it says
 * itself, for as long as the address is held.
 *
 * Somebody else who asks for the address at the same time is not heeded: it may be a speaker that is not known yet. A foreign host is answered as soon as the address is held.
 *
 * If a foreign host answers before, the address is not announced: it belongs to that host. It is asked for again after 2 s, 4 s and so on up to a minute
 * (RATE_LIMIT_INTERVAL), until nobody answers. If it is found later, the holder defends the address (conflict.ts), goes on answering, since clients use it, and asks every 10 s. The
 * conflict has ended when three questions have gone unanswered.
 *
 * Questions about thousands of addresses go out in turns, as announcements do (gratuitous.ts): the first addresses are through with it while the last ones wait.
 */
import { ARP_REQUEST, ArpFrame, encodeArp } from '../wire';
import { Address } from './address';
import { probeDuplicate } from './neighbor';
import { Outbox } from './outbox';
import { Pace } from './pace';

/** PROBE_NUM (RFC 5227 §1.1). */
const PROBES = 3;
const SPACING_MS = 100;
/** How long an address is not answered for, that this cluster takes for the first time. */
export const PROBING_MS = PROBES * SPACING_MS;
/** How long an address counts as free. */
const FREE_MS = 1000;
/** ANNOUNCE_NUM; they are at the distance of PROBE_MIN to PROBE_MAX. */
const VERIFICATIONS = 2;
const PROBE_MIN_MS = 1000;
const PROBE_MAX_MS = 2000;
/** Until a refused address is asked for again, doubled each time up to RATE_LIMIT_INTERVAL. */
const RETRY_MS = 2000;
const RATE_LIMIT_INTERVAL_MS = 60_000;
/** DEFEND_INTERVAL. */
const CONTESTED_SPACING_MS = 10_000;
/** Unanswered questions after which a conflict has ended. */
const SILENCES = 3;
/** At most 12,800 frames a second. */
const FRAMES_PER_TURN = 64;
const PAUSE_MS = 5;
const MOST_TURNS = 4;
/** Looking for what is due costs as much as there are addresses in question. If there are more than so many, random distances are multiples of some milliseconds. */
const MANY = 64;
const GRID_MS = 10;

/** What is being found out about an address. */
export interface Check {
  /**
   * `probing`: it may not be taken yet; `free`: it may be; `refused`: a foreign host has it; `verifying`: it was taken, and nobody objects so far; `contested`: it is held,
   * and a foreign host uses it too.
   */
  state: 'probing' | 'free' | 'refused' | 'verifying' | 'contested';
  /** Questions asked in this state without an answer. */
  asked: number;
  /** When there is something to do. */
  next: number;
  /** How often it was refused. */
  refusals: number;
}

const probe = new ArpFrame();
probe.operation = ARP_REQUEST;
probe.destination.fill(0xff);

export class Probing {
  /** When {@link tick} has something to do. */
  deadline = Infinity;
  private readonly active = new Set<Address>();
  private readonly pace = new Pace(FRAMES_PER_TURN, PAUSE_MS, MOST_TURNS);

  constructor(private readonly enabled: boolean, private readonly random: () => number, private readonly outbox: Outbox) {}

  /** Whether an address may be taken that nobody in the cluster is known to hold. If it is not known yet, finding out begins. */
  allows(now: number, address: Address): boolean {
    if (!this.enabled || address.known) return true;
    const { check } = address;
    if (check === undefined) this.begin(now, address, 0);
    return check?.state === 'free';
  }

  /** The address was taken. */
  taken(now: number, address: Address): void {
    if (this.enabled) this.set(address, { state: 'verifying', asked: 0, next: now + this.distance(), refusals: 0 });
  }

  /** It is held no longer, is held by another speaker, or has left the plan. */
  forget(address: Address): void {
    address.check = undefined;
    this.active.delete(address);
  }

  /** A foreign host uses the address, or wants to. Returns whether that is of interest: it is held, or was about to be taken. */
  objection(now: number, address: Address): boolean {
    const { check } = address;
    if (address.held) {
      if (this.enabled) this.set(address, { state: 'contested', asked: 0, next: now + CONTESTED_SPACING_MS, refusals: 0 });
      return true;
    }
    if (check === undefined) return false;
    if (check.state === 'refused') return true; // it says more than once what it says
    const refusals = check.refusals + 1;
    this.set(address, { state: 'refused', asked: 0, next: now + Math.min(RETRY_MS * 2 ** (refusals - 1), RATE_LIMIT_INTERVAL_MS), refusals });
    return true;
  }

  /** Asks what is due. Returns addresses about which there is something to decide. */
  tick(now: number): Address[] {
    if (now < this.deadline) return [];
    const ready: Address[] = [];
    this.deadline = Infinity;
    for (const address of this.active) {
      const due = now >= address.check!.next, waits = due && !this.pace.isOpen(now, true);
      if (due && !waits && this.due(now, address, address.check!)) ready.push(address);
      this.deadline = Math.min(this.deadline, waits ? this.pace.nextTurn : address.check?.next ?? Infinity);
    }
    return ready;
  }

  private due(now: number, address: Address, check: Check): boolean {
    switch (check.state) {
      case 'refused':
        this.begin(now, address, check.refusals);
        return false;
      case 'probing':
        if (check.asked < PROBES) {
          this.ask(address, check, now + SPACING_MS);
          return false;
        }
        this.set(address, { ...check, state: 'free', next: now + FREE_MS });
        return true;
      case 'free':
        this.forget(address); // it was not this node's turn any more
        return false;
      case 'verifying':
      case 'contested':
        if (check.asked < (check.state === 'verifying' ? VERIFICATIONS : SILENCES)) {
          this.ask(address, check, now + (check.state === 'verifying' ? this.distance() : CONTESTED_SPACING_MS));
        } else {
          this.outbox.event({ code: 'addressUncontested', address: address.text });
          this.forget(address);
        }
        return false;
    }
  }

  private begin(now: number, address: Address, refusals: number): void {
    const check: Check = { state: 'probing', asked: 0, next: now, refusals };
    this.set(address, check);
    if (this.pace.isOpen(now)) this.ask(address, check, now + SPACING_MS);
  }

  private set(address: Address, check: Check): void {
    address.check = check;
    this.active.add(address);
    this.deadline = Math.min(this.deadline, check.next);
  }

  private ask(address: Address, check: Check, next: number): void {
    check.asked++;
    check.next = next;
    this.pace.spend(address.interfaces.length);
    for (const iface of address.interfaces) {
      if (typeof address.key === 'bigint') {
        probeDuplicate(iface, address.octets, this.outbox);
        continue;
      }
      probe.source.set(iface.mac);
      probe.senderHardwareAddress.set(iface.mac);
      probe.targetProtocolAddress = address.key;
      const slot = this.outbox.frame(iface.index);
      slot.length = encodeArp(slot.bytes, probe);
    }
  }

  private distance(): number {
    const distance = PROBE_MIN_MS + (PROBE_MAX_MS - PROBE_MIN_MS) * this.random();
    return this.active.size > MANY ? Math.round(distance / GRID_MS) * GRID_MS : distance;
  }
}
