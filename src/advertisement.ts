import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { ConstructError } from './_errors';
import { checkName, checkNames, metadataOf } from './_names';
import { hasToken } from './_tokens';
import { checkMembers, checkWhole, isGiven, refuse } from './_values';
import { BgpAdvertisementOptions, L2AdvertisementOptions } from './advertisement-options';
import { Community } from './community';
import { BgpAdvertisement, L2Advertisement } from './imports/metallb.io';
import { Selector } from './selector';

/** What an advertisement is about, as its object says. */
interface Target {
  readonly ipAddressPools?: string[];
  readonly ipAddressPoolSelectors?: object[];
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
   * @param options Which nodes, interfaces and Services.
   */
  public static l2(options: L2AdvertisementOptions = {}): Advertisement {
    return new Layer2(options);
  }

  /**
   * Tells routers about the addresses, by BGP.
   *
   * All nodes announce an address at once, and the routers spread its traffic over them. The routers are added with `addBgpPeer()`.
   * The program of this version does not open BGP sessions yet: the objects are checked and made, and read by MetalLB's speakers.
   *
   * @param options Which routers, nodes and Services, and what the routes say.
   */
  public static bgp(options: BgpAdvertisementOptions = {}): Advertisement {
    return new Bgp(options);
  }

  /**
   * Adds the object that announces a pool.
   *
   * @internal
   */
  public abstract _announce(scope: Construct, id: string, target: Target, namespace: string): ApiObject;
}

/** Advertisement by ARP and Neighbor Discovery. */
class Layer2 extends Advertisement {
  public constructor(private readonly options: L2AdvertisementOptions) {
    super();
    const where = (property: string) => `${property} of the layer 2 advertisement`;
    checkName(where('name'), 'subdomain', options.name);
    checkNames(where('interfaces'), 'interface', options.interfaces);
    checkSelectors(where('nodeSelectors'), options.nodeSelectors);
    checkSelectors(where('serviceSelectors'), options.serviceSelectors);
    if (isGiven(options.preferredNodes) && !Array.isArray(options.preferredNodes)) refuse(where('preferredNodes'), options.preferredNodes, 'a list');
    for (const { selector, weight } of options.preferredNodes ?? []) {
      checkMembers(where('preferredNodes: selector'), [selector], Selector, EXAMPLE);
      checkWhole(where('preferredNodes: weight'), weight, 1, 100);
    }
  }

  public _announce(scope: Construct, id: string, target: Target, namespace: string): ApiObject {
    const { name, interfaces, nodeSelectors, preferredNodes, serviceSelectors } = this.options;
    return new L2Advertisement(scope, id, {
      metadata: metadataOf(name, namespace),
      spec: {
        ...target,
        interfaces,
        nodeSelectors: manifestsOf(nodeSelectors),
        serviceSelectors: manifestsOf(serviceSelectors),
        preferredNodeSelectors: preferredNodes?.map(({ selector, weight }) => ({ weight: weight ?? 100, preference: selector._toManifest() })),
      },
    });
  }
}

/** Advertisement to routers. */
class Bgp extends Advertisement {
  public constructor(private readonly options: BgpAdvertisementOptions) {
    super();
    const where = (property: string) => `${property} of the BGP advertisement`;
    checkName(where('name'), 'subdomain', options.name);
    checkSelectors(where('nodeSelectors'), options.nodeSelectors);
    checkSelectors(where('serviceSelectors'), options.serviceSelectors);
    checkWhole(where('aggregationLength'), options.aggregationLength, 1, 32);
    checkWhole(where('aggregationLengthV6'), options.aggregationLengthV6, 1, 128);
    checkWhole(where('localPref'), options.localPref, 0, 2_147_483_647);
    checkWhole(where('asPathPrepend'), options.asPathPrepend, 1, 10);
    checkMembers(where('communities'), options.communities, Community, 'Community.of(64512, 100)');
    checkPeers(where('peers'), options.peers);
    for (const [property, whole] of [['aggregationLength', 32], ['aggregationLengthV6', 128]] as const) {
      const length = options[property];
      if (length !== undefined && length !== whole && !hasToken(length) && options.serviceSelectors && options.serviceSelectors.length > 0) {
        throw new ConstructError('INVALID_ADVERTISEMENT', `${where(property)} ${length} and serviceSelectors exclude each other: ` +
          'an aggregate is announced for all of its addresses, whatever Service has them, so remove one of them, or make two advertisements');
      }
    }
  }

  public _announce(scope: Construct, id: string, target: Target, namespace: string): ApiObject {
    const { name, communities, nodeSelectors, peers, serviceSelectors, ...numbers } = this.options;
    return new BgpAdvertisement(scope, id, {
      metadata: metadataOf(name, namespace),
      spec: {
        ...target,
        ...numbers,
        communities: communities?.map((community) => community.toString()),
        peers: peers?.map(({ peerName }) => peerName),
        nodeSelectors: manifestsOf(nodeSelectors),
        serviceSelectors: manifestsOf(serviceSelectors),
      },
    });
  }
}

const EXAMPLE = "Selector.labels({ zone: 'attic' })";

function checkSelectors(where: string, selectors: any): void {
  checkMembers(where, selectors, Selector, EXAMPLE);
}

function checkPeers(where: string, peers: any): void {
  if (peers === undefined || peers === null) return;
  if (!Array.isArray(peers)) refuse(where, peers, 'a list of peers');
  peers.forEach((peer, i) => {
    if (peer?.peerName === undefined) refuse(`${where}[${i}]`, peer, 'what addBgpPeer() or BgpPeer.fromPeerName() returned');
  });
}

function manifestsOf(selectors: Selector[] | undefined): any {
  return selectors?.map((selector) => selector._toManifest());
}
