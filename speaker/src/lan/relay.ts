/** Passes on to the neighbours what is known of nodes: what is new, everything to a newcomer, and one page of all of it from time to time. */
import { emptyHeartbeat, Heartbeat, HEARTBEAT_MAX_LENGTH, HeartbeatAddress, HeartbeatType, relayedLength } from '../wire';
import { Mesh, NodeRecord } from './mesh';
import { pagesOfStates } from './pages';
import { Peer } from './peer';

/** Octets around what is relayed: header with the longest name, empty lists, key and tag. */
const OVERHEAD = 33 + 253 + 3 + 3 + 9 + 20;
/** So many heartbeats between two pages of what is known. */
const PAGE_EVERY = 5;

export class Relay {
  private beats = 0;
  private next = 0;

  constructor(private readonly mesh: Mesh) {}

  /** Packs what is to be sent, and to whom; `send` is called once for each datagram. */
  round(periodic: boolean, neighbours: readonly Peer[], send: (relayed: Heartbeat[], receivers: readonly Peer[]) => void): void {
    const { news, newcomers, records } = this.mesh;
    const newcomersUp = neighbours.filter((peer) => newcomers.has(peer));
    const others = neighbours.filter((peer) => !newcomers.has(peer));
    if (newcomersUp.length > 0) for (const page of packed([...records.values()])) send(page, newcomersUp);
    if (others.length > 0) for (const page of packed([...news])) send(page, others);
    news.clear();
    newcomers.clear();
    if (!periodic || ++this.beats % PAGE_EVERY !== 0 || neighbours.length === 0) return;
    const pages = packed([...records.values()]);
    if (pages.length > 0) send(pages[this.next++ % pages.length], neighbours);
  }
}

/** As few datagrams as they fit in. */
function packed(records: readonly NodeRecord[]): Heartbeat[][] {
  const pages: Heartbeat[][] = [];
  let room = 0;
  for (const part of records.flatMap(partsOf)) {
    const length = relayedLength(part);
    if (length > room) {
      pages.push([]);
      room = HEARTBEAT_MAX_LENGTH - OVERHEAD;
    }
    pages[pages.length - 1].push(part);
    room -= length;
  }
  return pages;
}

function partsOf(record: NodeRecord): Heartbeat[] {
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
