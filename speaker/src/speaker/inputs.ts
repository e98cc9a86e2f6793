import type { ConfigInput } from '../config';
import {
  ENDPOINT_SLICES, IP_ADDRESS_POOLS, L2_ADVERTISEMENTS, NODES, SECRETS, SERVICES, keyOf, projectWhole,
  type EndpointSlice, type KubeObject, type Node, type Reflector, type Secret, type Service, type Stored,
} from '../kube';
import { HEARTBEAT_SECRET, type Watches } from '../role';
import type { Planner } from './planner';
import { toNode, toService, toSlice, type StoredNode, type StoredService, type StoredSlice } from './views';

export interface InputsOptions {
  readonly namespace: string;
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
  private readonly pools: Reflector<Stored<KubeObject>>;
  private readonly advertisements: Reflector<Stored<KubeObject>>;
  private readonly nodeList: Reflector<StoredNode>;

  constructor(watches: Watches, private readonly options: InputsOptions) {
    const { namespace, planner, lbClass } = options;
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
    this.pools = this.addContext(watches, IP_ADDRESS_POOLS, namespace);
    this.advertisements = this.addContext(watches, L2_ADVERTISEMENTS, namespace);
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

  /** A Service as an event names it. */
  objectOf(service: string): KubeObject | undefined {
    const stored = this.services.store.get(service);
    return stored && { apiVersion: 'v1', kind: 'Service', metadata: stored.metadata };
  }

  /** The objects of the configuration, when they or the nodes have changed since the last call. */
  takeContext(): ConfigInput | undefined {
    if (!this.contextChanged) {
      return undefined;
    }
    this.contextChanged = false;
    return { ipAddressPools: this.pools.store.snapshot(), l2Advertisements: this.advertisements.store.snapshot(), namespaces: [] };
  }

  private addContext(watches: Watches, resource: typeof IP_ADDRESS_POOLS, namespace: string): Reflector<Stored<KubeObject>> {
    return watches.add<Stored<KubeObject>>({
      resource,
      namespace,
      project: (raw) => projectWhole<KubeObject>(raw),
      onChange: ({ object }) => {
        this.contextChanged = true;
        this.saw(object);
      },
    });
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
