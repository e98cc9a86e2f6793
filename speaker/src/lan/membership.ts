/**
 * Who is alive. Heartbeats tell; this file says which of them to believe.
 *
 * **Authentic.** A datagram counts only if one of the keys verifies it. How a key is changed without a gap is told in keys.ts.
 *
 * **Not replayed.** Within a life of a speaker a number is accepted once, and a new life must prove that it lives now: see proofs.ts.
 *
 * **Both directions.** A peer is up while it is heard *and* what it echoes of ours is fresh. If only one direction is cut, both sides
 * see a cut, as with BFD (RFC 5880 §6.8.6), rather than one side believing in a peer that has given it up. It also makes held-back
 * datagrams worthless: delivered late, they echo old numbers. Who is overdue is told in links.ts.
 */
import {
  decodeHeartbeat, emptyHeartbeat, hasHeartbeatFlag, Heartbeat, HeartbeatAddress, HEARTBEAT_FLAG_LISTENING, HEARTBEAT_FLAG_PROMPT,
  HEARTBEAT_FLAG_QUESTION, HeartbeatType, parseAddress,
} from '../wire';
import { AddressMap } from './address-map';
import { Keys } from './keys';
import { Links } from './links';
import { heedRecord, Mesh, NodeRecord } from './mesh';
import { Outbox } from './outbox';
import { Peer } from './peer';
import { Proofs } from './proofs';
import { Rejections } from './rejections';
import { livesOn } from './rivals';
import { Twins } from './twins';
import { HeartbeatDrop, PeerReason, PlannedPeer } from './types';

/** It is found out anew to whom a way leads at most once in this time when links were lost, and when links were only found, as in each moment while a cluster starts. */
const SETTLE_SPACING_MS = 10;
const FOUND_SPACING_MS = 50;
/** A question that comes so soon after the last one was answered is not answered. */
const ANSWER_SPACING_MS = 2;

export class Membership {
  readonly peers = new Map<string, Peer>();
  /** Node addresses of peers, by which their hardware addresses are learned. */
  readonly byProtocolAddress = new AddressMap<Peer>();
  readonly keys = new Keys();
  readonly twins: Twins;
  readonly mesh: Mesh;
  /** Peers of a large cluster to which no way leads any more; whoever reads it empties it. */
  readonly lost: { readonly peer: Peer; readonly record: NodeRecord | undefined }[] = [];
  /** Peers that are heard on the LAN alone now, with what they held; whoever reads it empties it. */
  readonly vouched: { readonly node: string; readonly held: readonly HeartbeatAddress[] }[] = [];
  /** Whether there is a plan, so that it is known who the peers are. */
  planned = false;
  /** Whether anything about a peer that ownership depends on has changed; whoever reads it sets it back. */
  changed = false;
  readonly links: Links;
  /** Whether somebody new waits for our echo; whoever reads it sets it back. */
  introduced = false;
  readonly detectionMs: number;
  readonly proofs: Proofs;
  /** Peers that are to be asked for a heartbeat at once, and those that have asked for one of ours; whoever sends them empties these. */
  readonly questions = new Set<Peer>();
  readonly answers = new Set<Peer>();

  private readonly rejections: Rejections;
  private readonly heartbeat: Heartbeat = emptyHeartbeat();
  private settledAt = -Infinity;

  /** @param prompt whether it answers questions, and may be suspected; see suspicion.ts */
  constructor(readonly node: string, readonly incarnation: bigint, readonly intervalMs: number, multiplier: number, readonly prompt: boolean) {
    this.detectionMs = intervalMs * multiplier;
    this.links = new Links(intervalMs, this.detectionMs, this.echoMs);
    this.proofs = new Proofs(incarnation, this.echoMs);
    this.rejections = new Rejections(this.detectionMs);
    this.twins = new Twins(this.detectionMs);
    this.mesh = new Mesh(node);
  }

  /** How old an echo may be: sent by us, heard there, and sent back with the next heartbeat. */
  get echoMs(): number {
    return this.detectionMs + this.intervalMs;
  }

  setPeers(now: number, planned: readonly PlannedPeer[], outbox: Outbox): void {
    this.planned = true;
    const names = new Set(planned.map(({ node }) => node));
    for (const peer of [...this.peers.values()]) {
      if (names.has(peer.node)) continue;
      this.peers.delete(peer.node);
      this.links.remove(peer);
      if (peer.up) outbox.event({ code: 'peerDown', node: peer.node, reason: 'removedFromPlan' });
    }
    this.byProtocolAddress.clear();
    for (const { node, addresses } of planned) {
      if (node === this.node) continue;
      let peer = this.peers.get(node);
      if (peer === undefined) this.peers.set(node, peer = new Peer(node, now));
      peer.addresses = addresses;
      peer.protocolAddresses = addresses.map(parseAddress).filter((address) => address !== undefined);
      for (const address of peer.protocolAddresses) this.byProtocolAddress.set(address, peer);
    }
    this.mesh.setNodes([this.node, ...this.peers.keys()]);
    if (!this.mesh.relays) {
      for (const peer of this.peers.values()) peer.record = undefined;
    }
    this.changed = true;
  }

