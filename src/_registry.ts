import { ApiObject } from 'cdk8s';
import { IConstruct } from 'constructs';
import { resolveToken } from './_tokens';

/** What a load balancer adds to what can be checked. */
export interface Balancer {
  readonly construct: IConstruct;
  readonly namespace: string;
  readonly loadBalancerClass?: string;
  readonly definesCrds: boolean;
  readonly definesWebhook: boolean;
  /** Whether metrics are served by HTTP to everybody. */
  readonly metricsInsecure: boolean;
  /** Whether nodes with the exclude label announce, too. */
  readonly ignoreExcludeLb: boolean;
  /** Services that were bound to it. */
  readonly services: Set<ApiObject>;
  readonly nodes?: readonly { readonly name: string; readonly labels: Readonly<Record<string, string>> }[];
}

/** Kinds of which an object that is made elsewhere can be referred to. */
export type ImportedKind = 'IPAddressPool' | 'BGPPeer' | 'BFDProfile';

/** What this library knows about one app. */
export class Registry {
  /** The registry of the app that a construct is in. */
  public static of(construct: IConstruct): Registry {
    const { root } = construct.node;
    let registry = Registry.all.get(root);
    if (!registry) {
      registry = new Registry(root);
      Registry.all.set(root, registry);
    }
    return registry;
  }

  private static readonly all = new WeakMap<IConstruct, Registry>();

  public readonly balancers: Balancer[] = [];
  private readonly imported: Record<ImportedKind, any[]> = { IPAddressPool: [], BGPPeer: [], BFDProfile: [] };
  private readonly owners = new Map<IConstruct, { readonly construct: IConstruct; readonly namespace: string }>();
  private examine?: (registry: Registry) => Map<IConstruct, string[]>;
  private problems?: Map<IConstruct, string[]>;

  private constructor(public readonly root: IConstruct) {
    // cdk8s validates the whole app before it renders any of it, beginning with the root: so each synthesis looks at the app once, as it is then.
    root.node.addValidation({
      validate: () => {
        this.problems = undefined;
        return [];
      },
    });
  }

  /** Notes an object that the app refers to but does not define. */
  public refer(kind: ImportedKind, name: string): void {
    this.imported[kind].push(name);
  }

  /** Names of the objects that the app refers to but does not define. */
  public importedNames(kind: ImportedKind): ReadonlySet<string> {
    return new Set(this.imported[kind].map(resolveToken));
  }

  /** Makes `construct` the one that problems of its objects are reported for. */
  public own(construct: IConstruct, namespace: string, examine: (registry: Registry) => Map<IConstruct, string[]>): void {
    this.owners.set(construct, { construct, namespace });
    this.examine = examine;
    construct.node.addValidation({
      validate: () => {
        this.problems ??= this.examine!(this);
        return this.problems.get(construct) ?? [];
      },
    });
  }

  /** Where to report what is wrong with an object: the construct that made it, else the load balancer of its namespace, else whoever looks. */
  public ownerOf(object: IConstruct): IConstruct {
    for (let scope: IConstruct | undefined = object; scope; scope = scope.node.scope) {
      if (this.owners.has(scope)) return scope;
    }
    const namespace = ApiObject.isApiObject(object) ? object.metadata.namespace : undefined;
    const balancer = this.balancers.find((candidate) => resolveToken(candidate.namespace) === resolveToken(namespace));
    return balancer?.construct ?? this.owners.keys().next().value ?? object;
  }

  /** Namespaces that have something of ours, each once. */
  public get namespaces(): string[] {
    return [...new Set([...this.owners.values()].map(({ namespace }) => namespace))];
  }
}
