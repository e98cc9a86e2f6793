/**
 * A client on the LAN that has asked once and goes on with what it knows, as Linux does: its table is changed by announcements, though not twice within a
 * second (`locktime`), and at once by an ARP request for its own address, or by a Neighbor Advertisement with Override.
 */
import { IpAddress } from '../../src/ip';
import {
  ARP_REQUEST, ArpFrame, decodeArp, decodeNeighbor, formatHardwareAddress, formatIpv4, NEIGHBOR_ADVERTISEMENT, NeighborFrame, parseIpv4,
} from '../../src/wire';

/** `net.ipv4.neigh.default.locktime`. */
const LOCKTIME_MS = 1000;

export class Client {
  /** Hardware address by protocol address. */
  readonly table = new Map<string, { mac: string; at: number }>();

  /** Whether it is switched on, so that it answers. */
  present = true;
  readonly key: number;

  constructor(readonly ipv4: string) {
    this.key = parseIpv4(ipv4)!;
  }

  /** It was answered. */
  learn(now: number, address: string, mac: string): void {
    if (!this.table.has(address)) this.table.set(address, { mac, at: now });
  }

  hear(now: number, bytes: Uint8Array): void {
    const neighbor = new NeighborFrame(), arp = new ArpFrame();
    if (decodeNeighbor(bytes, bytes.length, neighbor) === undefined) {
      if (neighbor.type !== NEIGHBOR_ADVERTISEMENT || !neighbor.override) return;
      return this.change(now, IpAddress.fromBytes(neighbor.target).toString(), neighbor.linkLayerAddress, false);
    }
    if (decodeArp(bytes, bytes.length, arp) !== undefined) return;
    const asksMe = arp.operation === ARP_REQUEST && arp.targetProtocolAddress === this.key;
    this.change(now, formatIpv4(arp.senderProtocolAddress), arp.senderHardwareAddress, !asksMe);
  }

  private change(now: number, address: string, hardwareAddress: Uint8Array, locked: boolean): void {
    const entry = this.table.get(address), mac = formatHardwareAddress(hardwareAddress);
    if (entry === undefined || (locked && now - entry.at < LOCKTIME_MS)) return;
    if (entry.mac !== mac) entry.at = now;
    entry.mac = mac;
  }
}