  /** Peers that heartbeats are sent to. */
  correspondents(now: number): Peer[] {
    return [...this.peers.values()].filter((peer) => this.mesh.talksTo(now, peer, this.detectionMs));
  }

  /** When {@link settle} is to be called next. It costs as much as there are links, so what comes in at once is looked at together. */
  get settleDeadline(): number {
    const { linksLost, linksFound, sparse } = this.mesh;
    if (!linksLost && !linksFound) return Infinity;
    if (!sparse) return this.settledAt;
    return this.settledAt + (linksLost ? SETTLE_SPACING_MS : FOUND_SPACING_MS);
  }

  /** In a large cluster, after links or records have changed: finds out to whom a way leads. */
  settle(now: number, outbox: Outbox): void {
    this.settledAt = now;
    this.mesh.linksLost = this.mesh.linksFound = false;
    if (!this.mesh.sparse) {
      for (const peer of this.peers.values()) if (peer.up && !peer.linkUp) this.down(now, peer, 'timeout', outbox);
      return;
    }
    const reached = this.mesh.reachable(this.peers);
    for (const peer of this.peers.values()) {
      if (reached.has(peer.node)) {this.reach(peer, outbox);} else if (peer.up) {
        this.lost.push({ peer, record: peer.record });
        this.down(now, peer, 'unreachable', outbox);
      }
    }
  }

  /** A way leads to the peer. */
  private reach(peer: Peer, outbox: Outbox): void {
    const { record } = peer;
    if (!peer.linkUp && record !== undefined) heedRecord(peer, record);
    if (peer.up) return;
    if (!peer.linkUp && record === undefined) return;
    peer.up = true;
    peer.reason = 'heard';
    this.changed = true;
    outbox.event({ code: 'peerUp', node: peer.node, reason: 'heard' });
  }

  /** A stranger uses an address of ours, or will say so. It may be a peer that we do not know by its hardware address, or that has another one now: ask for those soon, and often again. */
  doubt(now: number): void {
    for (const peer of this.peers.values()) if (!peer.up) peer.downSince = now;
    this.resolveAnew();
  }

  /** Peers that are not heard are to be asked for their hardware addresses again, for instance on a LAN that was just joined. */
  resolveAnew(): void {
    for (const peer of this.peers.values()) if (!peer.up) peer.resolvedAt = -Infinity;
  }

  /** A peer is gone, as far as can be found out. */
  accuse(now: number, peer: Peer, reason: PeerReason, outbox: Outbox): void {
    this.linkDown(now, peer, reason, outbox);
  }

  /** Takes a datagram; or says why not. */
  receive(now: number, from: string, datagram: Uint8Array, length: number, outbox: Outbox): HeartbeatDrop | undefined {
    if (!this.keys.any) return 'noKey';
    const problem = decodeHeartbeat(datagram, length, this.keys.accepted, this.heartbeat) ?? this.accept(now, from, this.heartbeat, outbox);
    // Before the first plan it is not known of anybody whether it is a peer, which may sign with each key in turn: see rejections.ts.
    if (problem !== undefined && (this.planned || problem !== 'unknownKey')) {
      const claimed = problem === 'unknownKey' ? this.peers.get(this.heartbeat.node) : undefined;
      this.rejections.report(now, from, problem, claimed, outbox);
    }
    return problem;
  }

  /** Marks down whoever is overdue. */
  tick(now: number, outbox: Outbox): void {
    if (this.keys.retire(now, this.peers)) outbox.event({ code: 'heartbeatKeyRetired' });
    for (const { peer, reason } of this.links.overdue(now)) this.linkDown(now, peer, reason, outbox);
  }

