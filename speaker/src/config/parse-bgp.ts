import { readBFDProfile } from './bfd-profile';
import { BGPAdvertisement, readBGPAdvertisement } from './bgp-advertisement';
import { BGPPeer, readBGPPeer } from './bgp-peer';
import { readCommunity, settleCommunities } from './community';
import { BGPConfig, UnusableResource } from './config';
import { ConfigInput } from './config-input';
import { Identity, readLabels, readMetadata } from './metadata';
import { Pool } from './pool';
import { Problem, ResourceKind } from './problem';
import { compareIdentity, readList, Resource } from './read-list';
import { Candidate } from './settle';
import { settleAdvertisements } from './settle-advertisements';
import { settlePeers } from './settle-peers';

/** What is in force: BGP and the pools it announces. */
type Previous = BGPConfig & { readonly pools: readonly Pool[] };

/** Where everything that is found goes. */
interface Findings {
  readonly problems: Problem[];
  readonly unusable: UnusableResource[];
}

/**
 * The BGP part of `parseConfig`. Kinds are read in the order in which they refer to each other: profiles before peers, names of communities before
 * advertisements, pools before everything.
 */
export function parseBGP(input: ConfigInput, pools: readonly Pool[], previous: Previous | undefined, findings: Findings): BGPConfig {
  const nodes = (input.nodes ?? []).map(({ labels }) => ({ labels: readLabels(labels) }));

  const profiles = candidatesOf('BFDProfile', input.bfdProfiles, previous?.bfdProfiles, findings, ({ root, metadata }) => readBFDProfile(root, metadata));
  const bfdProfiles = close(profiles, new Map(profiles.map((candidate) => [candidate, candidate.current ?? candidate.previous])), findings);

  const names = candidatesOf('Community', input.communities, previous?.communities, findings, ({ root, metadata }) => readCommunity(root, metadata));
  const communities = close(names, settleCommunities(names), findings);

  const references = {
    bfdProfiles: input.bfdProfiles && new Map(bfdProfiles.map((profile) => [profile.name, profile])),
    secrets: byName(input.secrets),
  };
  const peers = candidatesOf('BGPPeer', input.bgpPeers, previous?.bgpPeers, findings, ({ root, metadata }) => readBGPPeer(root, metadata, references));
  const settledPeers = settlePeers(peers, nodes);

  const aliases = input.communities && new Map(communities.flatMap((community) => [...community.aliases]));
  const advertisements = candidatesOf('BGPAdvertisement', input.bgpAdvertisements, previous?.bgpAdvertisements, findings,
    ({ root, metadata }) => readBGPAdvertisement(root, metadata, aliases));
  const settledAdvertisements = settleAdvertisements(advertisements, { pools, previousPools: previous?.pools ?? [], nodes });

  for (const [candidate, peer] of settledPeers) {
    settledPeers.set(candidate, withoutImpossibleEcho(candidate, peer, settledAdvertisements.values(), pools));
  }
  return {
    bfdProfiles,
    communities,
    bgpPeers: close(peers, settledPeers, findings),
    bgpAdvertisements: close(advertisements, settledAdvertisements, findings),
  };
}

type OfKind<T> = Candidate<T> & { readonly kind: ResourceKind };

function candidatesOf<T extends Identity>(
  kind: ResourceKind, list: readonly unknown[] | undefined, previous: readonly T[] | undefined, { problems }: Findings,
  read: (resource: Resource) => T | undefined,
): OfKind<T>[] {
  const before = new Map(previous?.map((each) => [each.name, each]));
  return readList(kind, list ?? [], problems).map((resource) => {
    const { root: { report }, metadata: { name, creationTimestamp } } = resource;
    return { kind, name, creationTimestamp, current: read(resource), previous: before.get(name), report };
  });
}

/** Hands over the problems of a kind and gives what holds of it. */
function close<T>(candidates: readonly OfKind<T>[], settled: ReadonlyMap<OfKind<T>, T | undefined>, { problems, unusable }: Findings): T[] {
  return candidates.flatMap((candidate) => {
    const { kind, name, report } = candidate;
    problems.push(...report.problems);
    const version = settled.get(candidate);
    if (version !== undefined) return [version];
    unusable.push({ kind, name, ranges: [], rangesKnown: true });
    return [];
  });
}

/** Secrets as Kubernetes gives them; of two with one name the older. */
function byName(secrets: readonly unknown[] | undefined): ReadonlyMap<string, unknown> | undefined {
  const sorted = secrets?.map((secret) => ({ secret, metadata: readMetadata(secret) })).sort((a, b) => compareIdentity(b.metadata, a.metadata));
  return sorted && new Map(sorted.map(({ secret, metadata: { name } }) => [name, secret]));
}

/**
 * MetalLB refuses echo for peers that get IPv6 addresses. Whichever object brought the two together, the peer goes on without echo, which only makes failures
 * be noticed sooner.
 */
function withoutImpossibleEcho(
  candidate: OfKind<BGPPeer>, peer: BGPPeer, advertisements: Iterable<BGPAdvertisement>, pools: readonly Pool[],
): BGPPeer {
  const profile = peer.session.bfdProfile;
  if (!profile?.echoMode) return peer;
  const found = [...advertisements].flatMap((advertisement) => {
    const pool = advertisement.matchesPeer(peer.name) ? pools.find((each) => hasIPv6(each) && advertisement.matchesPool(each)) : undefined;
    return pool ? [{ advertisement, pool }] : [];
  }).sort((a, b) => a.advertisement.name < b.advertisement.name ? -1 : 1)[0];
  if (!found) return peer;
  const { advertisement, pool } = found;
  candidate.report.add('EchoNotPossible', 'spec.bfdProfile', profile.name,
    `peer ${peer.name} has bfd echo enabled, which is not possible with the IPv6 addresses of pool ${JSON.stringify(pool.name)} that `
    + `${JSON.stringify(advertisement.name)} advertises to it`,
    `name a BFDProfile without echoMode, or leave the peer out of spec.peers of BGPAdvertisement ${JSON.stringify(advertisement.name)}`);
  return peer.withBFDProfile({ ...profile, echoMode: false });
}

function hasIPv6({ ranges }: Pool): boolean {
  return ranges.some(({ family }) => family === 'IPv6');
}
