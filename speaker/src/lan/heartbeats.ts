/** Makes this node's own heartbeats: one round is one or more datagrams, each sent to every address of every peer, or in a large cluster of every neighbour. */
import {
  AddressKey, emptyHeartbeat, encodeHeartbeat, hardwareAddressKey, HEARTBEAT_FLAG_LISTENING, HEARTBEAT_FLAG_PROMPT, HEARTBEAT_FLAG_QUESTION,
  HEARTBEAT_FLAG_REFUSED, HEARTBEAT_MAX_ECHOES, HEARTBEAT_MAX_INTERFACES, HEARTBEAT_MAX_LENGTH, HeartbeatAddress, HeartbeatKey, HeartbeatType, Reach,
} from '../wire';
import { Address } from './address';
import { Interfaces } from './interfaces';
import { Membership } from './membership';
import { Outbox } from './outbox';
import { pageOf, pagesOf, pagesOfStates } from './pages';
import { Peer } from './peer';
import { Relay } from './relay';

/** A goodbye is said twice: if it is lost, the peers need a detection time to notice. */
const GOODBYES = 2;
/** So many times all lists are told after something has changed: a datagram of the first may be lost. */
const TIMES = 3;
/** Pages that are sent in a row; of longer lists the others follow in turns. The socket of a peer that is busy has room for some 200 datagrams. */
const PAGES_PER_TURN = 32;
/** What is passed on goes out in the same turn as a round, and must not overwrite its buffers. */
const RELAY_BUFFERS = 1000;

export class Heartbeats {
  /** For each datagram of a round, one for each key. */
  private readonly buffers: (Uint8Array | undefined)[] = [];
  private readonly heartbeat = emptyHeartbeat();
  /** States of addresses, as many in a page as a datagram has room for. */
  private pages: HeartbeatAddress[][] = [];
  /** The same, by address; for {@link pass}, which needs it at each round. */
  private states: ReadonlyMap<AddressKey, HeartbeatAddress> = new Map();
  private readonly relay: Relay;
  private generation = 0;
  private ipv4 = 0;
  private ipv6 = 0;
  private page = 0;
  /** How often all lists are still to be told. */
  private times = 0;
  /** Pages that are left of those that are being told. */
  private pagesLeft = 0;

  constructor(private readonly membership: Membership) {
    this.heartbeat.node = membership.node;
    this.heartbeat.incarnation = membership.incarnation;
    this.relay = new Relay(membership.mesh);
  }

  /** Whether long lists are being told of which pages are left: {@link goOn}. What there is to tell must not change meanwhile, or peers would never have heard all of it. */
  get unfinished(): boolean {
    return this.pagesLeft > 0;
  }

  /** Takes what there is to tell of the addresses, unless a list is {@link unfinished}; call it when one is acquired or lost, or its reach or candidates change. */
  update(addresses: Iterable<Address>, revision: number): void {
    const states: HeartbeatAddress[] = [];
    for (const { key, held, reach, handover, candidates, candidatesDigest } of addresses) {
      const impaired = reach !== Reach.ON_LINK && candidates.includes(this.membership.node);
      if (held || impaired) states.push({ address: key, held, reach, handover, candidatesDigest });
    }
    this.states = new Map(states.map((state) => [state.address, state]));
    this.pages = pagesOfStates(states);
    this.ipv4 = states.filter(({ address }) => typeof address === 'number').length;
    this.ipv6 = states.length - this.ipv4;
    this.restoreTotals();
    this.generation = (this.generation + 1) % 0x100000000;
    this.heartbeat.revision = revision;
  }

  /**
   * Sends a round. When something has `changed`, and twice again, all lists are told from end to end, the long ones in several turns. Other rounds carry all echoes,
   * which are worth nothing when they are old, and of the other lists one page after the other.
   */
  round(now: number, changed: boolean, listening: boolean, interfaces: Interfaces, outbox: Outbox): void {
    if (changed) this.times = TIMES;
    if (this.times > 0 && !this.unfinished) {
      this.times--;
      this.page = 0;
      this.pagesLeft = Infinity;
    }
    this.turn(now, listening, interfaces, outbox);
  }

  /** Sends the next pages of lists that are {@link unfinished}. */
  goOn(now: number, listening: boolean, interfaces: Interfaces, outbox: Outbox): void {
    this.turn(now, listening, interfaces, outbox);
  }

  private turn(now: number, listening: boolean, interfaces: Interfaces, outbox: Outbox): void {
    const echoes = this.membership.proofs.echoes(now, this.membership.peers.values());
    const macs = hardwareAddressesOf(interfaces);
    const least = Math.max(1, pagesOf(echoes.length, HEARTBEAT_MAX_ECHOES));
    if (this.pagesLeft === Infinity) this.pagesLeft = Math.max(least, pagesOf(macs.length, HEARTBEAT_MAX_INTERFACES), this.pages.length);
    const count = Math.max(least, Math.min(this.pagesLeft, PAGES_PER_TURN));
    this.pagesLeft = Math.max(0, this.pagesLeft - count);
    this.heartbeat.type = HeartbeatType.HELLO;
    this.heartbeat.flags = this.flags(listening);
    this.heartbeat.generation = this.generation;
    for (let i = 0; i < count; i++) {
      this.heartbeat.echoes = pageOf(echoes, i, HEARTBEAT_MAX_ECHOES);
      this.heartbeat.interfaces = pageOf(macs, this.page, HEARTBEAT_MAX_INTERFACES);
      this.heartbeat.addresses = this.pages.length === 0 ? [] : this.pages[this.page % this.pages.length];
      this.page++;
      this.send(now, i, outbox);
    }
  }

