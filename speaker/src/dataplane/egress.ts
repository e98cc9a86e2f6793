import { errnoName, NetworkLink } from '../sys';
import {
  AddressKey, ARP_FRAME_LENGTH, ARP_REQUEST, ArpFrame, encodeArp, encodeNeighbor, ETHER_TYPE_ARP, ipv6Octets, NEIGHBOR_SOLICITATION, NeighborFrame,
  parseAddress, writeMulticastHardwareAddress, writeSolicitedNode,
} from '../wire';

/** Time between two attempts to send something where a frame was not taken, in milliseconds. */
const ATTEMPT_MS = 250;
/** An interface that has taken no frame of a protocol for so long is given up, in milliseconds. More than a burst that fills its queue. */
const GIVE_UP_MS = 1000;
/** Room for a Neighbor Solicitation. */
const FRAME_SIZE = 128;

/** Frames of one protocol that one interface does not take. */
interface Failing {
  readonly ifindex: number;
  readonly ipv6: boolean;
  readonly since: number;
}

/**
 * Watches whether interfaces take what is sent.
 *
 * One may be up, have its cable, and take nothing: a filter of the node drops the frames (nftables and tc tell the sender, by ENOBUFS), or its driver hangs. Heartbeats may go
 * another way, or pass the filter, so that peers believe this node alive, and its addresses are dark. So where a frame fails, another is tried four times a second: one
 * that changes nobody's tables, a probe for this node's own address (RFC 5227 §2.1.1, RFC 4862 §5.4.2). If all of them fail for a second, the interface counts as down,
 * and the addresses go to a node that can answer for them; the first that is taken ends that.
 */
export class Egress {
  /** When {@link look} is to be called; Infinity while all is well. */
  deadline = Infinity;
  private readonly failing = new Map<string, Failing>();
  private readonly frame = new Uint8Array(FRAME_SIZE);
  private links: ReadonlyMap<number, NetworkLink> = new Map();
  private given = new Set<number>();

  /**
   * @param send gives 0 or the error number
   * @param changed told that interfaces are given up, or not any more
   */
  constructor(
    private readonly send: (ifindex: number, frame: Uint8Array, length: number) => number,
    private readonly changed: () => void,
    private readonly problem: (message: string, fields: object) => void,
  ) {}

  /** Whether anything is wrong at all: only then need {@link taken} be told. */
  get isTroubled(): boolean {
    return this.failing.size > 0;
  }

  /** Names of the interfaces that are given up. */
  get givenUp(): string[] {
    return [...this.given].flatMap((index) => this.links.get(index)?.name ?? []).sort();
  }

  hasGivenUp(ifindex: number): boolean {
    return this.given.has(ifindex);
  }

  /** The links of this node are these now. What is not up needs no attempts, and has another chance when it is. */
  setLinks(links: readonly NetworkLink[]): void {
    this.links = new Map(links.map((link) => [link.index, link]));
    for (const [key, { ifindex }] of this.failing) if (!this.links.get(ifindex)?.up) this.failing.delete(key);
    for (const ifindex of this.given) if (!this.links.get(ifindex)?.up) this.given.delete(ifindex);
    if (this.failing.size === 0) this.deadline = Infinity;
  }

  taken(ifindex: number, frame: Uint8Array): void {
    // Where it is given up, only attempts are sent, and what follows is decided with them.
    if (!this.given.has(ifindex)) this.failing.delete(keyOf(ifindex, isIpv6(frame)));
  }

  refused(now: number, ifindex: number, frame: Uint8Array): void {
    const ipv6 = isIpv6(frame), key = keyOf(ifindex, ipv6);
    if (this.failing.has(key) || !this.links.get(ifindex)?.up) return;
    this.failing.set(key, { ifindex, ipv6, since: now });
    this.deadline = Math.min(this.deadline, now + ATTEMPT_MS);
  }

  /** Tries again. */
  look(now: number): void {
    const given = new Set<number>();
    for (const [key, { ifindex, ipv6, since }] of this.failing) {
      const errno = this.attempt(this.links.get(ifindex)!, ipv6);
      if (errno === 0) {
        this.failing.delete(key);
      } else if (now - since >= GIVE_UP_MS) {
        given.add(ifindex);
        if (!this.given.has(ifindex)) {
          const { name } = this.links.get(ifindex)!;
          this.problem('an interface takes no frames, so nothing is announced on it until it does; see the filters of this node (nft list ruleset, tc filter show)',
            { interface: name, protocol: ipv6 ? 'IPv6' : 'ARP', error: errnoName(errno) });
        }
      }
    }
    this.deadline = this.failing.size > 0 ? now + ATTEMPT_MS : Infinity;
    const back = [...this.given].filter((ifindex) => !given.has(ifindex));
    for (const ifindex of back) this.problem('an interface takes frames again', { interface: this.links.get(ifindex)!.name });
    if (back.length === 0 && given.size === this.given.size) return;
    this.given = given;
    this.changed();
  }

  private attempt(link: NetworkLink, ipv6: boolean): number {
    const length = ipv6 ? solicitOwn(link, this.frame) : probeOwn(link, this.frame);
    return this.send(link.index, this.frame, length);
  }
}

function keyOf(ifindex: number, ipv6: boolean): string {
  return ipv6 ? `${ifindex} IPv6` : `${ifindex} ARP`;
}

function isIpv6(frame: Uint8Array): boolean {
  return frame[12] * 256 + frame[13] !== ETHER_TYPE_ARP;
}

function ownAddress<T extends AddressKey>({ addresses }: NetworkLink, none: T): T {
  return addresses.map((cidr) => parseAddress(cidr.split('/')[0])).find((address): address is T => typeof address === typeof none) ?? none;
}

/** An ARP probe for the node's own address; for none if it has none there. */
function probeOwn(link: NetworkLink, into: Uint8Array): number {
  const request = new ArpFrame();
  request.operation = ARP_REQUEST;
  request.destination.fill(0xff);
  request.source.set(link.mac);
  request.senderHardwareAddress.set(link.mac);
  request.targetProtocolAddress = ownAddress<number>(link, 0);
  encodeArp(into, request);
  return ARP_FRAME_LENGTH;
}

/** What a kernel sends when it gets the address that this node has there; for `::` if it has none. */
function solicitOwn(link: NetworkLink, into: Uint8Array): number {
  const solicitation = new NeighborFrame();
  solicitation.type = NEIGHBOR_SOLICITATION;
  solicitation.source.set(link.mac);
  solicitation.target.set(ipv6Octets(ownAddress<bigint>(link, 0n)));
  writeSolicitedNode(solicitation.destinationAddress, solicitation.target);
  writeMulticastHardwareAddress(solicitation.destination, solicitation.destinationAddress);
  return encodeNeighbor(into, solicitation);
}
