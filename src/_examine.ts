import { ApiObject } from 'cdk8s';
import { IConstruct } from 'constructs';
import { AdvertisementView, routeProblems, covers, idleSelectors, preferenceConflicts, readAdvertisements } from './_advertisements';
import { serviceProblems } from './_checks';
import { checkCommunities } from './_communities';
import { checkPeers, checkProfiles } from './_peers';
import { PoolView, readPools } from './_pools';
import { Balancer, Registry } from './_registry';
import { objectsIn, pathOf, renderAll, Resource, resourcesIn } from './_resources';
import { requestsIn, ServiceRequest } from './_service';
import { isToken, resolveToken } from './_tokens';

/**
 * The checks of a whole app. They look at manifests, not at constructs: so a patch, an `Include` or a `Lazy` counts for what it says in the end, and
 * a pool that somebody wrote by hand is as good as one that was made here.
 *
 * An app is examined once for each synthesis, in time linear in its objects; what is found is reported by the construct that it is about.
 */
export function own(construct: IConstruct, namespace: string): void {
  Registry.of(construct).own(construct, namespace, examine);
}

/** What one load balancer has to work with: everything of its namespace. */
export interface Scene {
  readonly resources: readonly Resource[];
  readonly pools: readonly PoolView[];
  readonly advertisements: readonly AdvertisementView[];
  readonly requests: readonly ServiceRequest[];
}

/** Reads what an app has for a load balancer, whatever may be wrong with it. */
export function sceneOf(registry: Registry, balancer: Balancer): Scene {
  const objects = objectsIn(registry.root);
  const resources = within(resolveToken(balancer.namespace), resourcesIn(objects));
  const ignore = () => undefined;
  return {
    resources,
    pools: readPools(resources, ignore),
    advertisements: readAdvertisements(resources, ignore),
    requests: requestsIn(objects, balancer.services, resolveToken(balancer.loadBalancerClass)),
  };
}

function examine(registry: Registry): Map<IConstruct, string[]> {
  const problems = new Map<IConstruct, string[]>();
  const add = (at: IConstruct, problem: string) => problems.set(at, [...problems.get(at) ?? [], problem]);
  const report = ({ object }: { readonly object: ApiObject }, problem: string) => add(registry.ownerOf(object), problem);
  const objects = objectsIn(registry.root);
  const read = renderAll(objects, report);
  const all = resourcesIn(objects, read);
  reportDoubles(all, report);
  for (const namespace of new Set(registry.namespaces.map(resolveToken))) {
    const resources = within(namespace, all);
    const balancers = registry.balancers.filter((balancer) => resolveToken(balancer.namespace) === namespace);
    const pools = readPools(resources, report);
    const advertisements = readAdvertisements(resources, report);
    const [nodes] = balancers.flatMap((balancer) => balancer.nodes ? [balancer.nodes] : []);
    examineBgp(registry, resources, advertisements, pools, nodes, namespace, objects, report);
    for (const advertisement of advertisements) {
      const otherPools = registry.importedNames('IPAddressPool').size > 0 || balancers.length === 0;
      for (const problem of idleSelectors(advertisement, { pools, otherPools, nodes })) report(advertisement.resource, problem);
    }
    for (const balancer of balancers) {
      const supply = { pools, imported: registry.importedNames('IPAddressPool'), advertisements };
      const requests = requestsIn(objects, balancer.services, resolveToken(balancer.loadBalancerClass), read);
      const shortage = pools.length === 0 && supply.imported.size === 0
        ? ['has no addresses to give: pass addresses, use addPool(), or refer to a pool made elsewhere with AddressPool.fromPoolName()'] : [];
      const ofServices = shortage.length > 0 ? [] : serviceProblems(requests, supply);
      for (const problem of [...rivalries(balancer, registry.balancers), ...shortage, ...ofServices]) add(balancer.construct, problem);
    }
  }
  return problems;
}

