import { keyOf, LanPlan, PlannedAddress } from '../lan';
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
  /** Different for each interface and group. */
  readonly name: string;
  readonly interfaceIndex: number;
  /** Of the interface, as in `NetworkLink`. */
  readonly incarnation: number;
  /** 16 octets. */
  readonly address: Uint8Array;
  /** One of the addresses that it is for. */
  readonly planned: string;
}

/** Plans of thousands of addresses come again and again with one of them changed; the others are the same objects. */
const solicited = new WeakMap<PlannedAddress, Pick<Group, 'name' | 'address'> | undefined>();

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
    const { candidates, interfaces } = planned, group = solicitedNodeOf(planned);
    if (group === undefined || !candidates.includes(plan!.node)) continue;
    for (const { index, incarnation, name, addresses } of links) {
      // Without an IPv6 address the interface has no IPv6 at all, and groups cannot be joined on it.
      if (interfaces !== undefined && !interfaces.includes(name) || !addresses.some((cidr) => cidr.includes(':'))) continue;
      const unique = `${index} ${incarnation} ${group.name}`;
      if (groups.has(unique)) continue;
      groups.set(unique, { name: unique, interfaceIndex: index, incarnation, address: group.address, planned: planned.address });
    }
  }
  return [...groups.values()];
}

function solicitedNodeOf(planned: PlannedAddress): Pick<Group, 'name' | 'address'> | undefined {
  if (solicited.has(planned)) return solicited.get(planned);
  const key = keyOf(planned);
  let group: Pick<Group, 'name' | 'address'> | undefined;
  if (isIpv6(key)) {
    const address = new Uint8Array(IPV6_LENGTH);
    writeSolicitedNode(address, ipv6Octets(key));
    group = { name: address.join('.'), address };
  }
  solicited.set(planned, group);
  return group;
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
