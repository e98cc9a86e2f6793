import {
  SERVICE_L2_STATUSES, isKubeError, projectMeta,
  type KubeClient, type KubeObject, type ObjectMeta, type OwnerReference, type Reflector, type StoredObject,
} from '../kube';
import type { Logger } from '../observability';
import { WorkQueue, type Watches } from '../role';

const LABEL = { node: 'metallb.io/node', name: 'metallb.io/service-name', namespace: 'metallb.io/service-namespace' } as const;

interface StoredStatus extends StoredObject {
  readonly metadata: StoredObject['metadata'] & ObjectMeta;
  readonly status?: { readonly node?: string; readonly interfaces?: readonly { readonly name: string }[] };
}

export interface L2StatusOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly node: string;
  readonly owner?: OwnerReference;
  readonly log: Logger;
}

/**
 * Keeps the `ServiceL2Status` objects of the Services that this node announces: one object for each, whoever made others for that Service is corrected,
 * and none for a Service that it does not announce.
 *
 * Level-triggered: what is wanted is compared with what there is, whenever either changes. Names are the API server's (`l2-…`), so the objects are found by
 * their labels. A node's object is never turned into another's: node and Service in it cannot be changed.
 */
export class L2Statuses {
  private readonly wanted = new Map<string, readonly string[]>();
  private readonly found = new Map<string, Map<string, StoredStatus>>();
  private readonly queue: WorkQueue;
  private readonly reflector: Reflector<StoredStatus>;

  constructor(private readonly options: L2StatusOptions, watches: Watches) {
    this.queue = new WorkQueue((service) => this.reconcile(service), 4);
    this.reflector = watches.add<StoredStatus>({
      resource: SERVICE_L2_STATUSES,
      namespace: options.namespace,
      project: (raw) => ({ metadata: projectMeta(raw), status: (raw as StoredStatus).status }),
      onChange: ({ type, object }) => {
        const { labels, name } = object.metadata;
        const service = `${labels?.[LABEL.namespace]}/${labels?.[LABEL.name]}`;
        const objects = this.found.get(service) ?? new Map<string, StoredStatus>();
        if (type === 'deleted') {
          objects.delete(name);
        } else {
          objects.set(name, object);
        }
        if (objects.size > 0) {
          this.found.set(service, objects);
        } else {
          this.found.delete(service);
        }
        this.queue.add(service);
      },
    });
  }

  /** @param interfaces names to show; empty means all */
  announce(service: string, interfaces: readonly string[]): void {
    this.wanted.set(service, interfaces);
    this.queue.add(service);
  }

  withdraw(service: string): void {
    this.wanted.delete(service);
    this.queue.add(service);
  }

  /** Removes the objects of this node, as far as the API server lets it: the addresses are already silent. */
  async stop(): Promise<void> {
    await this.queue.stop();
    const own = [...this.found.values()].flatMap((objects) => [...objects.values()]).filter((object) => this.isOwn(object));
    await Promise.allSettled(own.map((object) => this.remove(object)));
  }

  private isOwn({ metadata }: StoredStatus): boolean {
    return metadata.labels?.[LABEL.node] === this.options.node;
  }

  private async reconcile(service: string): Promise<void> {
    if (!this.reflector.healthy) {
      await this.reflector.synced; // before the first list everything would look absent
    }
    const objects = [...this.found.get(service)?.values() ?? []];
    const interfaces = this.wanted.get(service);
    const kept = interfaces && objects.find((object) => this.isOwn(object));
    try {
      for (const object of objects.filter((each) => each !== kept && (interfaces || this.isOwn(each)))) {
        await this.remove(object);
      }
      if (interfaces) {
        await this.write(service, kept ?? await this.create(service), interfaces);
      }
    } catch (error) {
      this.options.log.warn({ error, service }, `cannot write the ServiceL2Status of ${service}: ${(error as Error).message}`);
      throw error;
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
    const shown = interfaces.length > 0 ? interfaces.map((name) => ({ name })) : undefined;
    const status = { node: this.options.node, serviceName, serviceNamespace };
    const { name, namespace } = object.metadata;
    if (object.status?.node !== status.node || JSON.stringify(object.status?.interfaces) !== JSON.stringify(shown)) {
      const body = { status: { ...status, interfaces: shown ?? null } };
      const written = await this.options.client.patch<StoredStatus>(SERVICE_L2_STATUSES, name, body, { namespace, subresource: 'status' });
      this.found.get(service)?.set(name, { metadata: projectMeta(written), status: written.status });
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