  /** Tells one peer how things are between the rounds: with a question, or as the answer to one. */
  tell(now: number, peer: Peer, question: boolean, listening: boolean, interfaces: Interfaces, outbox: Outbox): void {
    this.heartbeat.type = HeartbeatType.HELLO;
    this.heartbeat.flags = this.flags(listening) + (question ? HEARTBEAT_FLAG_QUESTION : 0);
    this.heartbeat.generation = this.generation;
    this.heartbeat.echoes = this.membership.proofs.echoes(now, [peer]);
    this.heartbeat.interfaces = hardwareAddressesOf(interfaces).slice(0, HEARTBEAT_MAX_INTERFACES);
    this.heartbeat.addresses = this.pages.length === 0 ? [] : this.pages[this.page % this.pages.length];
    this.heartbeat.keys = this.membership.keys.ids;
    this.heartbeat.view = this.membership.mesh.view;
    for (const key of this.membership.keys.accepted) {
      if (this.membership.keys.signs(key, peer)) this.sendTo(now, peer.addresses, key, outbox);
    }
  }

  goodbye(now: number, outbox: Outbox): void {
    this.heartbeat.type = HeartbeatType.GOODBYE;
    this.heartbeat.echoes = this.membership.proofs.echoes(now, this.membership.peers.values()).slice(0, HEARTBEAT_MAX_ECHOES);
    this.heartbeat.interfaces = [];
    this.heartbeat.addresses = [];
    this.heartbeat.total = this.heartbeat.total6 = 0;
    for (let i = 0; i < GOODBYES; i++) this.send(now, i, outbox);
  }

  private restoreTotals(): void {
    this.heartbeat.total = this.ipv4;
    this.heartbeat.total6 = this.ipv6;
  }

  /** In a large cluster: says what is new of this node, and passes on what is of others. */
  pass(now: number, periodic: boolean, listening: boolean, interfaces: Interfaces, outbox: Outbox): void {
    const { mesh, peers, incarnation } = this.membership;
    const neighbours = [...peers.values()].filter((peer) => peer.linkUp && mesh.isNeighbour(peer));
    mesh.tellOwn(now, {
      incarnation,
      flags: listening ? HEARTBEAT_FLAG_LISTENING : 0,
      revision: this.heartbeat.revision,
      interfaces: hardwareAddressesOf(interfaces).slice(0, HEARTBEAT_MAX_INTERFACES),
      links: neighbours.map(({ id }) => id).sort((a, b) => a - b),
      states: this.states,
    }, this.generation);
    this.heartbeat.type = HeartbeatType.RELAY;
    this.heartbeat.echoes = [];
    this.heartbeat.interfaces = [];
    this.heartbeat.addresses = [];
    this.heartbeat.total = this.heartbeat.total6 = 0;
    let index = RELAY_BUFFERS;
    this.relay.round(periodic, neighbours, (relayed, receivers) => {
      this.heartbeat.relayed = relayed;
      this.send(now, index++, outbox, receivers);
    });
    this.heartbeat.relayed = [];
    this.restoreTotals();
  }

  /** Tells two speakers of one name so. */
  notify(now: number, outbox: Outbox): void {
    const { twins: { notices }, keys: { accepted } } = this.membership;
    this.heartbeat.type = HeartbeatType.DUPLICATE;
    this.heartbeat.interfaces = [];
    this.heartbeat.addresses = [];
    this.heartbeat.total = this.heartbeat.total6 = 0;
    for (const { to, incarnation, sequence, refused } of notices) {
      this.heartbeat.flags = refused ? HEARTBEAT_FLAG_REFUSED : 0;
      this.heartbeat.echoes = [{ incarnation, sequence }];
      for (const key of accepted) this.sendTo(now, [to], key, outbox);
    }
    notices.length = 0;
    this.restoreTotals();
  }

  private flags(listening: boolean): number {
    return (listening ? HEARTBEAT_FLAG_LISTENING : 0) + (this.membership.prompt ? HEARTBEAT_FLAG_PROMPT : 0);
  }

  /** Sends what is not part of a round, and must not overwrite its buffers. */
  private sendTo(now: number, addresses: readonly string[], key: HeartbeatKey, outbox: Outbox): void {
    const bytes = new Uint8Array(HEARTBEAT_MAX_LENGTH);
    this.heartbeat.sequence = this.membership.proofs.next(now);
    const length = encodeHeartbeat(bytes, this.heartbeat, key);
    for (const address of addresses) outbox.datagram(address, bytes, length);
  }

  private send(now: number, index: number, outbox: Outbox, to: readonly Peer[] = this.membership.correspondents(now)): void {
    const { keys, mesh } = this.membership;
    this.heartbeat.keys = keys.ids;
    this.heartbeat.view = mesh.view;
    for (const [i, key] of keys.accepted.entries()) {
      const receivers = to.filter((peer) => keys.signs(key, peer));
      if (receivers.length === 0) continue;
      const buffer = this.buffers[index * keys.accepted.length + i] ??= new Uint8Array(HEARTBEAT_MAX_LENGTH);
      this.heartbeat.sequence = this.membership.proofs.next(now);
      const length = encodeHeartbeat(buffer, this.heartbeat, key);
      for (const { addresses } of receivers) {
        for (const address of addresses) outbox.datagram(address, buffer, length);
      }
    }
  }
}

function hardwareAddressesOf({ announcing }: Interfaces): number[] {
  return [...announcing.values()].map(({ mac }) => hardwareAddressKey(mac));
}
