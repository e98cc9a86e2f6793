/**
 * What another's ARP packet says of our addresses: the LAN as second witness.
 *
 * A packet whose sender protocol address is planned here, from a hardware address that is not ours, is evidence that somebody else uses
 * the address (RFC 5227 §2.4). If the hardware address is a speaker's, it is a rival, and ownership.ts decides who yields. Only
 * announcements and replies count then: the kernel of a node in IPVS mode has every address on a dummy interface, and may put it as
 * sender into requests of its own though the speaker there does not hold it. If it is nobody we know, it is an address conflict:
 * reported, and defended at most once in DEFEND_INTERVAL (RFC 5227 §1.1, §2.4 (c)); never fought over packet by packet.
 */
import { ArpFrame, classifyArp, formatHardwareAddress, hardwareAddressKey } from '../wire';
import { Address } from './address';
import { Gratuitous } from './gratuitous';
import { Interface, subnetOf } from './interfaces';
import { Outbox } from './outbox';
import { Peer } from './peer';

/** DEFEND_INTERVAL (RFC 5227 §1.1). */
const DEFEND_INTERVAL_MS = 10_000;
/** Hardware addresses whose conflicts are spaced; beyond, the list starts anew, for a hardware address is easily forged. */
const REMEMBERED_OFFENDERS = 64;

/** The speaker a hardware address belongs to. */
export function speakerOf(hardwareAddress: number, peers: ReadonlyMap<string, Peer>): Peer | undefined {
  for (const peer of peers.values()) {
    if (peer.hardwareAddresses.has(hardwareAddress)) return peer;
  }
  return undefined;
}

/** Notes a speaker's claim, heard on an interface; returns whether it is one. */
export function noteClaim(now: number, address: Address, arp: ArpFrame, iface: Interface, peer: Peer): boolean {
  const kind = classifyArp(arp);
  if (kind !== 'announcement' && kind !== 'gratuitousReply' && kind !== 'reply') return false;
  const before = address.rival?.node === peer.node ? address.rival.onLinkAt : -Infinity;
  address.rival = { node: peer.node, at: now, onLinkAt: subnetOf(iface, address.key) === undefined ? before : now };
  return true;
}

/** Reports and defends addresses that strangers use. */
export class Conflicts {
  private readonly reports = new Map<string, number>();

  constructor(private readonly gratuitous: Gratuitous) {}

  /** A stranger used an address this node holds. */
  stranger(now: number, address: Address, arp: ArpFrame, iface: Interface, outbox: Outbox): void {
    address.conflicts++;
    const defended = now - address.defendedAt >= DEFEND_INTERVAL_MS;
    if (defended) {
      address.defendedAt = now;
      this.gratuitous.burst(address, outbox);
    }
    const report = `${address.text} ${hardwareAddressKey(arp.senderHardwareAddress)}`;
    if (now - (this.reports.get(report) ?? -Infinity) < DEFEND_INTERVAL_MS) return;
    if (this.reports.size >= REMEMBERED_OFFENDERS) this.reports.clear();
    this.reports.set(report, now);
    outbox.event({
      code: 'addressConflict', address: address.text, mac: formatHardwareAddress(arp.senderHardwareAddress), interface: iface.name, defended,
    });
  }
}
