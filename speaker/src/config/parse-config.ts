import { Config, makeConfig, UnusableResource } from './config';
import { ConfigInput } from './config-input';
import { L2Advertisement, readL2Advertisement } from './l2-advertisement';
import { readLabels } from './metadata';
import { parseBGP } from './parse-bgp';
import { comparePools, ReadPool, readPool, resolveNamespaces } from './pool';
import { Problem } from './problem';
import { readList } from './read-list';
import { PoolCandidate, settlePools } from './settle-pools';

/**
 * Turns custom resources into a configuration, and finds everything that is wrong with them.
 *
 * One bad object disables no other, and a bad one is not lost: it goes on in its last good version, taken from `previous`, until it is corrected or
 * deleted. One that never was good is left out and listed in `unusable`. The result does not depend on the order of the lists. Never throws.
 *
 * @param previous the configuration in force; it is returned itself when nothing changed
 */
export function parseConfig(input: ConfigInput, previous?: Config): { config: Config; problems: Problem[] } {
  const problems: Problem[] = [];
  const unusable: UnusableResource[] = [];
  const previousPools = new Map(previous?.pools.map((pool) => [pool.name, pool]));
  const previousAdvertisements = new Map(previous?.l2Advertisements.map((advertisement) => [advertisement.name, advertisement]));

  const candidates = readList('IPAddressPool', input.ipAddressPools, problems).map(({ root, metadata }): PoolCandidate & { read: ReadPool } => {
    const read = readPool(root, metadata, input.nodeAddresses);
    const { name, creationTimestamp } = metadata;
    return { name, creationTimestamp, read, current: read.pool, previous: previousPools.get(name), report: root.report };
  });
  const settled = settlePools(candidates);
  const namespaces = input.namespaces.map(({ name, labels }) => ({ name, labels: readLabels(labels) }));
  const pools = [...settled.values()].map((pool) => resolveNamespaces(pool, namespaces)).sort(comparePools);
  for (const candidate of candidates) {
    problems.push(...candidate.report.problems);
    const { name, read: { ranges, rangesKnown } } = candidate;
    if (!settled.has(candidate)) unusable.push({ kind: 'IPAddressPool', name, ranges, rangesKnown });
  }

  const l2Advertisements: L2Advertisement[] = [];
  for (const { root, metadata } of readList('L2Advertisement', input.l2Advertisements, problems)) {
    const { name } = metadata;
    const advertisement = readL2Advertisement(root, metadata) ?? previousAdvertisements.get(name);
    problems.push(...root.report.problems);
    if (advertisement) l2Advertisements.push(advertisement);
    else unusable.push({ kind: 'L2Advertisement', name, ranges: [], rangesKnown: true });
  }

  const bgp = parseBGP(input, pools, previous, { problems, unusable });
  const config = makeConfig({ pools, l2Advertisements, ...bgp, unusable });
  return { config: previous?.fingerprint === config.fingerprint ? previous : config, problems };
}
