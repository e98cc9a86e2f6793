import { selectForNode, type ConfigInput, type Problem, type ResourceKind } from '../config';
import { projectWhole, type KubeObject, type Reflector, type Stored } from '../kube';
import { RESOURCE_OF, type Watches } from '../role';
import type { PasswordSecrets } from './password-secrets';

/** A BGPPeer as far as its reference to a Secret is concerned, untrusted. */
interface Peer extends KubeObject {
  readonly spec?: { readonly passwordSecret?: { readonly name?: unknown } };
}

/** The objects that a speaker's configuration is made of, as they are watched. */
export class ConfigInputs {
  private readonly kinds: Readonly<Record<ResourceKind, Reflector<Stored<KubeObject>>>>;

  /** @param onChange told each object that has changed in what a user may write */
  constructor(watches: Watches, namespace: string, private readonly secrets: PasswordSecrets, onChange: (object: Stored<KubeObject>) => void) {
    const kinds = Object.entries(RESOURCE_OF).map(([kind, resource]) => [kind, watches.add<Stored<KubeObject>>({
      resource,
      namespace,
      project: (raw) => projectWhole<KubeObject>(raw),
      onChange: (delta) => {
        // The status of a pool changes with every Service, and says nothing that a speaker does not know.
        if (delta.type !== 'modified' || ofUser(delta.object) !== ofUser(delta.previous)) onChange(delta.object);
      },
    })] as const);
    this.kinds = Object.fromEntries(kinds) as unknown as typeof this.kinds;
  }

  /**
   * What the configuration of a node is made of; undefined while a Secret that a peer of it names has not been looked for yet. Namespaces are none: they
   * only decide who gets an address, which is the controller's matter.
   *
   * @param labels of the node
   */
  current(node: string, labels: Readonly<Record<string, string>>): ConfigInput | undefined {
    const list = (kind: ResourceKind) => this.kinds[kind].store.snapshot();
    const input = selectForNode({
      ipAddressPools: list('IPAddressPool'),
      l2Advertisements: list('L2Advertisement'),
      bfdProfiles: list('BFDProfile'),
      communities: list('Community'),
      bgpPeers: list('BGPPeer'),
      bgpAdvertisements: list('BGPAdvertisement'),
      namespaces: [],
      nodes: [{ name: node, labels }],
    }, labels);
    const names = (input.bgpPeers as Peer[]).map(({ spec }) => spec?.passwordSecret?.name);
    this.secrets.want(new Set(names.filter((name) => typeof name === 'string' && name !== '') as string[]));
    return this.secrets.pending ? undefined : { ...input, secrets: this.secrets.snapshot() };
  }

  /** The object of that kind and name, as an event names it; undefined when it is gone. */
  objectOf({ kind, namespace, name }: Pick<Problem, 'kind' | 'namespace' | 'name'>): KubeObject | undefined {
    const stored = this.kinds[kind].store.get(`${namespace}/${name}`);
    const { group, version } = RESOURCE_OF[kind];
    return stored && { apiVersion: `${group}/${version}`, kind, metadata: stored.metadata };
  }
}

function ofUser({ metadata: { generation, labels, annotations, uid } }: Stored<KubeObject>): string {
  return JSON.stringify([generation, labels, annotations, uid]);
}
