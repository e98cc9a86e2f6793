import { Labels } from './label-selector';
import { readLabels } from './metadata';
import { LabelledObject, mayMatchNode } from './nodes';
import { NodeAddresses } from './pool-policy';
import { ResourceKind } from './problem';

/**
 * The objects a configuration is made of. Custom resources and Secrets are untrusted JSON: anything may be in these lists.
 *
 * Only objects of the program's own namespace belong here. A list that is absent is of a kind that is not looked at: nothing of it is in the configuration,
 * and references to such objects are not checked. One that is empty says that there are none.
 */
export interface ConfigInput {
  readonly ipAddressPools: readonly unknown[];
  readonly l2Advertisements: readonly unknown[];
  /** In the shape of v1beta2, also as converted from v1beta1: text empty for what is unset, `peerPort` 0 for 179, `peerASN` 0 for none. */
  readonly bgpPeers?: readonly unknown[];
  readonly bfdProfiles?: readonly unknown[];
  readonly bgpAdvertisements?: readonly unknown[];
  readonly communities?: readonly unknown[];
  /** Those that peers name in `passwordSecret`, at least. */
  readonly secrets?: readonly unknown[];
  /** All namespaces of the cluster; `namespaceSelectors` of pools are looked up here. */
  readonly namespaces: readonly LabelledObject[];
  /** All nodes of the cluster: BGPPeers and BGPAdvertisements contradict each other on nodes that both select. See `shareANode` for when there are none. */
  readonly nodes?: readonly LabelledObject[];
  /** InternalIPs of all nodes: a pool may exclude them. */
  readonly nodeAddresses?: NodeAddresses;
}

/** Where the objects of a kind are in the input. */
export const INPUT_OF = {
  IPAddressPool: 'ipAddressPools',
  L2Advertisement: 'l2Advertisements',
  BFDProfile: 'bfdProfiles',
  Community: 'communities',
  BGPPeer: 'bgpPeers',
  BGPAdvertisement: 'bgpAdvertisements',
} as const satisfies Record<ResourceKind, keyof ConfigInput>;

/**
 * The part of the configuration that is of concern to one node: as MetalLB's speakers do it, BGPPeers and BGPAdvertisements that do not select the node are
 * left out, so what is wrong with them is told by the speakers they are about. L2Advertisements stay, as the election needs all of them.
 *
 * What cannot be read stays, too, and `parseConfig` reports it; therefore ask `matchesNode` of what comes out of it all the same, since a last good version
 * may select other nodes than the text.
 *
 * @param labels labels of the node
 */
export function selectForNode<T extends Partial<ConfigInput>>(input: T, labels: Labels): T {
  const own = readLabels(labels);
  const select = (list: readonly unknown[] | undefined) => list?.filter((object) => mayMatchNode(object, own));
  return { ...input, bgpPeers: select(input.bgpPeers), bgpAdvertisements: select(input.bgpAdvertisements) };
}
