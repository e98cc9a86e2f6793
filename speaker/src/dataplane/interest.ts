import * as ipaddr from 'ipaddr.js';
import { LanPlan } from '../lan';
import { arpFilter, NetworkLink } from '../sys';

/**
 * The filter for the frames that the core wants to see: those that speak of an announced address, and those by which a peer's hardware address can be
 * recognised, on interfaces that may be announced on. Any other frame would only be counted.
 */
export function interestingFrames(plan: LanPlan | undefined, links: readonly NetworkLink[], exclude: RegExp | undefined): Uint8Array {
  const addresses = [
    ...(plan?.addresses ?? []).map(({ address }) => address),
    ...(plan?.peers ?? []).flatMap((peer) => peer.addresses),
  ];
  return arpFilter({
    interfaces: links.filter((link) => link.ethernet && !link.loopback && !link.enslaved && !exclude?.test(link.name)).map(({ index }) => index),
    addresses: addresses.filter((address) => ipaddr.IPv4.isValidFourPartDecimal(address)).map(toNumber),
  });
}

function toNumber(address: string): number {
  return ipaddr.IPv4.parse(address).toByteArray().reduce((number, octet) => number * 256 + octet, 0);
}
