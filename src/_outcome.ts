import { AdvertisementView, covers, scoreOf } from './_advertisements';
import { certainAddresses, outlookOf, Supply } from './_checks';
import { electionOrder } from './_election';
import { Scene } from './_examine';
import { PoolView } from './_pools';
import { Balancer, Registry } from './_registry';
import { Resource } from './_resources';
import { anyMatches, Labels, selectorText } from './_selectors';
import { ServiceRequest } from './_service';

const EXCLUDE_LABEL = 'node.kubernetes.io/exclude-from-external-load-balancers';

/** What would become of one Service, in words. */
export interface Outcome {
  readonly name: string;
  readonly ports: string;
  readonly wish: string;
  /** Pools that may serve it, usually one. */
  readonly pools: readonly string[];
  /** Its addresses; empty where the controller will choose. */
  readonly addresses: readonly string[];
  readonly problems: readonly string[];
  /** How its addresses get to the network; empty if they do not. */
  readonly ways: readonly Way[];
}

/** One way by which the network learns where an address is. */
export interface Way {
  readonly kind: 'layer 2' | 'BGP';
  /** Of layer 2: in the order in which they would answer, if `ordered`. Of BGP: all that announce. */
  readonly nodes: readonly string[];
  readonly ordered: boolean;
  /** What is said where nodes are not known. */
  readonly words: string;
  /** Of BGP: the routers. */
  readonly peers: readonly string[];
}

/** What would become of every Service, by namespace and name. */
export function outcomesOf(scene: Scene, registry: Registry, balancer: Balancer): Outcome[] {
  const supply = { ...scene, imported: registry.importedNames('IPAddressPool') };
  return scene.requests.map((request) => outcomeOf(request, supply, scene, balancer))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

function outcomeOf(request: ServiceRequest, supply: Supply, scene: Scene, balancer: Balancer): Outcome {
  const outlook = outlookOf(request, supply);
  const addresses = certainAddresses(request, outlook).sort((a, b) => Number(a.includes(':')) - Number(b.includes(':')));
  const wishes = [...request.pool === undefined ? [] : [`pool ${request.pool}`], ...request.addresses];
  return {
    name: `${request.namespace ?? '(namespace of kubectl)'}/${request.name}`,
    ports: request.ports.map(({ protocol, port }) => `${protocol} ${port}`).join(', '),
    wish: wishes.join(', ') || 'any address',
    pools: [...outlook.candidates.map(({ name }) => name), ...outlook.open ? [request.pool ?? 'a pool made elsewhere'] : []],
    addresses,
    problems: outlook.problems.map((problem) => problem.replace(`${request.title} `, '')),
    ways: outlook.open || outlook.candidates.length !== 1 ? [] : waysOf(request, outlook.candidates[0], addresses[0], scene, balancer),
  };
}

function waysOf(request: ServiceRequest, pool: PoolView, address: string | undefined, scene: Scene, balancer: Balancer): Way[] {
  const { advertisements, resources } = scene;
  const about = advertisements.filter((advertisement) => covers(advertisement, pool) && anyMatches(advertisement.serviceSelectors, request.labels));
  const [l2, bgp] = ['L2Advertisement', 'BGPAdvertisement'].map((kind) => about.filter(({ resource }) => resource.kind === kind));
  const local = request.backends === '' ? '' : ' that runs one of its pods';
  return [
    ...l2.length > 0 ? [layer2(l2, address, balancer, local)] : [],
    ...bgp.length > 0 ? [toRouters(bgp, resources, balancer, local)] : [],
  ];
}

function layer2(advertisements: readonly AdvertisementView[], address: string | undefined, balancer: Balancer, local: string): Way {
  const scored = eligible(balancer).map(({ name, labels }) => {
    const choosing = advertisements.filter(({ nodeSelectors }) => anyMatches(nodeSelectors, labels));
    return { name, chosen: choosing.length > 0, score: choosing.reduce((sum, advertisement) => sum + scoreOf(advertisement, labels), 0) };
  }).filter(({ chosen }) => chosen);
  const ordered = local === '' && (address !== undefined || scored.length === 1);
  const nodes = ordered ? electionOrder(address ?? '', scored) : scored.map(({ name }) => name).sort();
  const words = balancer.nodes
    ? nodes.length === 0 ? 'no node' : ordered ? nodes.join(', then ') : `one of ${nodes.join(', ')}${local}`
    : `one of ${placesOf(advertisements)}${local}`;
  return { kind: 'layer 2', nodes, ordered, words, peers: [] };
}

function toRouters(advertisements: readonly AdvertisementView[], resources: readonly Resource[], balancer: Balancer, local: string): Way {
  const all = resources.filter(({ kind }) => kind === 'BGPPeer');
  const peers = advertisements.some(({ spec }) => !(spec.peers?.length > 0)) ? all.map(({ name }) => name)
    : [...new Set(advertisements.flatMap(({ spec }) => spec.peers as string[]))];
  const nodes = eligible(balancer).filter(({ labels }) => advertisements.some(({ nodeSelectors }) => anyMatches(nodeSelectors, labels)))
    .map(({ name }) => name).sort();
  const who = !balancer.nodes ? `every ${placesOf(advertisements).replace(/^the /, '')}` : nodes.length === 0 ? 'no node' : nodes.join(', ');
  const those = local === '' ? '' : ' (where one of its pods runs)';
  return { kind: 'BGP', nodes, ordered: false, words: `${who}${those} to ${peers.sort().join(', ') || 'nobody'}`, peers };
}

function eligible({ nodes = [], ignoreExcludeLb }: Balancer): readonly { readonly name: string; readonly labels: Labels }[] {
  return nodes.filter(({ labels }) => ignoreExcludeLb || !(EXCLUDE_LABEL in labels));
}

function placesOf(advertisements: readonly AdvertisementView[]): string {
  const selectors = advertisements.flatMap(({ nodeSelectors }) => nodeSelectors);
  return advertisements.some(({ nodeSelectors }) => nodeSelectors.length === 0) ? 'the nodes' : `the nodes with ${selectors.map(selectorText).join(' or ')}`;
}
