import { BGPPeer } from './bgp-peer';
import { canonicalText } from './canonical-text';
import { Labels } from './label-selector';
import { shareANode } from './nodes';
import { Candidate, Finding, Rules, settle, settleForGood } from './settle';

/**
 * Decides which version of each peer holds, so that no node has two sessions with one router. Whoever has one keeps it.
 *
 * Two sessions with one address in one VRF (or behind one interface) are refused on any port: BGP keeps one of two connections between the same two
 * speakers (RFC 4271, 6.8), a router that connects to us is known by its address alone, and so are a TCP MD5 key and a BFD session.
 *
 * What else MetalLB refuses for peers of one node comes from FRR having one BGP instance a VRF, and is fine here, where each session is on its own: peers
 * with different `myASN`, with different `routerID`, or of which only some have one.
 */
export function settlePeers<C extends Candidate<BGPPeer>>(
  candidates: readonly C[], nodes: readonly { readonly labels: Labels }[],
): Map<C, BGPPeer> {
  const rules: Rules<BGPPeer> = {
    hadAll: (version, previous) => claimText(version) === claimText(previous),
    conflicts: (version, placed) => {
      const other = placed.find((each) => each.target === version.target && shareANode(each, version, nodes));
      if (!other) return [];
      const field = version.session.peerAddress ? 'spec.peerAddress' : 'spec.interface';
      const message = `peer with ${version.target} already exists: ${JSON.stringify(other.name)} has it; duplicate BGPPeers selecting the same node are not supported`;
      const fix = 'delete one of the two, or give them nodeSelectors such that no node matches both';
      const finding: Finding = ['DuplicatePeer', field, version.session.peerAddress ?? version.session.interface, message, fix];
      return [finding];
    },
  };
  return settleForGood(candidates, (copies) => settle(copies, rules));
}

function claimText({ target, nodeSelectors }: BGPPeer): string {
  return canonicalText([target, nodeSelectors]);
}
