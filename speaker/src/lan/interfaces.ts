/** Which interfaces take part, and what each announces. Filled anew at each change of links or plan; read at each frame. */
import { hardwareAddressKey, parseIpv4, Reach } from '../wire';
import { Address } from './address';
import { Outbox } from './outbox';
import { Link } from './types';

/** An IPv4 subnet an interface is in. */
export interface Subnet {
  /** The interface's own address. */
  readonly address: number;
  /** Size of the subnet, 2^(32 - prefix length): two addresses are in one subnet when they agree above it. */
  readonly size: number;
}

/** An interface that ARP is answered on. */
export interface Interface {
  readonly index: number;
  readonly name: string;
  readonly mac: Uint8Array;
  readonly subnets: readonly Subnet[];
  /** Addresses announced here, held or not, by their 32-bit number. */
  readonly announced: Map<number, Address>;
}

const unsigned = (address: number): number => address < 0 ? address + 0x100000000 : address;

/** The subnet of the interface that contains an address. */
export function subnetOf(iface: Interface, address: number): Subnet | undefined {
  return iface.subnets.find(({ address: own, size }) => Math.floor(unsigned(own) / size) === Math.floor(unsigned(address) / size));
}

function subnetsOf(link: Link): Subnet[] {
  const subnets: Subnet[] = [];
  for (const cidr of link.addresses) {
    const slash = cidr.indexOf('/');
    const address = parseIpv4(slash < 0 ? cidr : cidr.slice(0, slash));
    const prefixLength = slash < 0 ? 32 : Number(cidr.slice(slash + 1));
    if (address !== undefined && prefixLength >= 0 && prefixLength <= 32) subnets.push({ address, size: 2 ** (32 - prefixLength) });
  }
  return subnets;
}

/** Interfaces of this node, those that take part and those that do not. */
export class Interfaces {
  /** Those ARP is answered on, by index. */
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
   * and is not excluded; an address of its own is not needed.
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
      this.announcing.set(link.index, {
        index: link.index, name: link.name, mac: Uint8Array.from(link.mac), subnets: subnetsOf(link), announced: new Map(),
      });
    }
  }

  /** Computes for each address where it is announced. Returns those of which `interfaces` or `reach` changed. */
  assign(addresses: Iterable<Address>): Address[] {
    for (const iface of this.announcing.values()) iface.announced.clear();
    const changed: Address[] = [];
    for (const address of addresses) {
      const interfaces = [...this.announcing.values()].filter(({ name }) => address.wanted === undefined || address.wanted.includes(name));
      const reach = reachThrough(interfaces, address);
      if (reach !== address.reach || !sameInterfaces(interfaces, address.interfaces)) changed.push(address);
      address.interfaces = interfaces;
      address.reach = reach;
      for (const iface of interfaces) iface.announced.set(address.key, address);
    }
    return changed;
  }

  /** Tells of addresses for which the plan names interfaces and this node has none of them, up or down; once for each change. */
  reportMissing(addresses: readonly Address[], node: string, outbox: Outbox): void {
    if (!this.known) return;
    for (const address of addresses) {
      const { wanted, candidates, text } = address;
      const missing = wanted !== undefined && candidates.includes(node) && !wanted.some((name) => this.names.has(name));
      if (missing && !address.missingReported) outbox.event({ code: 'interfacesMissing', address: text, wanted });
      address.missingReported = missing;
    }
  }

  private excluded(name: string): boolean {
    if (this.exclude === undefined) return false;
    // A regular expression with the g or y flag remembers where it stopped.
    this.exclude.lastIndex = 0;
    return this.exclude.test(name);
  }
}

function reachThrough(interfaces: readonly Interface[], { key }: Address): Reach {
  if (interfaces.length === 0) return Reach.NONE;
  return interfaces.some((iface) => subnetOf(iface, key) !== undefined) ? Reach.ON_LINK : Reach.OFF_LINK;
}

function sameInterfaces(a: readonly Interface[], b: readonly Interface[]): boolean {
  return a.length === b.length && a.every(({ index, mac }, i) => index === b[i].index && hardwareAddressKey(mac) === hardwareAddressKey(b[i].mac));
}
