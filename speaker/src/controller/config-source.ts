import { parseConfig, sameOwnAnnotations, wantsNodes, type Config } from '../config';
import {
  COMMUNITIES, IP_ADDRESS_POOLS, NAMESPACES, projectNamespace, projectWhole,
  type EventRecorder, type KubeClient, type KubeObject, type Namespace, type OwnerReference, type Reflector, type Stored,
} from '../kube';
import type { ControllerMetrics, Logger } from '../observability';
import { ConfigurationState, type Watches } from '../role';
import { NodeWatch } from './node-addresses';

export interface ConfigSourceOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly log: Logger;
  readonly metrics: ControllerMetrics;
  /** The own pod. */
  readonly owner?: OwnerReference;
  readonly recorder: EventRecorder;
  /** Told that the configuration may be another one. */
  readonly changed: () => void;
  /** Told that the status of a pool is another one. */
  readonly poolStatus: () => void;
}

/** Watches what the configuration of addresses is made of, and reports what is wrong with it. */
export class ConfigSource {
  readonly pools: Reflector<Stored<KubeObject>>;
  private readonly communities: Reflector<Stored<KubeObject>>;
  private readonly namespaces: Reflector<Stored<Namespace>>;
  private readonly nodes: NodeWatch;
  private readonly state: ConfigurationState;

  /** Adds its watches; the caller starts them. */
  constructor(options: ConfigSourceOptions, watches: Watches) {
    const { client, namespace, log, metrics, owner, recorder, changed, poolStatus } = options;
    const onChange = () => changed();
    this.pools = watches.add<Stored<KubeObject>>({
      resource: IP_ADDRESS_POOLS,
      namespace,
      project: (raw) => projectWhole<KubeObject>(raw),
      onChange: (delta) => {
        // The status is ours; only a new generation, or an annotation of our group, says something new.
        if (delta.type !== 'modified' || delta.object.metadata.generation !== delta.previous.metadata.generation
          || !sameOwnAnnotations(delta.object.metadata.annotations, delta.previous.metadata.annotations)) {
          changed();
        } else {
          poolStatus();
        }
      },
    });
    this.communities = watches.add<Stored<KubeObject>>({
      resource: COMMUNITIES, namespace, project: (raw) => projectWhole<KubeObject>(raw), onChange,
    });
    this.namespaces = watches.add<Stored<Namespace>>({ resource: NAMESPACES, project: projectNamespace, onChange });
    this.nodes = new NodeWatch(client, log, changed);
    this.state = new ConfigurationState({
      client,
      namespace,
      log,
      metrics,
      owner,
      name: 'controller',
      labels: { 'metallb.io/component-type': 'controller' },
      condition: 'poolReconcilerValid',
      recorder,
      objectOf: ({ kind, name }) => {
        const stored = (kind === 'Community' ? this.communities : this.pools).store.get(`${namespace}/${name}`);
        return stored && { apiVersion: 'metallb.io/v1beta1', kind, metadata: stored.metadata };
      },
    }, watches);
  }

  /**
   * What there is now, once all watches have their first list.
   * @param lastGood where an object has gone wrong since, its version in there is used
   * @returns the same object when nothing has changed; undefined while nodes that matter are still being listed, after which `changed` is called
   */
  read(lastGood: Config | undefined): Config | undefined {
    const pools = this.pools.store.snapshot();
    this.nodes.want(pools.some(wantsNodes));
    if (this.nodes.isPending) {
      return undefined;
    }
    const { config, problems } = parseConfig({
      ipAddressPools: pools,
      nodeAddresses: this.nodes.addresses,
      l2Advertisements: [],
      communities: this.communities.store.snapshot(),
      namespaces: this.namespaces.store.snapshot().map(({ metadata: { name, labels } }) => ({ name, labels })),
    }, lastGood);
    this.state.report({ problems });
    return config;
  }

  async stop(): Promise<void> {
    this.state.stop();
    await this.nodes.stop();
  }
}
