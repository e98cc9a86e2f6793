import { aggregationFindings } from './aggregation';
import { BGPAdvertisement } from './bgp-advertisement';
import { canonicalText } from './canonical-text';
import { Labels } from './label-selector';
import { Pool } from './pool';
import { differingAttributes, RouteAttribute, sameLengths } from './route-conflict';
import { Candidate, compareAge, Finding, Settled, settleForGood } from './settle';

/** What advertisements are checked against. */
export interface Surroundings {
  readonly pools: readonly Pool[];
  /** Pools as they were in the configuration that the last good versions come from. */
  readonly previousPools: readonly Pool[];
  readonly nodes: readonly { readonly labels: Labels }[];
}

/** The version of a candidate that is tried, for all its pools: what stood in the way of a last good version may have gone. */
interface Claim<C> {
  readonly candidate: C;
  readonly version: BGPAdvertisement;
}

/** A pool that an advertisement must leave to others. */
interface Loss {
  readonly pool: string;
  readonly findings: readonly Finding[];
}

const WORDS: Readonly<Record<RouteAttribute, string>> = { localPref: 'local preference', asPathPrepend: 'as path prepend' };

/**
 * Decides which version of each BGPAdvertisement holds, and for which pools.
 *
 * What is checked here lies between an advertisement and a pool, and often it is not the advertisement that changed: a pool shrinks below the aggregation
 * length, or gets a label by which a second advertisement selects it. So an advertisement that was changed goes back to its last good version, and what is
 * still wrong then does not keep it from being used as far as it can be: it leaves a pool to the advertisement that announced it before, and a route does
 * not reach beyond the pool (`BGPAdvertisement.prefixOf`).
 */
export function settleAdvertisements<C extends Candidate<BGPAdvertisement>>(
  candidates: readonly C[], surroundings: Surroundings,
): Map<C, BGPAdvertisement> {
  const checked = candidates.map((candidate) => ({ ...candidate, candidate, current: checkAggregation(candidate, surroundings.pools) }));
  const settled = settleForGood<BGPAdvertisement, (typeof checked)[number]>(checked.sort(compareAge), (ordered, round) =>
    settleOnce(ordered, round === 0 ? surroundings : { ...surroundings, previousPools: surroundings.pools }));
  return new Map([...settled].map(([{ candidate }, version]) => [candidate, version]));
}

function settleOnce<C extends Candidate<BGPAdvertisement>>(ordered: readonly C[], surroundings: Surroundings): Settled<BGPAdvertisement, C> {
  const wentBack = new Map<C, Loss[]>();
  for (;;) {
    const claims = ordered.flatMap((candidate): Claim<C>[] => {
      const version = (wentBack.has(candidate) ? undefined : candidate.current) ?? candidate.previous;
      return version ? [{ candidate, version: version.without([]) }] : [];
    });
    const losses = findLosses(claims, surroundings);
    const losers = claims.filter(({ candidate, version }) =>
      losses.has(candidate) && !wentBack.has(candidate) && candidate.current && candidate.previous && !sameRoutes(candidate, version));
    for (const { candidate } of losers) wentBack.set(candidate, losses.get(candidate)!);
    if (losers.length > 0) continue;

    const lost = [...losses, ...wentBack].filter(([{ current }]) => current);
    return {
      versions: new Map(claims.map(({ candidate, version }) => [candidate, version.without((losses.get(candidate) ?? []).map(({ pool }) => pool))])),
      findings: new Map(lost.map(([candidate, pools]) => [candidate, pools.flatMap(({ findings }) => findings)])),
      wentBack: wentBack.size > 0,
    };
  }
}

function selectsServices({ serviceSelectors }: BGPAdvertisement): boolean {
  return serviceSelectors.length > 0;
}

/** The current version, unless its routes would reach beyond a pool and those of the last good one would not. */
function checkAggregation(candidate: Candidate<BGPAdvertisement>, pools: readonly Pool[]): BGPAdvertisement | undefined {
  const { current, previous } = candidate;
  const findings = current ? aggregationFindings(current, pools) : [];
  for (const finding of findings) candidate.report.add(...finding);
  return findings.length > 0 && previous && aggregationFindings(previous.without([]), pools).length === 0 ? undefined : current;
}

/** True when the version claims what the last good one claimed: nothing that decides about contradictions is different. */
function sameRoutes({ previous }: Candidate<BGPAdvertisement>, version: BGPAdvertisement): boolean {
  return previous !== undefined && routesText(previous) === routesText(version);
}

function routesText(each: BGPAdvertisement): string {
  const { aggregationLength, aggregationLengthV6, localPref, asPathPrepend, peers, nodeSelectors, serviceSelectors } = each;
  return canonicalText([aggregationLength, aggregationLengthV6, localPref, asPathPrepend, peers, nodeSelectors, serviceSelectors]);
}

/**
 * Who must leave which pools. A pool is given to the advertisements that announced it before as they do now, then to others that were there, then to new
 * ones; within each in the order of `claims`; and who contradicts one that has it does not get it.
 *
 * Advertisements with `serviceSelectors` are left out: whether they meet is known when a Service is announced, see `routeConflict`.
 */
function findLosses<C extends Candidate<BGPAdvertisement>>(claims: readonly Claim<C>[], surroundings: Surroundings): Map<C, Loss[]> {
  const { pools, previousPools, nodes } = surroundings;
  const losses = new Map<C, Loss[]>();
  const plain = claims.filter(({ version }) => !selectsServices(version));
  const contested = plain.filter(({ version }) => plain.some((other) => differingAttributes(version, other.version, nodes).length > 0))
    .map((claim) => ({ ...claim, stays: sameRoutes(claim.candidate, claim.version) }));
  if (contested.length === 0) return losses;
  const before = new Map(previousPools.map((pool) => [pool.name, pool]));
  for (const pool of pools) {
    const formerPool = before.get(pool.name);
    const rank = ({ candidate: { previous }, stays }: (typeof contested)[number]) =>
      !previous ? 2 : stays && formerPool && previous.matchesPool(formerPool) ? 0 : 1;
    const here = contested.filter(({ version }) => version.matchesPool(pool)).map((claim) => ({ ...claim, rank: rank(claim) }));
    const placed: BGPAdvertisement[] = [];
    for (const { candidate, version } of here.sort((a, b) => a.rank - b.rank)) {
      const findings = placed.filter((other) => sameLengths(version, other, pool)).flatMap((other) =>
        differingAttributes(version, other, nodes).map((attribute) => conflictFinding(attribute, version, other, pool.name)));
      if (findings.length === 0) placed.push(version);
      else losses.set(candidate, [...losses.get(candidate) ?? [], { pool: pool.name, findings }]);
    }
  }
  return losses;
}

function conflictFinding(attribute: RouteAttribute, advertisement: BGPAdvertisement, other: BGPAdvertisement, pool: string): Finding {
  const words = WORDS[attribute];
  const message = `invalid ${words} ${advertisement[attribute]}: ${words} ${other[attribute]} is already set for the same type of BGP update, `
    + `by ${JSON.stringify(other.name)} for pool ${JSON.stringify(pool)}`;
  const fix = 'make both equal, or give the advertisements different peers, nodes, pools or aggregation lengths';
  return ['ConflictingRoutes', `spec.${attribute}`, advertisement[attribute], message, fix];
}
