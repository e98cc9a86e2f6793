/** A JSON object of unknown shape: what a server that stores any kind of object deals with. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type JsonObject = Record<string, any>;

/** An object with the metadata that the server gives to each. */
export interface ApiObject extends JsonObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid: string;
    resourceVersion: string;
    creationTimestamp: string;
    generation?: number;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    managedFields?: ManagedFields[];
  } & JsonObject;
}

/** `metav1.ManagedFieldsEntry`. */
export interface ManagedFields {
  manager: string;
  operation: 'Apply' | 'Update';
  apiVersion: string;
  time: string;
  fieldsType: 'FieldsV1';
  fieldsV1: JsonObject;
  subresource?: string;
}

/** One wrong field: `metav1.StatusCause`. */
export interface Cause {
  reason: string;
  message: string;
  field: string;
}

/** An answer other than success, as a `metav1.Status`. */
export class ApiError extends Error {
  constructor(readonly code: number, readonly reason: string, message: string, readonly details?: JsonObject) {
    super(message);
  }

  toStatus(): JsonObject {
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: this.message, reason: this.reason || undefined, details: this.details, code: this.code };
  }
}

/** What error messages need to know of a resource. */
interface Named {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
}

function qualified({ group, plural }: Named): string {
  return group === '' ? plural : `${plural}.${group}`;
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

export function notFound(type: Named, name: string): ApiError {
  return new ApiError(404, 'NotFound', `${qualified(type)} "${name}" not found`, { name, group: type.group || undefined, kind: type.plural });
}

export function alreadyExists(type: Named, name: string): ApiError {
  return new ApiError(409, 'AlreadyExists', `${qualified(type)} "${name}" already exists`, { name, group: type.group || undefined, kind: type.plural });
}

export function conflict(type: Named, name: string, why: string): ApiError {
  return new ApiError(409, 'Conflict', `Operation cannot be fulfilled on ${qualified(type)} "${name}": ${why}`, { name, group: type.group || undefined, kind: type.plural });
}

export const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again';

export function expired(message: string): ApiError {
  return new ApiError(410, 'Expired', message);
}

/** 422 for an object whose fields are wrong; each cause is `field: message`. */
export function invalid(type: Named, name: string, causes: readonly Cause[]): ApiError {
  const lines = causes.map(({ field, message }) => `${field}: ${message}`);
  const list = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
  const kind = type.group === '' ? type.kind : `${type.kind}.${type.group}`;
  return new ApiError(422, 'Invalid', `${kind} "${name}" is invalid: ${list}`, { name, group: type.group || undefined, kind: type.kind, causes });
}

/** A deep copy. */
export function clone<T>(value: T): T {
  return structuredClone(value);
}

/** Whether two JSON values say the same; a member that is undefined counts as absent. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b)) return false;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, index) => same(item, b[index]));
  const left = a as JsonObject, right = b as JsonObject;
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].every((key) => same(left[key], right[key]));
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
