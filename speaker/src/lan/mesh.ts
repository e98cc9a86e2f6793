/**
 * Clusters of more than 32 nodes: who hears whom, and what is known of the rest. The reasons are in docs/membership.md.
 *
 * Each node exchanges heartbeats with its neighbours alone (overlay.ts), and what it says of itself travels from neighbour to neighbour, as the advertisements of a link-state
 * routing protocol do (OSPF, RFC 2328 §13): its life, a version that grows, the neighbours that it hears, its addresses. Whoever gets a version that is newer passes it on
 * once. Nothing is passed on by a neighbour that has not proved that it lives now, so nothing recorded gets in.
 *
 * A node is up while a way leads to it: over links that both of their ends tell of, from links of our own. When one dies, each of its neighbours notices within the detection
 * time, as in a full mesh, and says so; when the last way to it is gone, all have heard within a few hops.
 *
 * What is lost is repaired by a slow round through all that is known, and a neighbour that has just been found is told all of it. A node that was started again
 * finds its former life among that, and goes on from its version (RFC 2328 §13.4), so that versions alone tell what is newer.
 */
import { AddressKey, hasHeartbeatFlag, Heartbeat, HEARTBEAT_FLAG_LISTENING, HeartbeatAddress } from '../wire';
import { FULL_MESH_NODES, neighboursOf, nodeId, RELAYING_NODES, viewOf } from './overlay';
import { Peer } from './peer';

/** What a node has said of itself. */
export interface NodeRecord {
  readonly node: string;
  readonly incarnation: bigint;
  readonly version: number;
  readonly flags: number;
  readonly revision: number;
  readonly interfaces: readonly number[];
  readonly links: readonly number[];
  readonly states: ReadonlyMap<AddressKey, HeartbeatAddress>;
}

/** Whether two versions of what a node says of itself are the same but for its links. */
export function sameWords(a: NodeRecord, b: NodeRecord): boolean {
  if (a.incarnation !== b.incarnation || a.flags !== b.flags || a.revision !== b.revision || a.states.size !== b.states.size) return false;
  for (const [key, { held, reach, handover, candidatesDigest }] of a.states) {
    const other = b.states.get(key);
    if (other === undefined || held !== other.held || reach !== other.reach) return false;
    if (handover !== other.handover || candidatesDigest !== other.candidatesDigest) return false;
  }
  return true;
}

/** Links that were found are told so often at most. */
const LINKS_SPACING_MS = 100;

interface Gathering {
  readonly head: Heartbeat;
  readonly states: Map<AddressKey, HeartbeatAddress>;
}

export class Mesh {
  /** Whether the cluster is too large for everybody to hear everybody. */
  sparse = false;
  /** Whether what nodes say of themselves is passed on. */
  relays = false;
  /** Stands for the nodes of the plan. */
  view = 0;
  /** Whether links were found, or lost, since {@link reachable} was last computed; whoever computes it sets both back. */
  linksFound = false;
  linksLost = false;
  readonly records = new Map<string, NodeRecord>();
  /** What neighbours have not been told yet; whoever tells them empties it. */
  readonly news = new Set<NodeRecord>();
  /** Neighbours that have just been found and are to be told everything; whoever tells them empties it. */
  readonly newcomers = new Set<Peer>();
  /** Whether a way led to every node when that was last found out. */
  private whole = false;
  private readonly gathering = new Map<string, Gathering>();
  private neighbours: ReadonlySet<string> = new Set();
  private nodes: ReadonlyMap<number, string> = new Map();
  private ids: ReadonlyMap<string, number> = new Map();
  private version = 0;
  /** What was last told, but for the links, and when. */
  private told = '';
  private toldAt = -Infinity;

  constructor(private readonly node: string) {}

  /** Takes the names of all nodes. */
  setNodes(names: readonly string[]): void {
    const view = viewOf(names);
    if (view === this.view) return;
    this.view = view;
    this.sparse = names.length > FULL_MESH_NODES;
    this.relays = names.length >= RELAYING_NODES;
    this.neighbours = this.relays ? neighboursOf(this.node, names) : new Set();
    this.ids = new Map(names.map((name) => [name, nodeId(name)]));
    this.nodes = new Map(names.map((name) => [nodeId(name), name]));
    for (const node of [...this.records.keys()]) if (!this.ids.has(node)) this.records.delete(node);
    if (!this.relays) this.clear();
    this.linksLost = true;
    this.whole = false;
  }

  /**
   * Whether heartbeats are exchanged with a peer. Those are answered too that take this node for a neighbour because their plan has other nodes.
   */
  talksTo(now: number, peer: Peer, detectionMs: number): boolean {
    if (!this.sparse || this.neighbours.has(peer.node)) return true;
    const heardAt = Math.max(peer.heardAt, peer.introduction?.at ?? -Infinity);
    return peer.view !== this.view && now - heardAt <= detectionMs;
  }

