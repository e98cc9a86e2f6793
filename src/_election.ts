import { createHash } from 'crypto';

/**
 * MetalLB's order of the nodes for one address, in which the program, too, looks for one that answers: score descending, then SHA-256 of `node#address`
 * ascending.
 */
export function electionOrder(address: string, nodes: readonly { readonly name: string; readonly score: number }[]): string[] {
  return nodes
    .map(({ name, score }) => ({ name, score, digest: createHash('sha256').update(`${name}#${address}`).digest() }))
    .sort((a, b) => b.score - a.score || Buffer.compare(a.digest, b.digest))
    .map(({ name }) => name);
}
