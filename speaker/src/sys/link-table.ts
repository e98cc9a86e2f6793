/* eslint-disable no-bitwise */
import {
  ARPHRD_ETHER, IFF_BROADCAST, IFF_LOOPBACK, IFF_LOWER_UP, IFF_NOARP, IFF_RUNNING, IFF_UP, LinkRecord, OperationalState, RouteMessage,
} from './netlink';

/** How link-local IPv6 addresses begin in canonical text; without one an interface has no IPv6. */
const LINK_LOCAL = 'fe80:';

/** A network interface of this machine, as far as announcing addresses is concerned. */
export interface NetworkLink {
  /** Kernel's number of the interface. It may be had again: by one that was moved to another network namespace and back, or made with that number. */
  readonly index: number;
  /** Another one when the kernel may have forgotten what it was told about the interface, such as memberships in groups, though all else looks the same. */
  readonly incarnation: number;
  readonly name: string;
  /** 6 bytes on Ethernet; any other length, also none, elsewhere. */
  readonly mac: Uint8Array;
  /** Has the frames of Ethernet: also bridges, bonds, VLANs, WiFi. */
  readonly ethernet: boolean;
  /** Switched on and able to pass packets: has its cable, or is associated with its access point. */
  readonly up: boolean;
  readonly broadcast: boolean;
  readonly noArp: boolean;
  readonly loopback: boolean;
  /** Is a port of a bridge, bond or VRF. */
  readonly enslaved: boolean;
  readonly operationalState: OperationalState;
  /** With prefix lengths, `93.5.22.44/24`; canonical texts, sorted. */
  readonly addresses: readonly string[];
}

/**
 * The table of interfaces, kept up to date by netlink messages.
 *
 * A full listing replaces what is there without a moment in which the table is empty: `begin` marks everything as unconfirmed, the listing's messages
 * confirm, `finish` removes the rest.
 */
export class LinkTable {
  private readonly entries = new Map<number, { record: LinkRecord; incarnation: number; confirmed: boolean }>();
  private readonly addresses = new Map<string, { index: number; cidr: string; confirmed: boolean }>();
  private current: readonly NetworkLink[] = [];
  private fingerprint = '';

  /** @param incarnation of the interfaces that are there; higher than what an earlier table has given */
  public constructor(private incarnation = 0) {}

  /** Sorted by index. A new array after each change, so it may be kept. */
  public get links(): readonly NetworkLink[] {
    return this.current;
  }

  public begin(): void {
    // What happened while notifications were lost is not known.
    for (const entry of this.entries.values()) entry.incarnation = this.incarnation + 1;
    if (this.entries.size > 0) this.incarnation++;
    for (const entry of [...this.entries.values(), ...this.addresses.values()]) entry.confirmed = false;
  }

  public finish(): void {
    for (const [key, entry] of this.entries) if (!entry.confirmed) this.entries.delete(key);
    for (const [key, entry] of this.addresses) if (!entry.confirmed) this.addresses.delete(key);
  }

  public apply(message: RouteMessage): void {
    if (message.kind === 'link') {
      this.applyLink(message.link, message.removed);
    } else if (message.kind === 'address') {
      const { index, address, prefixLength } = message.address;
      const cidr = `${address}/${prefixLength}`, key = `${index} ${cidr}`;
      if (!message.removed) this.addresses.set(key, { index, cidr, confirmed: true });
      else if (this.addresses.delete(key) && address.startsWith(LINK_LOCAL)) this.renew(index); // perhaps with all of IPv6, if only for a moment
    }
  }

  /**
   * Makes `links` anew.
   *
   * @returns whether they changed: most notifications are of counters and states that nobody here looks at
   */
  public refresh(): boolean {
    // In IPVS mode there are as many addresses as Services, and each change comes here.
    const addresses = new Map<number, string[]>();
    for (const { index, cidr } of this.addresses.values()) {
      const there = addresses.get(index);
      if (there) there.push(cidr); else addresses.set(index, [cidr]);
    }
    const links = [...this.entries.values()].map(({ record, incarnation }) => toLink(record, incarnation, addresses.get(record.index)?.sort() ?? []))
      .sort((one, other) => one.index - other.index);
    const fingerprint = JSON.stringify(links.map((link) => ({ ...link, mac: [...link.mac] })));
    if (fingerprint === this.fingerprint) return false;
    this.current = links;
    this.fingerprint = fingerprint;
    return true;
  }

  private applyLink(link: LinkRecord, removed: boolean): void {
    const before = this.entries.get(link.index);
    if (!removed) this.entries.set(link.index, { record: link, incarnation: before?.incarnation ?? this.incarnation, confirmed: true });
    else if (this.entries.delete(link.index)) this.incarnation++;
  }

  private renew(index: number): void {
    const entry = this.entries.get(index);
    if (entry) entry.incarnation = ++this.incarnation;
  }
}

function toLink(
  { index, name, mac, type, flags, master, operationalState }: LinkRecord, incarnation: number, addresses: readonly string[],
): NetworkLink {
  const all = (wanted: number) => (flags & wanted) === wanted;
  return {
    index,
    incarnation,
    name,
    mac,
    ethernet: type === ARPHRD_ETHER && mac.length === 6,
    up: all(IFF_UP | IFF_LOWER_UP | IFF_RUNNING), // LOWER_UP alone: WiFi that has not authenticated yet is dormant
    broadcast: all(IFF_BROADCAST),
    noArp: all(IFF_NOARP),
    loopback: all(IFF_LOOPBACK),
    enslaved: master !== 0,
    operationalState,
    addresses,
  };
}
