/**
 * What another's packet says of our addresses: the LAN as second witness.
 *
 * An ARP packet whose sender protocol address is planned here, or a Neighbor Advertisement whose target is, from a hardware address that
 * is not ours, is evidence that somebody else uses the address (RFC 5227 §2.4, RFC 4862 §5.4.4). If the hardware address is a speaker's, it is a rival, and ownership.ts decides who yields. Of ARP only
 * announcements count then, and answers to questions that kernels do not answer: the kernel of a node in IPVS mode has every address on a dummy interface, so it may put it as
 * sender into requests of its own and, without strictARP, answers for it, though the speaker there does not hold it. If it is nobody we know, it is an address conflict:
 * reported, and defended at most once in DEFEND_INTERVAL (RFC 5227 §1.1, §2.4 (c)); never fought over packet by packet.
 */
import { ArpFrame, classifyArp, formatHardwareAddress, hardwareAddressKey } from '../wire';
import { Address } from './address';
import { Gratuitous } from './gratuitous';
import { Interface, subnetOf } from './interfaces';
import { Membership } from './membership';
import { Outbox } from './outbox';
import { Peer } from './peer';
import { SPEAKERS_ALONE } from './questions';
import { isRivalFresh } from './rivals';
import { Spacing } from './spacing';

/** DEFEND_INTERVAL (RFC 5227 §1.1). */
const DEFEND_INTERVAL_MS = 10_000;

/** The speaker a hardware address belongs to. */
export function speakerOf(hardwareAddress: number, peers: ReadonlyMap<string, Peer>): Peer | undefined {
  for (const peer of peers.values()) {
    if (peer.hardwareAddresses.has(hardwareAddress)) return peer;
  }
  return undefined;
}

/**
 * Whether a speaker claims by an ARP packet the address that is its sender. `perhaps`: it is an answer that its kernel may have given, to a question of ours or somebody else's.
 */
export function claimOf(arp: ArpFrame): boolean | 'perhaps' {
  switch (classifyArp(arp)) {
    case 'announcement':
    case 'gratuitousReply':
      return true;
    case 'reply':
      return arp.targetProtocolAddress === SPEAKERS_ALONE || 'perhaps';
    default:
      return false;
  }
}

/**
 * Notes a speaker's claim, heard on an interface. A cut LAN has a holder on either side, and both may be heard on another one: a claim that comes from there does
 * not let the holder be forgotten that is heard where the address belongs.
 */
export function noteClaim(now: number, address: Address, iface: Interface, peer: Peer, { peers, detectionMs }: Membership): void {
  const { rival } = address, onLink = subnetOf(iface, address.key) !== undefined, known = rival?.node === peer.node;
  const outdoes = rival !== undefined && !known && !onLink && now - rival.onLinkAt < detectionMs;
  if (outdoes && isRivalFresh(address, peers, { now, detectionMs })) return;
  address.unanswered = 0;
  peer.claimedAt = now;
  peer.claimed = address.key;
  address.rival = { node: peer.node, at: now, onLinkAt: onLink ? now : known ? rival.onLinkAt : -Infinity };
}

/** Reports and defends addresses that strangers use. */
export class Conflicts {
  private readonly reports = new Spacing(DEFEND_INTERVAL_MS);

  constructor(private readonly gratuitous: Gratuitous) {}

  /** A stranger, known by its hardware address, used an address that this node holds or was about to take. */
  stranger(now: number, address: Address, hardwareAddress: Uint8Array, iface: Interface, outbox: Outbox): void {
    address.conflicts++;
    const { held } = address, defended = held && now - address.defendedAt >= DEFEND_INTERVAL_MS;
    if (defended) {
      address.defendedAt = now;
      this.gratuitous.burst(address, outbox);
    }
    if (!this.reports.allows(now, `${address.text} ${hardwareAddressKey(hardwareAddress)}`)) return;
    outbox.event({
      code: 'addressConflict', address: address.text, mac: formatHardwareAddress(hardwareAddress), interface: iface.name, held, defended,
    });
  }
}
