import type { ConfigInput, Problem } from '../config';
import {
  ENDPOINT_SLICES, NODES, SECRETS, SERVICES, keyOf, projectWhole,
  type Condition, type EndpointSlice, type KubeClient, type KubeObject, type Node, type Reflector, type Secret, type Service, type Stored,
} from '../kube';
import type { Logger } from '../observability';
import { HEARTBEAT_SECRET, type Watches } from '../role';
import { ConfigInputs } from './config-inputs';
import { PasswordSecrets } from './password-secrets';
import type { Planner } from './planner';
import { toNode, toService, toSlice, type StoredNode, type StoredService, type StoredSlice } from './views';

export interface InputsOptions {
  readonly client: KubeClient;
  readonly log: Logger;
  readonly namespace: string;
  /** Name of this node. */
  readonly node: string;
  /** Serve only Services with this class; without it only those with none. */
  readonly lbClass?: string;
  readonly planner: Planner;
  /** Something changed of which the plan is made. */
  readonly onChange: () => void;
  readonly onSecret: (secret: Secret) => void;
}

/** Everything that a speaker watches, brought to the planner. */
export class Inputs {
  /** The highest `resourceVersion` seen: grows with every change, and is the same for speakers that have seen the same. */
  revision = 0;
  private contextChanged = true;
  private readonly services: Reflector<StoredService>;
  private readonly config: ConfigInputs;
  private readonly secrets: PasswordSecrets;
  private readonly nodeList: Reflector<StoredNode>;

  constructor(watches: Watches, private readonly options: InputsOptions) {
    const { namespace, planner, lbClass, client, log } = options;
    this.services = watches.add<StoredService>({
      resource: SERVICES,
      project: (raw) => toService(raw as Service),
      onChange: ({ type, object }) => {
        if (type === 'deleted' || object.loadBalancerClass !== lbClass) {
          planner.deleteService(object.view.key);
        } else {
          planner.setService(object.view);
        }
        this.saw(object);
      },
    });
    watches.add<StoredSlice>({
      resource: ENDPOINT_SLICES,
      project: (raw) => toSlice(raw as EndpointSlice),
      onChange: (delta) => {
        const { type, object } = delta;
        const former = type === 'modified' ? delta.previous.service : undefined;
        if (former !== undefined && former !== object.service) {
          planner.setSlice(former, keyOf(object), undefined); // its label names another Service now
        }
        if (object.service !== undefined) {
          planner.setSlice(object.service, keyOf(object), type === 'deleted' ? undefined : object.endpoints);
        }
        this.saw(object);
      },
    });
    this.secrets = new PasswordSecrets(client, namespace, () => {
      this.contextChanged = true;
      options.onChange();
    }, log);
    this.config = new ConfigInputs(watches, namespace, this.secrets, (object) => {
      this.contextChanged = true;
      this.saw(object);
    });
    this.nodeList = watches.add<StoredNode>({
      resource: NODES,
      project: (raw) => toNode(raw as Node),
      onChange: (delta) => {
        // Nodes report their state every few seconds; only what the plan is made of makes a new one.
        if (delta.type !== 'modified' || ofPlan(delta.object) !== ofPlan(delta.previous)) {
          this.contextChanged = true;
          this.saw(delta.object);
        }
      },
    });
    watches.add<Stored<Secret>>({
      resource: SECRETS,
      namespace,
      fieldSelector: `metadata.name=${HEARTBEAT_SECRET}`,
      project: (raw) => projectWhole<Secret>(raw),
      onChange: ({ type, object }) => type !== 'deleted' && options.onSecret(object),
    });
  }

  get nodes(): readonly StoredNode[] {
    return this.nodeList.store.snapshot();
  }

  /** A Node as an event names it. */
  nodeOf(name: string): KubeObject | undefined {
    const stored = this.nodeList.store.get(name);
    return stored && { apiVersion: 'v1', kind: 'Node', metadata: stored.metadata };
  }

  /** A Service as an event names it. */
  objectOf(service: string): KubeObject | undefined {
    const stored = this.services.store.get(service);
    return stored && { apiVersion: 'v1', kind: 'Service', metadata: stored.metadata };
  }

  /** The condition `AddressConflict` of a Service. */
  conflictOf(service: string): Condition | undefined {
    return this.services.store.get(service)?.conflict;
  }

  /** A custom resource as an event names it. */
  resourceOf(problem: Pick<Problem, 'kind' | 'namespace' | 'name'>): KubeObject | undefined {
    return this.config.objectOf(problem);
  }

  /** The objects of the configuration, when they or the nodes have changed since the last call. */
  takeContext(): ConfigInput | undefined {
    const { node } = this.options;
    const input = this.contextChanged ? this.config.current(node, this.nodes.find(({ view }) => view.name === node)?.view.labels ?? {}) : undefined;
    if (input) {
      this.contextChanged = false;
    }
    return input;
  }

  async stop(): Promise<void> {
    await this.secrets.stop();
  }

  private saw({ metadata }: { readonly metadata: { readonly resourceVersion: string } }): void {
    // Resource versions of all kinds are revisions of one store; were they not numbers, every plan would have revision 0.
    this.revision = Math.max(this.revision, Number(metadata.resourceVersion) || 0);
    this.options.onChange();
  }
}

function ofPlan({ view, internalAddresses }: StoredNode): string {
  return JSON.stringify([view, internalAddresses]);
}
