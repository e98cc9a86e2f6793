/** Passes on to the neighbours what is known of nodes: what is new, everything to a newcomer, and one page of all of it from time to time. */
import { emptyHeartbeat, Heartbeat, HEARTBEAT_MAX_LENGTH, HeartbeatAddress, HeartbeatType, relayedLength } from '../wire';
import { Mesh, NodeRecord } from './mesh';
import { pagesOfStates } from './pages';
import { Peer } from './peer';

/** Octets around what is relayed: header with the longest name, empty lists, key and tag. */
const OVERHEAD = 33 + 253 + 3 + 3 + 9 + 20;
/** So many heartbeats between two pages of what is known. */
const PAGE_EVERY = 5;

/** A part of a record, as long as fits in a datagram. */
interface Part {
  readonly words: Heartbeat;
  readonly length: number;
}

export class Relay {
  private beats = 0;
  private next = 0;
  /** Records are not written to, so each is taken apart once, and what a page costs does not grow with the addresses that are told of. */
  private readonly parts = new WeakMap<NodeRecord, readonly Part[]>();

  constructor(private readonly mesh: Mesh) {}

  /** Packs what is to be sent, and to whom; `send` is called once for each datagram. */
  round(periodic: boolean, neighbours: readonly Peer[], send: (relayed: Heartbeat[], receivers: readonly Peer[]) => void): void {
    const { news, newcomers, records } = this.mesh;
    const newcomersUp = neighbours.filter((peer) => newcomers.has(peer));
    const others = neighbours.filter((peer) => !newcomers.has(peer));
    if (newcomersUp.length > 0) for (const page of this.packed(records.values())) send(page, newcomersUp);
    if (others.length > 0) for (const page of this.packed(news)) send(page, others);
    news.clear();
    newcomers.clear();
    if (!periodic || ++this.beats % PAGE_EVERY !== 0 || neighbours.length === 0) return;
    const pages = this.packed(records.values());
    if (pages.length > 0) send(pages[this.next++ % pages.length], neighbours);
  }

  /** As few datagrams as they fit in. */
  private packed(records: Iterable<NodeRecord>): Heartbeat[][] {
    const pages: Heartbeat[][] = [];
    let room = 0;
    for (const record of records) {
      for (const { words, length } of this.partsOf(record)) {
        if (length > room) {
          pages.push([]);
          room = HEARTBEAT_MAX_LENGTH - OVERHEAD;
        }
        pages[pages.length - 1].push(words);
        room -= length;
      }
    }
    return pages;
  }

  private partsOf(record: NodeRecord): readonly Part[] {
    let parts = this.parts.get(record);
    if (parts === undefined) this.parts.set(record, parts = wordsOf(record).map((words) => ({ words, length: relayedLength(words) })));
    return parts;
  }
}

function wordsOf(record: NodeRecord): Heartbeat[] {
  const states = [...record.states.values()];
  const total = states.filter(({ address }) => typeof address === 'number').length;
  const part = (addresses: HeartbeatAddress[]): Heartbeat => ({
    ...emptyHeartbeat(),
    type: HeartbeatType.HELLO,
    flags: record.flags,
    node: record.node,
    incarnation: record.incarnation,
    sequence: record.version,
    revision: record.revision,
    interfaces: [...record.interfaces],
    links: [...record.links],
    total,
    total6: states.length - total,
    addresses,
  });
  return states.length === 0 ? [part([])] : pagesOfStates(states).map(part);
}
