/**
 * The IPv6 side of what responder.ts, gratuitous.ts and witness.ts do with ARP: Neighbor Discovery (RFC 4861).
 *
 * Advertisements come from the address that they advertise, as the kernel of an ordinary holder sends them: programs like `ndisc6`, and
 * switches that inspect Neighbor Discovery, expect no other. Solicitations come from the link-local address of the interface they leave
 * by, which is there whatever prefixes the router announces. Nothing here allocates.
 */
import {
  ALL_NODES, copyHardwareAddress, copyIpv6, encodeNeighbor, isMulticast, isUnspecified, NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION, NeighborFrame,
  sameHardwareAddress, writeHardwareAddressKey, writeMulticastHardwareAddress, writeSolicitedNode,
} from '../wire';
import { Address } from './address';
import { Interface } from './interfaces';
import { Outbox } from './outbox';
import { FrameDrop } from './types';

const advertisement = new NeighborFrame();
advertisement.type = NEIGHBOR_ADVERTISEMENT;
advertisement.hasLinkLayerAddress = true;

const solicitation = new NeighborFrame();
solicitation.type = NEIGHBOR_SOLICITATION;
solicitation.hasLinkLayerAddress = true;

/** From ::, and without an address to answer to. */
const duplicateProbe = new NeighborFrame();
duplicateProbe.type = NEIGHBOR_SOLICITATION;

/** Whether a frame is to a group of IPv6 (RFC 2464 §7). */
function isIpv6Group(hardwareAddress: Uint8Array): boolean {
  return hardwareAddress[0] === 0x33 && hardwareAddress[1] === 0x33;
}

/**
 * Puts the answer to a solicitation into the outbox; or says why there is none. `address` is the one that is asked for, if it is planned.
 *
 * An ordinary question is answered as MetalLB does: to its source alone, Solicited, without Override. If it was sent to a group, it must
 * tell the link-layer address to answer to (RFC 4861 §4.3); if it was sent to us alone, it may leave that out.
 *
 * A question from :: is Duplicate Address Detection by somebody who is about to use the address (RFC 4862 §5.4). It is told so, that it
 * does not, as RFC 4861 §7.2.4 demands of a holder: to all nodes, unsolicited, with Override. MetalLB keeps silent here.
 */
export function respondToSolicitation(
  iface: Interface, asked: NeighborFrame, address: Address | undefined, receivedAt: number, authorised: boolean, outbox: Outbox,
): FrameDrop | undefined {
  if (asked.type !== NEIGHBOR_SOLICITATION) return 'notRequest';
  if (!isIpv6Group(asked.destination) && !sameHardwareAddress(asked.destination, iface.mac)) return 'ethernetDestination';
  if (address === undefined) return 'notPlanned';
  if (!address.interfaces.includes(iface)) return 'notAnnouncedHere';
  if (!authorised) return 'stalled';
  if (!address.held) return 'notHeld';
  if (receivedAt <= address.answersFrom) return 'formerHolder';
  const duplicate = isUnspecified(asked.sourceAddress);
  if (!duplicate && !asked.hasLinkLayerAddress && isMulticast(asked.destinationAddress)) return 'noSourceLinkLayerAddress';
  address.requestsReceived++;
  if (duplicate) {
    toAllNodes();
  } else {
    copyHardwareAddress(advertisement.destination, claimedHardwareAddress(asked));
    copyIpv6(advertisement.destinationAddress, asked.sourceAddress);
  }
  advertisement.solicited = !duplicate;
  advertisement.override = duplicate;
  sendAdvertisement(iface, address, outbox);
  address.responsesSent++;
  return undefined;
}

/** Announces an address unasked: to all nodes, with Override, which makes them replace what they knew (RFC 4861 §7.2.6). */
export function advertise(iface: Interface, address: Address, outbox: Outbox): void {
  toAllNodes();
  advertisement.solicited = false;
  advertisement.override = true;
  sendAdvertisement(iface, address, outbox);
  address.gratuitousSent++;
}

/** The same to one neighbour. */
export function advertiseTo(iface: Interface, address: Address, to: Uint8Array, hardwareAddress: Uint8Array, outbox: Outbox): void {
  advertisement.destinationAddress.set(to);
  advertisement.destination.set(hardwareAddress);
  advertisement.solicited = false;
  advertisement.override = true;
  sendAdvertisement(iface, address, outbox);
}

/**
 * Asks who has an address: all whom it may concern, or in a frame to one hardware address. That too goes to the group of the address,
 * for a node would forward a packet to an address that its kernel does not have.
 */
export function solicit(iface: Interface, target: Uint8Array, hardwareAddress: number | undefined, outbox: Outbox): void {
  if (iface.linkLocal === undefined) return;
  writeSolicitedNode(solicitation.destinationAddress, target);
  if (hardwareAddress === undefined) writeMulticastHardwareAddress(solicitation.destination, solicitation.destinationAddress);
  else writeHardwareAddressKey(solicitation.destination, 0, hardwareAddress);
  solicitation.source.set(iface.mac);
  solicitation.sourceAddress.set(iface.linkLocal);
  solicitation.target.set(target);
  solicitation.linkLayerAddress.set(iface.mac);
  const slot = outbox.frame(iface.index);
  slot.length = encodeNeighbor(slot.bytes, solicitation);
}

/** Asks whether anybody has an address, as somebody who has none yet does (RFC 4862 §5.4.2). */
export function probeDuplicate(iface: Interface, target: Uint8Array, outbox: Outbox): void {
  if (iface.linkLocal === undefined) return;
  writeSolicitedNode(duplicateProbe.destinationAddress, target);
  writeMulticastHardwareAddress(duplicateProbe.destination, duplicateProbe.destinationAddress);
  duplicateProbe.source.set(iface.mac);
  duplicateProbe.target.set(target);
  const slot = outbox.frame(iface.index);
  slot.length = encodeNeighbor(slot.bytes, duplicateProbe);
}

/** The hardware address that the sender of a message claims for itself, or for the target it advertises. */
export function claimedHardwareAddress({ hasLinkLayerAddress, linkLayerAddress, source }: NeighborFrame): Uint8Array {
  return hasLinkLayerAddress ? linkLayerAddress : source;
}

function toAllNodes(): void {
  advertisement.destinationAddress.set(ALL_NODES);
  writeMulticastHardwareAddress(advertisement.destination, ALL_NODES);
}

function sendAdvertisement(iface: Interface, address: Address, outbox: Outbox): void {
  copyHardwareAddress(advertisement.source, iface.mac);
  copyIpv6(advertisement.sourceAddress, address.octets);
  copyIpv6(advertisement.target, address.octets);
  copyHardwareAddress(advertisement.linkLayerAddress, iface.mac);
  const slot = outbox.frame(iface.index);
  slot.length = encodeNeighbor(slot.bytes, advertisement);
}
