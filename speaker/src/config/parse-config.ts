import { Config, makeConfig, UnusableResource } from './config';
import { Field, ObjectReport } from './field';
import { L2Advertisement, readL2Advertisement } from './l2-advertisement';
import { Labels } from './label-selector';
import { Metadata, readLabels, readMetadata } from './metadata';
import { comparePools, ReadPool, readPool, resolveNamespaces } from './pool';
import { Problem, ResourceKind } from './problem';
import { PoolCandidate, settlePools } from './settle-pools';

/** A Namespace or a Node, as far as selectors are concerned. */
export interface LabelledObject {
  readonly name: string;
  readonly labels?: Labels;
}

/**
 * The objects a configuration is made of. Custom resources are untrusted JSON: anything may be in these lists.
 *
 * Only objects of the program's own namespace belong here.
 */
export interface ConfigInput {
  readonly ipAddressPools: readonly unknown[];
  readonly l2Advertisements: readonly unknown[];
  /** All namespaces of the cluster; `namespaceSelectors` of pools are looked up here. */
  readonly namespaces: readonly LabelledObject[];
  /** All nodes of the cluster. None of the kinds above has a rule about nodes; peers that must not share one will. */
  readonly nodes?: readonly LabelledObject[];
}

/** A custom resource with its metadata read, and where its problems go. */
interface Resource {
  readonly root: Field;
  readonly metadata: Metadata;
}

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
    const read = readPool(root, metadata);
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

  const config = makeConfig(pools, l2Advertisements, unusable);
  return { config: previous?.fingerprint === config.fingerprint ? previous : config, problems };
}

/** The resources of one kind by name, without those that have no name or one that is taken: they are reported, and nothing could refer to them. */
function readList(kind: ResourceKind, list: readonly unknown[], problems: Problem[]): Resource[] {
  const resources = list.map((value, index): Resource => {
    const metadata = readMetadata(value);
    const report = new ObjectReport(kind, metadata.namespace, metadata.name || `(item ${index} without a name)`);
    return { root: new Field(report, '', value), metadata };
  }).sort(byIdentity);
  const names = new Set<string>();
  return resources.filter(({ root: { report }, metadata: { name, namespace } }) => {
    const what = kind === 'IPAddressPool' ? 'pool' : 'L2 advertisement';
    if (name === '') {
      report.add('MissingName', 'metadata.name', undefined, `missing ${what} name`, 'give it a name');
    } else if (names.has(name)) {
      report.add('DuplicateName', 'metadata.name', name, `duplicate definition of ${what} ${JSON.stringify(name)}`,
        `delete the one in namespace ${JSON.stringify(namespace)} or give it another name`);
    } else {
      names.add(name);
      return true;
    }
    problems.push(...report.problems);
    return false;
  });
}

function byIdentity({ metadata: a }: Resource, { metadata: b }: Resource): number {
  const keys = ['name', 'creationTimestamp', 'namespace'] as const;
  const key = keys.find((candidate) => a[candidate] !== b[candidate]);
  return key === undefined ? 0 : a[key] < b[key] ? -1 : 1;
}
