import type { NodeAddresses } from '../config';
import { NODES, Reflector, projectMeta, type KubeClient, type KubeObject, type Node, type StoredObject } from '../kube';
import type { Logger } from '../observability';

/** So long the configuration waits for the first list of nodes, in milliseconds. Afterwards, only the pools that exclude nodes wait. */
const FIRST_LIST_MS = 5_000;

interface StoredNode extends StoredObject {
  readonly addresses: readonly string[];
}

/** The InternalIPs of the cluster's nodes; watched only while a pool excludes them. */
export class NodeWatch {
  private reflector?: Reflector<StoredNode>;
  private listed = false;
  private late = false;
  private timer?: NodeJS.Timeout;

  /** @param onChange the addresses are other ones now, or they are late */
  constructor(private readonly client: KubeClient, private readonly log: Logger, private readonly onChange: () => void) {}

  /** The first list is on its way, and worth waiting for. */
  get isPending(): boolean {
    return this.reflector !== undefined && !this.listed && !this.late;
  }

  get addresses(): NodeAddresses {
    if (!this.reflector) {
      return undefined;
    }
    return this.listed ? this.reflector.store.snapshot().flatMap(({ addresses }) => addresses) : 'unknown';
  }

  /** Watches from now on, or no more. */
  want(wanted: boolean): void {
    if (wanted && !this.reflector) {
      this.start();
    } else if (!wanted && this.reflector) {
      void this.stop();
    }
  }

  async stop(): Promise<void> {
    const { reflector } = this;
    clearTimeout(this.timer);
    this.reflector = undefined;
    this.listed = this.late = false;
    await reflector?.stop();
  }

  private start(): void {
    const reflector = new Reflector<StoredNode>(this.client, {
      resource: NODES,
      project: internalAddresses,
      // Nodes report their state every few seconds; only their addresses are of interest.
      onChange: (delta) => {
        if (this.listed && (delta.type !== 'modified' || `${delta.object.addresses}` !== `${delta.previous.addresses}`)) {
          this.onChange();
        }
      },
      onState: ({ error, retryInMs }) => error && this.log.warn({ resource: 'nodes', error, retryInMs }, `cannot watch nodes: ${error.message}`),
    });
    this.reflector = reflector;
    reflector.synced.then(() => {
      this.listed = this.reflector === reflector;
      this.onChange();
    }, () => undefined); // stopped before
    this.timer = setTimeout(() => {
      this.late = true;
      this.onChange();
    }, FIRST_LIST_MS);
    reflector.start();
  }
}

function internalAddresses(raw: KubeObject): StoredNode {
  const { uid, resourceVersion, name } = projectMeta(raw);
  const addresses = (raw as Node).status?.addresses?.filter(({ type }) => type === 'InternalIP').map(({ address }) => address) ?? [];
  return { metadata: { name, uid, resourceVersion }, addresses };
}
