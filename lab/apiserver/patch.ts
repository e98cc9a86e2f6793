import { MergeRules } from './merge-rules';
import { ApiError, badRequest, clone, isObject, JsonObject, same } from './objects';

/** RFC 7396: null removes, lists are replaced. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return clone(patch);
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

interface JsonPatchOperation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

/** RFC 6902. @throws ApiError 422 when an operation does not fit the document */
export function jsonPatch(target: JsonObject, operations: unknown): JsonObject {
  if (!Array.isArray(operations)) throw badRequest('a JSON patch must be a list of operations');
  const root = { document: clone(target) as unknown };
  for (const operation of operations as JsonPatchOperation[]) applyOperation(root, operation);
  return root.document as JsonObject;
}

function applyOperation(root: { document: unknown }, operation: JsonPatchOperation): void {
  switch (operation.op) {
    case 'add': return insert(root, operation.path, clone(operation.value));
    case 'replace':
      take(root, operation.path);
      return insert(root, operation.path, clone(operation.value));
    case 'remove':
      take(root, operation.path);
      return;
    case 'move': return insert(root, operation.path, take(root, operation.from ?? ''));
    case 'copy': return insert(root, operation.path, clone(look(root, operation.from ?? '')));
    case 'test':
      if (!same(look(root, operation.path), operation.value)) throw misfit();
      return;
    default: throw badRequest(`Unexpected kind: ${operation.op}`);
  }
}

function pointer(path: string): string[] {
  if (path !== '' && !path.startsWith('/')) throw badRequest(`"${path}" is not a JSON pointer`);
  return path.split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The container that the last part of `path` is in; the document is a member of a container too, with the empty name. */
function parent(root: { document: unknown }, path: string): { container: JsonObject | unknown[]; last: string } {
  const parts = ['document', ...pointer(path).slice(1)];
  let container: unknown = root;
  for (const part of parts.slice(0, -1)) {
    container = (container as JsonObject)?.[part];
    if (typeof container !== 'object' || container === null) throw misfit();
  }
  return { container: container as JsonObject, last: parts[parts.length - 1] };
}

function look(root: { document: unknown }, path: string): unknown {
  const { container, last } = parent(root, path);
  return (container as JsonObject)[last];
}

function insert(root: { document: unknown }, path: string, value: unknown): void {
  const { container, last } = parent(root, path);
  if (!Array.isArray(container)) {
    container[last] = value;
    return;
  }
  const index = last === '-' ? container.length : Number(last);
  if (!Number.isInteger(index) || index < 0 || index > container.length) throw misfit();
  container.splice(index, 0, value);
}

function take(root: { document: unknown }, path: string): unknown {
  const { container, last } = parent(root, path);
  if (!(last in container)) throw misfit();
  if (Array.isArray(container)) return container.splice(Number(last), 1)[0];
  const value = container[last];
  delete container[last];
  return value;
}

/** The real server keeps to itself what did not fit. */
function misfit(): ApiError {
  return new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
}

/** Kubernetes' strategic merge patch for built-in kinds: like RFC 7396, but lists with a key are merged item by item. */
export function strategicPatch(target: unknown, patch: unknown, rules: MergeRules, path: readonly string[] = []): unknown {
  if (Array.isArray(patch)) return strategicList(Array.isArray(target) ? target : [], patch, rules, path);
  if (!isObject(patch)) return clone(patch);
  const result: JsonObject = isObject(target) && patch.$patch !== 'replace' ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (key === '$retainKeys') {
      for (const name of Object.keys(result)) if (!(value as string[]).includes(name)) delete result[name];
    } else if (key.startsWith('$deleteFromPrimitiveList/')) {
      const name = key.slice(key.indexOf('/') + 1);
      result[name] = (result[name] as unknown[] ?? []).filter((item) => !(value as unknown[]).includes(item));
    } else if (key.startsWith('$')) {
      continue; // $setElementOrder: order carries no meaning for the lists that we merge; $patch is handled where it stands
    } else if (value === null) {
      delete result[key];
    } else {
      result[key] = strategicPatch(result[key], value, rules, [...path, key]);
    }
  }
  return result;
}

function strategicList(target: unknown[], patch: unknown[], rules: MergeRules, path: readonly string[]): unknown[] {
  const rule = rules(path);
  if (rule?.kind === 'set') return [...target, ...patch.filter((item) => !target.includes(item))];
  if (rule?.kind !== 'map') return clone(patch);
  const [key] = rule.keys; // strategic merge knows a single key
  const left = [...target] as JsonObject[], merged: JsonObject[] = [];
  for (const item of patch as JsonObject[]) {
    const index = left.findIndex((existing) => same(existing[key], item[key]));
    const [existing = {}] = index < 0 ? [] : left.splice(index, 1);
    if (item.$patch !== 'delete') merged.push(strategicPatch(existing, item, rules, path) as JsonObject);
  }
  return [...merged, ...left];
}
