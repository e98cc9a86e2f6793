import type { VirtualNode } from './virtual-node';
import { Link, PlannedAddress } from '../../src/lan';
import { hardwareAddressKey, parseAddress } from '../../src/wire';
import { link, linkLocal, macOf, nodeMac } from '../lan/harness';

/** What the LANs are numbered by: subnets of both families, the name of the interfaces on it, and what their hardware addresses begin with. */
const LANS = [
  { ipv4: '93.5.22.', ipv6: 'fd93:5:22::', name: 'eth0', mac: (last: number) => nodeMac(last) },
  { ipv4: '10.77.0.', ipv6: 'fd10:77::', name: 'eth1', mac: (last: number) => `02:00:0a:4d:00:${last.toString(16).padStart(2, '0')}` },
] as const;

/** The beginning of all addresses on a LAN. */
export function prefixOf(lan: number, family: 'ipv4' | 'ipv6'): string {
  return LANS[lan][family];
}

/** The LAN in whose subnets an address is. */
export function homeOf(address: string): number {
  return LANS.findIndex(({ ipv4, ipv6 }) => address.startsWith(ipv4) || address.startsWith(ipv6));
}

/** The interface of a node on one LAN, and how that is cabled. */
export class Port {
  name: string;
  /** What the speaker was last told of its name and its hardware address. */
  toldName: string;
  toldMacKey!: number;
  index: number;
  /** While there is an interface. */
  present = true;
  linkUp = true;
  segment = 0;
  /** Whose frames do not reach it here though they are sent: a cut in one direction. */
  readonly deafTo = new Set<VirtualNode>();
  /** `93.5.22.44` and `fd93:5:22::44`. */
  readonly addresses: readonly [ipv4: string, ipv6: string];
  readonly protocolAddresses: ReadonlySet<number | bigint>;
  mac!: string;
  macKey!: number;

  /** @param lan its number */
  constructor(readonly node: VirtualNode, readonly lan: number, last: number) {
    const { ipv4, ipv6, name, mac } = LANS[lan];
    this.name = this.toldName = name;
    this.index = 2 + lan;
    this.addresses = [`${ipv4}${last}`, `${ipv6}${last}`];
    this.protocolAddresses = new Set(this.addresses.map((text) => parseAddress(text)!));
    this.setMac(mac(last));
    this.told();
  }

  /** The name that its interface has while nothing is wrong. */
  get usualName(): string {
    return LANS[this.lan].name;
  }

  /** Another network card would change it. */
  setMac(mac: string): void {
    this.mac = mac;
    this.macKey = hardwareAddressKey(macOf(mac));
  }

  /** The speaker is told of the interface as it is. */
  told(): void {
    this.toldName = this.name;
    this.toldMacKey = this.macKey;
  }

  /** Whether frames pass through it. */
  get onLan(): boolean {
    return this.linkUp && this.present;
  }

  /** As rtnetlink would tell of it. */
  linkOf(last: number): Link {
    const [ipv4, ipv6] = this.addresses;
    const { name, index, mac, linkUp: up } = this;
    return link(last, { name, index, mac: macOf(mac), up, addresses: [`${ipv4}/24`, `${linkLocal(last)}/64`, `${ipv6}/64`] });
  }

  /** Whether frames pass from here to another port. */
  joins(other: Port): boolean {
    return this.lan === other.lan && this.onLan && other.onLan && this.segment === other.segment;
  }

  /** Whether the plan has an address announced here. */
  serves(planned: PlannedAddress, name = this.name): boolean {
    return planned.interfaces === undefined || planned.interfaces.includes(name);
  }
}
