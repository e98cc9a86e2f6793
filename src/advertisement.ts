import { Construct, IConstruct } from 'constructs';
import { ConstructError } from './_errors';
import { checkName, metadataOf } from './_names';
import { L2Advertisement } from './imports/metallb.io';

/**
 * Nodes to prefer, by their labels.
 */
export interface PreferredNodes {
  /**
   * Labels that a node must have, all of them.
   */
  readonly labels: { [key: string]: string };

  /**
   * Added to the score of these nodes, from 1 to 100. The healthy node with the highest score announces.
   *
   * @default 100
   */
  readonly weight?: number;
}

/**
 * How to announce addresses inside a subnet.
 */
export interface L2AdvertisementOptions {
  /**
   * Name of the L2Advertisement object.
   *
   * @default - made up by cdk8s
   */
  readonly name?: string;

  /**
   * Exact names of the network interfaces to announce on, such as `eth0`. Nodes that have none of them do not announce.
   *
   * @default - every interface on the way to the addresses
   */
  readonly interfaces?: string[];

  /**
   * Labels of the nodes that may announce. A node must have all labels of at least one entry.
   *
   * @default - every node
   */
  readonly nodeSelectors?: { [key: string]: string }[];

  /**
   * Nodes to prefer among those that may announce, for instance the ones on a cable.
   *
   * @default - no preference
   */
  readonly preferredNodes?: PreferredNodes[];
}

/**
 * A way to make the network send the traffic of an address to a node.
 */
export abstract class Advertisement {
  /**
   * Answers for the addresses inside their subnet, by ARP for IPv4 and by Neighbor Discovery for IPv6.
   *
   * One node at a time answers for an address; when it fails, another one takes over.
   *
   * @param options Which nodes and interfaces.
   */
  public static l2(options: L2AdvertisementOptions = {}): Advertisement {
    return new Layer2(options);
  }

  /**
   * Adds the object that announces a pool.
   *
   * @internal
   */
  public abstract _announce(pool: IConstruct, id: string, poolName: string, namespace: string): void;
}

/** Advertisement by ARP and Neighbor Discovery. */
class Layer2 extends Advertisement {
  public constructor(private readonly options: L2AdvertisementOptions) {
    super();
    checkName('name of the layer 2 advertisement', 'subdomain', options.name);
    options.interfaces?.forEach((name) => checkName('interface of the layer 2 advertisement', 'interface', name));
    for (const { weight } of options.preferredNodes ?? []) {
      if (weight !== undefined && !(Number.isInteger(weight) && weight >= 1 && weight <= 100)) {
        throw new ConstructError('INVALID_ADVERTISEMENT', `weight ${weight} of preferred nodes is not valid: expected a whole number from 1 to 100`);
      }
    }
  }

  public _announce(pool: Construct, id: string, poolName: string, namespace: string): void {
    const { name, interfaces, nodeSelectors, preferredNodes } = this.options;
    new L2Advertisement(pool, id, {
      metadata: metadataOf(name, namespace),
      spec: {
        ipAddressPools: [poolName],
        interfaces,
        nodeSelectors: nodeSelectors?.map((matchLabels) => ({ matchLabels })),
        preferredNodeSelectors: preferredNodes?.map(({ labels, weight }) => ({ weight: weight ?? 100, preference: { matchLabels: labels } })),
      },
    });
  }
}