  /** Whether a peer is heard directly in a large cluster, and told what is known of others. */
  isNeighbour(peer: Peer): boolean {
    return this.neighbours.has(peer.node);
  }

  /**
   * Takes what this node would say of itself, and gives it a new version if it has changed. Links that have only been found are not urgent: when a cluster starts,
   * each node finds many within a moment.
   */
  tellOwn(now: number, own: Omit<NodeRecord, 'node' | 'version'>, generation: number): void {
    const rest = [own.incarnation, own.flags, own.revision, own.interfaces, generation].join(';');
    const before = this.records.get(this.node)?.links ?? [];
    const lost = before.some((id) => !own.links.includes(id));
    const found = own.links.length > before.length && now - this.toldAt >= LINKS_SPACING_MS;
    if (rest === this.told && !lost && !found) return;
    this.told = rest;
    this.toldAt = now;
    this.version++;
    this.store({ ...own, node: this.node, version: this.version });
  }

  /** Takes all that a neighbour passes on. Returns whether something new is known of a peer that is not heard directly. */
  takeAll(now: number, parts: readonly Heartbeat[], peers: ReadonlyMap<string, Peer>): boolean {
    if (!this.relays) return false;
    let changed = false;
    for (const part of parts) {
      const peer = peers.get(part.node);
      if (peer === undefined && part.node !== this.node) continue;
      // What it says to us directly is newer: this is of a life that is over.
      if (peer?.linkUp === true && peer.incarnation !== part.incarnation) continue;
      if (!this.take(part) || peer === undefined) continue;
      const before = peer.record, record = this.records.get(part.node)!;
      peer.record = record;
      peer.recordAt = now;
      for (const key of part.interfaces) peer.hardwareAddresses.add(key);
      if (peer.linkUp || (before !== undefined && sameWords(before, record))) continue;
      changed = true;
      if (peer.up) heedRecord(peer, record);
    }
    return changed;
  }

  /** Takes what a neighbour passes on of another node. Returns whether something new is known of it. */
  take(part: Heartbeat): boolean {
    const { node, incarnation, sequence: version } = part;
    if (node === this.node) {
      this.overtake(incarnation, version);
      return false;
    }
    if (version <= (this.records.get(node)?.version ?? 0)) return false;
    let gathering = this.gathering.get(node);
    if (gathering === undefined || gathering.head.sequence < version) this.gathering.set(node, gathering = { head: part, states: new Map() });
    if (gathering.head.sequence !== version || gathering.head.incarnation !== incarnation) return false;
    for (const state of part.addresses) gathering.states.set(state.address, state);
    if (gathering.states.size < part.total + part.total6) return false;
    this.gathering.delete(node);
    const { flags, revision, interfaces, links } = gathering.head;
    this.store({ node, incarnation, version, flags, revision, interfaces, links, states: gathering.states });
    return true;
  }

  /** A peer has said goodbye: what it said before counts no more, until it says something new. */
  leave(node: string): void {
    const record = this.records.get(node);
    if (record !== undefined) this.records.set(node, { ...record, links: [], states: new Map() });
    this.linksLost = true;
    this.whole = false;
  }

  /** Names of the nodes to which a way leads. O(links). */
  reachable(peers: ReadonlyMap<string, Peer>): Set<string> {
    const reached = new Set<string>();
    const queue = [...peers.values()].filter(({ linkUp }) => linkUp).map(({ node }) => node);
    for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
      if (reached.has(node)) continue;
      reached.add(node);
      const id = this.ids.get(node)!;
      for (const link of this.records.get(node)?.links ?? []) {
        const other = this.nodes.get(link);
        if (other === undefined || other === this.node || reached.has(other)) continue;
        if (this.records.get(other)?.links.includes(id) === true) queue.push(other);
      }
    }
    this.whole = reached.size === peers.size;
    return reached;
  }

  /** A former life of this node, or another speaker of its name, is known by a version as high as ours: ours must be higher. */
  private overtake(incarnation: bigint, version: number): void {
    const own = this.records.get(this.node);
    if (own !== undefined && (version < own.version || (version === own.version && incarnation === own.incarnation))) return;
    this.version = Math.max(this.version, version) + 1;
    if (own !== undefined) this.store({ ...own, version: this.version });
  }

  private store(record: NodeRecord): void {
    const before = this.records.get(record.node);
    if (before !== undefined) this.news.delete(before);
    this.records.set(record.node, record);
    this.news.add(record);
    if (before?.links.some((id) => !record.links.includes(id)) === true) this.linksLost = true;
    else if (!this.whole) this.linksFound = true; // a way that leads to everybody is not lost by a link more
  }

  private clear(): void {
    this.records.clear();
    this.news.clear();
    this.newcomers.clear();
    this.gathering.clear();
    this.told = '';
  }
}

/** Takes what a peer that is not heard itself has said to others. */
export function heedRecord(peer: Peer, record: NodeRecord): void {
  peer.listening = hasHeartbeatFlag(record, HEARTBEAT_FLAG_LISTENING);
  peer.revision = record.revision;
}
