/** Which interfaces take part, and what each announces. Filled anew at each change of links or plan; read at each frame. */
import { AddressKey, hardwareAddressKey, ipv6Octets, parseAddress, Reach } from '../wire';
import { Address } from './address';
import { Outbox } from './outbox';
import { Link } from './types';

/** A subnet an interface is in. */
export interface Subnet<Key extends AddressKey = AddressKey> {
  /** The interface's own address. */
  readonly address: Key;
  /** Bits after the prefix: two addresses are in one subnet when they agree above these. */
  readonly hostBits: number;
}

/** An interface that ARP and Neighbor Solicitations are answered on. */
export interface Interface {
  readonly index: number;
  readonly name: string;
  readonly mac: Uint8Array;
  readonly subnets: readonly Subnet[];
  /** Its link-local address (RFC 4291 §2.5.6). Without one it takes no part in IPv6: the kernel has switched that off there. */
  readonly linkLocal: Uint8Array | undefined;
}

const LINK_LOCAL_PREFIX = 0xfe80n;

const unsigned = (address: number): number => address < 0 ? address + 0x100000000 : address;

/** The part of an address above so many bits. */
function networkOf(address: AddressKey, hostBits: number): AddressKey {
  return typeof address === 'number' ? Math.floor(unsigned(address) / 2 ** hostBits) : address / 2n ** BigInt(hostBits);
}

/** The subnet of the interface that contains an address. */
export function subnetOf<Key extends AddressKey>(iface: Interface, address: Key): Subnet<Key> | undefined {
  return iface.subnets.find((subnet): subnet is Subnet<Key> => typeof subnet.address === typeof address
    && networkOf(subnet.address, subnet.hostBits) === networkOf(address, subnet.hostBits));
}

function subnetsOf(link: Link): Subnet[] {
  const subnets: Subnet[] = [];
  for (const cidr of link.addresses) {
    const [text, length] = cidr.split('/');
    const address = parseAddress(text);
    if (address === undefined) continue;
    const bits = typeof address === 'number' ? 32 : 128;
    const prefixLength = length === undefined ? bits : Number(length);
    if (prefixLength >= 0 && prefixLength <= bits) subnets.push({ address, hostBits: bits - prefixLength });
  }
  return subnets;
}

function linkLocalOf(subnets: readonly Subnet[]): Uint8Array | undefined {
  for (const { address } of subnets) {
    if (typeof address === 'bigint' && address / 2n ** 112n === LINK_LOCAL_PREFIX) return ipv6Octets(address);
  }
  return undefined;
}

/** Interfaces of this node, those that take part and those that do not. */
export class Interfaces {
  /** Those that take part, by index. */
  readonly announcing = new Map<number, Interface>();
  /** Hardware addresses of every link of this node: a frame that comes from one of them is our own, come back. */
  readonly ownHardwareAddresses = new Set<number>();
  /** Whether the links have been told at all. */
  private known = false;
  /** Names of links that are there and not excluded, whatever their state. */
  private names = new Set<string>();

  constructor(private readonly exclude: RegExp | undefined) {}

  /**
   * Takes the links of this node. An interface takes part when it is up, can broadcast, has ARP, is no port of a bridge or bond,
   * and is not excluded; an IPv4 address of its own is not needed, for IPv6 a link-local one is.
   */
  setLinks(links: readonly Link[]): void {
    this.known = true;
    this.announcing.clear();
    this.ownHardwareAddresses.clear();
    this.names = new Set();
    for (const link of [...links].sort((a, b) => a.index - b.index)) {
      if (link.mac.length === 6 && !link.loopback) this.ownHardwareAddresses.add(hardwareAddressKey(link.mac));
      if (link.loopback || this.excluded(link.name)) continue;
      this.names.add(link.name);
      if (!link.up || !link.broadcast || link.noArp || link.enslaved) continue;
      const subnets = subnetsOf(link);
      const { index, name, mac } = link;
      this.announcing.set(index, { index, name, mac: Uint8Array.from(mac), subnets, linkLocal: linkLocalOf(subnets) });
    }
  }

  /** Where this node takes part, by index and family: IPv6 may come a second after IPv4, when the kernel has found its address unused. */
  lans(): string[] {
    return [...this.announcing.values()].flatMap(({ index, linkLocal }) => linkLocal === undefined ? [`${index}`] : [`${index}`, `${index} IPv6`]);
  }

  /** Computes for each of these addresses where it is announced. Returns those of which `interfaces` or `reach` changed, and those whose interfaces have other names now. */
  assign(addresses: Iterable<Address>): { changed: Address[]; renamed: Address[] } {
    const changed: Address[] = [], renamed: Address[] = [];
    for (const address of addresses) {
      const interfaces = [...this.announcing.values()].filter((iface) => isWanted(address, iface));
      const reach = reachThrough(interfaces, address);
      if (reach !== address.reach || !sameInterfaces(interfaces, address.interfaces)) changed.push(address);
      if (!sameNames(interfaces, address.interfaces)) renamed.push(address);
      address.interfaces = interfaces;
      address.reach = reach;
    }
    return { changed, renamed };
  }

  /** Tells of addresses for which the plan names interfaces and this node has none of them, up or down; once for each change. */
  reportMissing(addresses: readonly Address[], node: string, outbox: Outbox): void {
    if (!this.known) return;
    for (const address of addresses) {
      const { wanted, candidates, text } = address;
      if (wanted === undefined || !candidates.includes(node) || wanted.some((name) => this.names.has(name))) {
        address.missingReported = undefined;
      } else if (address.missingReported !== wanted.join()) {
        address.missingReported = wanted.join();
        outbox.event({ code: 'interfacesMissing', address: text, wanted, present: [...this.names].sort() });
      }
    }
  }

  private excluded(name: string): boolean {
    if (this.exclude === undefined) return false;
    // A regular expression with the g or y flag remembers where it stopped.
    this.exclude.lastIndex = 0;
    return this.exclude.test(name);
  }
}

function isWanted({ wanted, key }: Address, { name, linkLocal }: Interface): boolean {
  return (wanted === undefined || wanted.includes(name)) && (typeof key === 'number' || linkLocal !== undefined);
}

function reachThrough(interfaces: readonly Interface[], { key }: Address): Reach {
  if (interfaces.length === 0) return Reach.NONE;
  return interfaces.some((iface) => subnetOf(iface, key) !== undefined) ? Reach.ON_LINK : Reach.OFF_LINK;
}

function sameInterfaces(a: readonly Interface[], b: readonly Interface[]): boolean {
  return a.length === b.length && a.every(({ index, mac }, i) => index === b[i].index && hardwareAddressKey(mac) === hardwareAddressKey(b[i].mac));
}

function sameNames(a: readonly Interface[], b: readonly Interface[]): boolean {
  return a.length === b.length && a.every(({ name }, i) => name === b[i].name);
}
