import { isDeepStrictEqual } from 'util';
import {
  SERVICE_L2_STATUSES, isKubeError, projectMeta,
  type KubeClient, type KubeObject, type ObjectMeta, type OwnerReference, type Reflector, type StoredObject,
} from '../kube';
import type { Logger } from '../observability';
import { WorkQueue, type Watches } from '../role';
import { Patience } from './patience';

const LABEL = { node: 'metallb.io/node', name: 'metallb.io/service-name', namespace: 'metallb.io/service-namespace' } as const;

interface StoredStatus extends StoredObject {
  readonly metadata: StoredObject['metadata'] & ObjectMeta;
  readonly status?: object;
}

export interface L2StatusOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly node: string;
  readonly owner?: OwnerReference;
  readonly log: Logger;
  /** Whether the speaker of another node is alive, as far as is known; without heartbeats every one counts as alive. */
  readonly isUp: (node: string) => boolean;
  /** Whether this speaker tidies up after nodes that are not: one of all does. */
  readonly isSpokesman: () => boolean;
  /** How long the word of another node is left standing, in milliseconds. @default 5000 */
  readonly patienceMs?: number;
}

/** What this node says of a Service. */
interface Announced {
  /** Names to show; empty means all. */
  readonly interfaces: readonly string[];
  /** Whether this node announces all addresses of the Service. */
  readonly complete: boolean;
}

/**
 * Keeps the `ServiceL2Status` objects of the Services that this node announces: one object for each, and none for a Service that it does not announce.
 *
 * Level-triggered: what is wanted is compared with what there is, whenever either changes. Names are the API server's (`l2-…`), so the objects are found by
 * their three labels; what lacks one of these is nobody's. A node's object is never turned into another's: node and Service in it cannot be changed.
 *
 * **Objects of other nodes.** Whoever takes all addresses of a Service removes what others said of it before, and then says so itself: there is no moment with two.
 * What another node says *later* is left standing for five seconds, in which this node usually learns that it has lost the address. Only if it still has it, the
 * other one is removed, and the time doubles. Both may be right, where the LAN is cut in two and the API server is reached from both halves; then neither
 * may drive the other to write without end. Where two nodes share the addresses of a Service, because one has no IPv6, each says so.
 *
 * **Nodes that have died** without a successor leave their objects behind, for a DaemonSet's pod outlives its node. The spokesman of the living removes them.
 *
 * An object is made without its status, as the API server demands, and given it by the next write; if that fails it is tried again.
 */
export class L2Statuses {
  private readonly wanted = new Map<string, Announced>();
  private readonly found = new Map<string, Map<string, StoredStatus>>();
  /** Objects of others that were there when this node took the Service: uids by Service. */
  private readonly superseded = new Map<string, Set<string>>();
  private readonly queue: WorkQueue;
  private readonly patience: Patience;
  private readonly reflector: Reflector<StoredStatus>;

  constructor(private readonly options: L2StatusOptions, watches: Watches) {
    this.queue = new WorkQueue((service) => this.reconcile(service), 4);
    this.patience = new Patience(options.patienceMs ?? 5_000, (service) => this.queue.add(service));
    this.reflector = watches.add<StoredStatus>({
      resource: SERVICE_L2_STATUSES,
      namespace: options.namespace,
      project: (raw) => ({ metadata: projectMeta(raw), status: (raw as StoredStatus).status }),
      onChange: (delta) => {
        if (delta.type === 'modified' && serviceOf(delta.previous) !== serviceOf(delta.object)) {
          this.saw(delta.previous, false);
        }
        this.saw(delta.object, delta.type !== 'deleted');
      },
    });
  }

  /**
   * @param interfaces names to show; empty means all
   * @param complete whether no other node announces another address of the Service
   */
  announce(service: string, interfaces: readonly string[], complete = true): void {
    if (complete && !this.wanted.get(service)?.complete) {
      const others = this.objectsOf(service).filter((object) => !this.isOwn(object));
      this.superseded.set(service, new Set(others.map(({ metadata }) => metadata.uid)));
    }
    this.wanted.set(service, { interfaces, complete });
    this.queue.add(service);
  }

  withdraw(service: string): void {
    this.wanted.delete(service);
    this.superseded.delete(service);
    this.queue.add(service);
  }

  /** The speaker of a node has fallen silent. */
  nodeDown(node: string): void {
    for (const [service, objects] of this.found) {
      if ([...objects.values()].some((object) => nodeOf(object) === node)) {
        this.queue.add(service);
      }
    }
  }

  /** Removes the objects of this node, as far as the API server lets it: the addresses are already silent. */
  async stop(): Promise<void> {
    this.patience.stop();
    await this.queue.stop();
    const own = [...this.found.values()].flatMap((objects) => [...objects.values()]).filter((object) => this.isOwn(object));
    await Promise.allSettled(own.map((object) => this.remove(object)));
  }

