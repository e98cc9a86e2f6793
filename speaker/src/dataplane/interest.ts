import { keyOf, LanPlan } from '../lan';
import { arpFilter, neighborFilter, NetworkLink } from '../sys';
import { AddressKey, IPV6_LENGTH, ipv6Octets, parseAddress, writeSolicitedNode } from '../wire';

/** Frames that the core wants to see, as programs for the kernel, and groups that they are sent to. Any other frame would only be counted. */
export interface Interest {
  /** For ARP. */
  readonly arp: Uint8Array;
  /** For Neighbor Solicitations and Advertisements. */
  readonly neighbor: Uint8Array;
  /** Solicited-node groups (RFC 4291 §2.7.1), in which solicitations for the addresses that this node may announce arrive. */
  readonly groups: readonly Group[];
}

/** A multicast group on an interface. */
export interface Group {
  readonly interfaceIndex: number;
  /** Of the interface, as in `NetworkLink`. */
  readonly incarnation: number;
  /** 16 octets. */
  readonly address: Uint8Array;
}

/**
 * What to listen to: frames that speak of an announced address, those by which a peer's hardware address can be recognised, and answers to questions of our own, on
 * interfaces that may be announced on. Groups are joined before the node holds the address, for a switch that snoops takes its time to learn of a member.
 */
export function interestOf(plan: LanPlan | undefined, links: readonly NetworkLink[], exclude: RegExp | undefined): Interest {
  const candidates = links.filter((link) => link.ethernet && !link.loopback && !link.enslaved && !exclude?.test(link.name));
  const interfaces = candidates.map(({ index }) => index);
  const keys = [...(plan?.addresses ?? []).map(keyOf), ...(plan?.peers ?? []).flatMap((peer) => peer.addresses.map(parseAddress))];
  const own = plan === undefined ? [] : candidates.flatMap((link) => link.addresses.map((cidr) => parseAddress(cidr.split('/')[0])));
  return {
    arp: arpFilter({ interfaces, addresses: keys.filter(isIpv4).map(unsigned), own: own.filter(isIpv4).map(unsigned) }),
    neighbor: neighborFilter({ interfaces, targets: keys.filter(isIpv6).map((key) => Number(key % 0x100000000n)) }),
    groups: groupsOf(plan, candidates),
  };
}

function groupsOf(plan: LanPlan | undefined, links: readonly NetworkLink[]): Group[] {
  const groups = new Map<string, Group>();
  for (const planned of plan?.addresses ?? []) {
    const { candidates, interfaces } = planned, key = keyOf(planned);
    if (!isIpv6(key) || !candidates.includes(plan!.node)) continue;
    const group = new Uint8Array(IPV6_LENGTH);
    writeSolicitedNode(group, ipv6Octets(key));
    for (const { index, incarnation, name, addresses } of links) {
      // Without an IPv6 address the interface has no IPv6 at all, and groups cannot be joined on it.
      if (interfaces !== undefined && !interfaces.includes(name) || !addresses.some((cidr) => cidr.includes(':'))) continue;
      groups.set(`${index} ${group.join('.')}`, { interfaceIndex: index, incarnation, address: group });
    }
  }
  return [...groups.values()];
}

function unsigned(key: number): number {
  return key < 0 ? key + 2 ** 32 : key;
}

function isIpv4(key: AddressKey | undefined): key is number {
  return typeof key === 'number';
}

function isIpv6(key: AddressKey | undefined): key is bigint {
  return typeof key === 'bigint';
}
