import { createHash } from 'node:crypto';
import { readUint32 } from '../wire';

/** Up to so many nodes each hears every other. */
export const FULL_MESH_NODES = 32;
/** From so many nodes on, what they say of themselves is passed on: well before it is needed, so that nobody is lost while some nodes know of the 33rd and others do not. */
export const RELAYING_NODES = 25;
/** Rings of a larger cluster; each gives a node two neighbours. */
const RINGS = 8;

/**
 * Whom a node of a large cluster hears: its two neighbours on each of eight rings, on which all nodes are in the order of eight parts of the SHA-256 of their names.
 *
 * Everybody computes the same from the names alone; it is mutual; a node that comes or goes changes two links a ring. The union of eight random rings is nearly always a graph in which
 * everybody is a few steps from everybody, and which stays whole when half of the nodes are gone (docs/membership.md). O(n log n) for n nodes, once for each set of them.
 */
export function neighboursOf(node: string, names: readonly string[]): Set<string> {
  const digests = new Map(names.map((name) => [name, digestOf(name)]));
  const neighbours = new Set<string>();
  for (let ring = 0; ring < RINGS; ring++) {
    const order = [...names].sort((a, b) => readUint32(digests.get(a)!, ring * 4) - readUint32(digests.get(b)!, ring * 4) || (a < b ? -1 : 1));
    const at = order.indexOf(node);
    neighbours.add(order[(at + 1) % order.length]);
    neighbours.add(order[(at + order.length - 1) % order.length]);
  }
  neighbours.delete(node);
  return neighbours;
}

/** 32 bits that stand for a node in lists of links. */
export function nodeId(name: string): number {
  return readUint32(digestOf(name), 0);
}

/** 32 bits that stand for a set of nodes, never 0. */
export function viewOf(names: readonly string[]): number {
  return readUint32(digestOf([...names].sort().join(' ')), 0) || 1;
}

function digestOf(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}