  private saw(object: StoredStatus, present: boolean): void {
    const service = serviceOf(object);
    if (service === undefined) {
      return;
    }
    const objects = this.found.get(service) ?? new Map<string, StoredStatus>();
    if (present) {
      objects.set(object.metadata.name, object);
    } else {
      objects.delete(object.metadata.name);
    }
    if (objects.size > 0) {
      this.found.set(service, objects);
    } else {
      this.found.delete(service);
    }
    this.queue.add(service);
  }

  private objectsOf(service: string): StoredStatus[] {
    return [...this.found.get(service)?.values() ?? []];
  }

  private isOwn(object: StoredStatus): boolean {
    return nodeOf(object) === this.options.node;
  }

  /** Whether an object of this node will live as long as the pod: one of a former pod is about to be collected with that. */
  private isOurs({ metadata: { ownerReferences } }: StoredStatus): boolean {
    const { owner } = this.options;
    return owner === undefined || ownerReferences?.some(({ uid }) => uid === owner.uid) === true;
  }

  private async reconcile(service: string): Promise<void> {
    if (!this.reflector.healthy) {
      await this.reflector.synced; // before the first list everything would look absent
    }
    const announced = this.wanted.get(service);
    const own = this.objectsOf(service).filter((object) => this.isOwn(object));
    const kept = announced && own.find((object) => this.isOurs(object));
    try {
      for (const object of own.filter((each) => each !== kept)) {
        await this.remove(object);
      }
      await this.correctOthers(service, announced);
      if (announced) {
        await this.write(service, kept ?? await this.create(service), announced.interfaces);
      }
    } catch (error) {
      this.options.log.warn({ error, service }, `cannot write the ServiceL2Status of ${service}: ${(error as Error).message}`);
      throw error;
    }
  }

  private async correctOthers(service: string, announced: Announced | undefined): Promise<void> {
    const { isUp, isSpokesman } = this.options;
    const others = this.objectsOf(service).filter((object) => !this.isOwn(object));
    const before = others.filter(({ metadata }) => this.superseded.get(service)?.has(metadata.uid));
    const dead = others.filter((object) => !isUp(nodeOf(object)!));
    const later = others.filter((object) => !before.includes(object));
    const doubtful = announced?.complete ? later : announced || isSpokesman() ? dead : [];
    if (doubtful.length === 0) {
      this.patience.cancel(service);
    }
    const refuted = doubtful.length > 0 && this.patience.isOver(service) ? doubtful : [];
    for (const object of [...before, ...refuted]) {
      await this.remove(object);
    }
  }

  private async create(service: string): Promise<StoredStatus> {
    const [namespace, name] = service.split('/');
    const { client, node, owner } = this.options;
    const made = await client.create<KubeObject>(SERVICE_L2_STATUSES, {
      metadata: {
        generateName: 'l2-',
        namespace: this.options.namespace,
        labels: { [LABEL.node]: node, [LABEL.namespace]: namespace, [LABEL.name]: name },
        ...(owner && { ownerReferences: [owner] }),
      },
      spec: {},
    });
    const object: StoredStatus = { metadata: projectMeta(made) };
    // Known at once: the watch may tell of it only after the next change of the Service, which would make a second one.
    this.found.set(service, (this.found.get(service) ?? new Map<string, StoredStatus>()).set(object.metadata.name, object));
    return object;
  }

  private async write(service: string, object: StoredStatus, interfaces: readonly string[]): Promise<void> {
    const [serviceNamespace, serviceName] = service.split('/');
    const shown = interfaces.length > 0 ? [...interfaces].sort().map((name) => ({ name })) : undefined;
    const status = { node: this.options.node, serviceName, serviceNamespace };
    const { name, namespace } = object.metadata;
    if (isDeepStrictEqual(object.status, { ...status, ...(shown && { interfaces: shown }) })) {
      return;
    }
    const body = { status: { ...status, interfaces: shown ?? null } };
    try {
      const written = await this.options.client.patch<StoredStatus>(SERVICE_L2_STATUSES, name, body, { namespace, subresource: 'status' });
      this.found.get(service)?.set(name, { metadata: projectMeta(written), status: written.status });
    } catch (error) {
      if (isKubeError(error, 'NotFound')) {
        this.found.get(service)?.delete(name); // somebody has just deleted it, perhaps before the watch had told of it: the next attempt makes another
      }
      throw error;
    }
  }

  private async remove({ metadata: { name, namespace, uid } }: StoredStatus): Promise<void> {
    await this.options.client.delete(SERVICE_L2_STATUSES, name, { namespace, preconditions: { uid } }).catch((error) => {
      if (!isKubeError(error, 'NotFound', 'Conflict')) {
        throw error; // gone already, or another object of that name: nothing is left to do
      }
    });
  }
}

function nodeOf({ metadata: { labels } }: StoredStatus): string | undefined {
  return labels?.[LABEL.node];
}

/** `namespace/name` of the Service, of an object that has all three labels. */
function serviceOf({ metadata: { labels } }: StoredStatus): string | undefined {
  const { [LABEL.node]: node, [LABEL.namespace]: namespace, [LABEL.name]: name } = labels ?? {};
  return node === undefined || namespace === undefined || name === undefined ? undefined : `${namespace}/${name}`;
}
