/**
 * Unasked-for announcements (RFC 5227 §3; RFC 826 lets whoever hears them update its table; RFC 4861 §7.2.6).
 *
 * Some hosts heed only ARP requests and some only replies, so a burst is one of each; for IPv6 it is one Neighbor Advertisement. Linux ignores a second change of an entry within
 * 1 s (`locktime`), so bursts are repeated past that, for a window after the takeover. Afterwards a slow refresh keeps switch
 * tables, which forget after 300 s, and routers' tables right. Clients that were overheard are told one by one besides; see unicast-refresh.ts.
 *
 * Every host on the LAN has to take a broadcast, and this thread answers nothing while it sends. So bursts go out in turns: those of {@link FRAMES_PER_TURN} frames
 * (or of {@link MOST_TURNS} turns that were not used) at once, those of thousands of addresses that were taken over together one after the other. An address that was just taken comes before one whose burst is repeated.
 */
import { ARP_REPLY, ARP_REQUEST, ArpFrame, encodeArp, Handover } from '../wire';
import { Address } from './address';
import { Interface } from './interfaces';
import { advertise } from './neighbor';
import { Outbox } from './outbox';
import { Overheard } from './overheard';
import { Pace } from './pace';
import { GratuitousOptions } from './types';
import { UnicastRefresh } from './unicast-refresh';

/** At most 12,800 frames a second. */
const FRAMES_PER_TURN = 64;
const PAUSE_MS = 5;
const MOST_TURNS = 4;
/** Refreshes are due at multiples of this: looking for those that are due costs as much as there are addresses. */
const GRID_MS = 10;

const announcement = new ArpFrame();
announcement.destination.fill(0xff);
announcement.targetHardwareAddress.fill(0xff);

/** Sends one request and one reply, or one advertisement, through an interface. */
function burstOn(iface: Interface, address: Address, outbox: Outbox): void {
  if (typeof address.key === 'bigint') {
    advertise(iface, address, outbox);
    return;
  }
  announcement.source.set(iface.mac);
  announcement.senderHardwareAddress.set(iface.mac);
  announcement.senderProtocolAddress = address.key;
  announcement.targetProtocolAddress = address.key;
  for (const operation of [ARP_REQUEST, ARP_REPLY]) {
    announcement.operation = operation;
    const slot = outbox.frame(iface.index);
    slot.length = encodeArp(slot.bytes, announcement);
    address.gratuitousSent++;
  }
}

/** When bursts are due; that is written in the addresses themselves. */
export class Gratuitous {
  private readonly unicast: UnicastRefresh;
  private readonly spacingMs: number;
  private readonly windowMs: number;
  private readonly refreshMs: number;
  private readonly pace = new Pace(FRAMES_PER_TURN, PAUSE_MS, MOST_TURNS);
  /** Addresses that wait for their turn: those that were not announced yet since they were taken, and those whose burst is repeated. */
  private readonly waiting: readonly [first: Set<Address>, again: Set<Address>] = [new Set(), new Set()];
  /** When the first burst of those that are not waiting is due, at the earliest. */
  private nextBurst = Infinity;

  constructor(options: GratuitousOptions, private readonly random: () => number, overheard: Overheard) {
    this.unicast = new UnicastRefresh(overheard);
    this.spacingMs = options.spacingMs ?? 1100;
    this.windowMs = options.windowMs ?? 5000;
    this.refreshMs = options.refreshMs ?? 60_000;
  }

  /** When {@link tick} has something to send. */
  get deadline(): number {
    const turn = this.waiting.some(({ size }) => size > 0) ? this.pace.nextTurn : Infinity;
    return Math.min(this.nextBurst, turn, this.unicast.deadline);
  }

  /** One burst through each interface of the address, now. */
  burst(address: Address, outbox: Outbox): void {
    const before = outbox.frameCount;
    for (const iface of address.interfaces) burstOn(iface, address, outbox);
    this.pace.spend(outbox.frameCount - before);
  }

  /** Announces a takeover: a burst at once or in its turn, and more until the window ends. */
  start(now: number, address: Address, outbox: Outbox): void {
    const [first, again] = this.waiting;
    address.burstsUntil = now + this.windowMs;
    address.nextBurst = Infinity;
    again.delete(address);
    // Nobody else's burst goes out now: what the outbox has after this is of this address.
    if (first.size === 0 && this.pace.isOpen(now)) this.send(now, address, outbox);
    else first.add(address);
    this.unicast.start(now, address, outbox);
    address.unicastAgain = true;
  }

  /** Silent from now on. */
  stop(address: Address): void {
    this.unicast.stop(address);
    this.waiting.forEach((addresses) => addresses.delete(address));
    address.nextBurst = Infinity;
    address.burstsUntil = -Infinity;
  }

  /** Sends what is due. */
  tick(now: number, addresses: readonly Address[], outbox: Outbox): void {
    if (now >= this.unicast.deadline) this.unicast.tick(now, outbox);
    if (now >= this.nextBurst) {
      this.nextBurst = Infinity;
      for (const address of addresses) {
        if (now >= address.nextBurst) {
          address.nextBurst = Infinity;
          this.waiting[1].add(address);
        }
        this.nextBurst = Math.min(this.nextBurst, address.nextBurst);
      }
    }
    this.sendWaiting(now, outbox);
  }

  private sendWaiting(now: number, outbox: Outbox): void {
    const [, again] = this.waiting;
    for (const addresses of this.waiting) {
      for (const address of addresses) {
        if (!this.pace.isOpen(now, true)) return;
        addresses.delete(address);
        this.send(now, address, outbox);
        if (addresses === again && address.unicastAgain) {
          this.unicast.start(now, address, outbox); // once, for a frame may have been lost
          address.unicastAgain = false;
        }
      }
    }
  }

  private send(now: number, address: Address, outbox: Outbox): void {
    // Who takes over an address that is offered announces it in a moment, and would yield if it heard the contrary after that.
    if (address.handover !== Handover.TO_ANY) this.burst(address, outbox);
    this.schedule(now, address);
  }

  private schedule(now: number, address: Address): void {
    if (now + this.spacingMs <= address.burstsUntil) {
      address.nextBurst = now + this.spacingMs;
    } else {
      // Spread over a tenth, so that a thousand addresses taken over at once are not refreshed at once for ever after.
      const due = now + this.refreshMs - this.refreshMs * 0.1 * this.random();
      address.nextBurst = this.refreshMs > 0 ? Math.ceil(due / GRID_MS) * GRID_MS : Infinity;
    }
    this.nextBurst = Math.min(this.nextBurst, address.nextBurst);
  }
}
