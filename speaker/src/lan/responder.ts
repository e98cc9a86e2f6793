/**
 * Answers ARP requests (RFC 826 "Packet Reception"), as MetalLB does: operation request; Ethernet destination broadcast or our own;
 * target announced on the receiving interface and held. Sender address and VLAN tags are not looked at, so a probe from 0.0.0.0
 * (RFC 5227 §2.1.1) is answered too, which is how its sender learns that the address is taken.
 *
 * This is the hot path: nothing here allocates.
 */
import { ARP_REQUEST, ArpFrame, encodeArpReply, isBroadcast, sameHardwareAddress } from '../wire';
import { Address } from './address';
import { Interface } from './interfaces';
import { Outbox } from './outbox';
import { FrameDrop } from './types';

/** Puts the answer to a request into the outbox; or says why there is none. `address` is the one that is asked for, if it is planned. */
export function respond(
  iface: Interface, arp: ArpFrame, address: Address | undefined, receivedAt: number, authorised: boolean, outbox: Outbox,
): FrameDrop | undefined {
  if (arp.operation !== ARP_REQUEST) return 'notRequest';
  if (!isBroadcast(arp.destination) && !sameHardwareAddress(arp.destination, iface.mac)) return 'ethernetDestination';
  if (address === undefined) return 'notPlanned';
  if (!address.interfaces.includes(iface)) return 'notAnnouncedHere';
  if (!authorised) return 'stalled';
  if (!address.held) return 'notHeld';
  if (receivedAt <= address.answersFrom) return 'formerHolder';
  address.requestsReceived++;
  const slot = outbox.frame(iface.index);
  slot.length = encodeArpReply(slot.bytes, arp, iface.mac);
  address.responsesSent++;
  return undefined;
}
