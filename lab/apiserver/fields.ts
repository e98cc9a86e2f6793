import { MergeRules } from './merge-rules';
import { isObject, JsonObject, ManagedFields, same } from './objects';

/*
 * Who set which field: the sets behind `metadata.managedFields` (FieldsV1), as the server-side apply merge of Kubernetes keeps them.
 * A set is held flat, as the paths of its leaves; a path is its FieldsV1 elements (`f:spec`, `k:{"type":"Ready"}`, `v:"x"`, `.`) joined by SEPARATOR.
 */

const SEPARATOR = '\u0000';

export type FieldSet = Set<string>;

/** Metadata that the server owns, which no manager does. */
const SERVER_METADATA = ['name', 'namespace', 'uid', 'resourceVersion', 'generation', 'creationTimestamp', 'deletionTimestamp', 'managedFields', 'selfLink'];

/** The fields that `object` sets. */
export function fieldsOf(object: JsonObject, rules: MergeRules): FieldSet {
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...rest } = object;
  const set: FieldSet = new Set();
  const kept = Object.fromEntries(Object.entries((metadata ?? {}) as JsonObject).filter(([key]) => !SERVER_METADATA.includes(key)));
  collect({ ...rest, ...(Object.keys(kept).length > 0 ? { metadata: kept } : {}) }, rules, [], [], set);
  return set;
}

function collect(value: unknown, rules: MergeRules, names: readonly string[], path: readonly string[], set: FieldSet): void {
  const rule = rules(names);
  if (Array.isArray(value) && rule?.kind === 'map') {
    for (const item of value) {
      const at = [...path, itemKey(item as JsonObject, rule.keys, rule.defaults)];
      set.add([...at, '.'].join(SEPARATOR));
      collect(item, rules, names, at, set);
    }
  } else if (Array.isArray(value) && rule?.kind === 'set') {
    for (const item of value) set.add([...path, `v:${JSON.stringify(item)}`].join(SEPARATOR));
  } else if (isObject(value) && rule?.kind !== 'atomic' && (Object.keys(value).length > 0 || path.length === 0)) {
    for (const [key, member] of Object.entries(value)) {
      if (member !== undefined) collect(member, rules, [...names, key], [...path, `f:${key}`], set);
    }
  } else {
    set.add(path.join(SEPARATOR));
  }
}

function itemKey(item: JsonObject, keys: readonly string[], defaults: JsonObject = {}): string {
  return `k:${JSON.stringify(Object.fromEntries([...keys].sort().map((key) => [key, item[key] ?? defaults[key]])))}`;
}

/** The value at a path of a set, or undefined. */
export function valueAt(object: JsonObject, path: string, rules: MergeRules): unknown {
  let value: unknown = object;
  const names: string[] = [];
  for (const element of path.split(SEPARATOR)) {
    if (element === '.') continue;
    if (element.startsWith('f:')) {
      const name = element.slice(2);
      names.push(name);
      value = isObject(value) ? value[name] : undefined;
    } else if (element.startsWith('k:')) {
      value = Array.isArray(value) ? value[indexOfItem(value, element, rules, names)] : undefined;
    } else {
      const wanted: unknown = JSON.parse(element.slice(2));
      value = Array.isArray(value) ? value.find((item) => same(item, wanted)) : undefined;
    }
  }
  return value;
}

/** Removes the value at a path, and maps and items that are empty then because of it. */
export function removeAt(object: JsonObject, path: string, rules: MergeRules): void {
  remove(object, path.split(SEPARATOR).filter((element) => element !== '.'), rules, [], path.endsWith(`${SEPARATOR}.`));
}

function remove(container: unknown, path: readonly string[], rules: MergeRules, names: readonly string[], wholeItem: boolean): void {
  const [element, ...rest] = path;
  if (element.startsWith('f:') && isObject(container)) {
    const name = element.slice(2);
    if (rest.length > 0) remove(container[name], rest, rules, [...names, name], wholeItem);
    const left: unknown = container[name];
    const emptied = rest.length > 0 && typeof left === 'object' && left !== null && Object.keys(left).length === 0;
    if (rest.length === 0 || emptied) delete container[name];
  } else if (element.startsWith('k:') && Array.isArray(container)) {
    const index = indexOfItem(container, element, rules, names);
    if (index < 0) return;
    if (rest.length > 0) remove(container[index], rest, rules, names, wholeItem);
    else if (wholeItem) container.splice(index, 1);
  } else if (element.startsWith('v:') && Array.isArray(container)) {
    const index = container.findIndex((item) => JSON.stringify(item) === element.slice(2));
    if (index >= 0) container.splice(index, 1);
  }
}

function indexOfItem(list: unknown[], element: string, rules: MergeRules, names: readonly string[]): number {
  const rule = rules(names);
  const keys = rule?.kind === 'map' ? rule.keys : [];
  const defaults = rule?.kind === 'map' ? rule.defaults : undefined;
  return list.findIndex((item) => isObject(item) && itemKey(item, keys, defaults) === element);
}

/** `.spec.ports[port=80,protocol="TCP"].name`: as conflicts name a field. */
export function describePath(path: string): string {
  return path.split(SEPARATOR).filter((element) => element !== '.').map((element) => {
    if (element.startsWith('f:')) return `.${element.slice(2)}`;
    if (element.startsWith('v:')) return `[=${element.slice(2)}]`;
    return `[${Object.entries(JSON.parse(element.slice(2)) as JsonObject).map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
  }).join('');
}

export function toFieldsV1(set: FieldSet): JsonObject {
  const root: JsonObject = {};
  for (const path of [...set].sort()) {
    let node = root;
    for (const element of path.split(SEPARATOR)) node = node[element] ??= {};
  }
  return root;
}

export function fromFieldsV1(fields: JsonObject, prefix: readonly string[] = [], set: FieldSet = new Set()): FieldSet {
  for (const [element, below] of Object.entries(fields)) {
    const path = [...prefix, element];
    if (Object.keys(below as JsonObject).length === 0) set.add(path.join(SEPARATOR));
    else fromFieldsV1(below as JsonObject, path, set);
  }
  return set;
}

/** Under which name and by which kind of write fields are recorded. */
export interface Manager {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource?: string;
}

export function isManagedBy(entry: ManagedFields, manager: Manager): boolean {
  return entry.manager === manager.manager && entry.operation === manager.operation && entry.subresource === manager.subresource;
}

/** Managed fields after a write by `manager` that sets `set`; the other entries lose what `taken` names and what the object no longer has. */
export function recordFields(
  entries: readonly ManagedFields[], manager: Manager, set: FieldSet, taken: FieldSet, existing: FieldSet, time: string,
): ManagedFields[] {
  const result: ManagedFields[] = [];
  for (const entry of entries) {
    if (isManagedBy(entry, manager)) continue;
    const before = fromFieldsV1(entry.fieldsV1);
    const after = new Set([...before].filter((path) => !taken.has(path) && existing.has(path)));
    if (after.size === 0) continue;
    result.push(after.size === before.size ? entry : { ...entry, fieldsV1: toFieldsV1(after) });
  }
  if (set.size === 0) return result;
  const old = entries.find((entry) => isManagedBy(entry, manager));
  const fieldsV1 = toFieldsV1(set);
  const { manager: name, operation, apiVersion, subresource } = manager;
  if (old && same(old.fieldsV1, fieldsV1)) return [...result, { ...old, apiVersion }];
  return [...result, { manager: name, operation, apiVersion, time, fieldsType: 'FieldsV1', fieldsV1, ...(subresource ? { subresource } : {}) }];
}
