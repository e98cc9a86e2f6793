import { FieldSet, Manager } from './fields';
import { ApiObject, clone, conflict, JsonObject, MODIFIED, same } from './objects';
import { apiVersion, ResourceType } from './resources';

/*
 * How objects are kept, shown and replaced, whatever their kind: what the server, not the writer, decides about them.
 */

/** Who writes, and how strictly. */
export interface WriteContext {
  readonly manager: string;
  readonly subresource?: string;
  readonly dryRun?: boolean;
  /** Refuse fields that the schema does not know, instead of dropping them. */
  readonly strict?: boolean;
}

/** Where the objects of a resource are stored; all versions of a custom resource share it. */
export function bucketOf(type: ResourceType): string {
  return `${type.group}/${type.plural}`;
}

export function keyOf(namespace: string | undefined, name: string): string {
  return namespace ? `${namespace}/${name}` : name;
}

/** In the version that was asked for. Conversion changes nothing else (strategy `None`). */
export function present(type: ResourceType, object: ApiObject): ApiObject {
  return object.apiVersion === apiVersion(type) ? object : { ...object, apiVersion: apiVersion(type) };
}

/** As an item of a list: of built-in kinds without apiVersion and kind, which the list itself has. */
export function listed(type: ResourceType, object: ApiObject): JsonObject {
  if (type.schema) return present(type, object);
  const { apiVersion: _apiVersion, kind: _kind, ...rest } = object;
  return rest;
}

export function managerOf(type: ResourceType, context: WriteContext, operation: 'Apply' | 'Update'): Manager {
  return { manager: context.manager, operation, apiVersion: apiVersion(type), subresource: context.subresource };
}

/** Fields of the part that a write does not touch are not owned by it either. */
export function withoutReset(fields: FieldSet, context: WriteContext): FieldSet {
  const foreign = context.subresource === 'status' ? 'f:spec' : 'f:status';
  return new Set([...fields].filter((path) => path.split('\u0000')[0] !== foreign));
}

export function checkCurrent(type: ResourceType, live: ApiObject, next: JsonObject): void {
  const { name, uid, resourceVersion } = live.metadata;
  if (next.metadata.uid && next.metadata.uid !== uid) {
    throw conflict(type, name, `Precondition failed: UID in precondition: ${next.metadata.uid}, UID in object meta: ${uid}`);
  }
  if (next.metadata.resourceVersion && next.metadata.resourceVersion !== resourceVersion) throw conflict(type, name, MODIFIED);
}

export function restoreServerFields(type: ResourceType, live: ApiObject, next: JsonObject, context: WriteContext): void {
  const { uid, creationTimestamp, generation } = live.metadata;
  if (context.subresource === 'status') {
    const { metadata, status } = next;
    for (const key of Object.keys(next)) delete next[key];
    Object.assign(next, clone(live), status === undefined ? {} : { status });
    if (status === undefined) delete next.status;
    if (!type.schema) next.metadata = metadata; // custom resources keep their metadata as it was, built-in kinds take the new one
  } else if (type.status) {
    if (live.status === undefined) delete next.status;
    else next.status = clone(live.status);
  }
  Object.assign(next.metadata, { uid, creationTimestamp, generation });
}

export function nextGeneration(live: ApiObject | undefined, next: JsonObject): number {
  if (!live) return 1;
  const content = ({ metadata: _metadata, status: _status, apiVersion: _apiVersion, ...rest }: JsonObject) => rest;
  return (live.metadata.generation ?? 1) + (same(content(live), content(next)) ? 0 : 1);
}