  private accept(now: number, from: string, heartbeat: Heartbeat, outbox: Outbox): HeartbeatDrop | undefined {
    if (heartbeat.node === this.node) return 'reflected';
    const peer = this.peers.get(heartbeat.node);
    if (peer === undefined) return 'unknownSender';
    peer.unknownKeySince = Infinity;
    const confirmedAt = this.proofs.confirmation(heartbeat);
    if (heartbeat.type === HeartbeatType.DUPLICATE) {
      if (now - confirmedAt > this.echoMs) return 'unproven';
      this.twins.told(now, this.node, from, heartbeat, outbox);
      return undefined;
    }
    let reason: PeerReason = 'heard';
    if (heartbeat.incarnation !== peer.incarnation) {
      const proven = now - confirmedAt <= this.echoMs;
      if (this.twins.isTwin(now, peer, heartbeat, proven ? confirmedAt : -Infinity)) {
        this.twins.refuse(now, peer, from, heartbeat, outbox);
        return 'duplicate';
      }
      if (!proven) {
        this.introduce(now, peer, heartbeat);
        return 'unproven';
      }
      if (peer.incarnation !== undefined) peer.former = { incarnation: peer.incarnation, until: now };
      if (peer.up) reason = 'restarted';
      peer.up = false;
      this.links.set(peer, false);
      peer.incarnation = heartbeat.incarnation;
      peer.introduction = undefined;
      peer.resetSequence();
      peer.confirmedAt = -Infinity;
      peer.forgetStates();
      // It knows nothing of us either: it needs the whole list.
      this.introduced = true;
    }
    if (!peer.acceptSequence(heartbeat.sequence)) return 'replayed';
    if (heartbeat.type === HeartbeatType.RELAY) {
      if (peer.linkUp && this.mesh.takeAll(now, heartbeat.relayed, this.peers)) this.changed = true;
      return undefined;
    }
    // What it echoes counts in any order: with many peers the echoes take several datagrams, and one may overtake another.
    peer.confirmedAt = Math.max(peer.confirmedAt, confirmedAt);
    if (heartbeat.sequence < peer.spoken) {
      // Newer words of the peer are known; of this one only the rest of a list is of use.
      if (peer.isGathering(heartbeat.generation) && peer.gather(heartbeat)) this.changed = true;
      return undefined;
    }
    peer.spoken = heartbeat.sequence;
    if (heartbeat.type === HeartbeatType.GOODBYE) {
      peer.heardAt = -Infinity;
      this.mesh.leave(peer.node);
      peer.record = undefined;
      this.down(now, peer, 'goodbye', outbox);
      return undefined;
    }
    peer.heardAt = now;
    peer.keys = [...heartbeat.keys];
    peer.view = heartbeat.view;
    for (const key of heartbeat.interfaces) peer.hardwareAddresses.add(key);
    const listening = hasHeartbeatFlag(heartbeat, HEARTBEAT_FLAG_LISTENING);
    if (listening !== peer.listening || heartbeat.revision !== peer.revision) this.changed = true;
    peer.listening = listening;
    peer.prompt = hasHeartbeatFlag(heartbeat, HEARTBEAT_FLAG_PROMPT);
    peer.revision = heartbeat.revision;
    if (peer.gather(heartbeat)) this.changed = true;
    if (hasHeartbeatFlag(heartbeat, HEARTBEAT_FLAG_QUESTION)) this.questioned(now, peer);
    if (!peer.linkUp && now - peer.confirmedAt <= this.echoMs) {
      this.links.set(peer, true);
      peer.linkedAt = now;
      this.links.changes++;
      this.mesh.linksFound = true;
      if (this.mesh.relays && this.mesh.isNeighbour(peer)) this.mesh.newcomers.add(peer);
      if (peer.up) return undefined;
      peer.up = true;
      peer.reason = reason;
      this.changed = true;
      outbox.event({ code: 'peerUp', node: peer.node, reason });
    }
    return undefined;
  }

  /** Each question is signed and counts once, so nobody can have us send more than it sends itself; nor is an answer ever a question. */
  private questioned(now: number, peer: Peer): void {
    if (!this.prompt || now - peer.answeredAt < ANSWER_SPACING_MS) return;
    peer.answeredAt = now;
    this.answers.add(peer);
  }

  private introduce(now: number, peer: Peer, heartbeat: Heartbeat): void {
    const known = peer.introduction;
    if (known?.incarnation === heartbeat.incarnation && heartbeat.sequence <= known.sequence) return;
    const same = known?.incarnation === heartbeat.incarnation && now - known.at <= this.echoMs;
    if (!same) this.introduced = true;
    if (!peer.linkUp) peer.view = heartbeat.view;
    peer.introduction = { incarnation: heartbeat.incarnation, sequence: heartbeat.sequence, at: now, since: same ? known.since : now };
  }

  /** A peer is not heard, or does not hear us, any more. In a large cluster others may. */
  private linkDown(now: number, peer: Peer, reason: PeerReason, outbox: Outbox): void {
    if (!this.mesh.sparse) {
      this.down(now, peer, reason, outbox);
      return;
    }
    this.links.set(peer, false);
    this.links.changes++;
    peer.forgetStates();
    this.mesh.linksLost = this.changed = true;
  }

  private down(now: number, peer: Peer, reason: PeerReason, outbox: Outbox): void {
    if (peer.up) outbox.event({ code: 'peerDown', node: peer.node, reason });
    const { detectionMs, intervalMs } = this;
    if (livesOn(peer, reason, { now, detectionMs }, intervalMs)) this.vouched.push({ node: peer.node, held: [...peer.heldAddresses()] });
    peer.up = false;
    this.links.set(peer, false);
    this.links.changes++;
    this.mesh.linksLost = true;
    peer.reason = reason;
    peer.downSince = now;
    peer.forgetStates();
    this.changed = true;
  }
}
