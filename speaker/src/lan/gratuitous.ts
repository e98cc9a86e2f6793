/**
 * Unasked-for announcements (RFC 5227 §3; RFC 826 lets whoever hears them update its table; RFC 4861 §7.2.6).
 *
 * Some hosts heed only ARP requests and some only replies, so a burst is one of each; for IPv6 it is one Neighbor Advertisement. Linux ignores a second change of an entry within
 * 1 s (`locktime`), so bursts are repeated past that, for a window after the takeover. Afterwards a slow refresh keeps switch
 * tables, which forget after 300 s, and routers' tables right. Clients that were overheard are told one by one besides; see unicast-refresh.ts.
 */
import { ARP_REPLY, ARP_REQUEST, ArpFrame, encodeArp } from '../wire';
import { Address } from './address';
import { Interface } from './interfaces';
import { advertise } from './neighbor';
import { Outbox } from './outbox';
import { Overheard } from './overheard';
import { GratuitousOptions } from './types';
import { UnicastRefresh } from './unicast-refresh';

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

/** When bursts are due. It keeps no list of them: what is due is written in the address itself. */
export class Gratuitous {
  private readonly unicast: UnicastRefresh;
  private readonly spacingMs: number;
  private readonly windowMs: number;
  private readonly refreshMs: number;

  constructor(options: GratuitousOptions, private readonly random: () => number, overheard: Overheard) {
    this.unicast = new UnicastRefresh(overheard);
    this.spacingMs = options.spacingMs ?? 1100;
    this.windowMs = options.windowMs ?? 5000;
    this.refreshMs = options.refreshMs ?? 60_000;
  }

  /** When {@link tickUnicast} has something to send. */
  get unicastDeadline(): number {
    return this.unicast.deadline;
  }

  /** One burst through each interface of the address, now. */
  burst(address: Address, outbox: Outbox): void {
    for (const iface of address.interfaces) burstOn(iface, address, outbox);
  }

  /** Announces a takeover: a burst at once, and more until the window ends. */
  start(now: number, address: Address, outbox: Outbox): void {
    address.burstsUntil = now + this.windowMs;
    this.burst(address, outbox);
    this.unicast.start(now, address, outbox);
    address.unicastAgain = true;
    this.schedule(now, address);
  }

  /** Silent from now on. */
  stop(address: Address): void {
    this.unicast.stop(address);
    address.nextBurst = Infinity;
    address.burstsUntil = -Infinity;
  }

  /** Sends what is due. */
  tick(now: number, address: Address, outbox: Outbox): void {
    if (now < address.nextBurst) return;
    this.burst(address, outbox);
    if (address.unicastAgain) this.unicast.start(now, address, outbox); // once, for a frame may have been lost
    address.unicastAgain = false;
    this.schedule(now, address);
  }

  tickUnicast(now: number, outbox: Outbox): void {
    if (now >= this.unicast.deadline) this.unicast.tick(now, outbox);
  }

  private schedule(now: number, address: Address): void {
    if (now + this.spacingMs <= address.burstsUntil) {
      address.nextBurst = now + this.spacingMs;
    } else {
      // Spread over a tenth, so that a thousand addresses taken over at once are not refreshed at once for ever after.
      address.nextBurst = this.refreshMs > 0 ? now + this.refreshMs - this.refreshMs * 0.1 * this.random() : Infinity;
    }
  }
}
