import { describePath, FieldSet, fieldsOf, fromFieldsV1, isManagedBy, Manager, removeAt, toFieldsV1, valueAt } from './fields';
import { MergeRule, MergeRules } from './merge-rules';
import { ApiError, ApiObject, Cause, clone, isObject, JsonObject, ManagedFields, same } from './objects';

/** What a server-side apply makes of an object. */
export interface Applied {
  readonly object: JsonObject;
  /** Fields that the manager owns from now on. */
  readonly owned: FieldSet;
  /** Fields that other managers lose to it. */
  readonly taken: FieldSet;
}

/** Managed fields of an object; what was set before anybody kept account of it belongs to nobody in particular. */
export function entriesOf(live: ApiObject, rules: MergeRules): readonly ManagedFields[] {
  const { managedFields = [], creationTimestamp } = live.metadata;
  if (managedFields.length > 0) return managedFields;
  const fieldsV1 = toFieldsV1(fieldsOf(live, rules));
  return [{ manager: 'before-first-apply', operation: 'Update', apiVersion: live.apiVersion, time: creationTimestamp, fieldsType: 'FieldsV1', fieldsV1 }];
}

/**
 * Merges `config` into `live` as `manager`.
 *
 * @throws ApiError 409 if another manager owns a field with a different value, unless `force`
 */
export function applyTo(live: ApiObject, config: JsonObject, manager: Manager, force: boolean, rules: MergeRules): Applied {
  const owned = fieldsOf(config, rules);
  const entries = entriesOf(live, rules);
  const taken: FieldSet = new Set();
  const conflicts: Array<{ readonly manager: string; readonly path: string }> = [];
  for (const entry of entries) {
    if (isManagedBy(entry, manager)) continue;
    for (const path of fromFieldsV1(entry.fieldsV1)) {
      if (!owned.has(path) || path.endsWith('\u0000.') || same(valueAt(live, path, rules), valueAt(config, path, rules))) continue;
      taken.add(path);
      conflicts.push({ manager: describeManager(entry), path });
    }
  }
  if (conflicts.length > 0 && !force) throw conflictError(conflicts.sort((a, b) => (sortKey(a.path) < sortKey(b.path) ? -1 : 1)));
  const object = merge(live, config, rules, []) as JsonObject;
  const mine = entries.find((entry) => isManagedBy(entry, manager));
  const foreign = new Set(entries.filter((entry) => entry !== mine).flatMap((entry) => [...fromFieldsV1(entry.fieldsV1)]));
  // Deepest first, so that an item is removed after the fields in it.
  const dropped = mine ? [...fromFieldsV1(mine.fieldsV1)].filter((path) => !owned.has(path) && !foreign.has(path)) : [];
  for (const path of dropped.sort((a, b) => b.split('\u0000').length - a.split('\u0000').length)) {
    if (!path.endsWith('\u0000.') || ![...foreign, ...owned].some((other) => other.startsWith(path.slice(0, -1)))) removeAt(object, path, rules);
  }
  return { object, owned, taken };
}

/** Leaves of a level before what is deeper, as the real one walks its sets. */
function sortKey(path: string): string {
  const elements = path.split('\u0000');
  return elements.map((element, index) => `${index === elements.length - 1 ? 0 : 1}${element}`).join('\u0000');
}

function describeManager(entry: { manager: string; operation: string; subresource?: string; apiVersion: string }): string {
  const subresource = entry.subresource ? ` with subresource "${entry.subresource}"` : '';
  return entry.operation === 'Apply' ? `"${entry.manager}"${subresource}` : `"${entry.manager}"${subresource} using ${entry.apiVersion}`;
}

function conflictError(conflicts: ReadonlyArray<{ readonly manager: string; readonly path: string }>): ApiError {
  const causes: Cause[] = conflicts.map(({ manager, path }) => ({ reason: 'FieldManagerConflict', message: `conflict with ${manager}`, field: describePath(path) }));
  const count = conflicts.length === 1 ? '1 conflict' : `${conflicts.length} conflicts`;
  const managers = [...new Set(conflicts.map(({ manager }) => manager))];
  const text = managers.map((manager) => {
    const paths = conflicts.filter((conflict) => conflict.manager === manager).map(({ path }) => describePath(path));
    return conflicts.length === 1 ? `conflict with ${manager}: ${paths[0]}` : `conflicts with ${manager}:\n${paths.map((path) => `- ${path}`).join('\n')}`;
  }).join('\n');
  return new ApiError(409, 'Conflict', `Apply failed with ${count}: ${text}`, { causes });
}

function merge(live: unknown, config: unknown, rules: MergeRules, names: readonly string[]): unknown {
  const rule = rules(names);
  if (Array.isArray(config)) return mergeList(Array.isArray(live) ? live : [], config, rule, rules, names);
  if (!isObject(config) || rule?.kind === 'atomic' || !isObject(live)) return clone(config);
  const result: JsonObject = clone(live);
  for (const [key, value] of Object.entries(config)) {
    if (value !== undefined) result[key] = merge(live[key], value, rules, [...names, key]);
  }
  return result;
}

function mergeList(live: unknown[], config: unknown[], rule: MergeRule | undefined, rules: MergeRules, names: readonly string[]): unknown[] {
  if (rule?.kind === 'set') return [...live, ...config.filter((item) => !live.some((other) => same(item, other)))];
  if (rule?.kind !== 'map') return clone(config);
  const { keys, defaults = {} } = rule;
  const sameItem = (a: JsonObject, b: JsonObject) => keys.every((key) => same(a[key] ?? defaults[key], b[key] ?? defaults[key]));
  const result = clone(live) as JsonObject[];
  for (const item of config as JsonObject[]) {
    const index = result.findIndex((other) => sameItem(other, item));
    if (index >= 0) result[index] = merge(result[index], item, rules, names) as JsonObject;
    else result.push(clone(item));
  }
  return result;
}
