import { createHash } from 'crypto';

/**
 * MetalLB's order of the nodes for one address: preference score descending, then SHA-256 of `node#address` ascending.
 *
 * Only an order: who is alive, and who holds the address already, is not known here. O(n log n) for n nodes.
 *
 * @param address the first ingress address of the Service in canonical text, so that both families of a dual-stack Service, and
 *   Services that share the address, go to the same node
 * @param score sum of the weights of `preferredNodeSelectors` that match a node; 0 without preferences
 */
export function electionOrder(address: string, nodes: Iterable<string>, score: (node: string) => number = () => 0): string[] {
  return [...nodes]
    .map((node) => ({ node, score: score(node), digest: createHash('sha256').update(`${node}#${address}`).digest() }))
    .sort((a, b) => b.score - a.score || Buffer.compare(a.digest, b.digest))
    .map(({ node }) => node);
}
