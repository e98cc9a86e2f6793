/**
 * Tells clients that were overheard (overheard.ts), each by a frame of its own, that an address is here now.
 *
 * IPv4: an ARP request for the client's own address, from ours. Linux takes the sender of such a request over at once, even within the second for which it
 * ignores replies (`locktime`), also for an address that it is still waiting to resolve; the client's answer wakes a switch. It is no reply, so nobody takes it for a second answer to
 * a question. IPv6: an unsolicited Neighbor Advertisement with Override (RFC 4861 §7.2.6 lets it be sent to one node).
 *
 * A thousand addresses may be taken over at once, each with dozens of clients, so the frames are paced; broadcasts and answers go first.
 */
import { ARP_REQUEST, ArpFrame, encodeArp } from '../wire';
import { Address } from './address';
import { Interface } from './interfaces';
import { advertiseTo } from './neighbor';
import { Outbox } from './outbox';
import { Client, Overheard } from './overheard';
import { Pace } from './pace';

/** At most 12,800 frames a second. */
const FRAMES_PER_TURN = 64;
const PAUSE_MS = 5;

const request = new ArpFrame();
request.operation = ARP_REQUEST;

export class UnicastRefresh {
  private readonly pace = new Pace(FRAMES_PER_TURN, PAUSE_MS);
  /** Addresses with the clients that are still to be told. */
  private readonly waiting = new Map<Address, Client[]>();

  constructor(private readonly overheard: Overheard) {}

  /** When {@link tick} has something to send. */
  get deadline(): number {
    return this.waiting.size === 0 ? Infinity : this.pace.nextTurn;
  }

  /** Tells all clients of the address anew; the first of them now, if nobody else waits for a turn. */
  start(now: number, address: Address, outbox: Outbox): void {
    const clients = this.overheard.clientsOf(now, address);
    if (clients.length === 0) return;
    this.waiting.delete(address);
    this.waiting.set(address, clients.reverse());
    this.tick(now, outbox);
  }

  stop(address: Address): void {
    this.waiting.delete(address);
  }

  tick(now: number, outbox: Outbox): void {
    for (const [address, clients] of this.waiting) {
      for (; clients.length > 0 && this.pace.isOpen(now); this.pace.spend(1)) tell(address, clients.pop()!, outbox);
      if (clients.length > 0) return;
      this.waiting.delete(address);
    }
  }
}

function tell(address: Address, client: Client, outbox: Outbox): void {
  const iface = address.interfaces.find(({ index }) => index === client.ifindex);
  if (iface === undefined) return; // it is announced there no longer
  if (typeof address.key === 'bigint') advertiseTo(iface, address, client.ipv6, client.hardwareAddress, outbox);
  else askClient(iface, address.key, client, outbox);
  address.unicastSent++;
}

function askClient(iface: Interface, address: number, client: Client, outbox: Outbox): void {
  request.destination.set(client.hardwareAddress);
  request.source.set(iface.mac);
  request.senderHardwareAddress.set(iface.mac);
  request.senderProtocolAddress = address;
  request.targetProtocolAddress = client.ipv4;
  const slot = outbox.frame(iface.index);
  slot.length = encodeArp(slot.bytes, request);
}