function examineBgp(
  registry: Registry, resources: readonly Resource[], advertisements: readonly AdvertisementView[], pools: readonly PoolView[],
  nodes: Balancer['nodes'], namespace: string, objects: readonly ApiObject[], report: (about: { object: ApiObject }, problem: string) => void,
): void {
  const ofKind = (kind: string) => resources.filter((resource) => resource.kind === kind);
  const [peers, profiles] = ['BGPPeer', 'BFDProfile'].map(ofKind);
  const secrets = new Map(objects.filter(({ kind, metadata }) => kind === 'Secret' && (metadata.namespace ?? namespace) === namespace)
    .map((secret) => [secret.name, secret]));
  checkProfiles(profiles, report);
  checkPeers(peers, { profiles, importedProfiles: registry.importedNames('BFDProfile'), secrets, nodes }, report);
  checkCommunities(resources, advertisements, report);

  const bgp = advertisements.filter(({ resource }) => resource.kind === 'BGPAdvertisement');
  const names = [...peers.map(({ name }) => name), ...registry.importedNames('BGPPeer')];
  for (const advertisement of bgp) {
    const { resource, spec } = advertisement;
    const about = pools.filter((pool) => covers(advertisement, pool));
    for (const problem of routeProblems(advertisement, about)) report(resource, problem);
    if (names.length === 0) {
      report(resource, `${resource.title}: there is no BGP peer to announce to: add the router with addBgpPeer(); ` +
        'if it is made elsewhere, say so with BgpPeer.fromPeerName()');
    } else {
      const unknown = (Array.isArray(spec.peers) ? spec.peers : []).filter((peer: unknown) => typeof peer === 'string' && !isToken(peer) && !names.includes(peer));
      for (const peer of unknown) {
        report(resource, `${resource.title}: unknown peer '${peer}': expected ${names.join(', ')}; if it is made elsewhere, say so with BgpPeer.fromPeerName()`);
      }
    }
    echoConflicts(advertisement, about, peers, profiles).forEach((problem) => report(resource, problem));
  }
  for (const [{ resource }, problem] of preferenceConflicts(bgp, pools, nodes)) report(resource, problem);
}

/** BFD echo does not exist for IPv6 sessions of the kind that carry IPv6 addresses (MetalLB refuses the combination, too). */
function echoConflicts(
  { resource, spec }: AdvertisementView, about: readonly PoolView[], peers: readonly Resource[], profiles: readonly Resource[],
): string[] {
  const pool = about.find(({ intervals }) => intervals.some(({ bits }) => bits === 128));
  if (!pool) return [];
  const chosen = Array.isArray(spec.peers) && spec.peers.length > 0 ? peers.filter(({ name }) => spec.peers.includes(name)) : peers;
  return chosen.flatMap((peer) => {
    const profile = profiles.find(({ name }) => name === peer.spec.bfdProfile);
    return profile?.spec.echoMode === true ? [`${resource.title}: pool ${pool.name} has IPv6 addresses, but ${peer.title} uses ` +
      `${profile.title} with echoMode, which works for IPv4 only: unset echoMode, or announce the pool to other peers`] : [];
  });
}

/** One cluster has one object of a name; the second would silently replace the first. */
function reportDoubles(resources: readonly Resource[], report: (about: Resource, problem: string) => void): void {
  const first = new Map<string, Resource>();
  for (const resource of resources) {
    const { kind, namespace, name } = resource;
    const identity = `${kind}/${namespace}/${name}`;
    const other = first.get(identity);
    if (other) report(resource, `${kind} ${name} is also defined by ${pathOf(other.object)}: give one of them another name`);
    else first.set(identity, resource);
  }
}

/** Two load balancers would both serve a Service, or take each other for their own replica. */
function rivalries(balancer: Balancer, all: readonly Balancer[]): string[] {
  return all.slice(0, all.indexOf(balancer)).flatMap((other) => [
    ...other.loadBalancerClass === balancer.loadBalancerClass
      ? [`has the same loadBalancerClass (${balancer.loadBalancerClass ?? 'none'}) as ${other.construct.node.path}, so both would serve the same Services: ` +
        'give them different classes; if they are for different clusters, give each cluster an App of its own'] : [],
    ...other.namespace === balancer.namespace
      ? [`is in the same namespace (${balancer.namespace}) as ${other.construct.node.path}, where each would replace the other: ` +
        'install it into another namespace'] : [],
    ...other.definesWebhook && balancer.definesWebhook
      ? [`defines the same webhook as ${other.construct.node.path}, for a cluster has one: pass webhookPolicy: WebhookPolicy.NONE to one of them`] : [],
    ...other.definesCrds && balancer.definesCrds
      ? [`defines the same custom resources as ${other.construct.node.path}: pass crds: false to one of them`] : [],
  ]);
}

/** Resources of a namespace, and those of which only `kubectl` will say. */
function within(namespace: string, resources: readonly Resource[]): Resource[] {
  return resources.filter((resource) => resource.namespace === undefined || resource.namespace === namespace);
}
