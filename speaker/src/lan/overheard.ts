/**
 * Who asks for an address, whoever answers. A question is broadcast, or sent to a group in which every candidate is, so each standby
 * overhears it, and can tell the asker by unicast when it takes the address over.
 *
 * That reaches those whom a broadcast does not: WiFi stations sleep through broadcasts, while an access point keeps a unicast frame for
 * them and repeats it until it is acknowledged; and routers with a long ARP timeout that heed no gratuitous ARP.
 *
 * Anybody on the LAN can make up askers, so the tables are bounded: {@link MOST_CLIENTS} for an address, {@link MOST_IN_ALL} together. A full table
 * forgets whom it has not heard for the longest time. A known asker costs no memory, and O(clients of the address) time.
 */
import { ArpFrame, copyHardwareAddress, HARDWARE_ADDRESS_LENGTH, hardwareAddressKey, IPV6_LENGTH, isUnspecified, NeighborFrame, sameIpv6 } from '../wire';
import { Address } from './address';
import { speakerOf } from './conflict';
import { claimedHardwareAddress } from './neighbor';
import { Peer } from './peer';
import { SPEAKERS_ALONE } from './questions';

/** Clients remembered for one address. */
export const MOST_CLIENTS = 64;
/** Clients remembered for all addresses; about 3 MB. Beyond, an address that has none yet learns none. */
const MOST_IN_ALL = 16_384;
/** How long some routers keep an entry without asking again (Cisco's ARP timeout). Who was silent for longer has forgotten the address. */
const FORGOTTEN_MS = 4 * 60 * 60_000;

/** Somebody who has asked for an address. */
export interface Client {
  /** Its IPv4 address; 0 for a client of an IPv6 address. */
  ipv4: number;
  /** Its IPv6 address, 16 octets; none for a client of an IPv4 address. */
  readonly ipv6: Uint8Array;
  readonly hardwareAddress: Uint8Array;
  /** Interface that it was heard on. */
  ifindex: number;
  heardAt: number;
}

export class Overheard {
  private total = 0;

  constructor(private readonly peers: ReadonlyMap<string, Peer>) {}

  /** Notes who sent an ARP request for the address. */
  noteRequest(now: number, address: Address, ifindex: number, { senderProtocolAddress, senderHardwareAddress }: ArpFrame): void {
    // A probe comes from nobody yet, an announcement from a rival, and a speaker's question to a speaker from no client.
    if (senderProtocolAddress === 0 || senderProtocolAddress === SPEAKERS_ALONE || senderProtocolAddress === address.key) return;
    if (isGroup(senderHardwareAddress)) return;
    const { clients } = address;
    for (const client of clients) {
      if (client.ipv4 === senderProtocolAddress) return renew(now, client, ifindex, senderHardwareAddress);
    }
    const client = this.make(address, senderHardwareAddress, 0);
    if (client === undefined) return;
    client.ipv4 = senderProtocolAddress;
    renew(now, client, ifindex, senderHardwareAddress);
  }

  /** Notes who sent a Neighbor Solicitation for the address. */
  noteSolicitation(now: number, address: Address, ifindex: number, asked: NeighborFrame): void {
    const { sourceAddress } = asked, hardwareAddress = claimedHardwareAddress(asked);
    if (isUnspecified(sourceAddress) || isGroup(hardwareAddress)) return;
    for (const client of address.clients) {
      if (sameIpv6(client.ipv6, sourceAddress)) return renew(now, client, ifindex, hardwareAddress);
    }
    const client = this.make(address, hardwareAddress, IPV6_LENGTH);
    if (client === undefined) return;
    client.ipv6.set(sourceAddress);
    renew(now, client, ifindex, hardwareAddress);
  }

  /** Who should be told that the address has moved: those last heard first. */
  clientsOf(now: number, { clients }: Address): Client[] {
    return clients.filter(({ heardAt }) => now - heardAt < FORGOTTEN_MS).sort((a, b) => b.heardAt - a.heardAt);
  }

  /** The address is no longer planned. */
  forget(address: Address): void {
    this.total -= address.clients.length;
    address.clients.length = 0;
  }

  /** A place for a client: a new one, or that of the client not heard for the longest time. */
  private make({ clients }: Address, hardwareAddress: Uint8Array, ipv6Length: number): Client | undefined {
    // The kernels of the other nodes have no need of this: the speakers there tell each other.
    if (speakerOf(hardwareAddressKey(hardwareAddress), this.peers) !== undefined) return undefined;
    if (clients.length < MOST_CLIENTS && this.total < MOST_IN_ALL) {
      const client: Client = {
        ipv4: 0,
        ipv6: new Uint8Array(ipv6Length),
        hardwareAddress: new Uint8Array(HARDWARE_ADDRESS_LENGTH),
        ifindex: 0,
        heardAt: 0,
      };
      clients.push(client);
      this.total++;
      return client;
    }
    return clients.length === 0 ? undefined : clients.reduce((oldest, each) => (each.heardAt < oldest.heardAt ? each : oldest));
  }
}

function renew(now: number, client: Client, ifindex: number, hardwareAddress: Uint8Array): void {
  copyHardwareAddress(client.hardwareAddress, hardwareAddress);
  client.ifindex = ifindex;
  client.heardAt = now;
}

/** Broadcast or multicast: nobody's own hardware address. */
function isGroup(hardwareAddress: Uint8Array): boolean {
  return hardwareAddress[0] % 2 === 1;
}
