import { INPUT_OF, type ConfigInput, type ResourceKind } from '../config';
import { NODES, type KubeClient, type KubeObject } from '../kube';
import { RESOURCE_OF } from '../role';
import type { Proposal } from './judge';
import { RELATED } from './kinds';

/** The API server gives up on a webhook after the five seconds of the manifests; there must be time left for an answer. */
const TIMEOUT_MS = 4_000;

/**
 * The configuration as it is now, as far as it matters to a proposal. Asked for each time and not watched: two objects that are made one after the other
 * must see each other, and a controller that only stands by keeps nothing.
 */
export async function readExisting(client: Pick<KubeClient, 'list'>, namespace: string, { kind, object }: Pick<Proposal, 'kind' | 'object'>): Promise<ConfigInput> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const lists = await Promise.all(RELATED[kind].map(async (related): Promise<[ResourceKind, KubeObject[]]> => (
    [related, (await client.list<KubeObject>(RESOURCE_OF[related], { namespace, signal })).items]
  )));
  const byKind = new Map(lists);
  const input = Object.fromEntries(lists.map(([related, items]) => [INPUT_OF[related], items]));
  const base: ConfigInput = { ipAddressPools: [], l2Advertisements: [], namespaces: [], ...input };
  const selecting = [object, ...byKind.get('BGPPeer') ?? [], ...byKind.get('BGPAdvertisement') ?? []].filter(selectsNodes);
  if (selecting.length === 0) return base; // then all of them meet on every node, and the nodes, which may be many, need not be read
  const { items } = await client.list<KubeObject>(NODES, { signal });
  return { ...base, nodes: items.map(({ metadata: { name, labels } }) => ({ name, labels })) };
}

function selectsNodes(object: unknown): boolean {
  const { spec } = (object ?? {}) as { spec?: { nodeSelectors?: unknown } };
  return Array.isArray(spec?.nodeSelectors) && spec.nodeSelectors.length > 0;
}
