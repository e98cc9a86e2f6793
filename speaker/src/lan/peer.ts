import { AddressKey, Heartbeat, HeartbeatAddress, Reach } from '../wire';
import { Distrust } from './distrust';
import { NodeRecord } from './mesh';
import { nodeId } from './overlay';
import { Path } from './path';
import { PeerReason } from './types';

/**
 * How far a datagram may be overtaken and still count, as in the anti-replay window of IPsec (RFC 4303 §3.4.3). A long list goes
 * out in several datagrams at once, and some networks reorder such a burst.
 */
const REPLAY_WINDOW = 64;
/** After a refusal that proved false further ones are ignored for so long at first, and at most. */
const FIRST_DEAFNESS_MS = 200;
const LONGEST_DEAFNESS_MS = 60_000;

/** What is known of another speaker. */
export class Peer {
  /** Where heartbeats are sent. */
  addresses: readonly string[] = [];
  /** The same, as far as they are IP addresses: by them its hardware addresses are learned. */
  protocolAddresses: readonly AddressKey[] = [];
  /** The life of the speaker that has proved itself; undefined until one has. */
  incarnation: bigint | undefined;
  /** Highest sequence accepted from it. */
  sequence = -1;
  /** Highest of those in which it spoke of itself, rather than of others. */
  spoken = -1;
  /** Sequences accepted of late, each at its place modulo the window's size. */
  private readonly window = new Float64Array(REPLAY_WINDOW);
  heardAt = -Infinity;
  /** When we sent the latest datagram that it has echoed. */
  confirmedAt = -Infinity;
  /** Another life that has not proved itself yet; we echo it, so that it can. */
  introduction: { incarnation: bigint; sequence: number; at: number; readonly since: number } | undefined;
  /** The life before, and until when it was believed: if it comes back, two speakers have one name. */
  former: { readonly incarnation: bigint; readonly until: number } | undefined;
  /** When a speaker of the same name was last refused, and told so. */
  twinAt = -Infinity;
  /** When that was last reported. */
  twinReportedAt = -Infinity;
  /** When a datagram in its name was last signed with a key that is none of ours. */
  unknownKeyAt = -Infinity;
  /** Since when all datagrams in its name have been signed with such a key; Infinity after one that was not. */
  unknownKeySince = Infinity;
  /** Ids of the keys that it accepts, the one it prefers first; none before it was heard. */
  keys: readonly number[] = [];
  /** Whether datagrams pass in both directions. */
  linkUp = false;
  /** Since when, if they do. */
  linkedAt = -Infinity;
  /** Whether it is alive: the same, or in a large cluster that a way leads to it through others. */
  up = false;
  /** Stands for it in lists of links. */
  readonly id: number;
  /** Digest of the nodes in its plan; 0 when it has not told. */
  view = 0;
  /** What it has said of itself to others, as far as that has come here; in large clusters. */
  record: NodeRecord | undefined;
  /** When that came. */
  recordAt = -Infinity;
  /** Why it is up or down. */
  reason: PeerReason | undefined;
  /** Whether its kernel is known to answer for an address that this node holds; see kernels.ts. */
  kernelAnswers = false;
  listening = false;
  revision = 0;
  /** Hardware addresses it has announced with; kept when it goes down, since by them its claims on the LAN are recognised. */
  readonly hardwareAddresses = new Set<number>();
  /** Which address its speaker was last heard claiming on the LAN, and when. */
  claimed: AddressKey | undefined;
  claimedAt = -Infinity;
  /** Whether it is not asked for each of its addresses in a detection time, as they are too many; see rivals.ts. */
  vouching = false;
  /** When the LAN was last asked for the hardware address of its node addresses. */
  resolvedAt = -Infinity;
  /** Whether it answers questions at once, and may be suspected; see suspicion.ts. */
  prompt = false;
  /** When its question was last answered. */
  answeredAt = -Infinity;
  /** Ways to its kernel, by the interfaces that they begin with. */
  readonly paths = new Map<number, Path>();
  /** When it was last found to be gone by asking. */
  accusedAt = -Infinity;
  /** Whether it matters that heartbeats to it are refused: it may have proved to live nevertheless. */
  readonly refusals = new Distrust(FIRST_DEAFNESS_MS, LONGEST_DEAFNESS_MS);
  /** Latest complete list of addresses. */
  private states: ReadonlyMap<AddressKey, HeartbeatAddress> = new Map();
  private generation = -1;
  private gathering = new Map<AddressKey, HeartbeatAddress>();
  private gatheringGeneration = -1;

  /** @param downSince Since when it has not been up: to begin with, since it is in the plan. */
  constructor(readonly node: string, public downSince: number) {
    this.id = nodeId(node);
  }

  /** Forgets the sequences of an earlier life. */
  resetSequence(): void {
    this.sequence = this.spoken = -1;
    this.window.fill(-1);
  }

  /** Notes a sequence; false if it was accepted before, or is too old to tell. */
  acceptSequence(sequence: number): boolean {
    if (sequence <= this.sequence - REPLAY_WINDOW || this.window[sequence % REPLAY_WINDOW] === sequence) return false;
    this.window[sequence % REPLAY_WINDOW] = sequence;
    this.sequence = Math.max(this.sequence, sequence);
    return true;
  }

  /** Whether its latest datagram belongs to the list of addresses that is known here. */
  get current(): boolean {
    if (!this.linkUp && this.record !== undefined) return true;
    return this.generation >= 0 && this.generation === this.gatheringGeneration;
  }

  /** Whether all of a list of its addresses has come here: a long one takes a while. */
  get told(): boolean {
    return !this.linkUp || this.generation >= 0;
  }

  private get known(): ReadonlyMap<AddressKey, HeartbeatAddress> {
    return this.linkUp || this.record === undefined ? this.states : this.record.states;
  }

  /** How it stands to an address; undefined for one it neither holds nor has trouble with. */
  stateOf(address: AddressKey): HeartbeatAddress | undefined {
    return this.known.get(address);
  }

  /** Of the addresses that it has told of, those that it holds. */
  * heldAddresses(): Generator<HeartbeatAddress> {
    for (const state of this.known.values()) if (state.held) yield state;
  }

  reachOf(address: AddressKey): Reach {
    return this.known.get(address)?.reach ?? Reach.ON_LINK;
  }

  /** Forgets what it said of its addresses: it has stopped, or another life has begun. */
  forgetStates(): void {
    this.states = new Map();
    this.generation = -1;
    this.gathering = new Map();
    this.gatheringGeneration = -1;
  }

  /** Whether a list is the one that its latest datagram belongs to. */
  isGathering(generation: number): boolean {
    return generation === this.gatheringGeneration;
  }

  /**
   * Takes a part of its list of addresses. A list may come in several datagrams, some of them lost; it counts once all of it is there.
   * Returns whether the list that counts has changed.
   */
  gather({ generation, total, total6, addresses }: Heartbeat): boolean {
    if (generation !== this.gatheringGeneration) {
      this.gatheringGeneration = generation;
      this.gathering = new Map();
    }
    if (generation === this.generation) return false;
    for (const state of addresses) this.gathering.set(state.address, state);
    if (this.gathering.size < total + total6) return false;
    this.states = this.gathering;
    this.generation = generation;
    return true;
  }
}
