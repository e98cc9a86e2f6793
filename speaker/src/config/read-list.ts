import { Field, ObjectReport } from './field';
import { KINDS } from './kinds';
import { Metadata, readMetadata } from './metadata';
import { Problem, ResourceKind } from './problem';

/** A custom resource with its metadata read, and where its problems go. */
export interface Resource {
  readonly root: Field;
  readonly metadata: Metadata;
}

/** The resources of one kind by name, without those that have no name or one that is taken: they are reported, and nothing could refer to them. */
export function readList(kind: ResourceKind, list: readonly unknown[], problems: Problem[]): Resource[] {
  const { noun, taken } = KINDS[kind];
  const resources = list.map((value, index): Resource => {
    const metadata = readMetadata(value);
    const report = new ObjectReport(kind, metadata.namespace, metadata.name || `(item ${index} without a name)`);
    return { root: new Field(report, '', value), metadata };
  }).sort(({ metadata: a }, { metadata: b }) => compareIdentity(a, b));
  const names = new Set<string>();
  return resources.filter(({ root: { report }, metadata: { name, namespace } }) => {
    if (name === '') {
      report.add('MissingName', 'metadata.name', undefined, `missing ${noun} name`, 'give it a name');
    } else if (names.has(name)) {
      report.add('DuplicateName', 'metadata.name', name, taken(name), `delete the one in namespace ${JSON.stringify(namespace)} or give it another name`);
    } else {
      names.add(name);
      return true;
    }
    problems.push(...report.problems);
    return false;
  });
}

/** By name, then the older, then by namespace. */
export function compareIdentity(a: Metadata, b: Metadata): number {
  const keys = ['name', 'creationTimestamp', 'namespace'] as const;
  const key = keys.find((candidate) => a[candidate] !== b[candidate]);
  return key === undefined ? 0 : a[key] < b[key] ? -1 : 1;
}
