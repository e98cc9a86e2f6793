/** A frame's way in: from an interface to an answer, to evidence about an address, or to a named reason why neither. */
import {
  ARP_REQUEST, ArpFrame, decodeArp, decodeNeighbor, ETHER_TYPE_IPV6, ETHERNET_HEADER_LENGTH, hardwareAddressKey, NEIGHBOR_ADVERTISEMENT,
  NeighborFrame, sameHardwareAddress,
} from '../wire';
import { Address } from './address';
import { Addresses } from './addresses';
import { claimOf, Conflicts, noteClaim, speakerOf } from './conflict';
import { Interface, Interfaces } from './interfaces';
import { Kernels } from './kernels';
import { Membership } from './membership';
import { claimedHardwareAddress, respondToSolicitation } from './neighbor';
import { Outbox } from './outbox';
import { Overheard } from './overheard';
import { Peer } from './peer';
import { Probing } from './probing';
import { respond } from './responder';
import { Suspicion } from './suspicion';
import { FrameDrop } from './types';
import { verify } from './witness';

export class Reception {
  /** The address a speaker has just claimed, after a frame dropped as `claim`. */
  claimed: Address | undefined;
  /** The address that is asked for in a frame dropped as `stalled`. */
  asked: Address | undefined;
  private readonly arp = new ArpFrame();
  private readonly neighbor = new NeighborFrame();

  constructor(
    private readonly interfaces: Interfaces,
    private readonly addresses: Addresses,
    private readonly membership: Membership,
    private readonly conflicts: Conflicts,
    private readonly overheard: Overheard,
    private readonly probing: Probing,
    private readonly kernels: Kernels,
    private readonly suspicion: Suspicion,
    private readonly outbox: Outbox,
  ) {}

  /** Takes a frame, which was received at some time up to now; returns why it was not answered. */
  take(now: number, ifindex: number, frame: Uint8Array, length: number, receivedAt: number, authorised: boolean): FrameDrop | undefined {
    const iface = this.interfaces.announcing.get(ifindex);
    if (iface === undefined) return 'unknownInterface';
    const ipv6 = length >= ETHERNET_HEADER_LENGTH && frame[12] * 256 + frame[13] === ETHER_TYPE_IPV6;
    return ipv6
      ? this.takeNeighbor(now, iface, frame, length, receivedAt, authorised)
      : this.takeArp(now, iface, frame, length, receivedAt, authorised);
  }

  private takeArp(now: number, iface: Interface, frame: Uint8Array, length: number, receivedAt: number, authorised: boolean): FrameDrop | undefined {
    const { arp } = this;
    const problem = decodeArp(frame, length, arp);
    if (problem !== undefined) return problem;
    if (sameHardwareAddress(arp.source, iface.mac)) return 'ownFrame';
    this.suspicion.seen(iface.index, arp.source);
    const peer = this.membership.byProtocolAddress.ofIpv4(arp.senderProtocolAddress);
    if (peer !== undefined) this.recognise(now, peer, arp.senderHardwareAddress, iface);
    const claimed = this.addresses.map.ofIpv4(arp.senderProtocolAddress);
    if (claimed !== undefined) {
      const drop = this.heed(now, claimed, arp.senderHardwareAddress, claimOf(arp), iface, receivedAt, authorised);
      if (drop !== undefined) return drop;
    }
    const asked = this.asked = this.addresses.map.ofIpv4(arp.targetProtocolAddress);
    if (asked !== undefined && arp.operation === ARP_REQUEST) this.overheard.noteRequest(now, asked, iface.index, arp);
    return respond(iface, arp, asked, receivedAt, authorised, this.outbox);
  }

  private takeNeighbor(
    now: number, iface: Interface, frame: Uint8Array, length: number, receivedAt: number, authorised: boolean,
  ): FrameDrop | undefined {
    const { neighbor } = this;
    const problem = decodeNeighbor(frame, length, neighbor);
    if (problem !== undefined) return problem;
    if (sameHardwareAddress(neighbor.source, iface.mac)) return 'ownFrame';
    this.suspicion.seen(iface.index, neighbor.source);
    const advertised = neighbor.type === NEIGHBOR_ADVERTISEMENT;
    const sender = claimedHardwareAddress(neighbor);
    const peer = this.membership.byProtocolAddress.ofIpv6(advertised ? neighbor.target : neighbor.sourceAddress);
    if (peer !== undefined) this.recognise(now, peer, sender, iface);
    const planned = this.asked = this.addresses.map.ofIpv6(neighbor.target);
    if (advertised && planned !== undefined) {
      const drop = this.heed(now, planned, sender, true, iface, receivedAt, authorised);
      if (drop !== undefined) return drop;
    }
    if (planned !== undefined && !advertised) this.overheard.noteSolicitation(now, planned, iface.index, neighbor);
    return respondToSolicitation(iface, neighbor, planned, receivedAt, authorised, this.outbox);
  }

  /** A frame comes from a peer's own address. */
  private recognise(now: number, peer: Peer, hardwareAddress: Uint8Array, iface: Interface): void {
    const key = hardwareAddressKey(hardwareAddress);
    peer.hardwareAddresses.add(key);
    this.suspicion.answered(now, iface.index, peer, key);
  }

  /** Somebody else sends in the name of a planned address; a speaker perhaps without meaning to claim it. */
  private heed(
    now: number, address: Address, hardwareAddress: Uint8Array, claims: boolean | 'perhaps', iface: Interface, receivedAt: number,
    authorised: boolean,
  ): FrameDrop | undefined {
    const sender = hardwareAddressKey(hardwareAddress);
    if (this.interfaces.ownHardwareAddresses.has(sender)) return 'ownFrame';
    const peer = speakerOf(sender, this.membership.peers);
    if (peer === undefined) {
      if (!authorised) return undefined;
      if (!this.probing.objection(now, address)) {
        address.soughtAt = -Infinity; // it may be a peer whose hardware address is not known yet: to be asked for again
        if (address.vacantSince !== Infinity) this.membership.doubt(now); // before it is taken
        return undefined;
      }
      this.conflicts.stranger(now, address, hardwareAddress, iface, this.outbox);
      this.membership.doubt(now);
      return 'conflict';
    }
    if (!claims) return undefined;
    if (address.held && receivedAt <= address.answersFrom) return 'formerHolder'; // it was true then
    if (claims === 'perhaps' && !(peer.up && peer.stateOf(address.key)?.held === true)) {
      this.kernels.answered(now, address, peer, hardwareAddress, iface);
      verify(now, iface, address, sender, this.outbox);
      return 'kernelAnswer';
    }
    this.suspicion.claimed(peer);
    noteClaim(now, address, iface, peer, this.membership);
    this.claimed = address;
    return 'claim';
  }
}
