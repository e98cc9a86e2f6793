/**
 * Finds out whether the kernel of another node answers for an address that this node holds, though the speaker there does not: as with kube-proxy in IPVS mode without
 * strictARP, or when the address was left on an interface there. That node's own speaker looks at the causes and says what to change (dataplane/kernel-answers.ts); here it is proved, by an
 * ARP probe (RFC 5227 §2.1.1) to the peer's own hardware address, which a speaker that does not hold the address leaves unanswered.
 *
 * Every few seconds one peer is asked for one of the addresses held, in turn. If it answers, it is asked again for the same, and told of after the third answer in
 * a row. An answer counts only while by its heartbeats the peer lives and does not hold the address, and only when this node has held it for some seconds: in a handover both may have
 * answered rightly. It is over when three questions are unanswered.
 */
import { formatHardwareAddress } from '../wire';
import { Address } from './address';
import { Interface } from './interfaces';
import { Membership } from './membership';
import { Outbox } from './outbox';
import { Peer } from './peer';
import { probeKernel } from './questions';

/** Between questions to peers that are not suspected. */
const SPACING_MS = 5000;
/** Between questions to one that is, until it is told of, and from then on. */
const SUSPECT_SPACING_MS = 2000;
const TOLD_SPACING_MS = 10_000;
/** Answers in a row, or questions in a row without one, that are told. */
const ENOUGH = 3;
/** After this node has taken an address. */
const GRACE_MS = 5000;

/** A peer whose kernel has answered for an address. */
interface Suspect {
  readonly peer: Peer;
  readonly address: Address;
  /** Of the latest answer. */
  mac: string;
  interface: string;
  /** Whether the latest question was answered. */
  answered: boolean;
  answers: number;
  silences: number;
  /** When it is asked again. */
  next: number;
}

export class Kernels {
  private readonly suspects = new Map<Peer, Suspect>();
  /** When the next peer is asked, and whose turn it is. */
  private next = -Infinity;
  private turn = 0;

  constructor(private readonly membership: Membership, private readonly outbox: Outbox) {}

  /** A peer's hardware address has answered for an address, and it is not said by whom. */
  answered(now: number, address: Address, peer: Peer, hardwareAddress: Uint8Array, iface: Interface): void {
    if (!this.isInQuestion(now, address, peer)) return;
    let suspect = this.suspects.get(peer);
    if (suspect === undefined) {
      suspect = { peer, address, mac: '', interface: '', answered: true, answers: 0, silences: 0, next: now + SUSPECT_SPACING_MS };
      this.suspects.set(peer, suspect);
    }
    if (suspect.address !== address) return;
    suspect.answered = true;
    suspect.mac = formatHardwareAddress(hardwareAddress);
    suspect.interface = iface.name;
  }

  /** Asks what is due; called once an interval. */
  tick(now: number, addresses: readonly Address[]): void {
    for (const suspect of this.suspects.values()) {
      if (!this.isInQuestion(now, suspect.address, suspect.peer)) this.forget(suspect);
      else if (now >= suspect.next) this.judge(now, suspect);
    }
    if (now < this.next) return;
    this.next = now + SPACING_MS;
    const held = addresses.filter((address) => address.held && typeof address.key === 'number'), peers = [...this.membership.peers.values()];
    if (held.length === 0 || peers.length === 0) return;
    const peer = peers[this.turn % peers.length], address = held[Math.floor(this.turn / peers.length) % held.length];
    this.turn = (this.turn + 1) % (peers.length * held.length);
    if (!this.suspects.has(peer) && this.isInQuestion(now, address, peer)) this.ask(address, peer);
  }

  private judge(now: number, suspect: Suspect): void {
    const { peer, address, answered } = suspect;
    suspect.answers = answered ? suspect.answers + 1 : 0;
    suspect.silences = answered ? 0 : suspect.silences + 1;
    if (!answered && !peer.kernelAnswers) return this.forget(suspect); // it was something that has passed
    if (suspect.answers === ENOUGH && !peer.kernelAnswers) {
      peer.kernelAnswers = true;
      this.tell('kernelAnswers', suspect);
    } else if (suspect.silences === ENOUGH) {
      this.tell('kernelSilent', suspect);
      return this.forget(suspect);
    }
    suspect.answered = false;
    suspect.next = now + (peer.kernelAnswers ? TOLD_SPACING_MS : SUSPECT_SPACING_MS);
    this.ask(address, peer);
  }

  private forget({ peer }: Suspect): void {
    peer.kernelAnswers = false;
    this.suspects.delete(peer);
  }

  private isInQuestion(now: number, { held, heldSince, key }: Address, peer: Peer): boolean {
    return held && now - heldSince >= GRACE_MS && peer.up && this.membership.peers.get(peer.node) === peer && peer.stateOf(key)?.held !== true;
  }

  private tell(code: 'kernelAnswers' | 'kernelSilent', suspect: Suspect): void {
    this.outbox.event({ code, address: suspect.address.text, node: suspect.peer.node, mac: suspect.mac, interface: suspect.interface });
  }

  private ask(address: Address, peer: Peer): void {
    for (const iface of address.interfaces) {
      for (const hardwareAddress of peer.hardwareAddresses) probeKernel(iface, address.key as number, hardwareAddress, this.outbox);
    }
  }
}
