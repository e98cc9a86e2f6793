/** A frame's way in: from an interface to an answer, to evidence about an address, or to a named reason why neither. */
import { ArpFrame, decodeArp, hardwareAddressKey, sameHardwareAddress } from '../wire';
import { Address } from './address';
import { Addresses } from './addresses';
import { Conflicts, noteClaim, speakerOf } from './conflict';
import { Interface, Interfaces } from './interfaces';
import { Membership } from './membership';
import { Outbox } from './outbox';
import { respond } from './responder';
import { FrameDrop } from './types';

export class Reception {
  /** The address a speaker has just claimed, after a frame dropped as `claim`. */
  claimed: Address | undefined;
  private readonly arp = new ArpFrame();

  constructor(
    private readonly interfaces: Interfaces,
    private readonly addresses: Addresses,
    private readonly membership: Membership,
    private readonly conflicts: Conflicts,
    private readonly outbox: Outbox,
  ) {}

  /** Takes a frame; returns why it was not answered. */
  take(now: number, ifindex: number, frame: Uint8Array, length: number, authorised: boolean): FrameDrop | undefined {
    const iface = this.interfaces.announcing.get(ifindex);
    if (iface === undefined) return 'unknownInterface';
    const { arp } = this;
    const problem = decodeArp(frame, length, arp);
    if (problem !== undefined) return problem;
    if (sameHardwareAddress(arp.source, iface.mac)) return 'ownFrame';
    const peer = this.membership.byProtocolAddress.get(arp.senderProtocolAddress);
    if (peer !== undefined) peer.hardwareAddresses.add(hardwareAddressKey(arp.senderHardwareAddress));
    const claimed = this.addresses.byKey.get(arp.senderProtocolAddress);
    if (claimed !== undefined) {
      const drop = this.heed(now, claimed, iface, authorised);
      if (drop !== undefined) return drop;
    }
    const drop = respond(iface, arp, authorised, this.outbox);
    return drop === 'notPlanned' && this.addresses.byKey.has(arp.targetProtocolAddress) ? 'notAnnouncedHere' : drop;
  }

  /** Somebody else sends in the name of a planned address. */
  private heed(now: number, address: Address, iface: Interface, authorised: boolean): FrameDrop | undefined {
    const { arp } = this;
    const sender = hardwareAddressKey(arp.senderHardwareAddress);
    if (this.interfaces.ownHardwareAddresses.has(sender)) return 'ownFrame';
    const peer = speakerOf(sender, this.membership.peers);
    if (peer === undefined) {
      if (!address.held || !authorised) return undefined;
      this.conflicts.stranger(now, address, arp, iface, this.outbox);
      this.membership.doubt(now);
      return 'conflict';
    }
    if (!noteClaim(now, address, arp, iface, peer)) return undefined;
    this.claimed = address;
    return 'claim';
  }
}
