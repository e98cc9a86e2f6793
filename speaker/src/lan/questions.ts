/** The questions that a speaker puts to the LAN. Nothing here allocates. */
import { AddressKey, ARP_REQUEST, ArpFrame, encodeArp, ipv6Octets, writeHardwareAddressKey } from '../wire';
import { Address } from './address';
import { Interface, subnetOf } from './interfaces';
import { solicit } from './neighbor';
import { Outbox } from './outbox';

/** Sender of a question that speakers answer and kernels do not: 255.255.255.255, a martian source to any kernel (RFC 1812 §5.3.7). */
export const SPEAKERS_ALONE = -1;

const request = new ArpFrame();
request.operation = ARP_REQUEST;

/** For so long the LAN is asked about what is in doubt: a question goes out once an interval, and has been answered by then. A heartbeat that is late by more than that is overdue. */
export function askingMs(intervalMs: number): number {
  return intervalMs * 1.5;
}

/**
 * Asks a speaker, or all of them, whether it answers for an address: an ARP probe (RFC 5227 §2.1.1), which a single one is asked in the name of nobody, or a Neighbor Solicitation.
 * @param hardwareAddress whom to ask; undefined for all
 */
export function probe(iface: Interface, address: Address, hardwareAddress: number | undefined, outbox: Outbox): void {
  if (typeof address.key === 'bigint') solicit(iface, address.octets, hardwareAddress, outbox);
  else ask(iface, hardwareAddress === undefined ? 0 : SPEAKERS_ALONE, address.key, hardwareAddress, outbox);
}

/** Asks whoever has a hardware address for an IPv4 address, by an ARP probe in the name of nobody, which its kernel answers, too. */
export function probeKernel(iface: Interface, target: number, hardwareAddress: number, outbox: Outbox): void {
  ask(iface, 0, target, hardwareAddress, outbox);
}

/**
 * Asks for a node's own address, for which its kernel answers, whatever its speaker does. Nothing is asked on an interface that is not in its subnet.
 * @param hardwareAddress whom to ask; undefined for all
 */
export function resolve(iface: Interface, target: AddressKey, hardwareAddress: number | undefined, outbox: Outbox): void {
  if (typeof target === 'bigint') {
    if (subnetOf(iface, target) !== undefined) solicit(iface, ipv6Octets(target), hardwareAddress, outbox);
    return;
  }
  const subnet = subnetOf(iface, target);
  if (subnet !== undefined) ask(iface, subnet.address, target, hardwareAddress, outbox);
}

function ask(iface: Interface, sender: number, target: number, hardwareAddress: number | undefined, outbox: Outbox): void {
  if (hardwareAddress === undefined) request.destination.fill(0xff);
  else writeHardwareAddressKey(request.destination, 0, hardwareAddress);
  request.source.set(iface.mac);
  request.senderHardwareAddress.set(iface.mac);
  request.senderProtocolAddress = sender;
  request.targetProtocolAddress = target;
  const slot = outbox.frame(iface.index);
  slot.length = encodeArp(slot.bytes, request);
}
