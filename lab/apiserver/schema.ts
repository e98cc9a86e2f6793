import Ajv, { ErrorObject, ValidateFunction } from 'ajv';
import { compile, Expression } from './cel';
import { Cause, clone, isObject, JsonObject } from './objects';

/*
 * What the real server does with a custom resource, in its order: prune unknown fields, fill in defaults, validate against the schema,
 * evaluate the CEL rules. Messages have the wording of Kubernetes, since users read and tests compare them.
 */

const FORMATS = {
  'date-time': (text: string) => /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text)),
};

/** After these the object is too different from its schema for CEL rules to be evaluated. */
const BLOCKING = ['FieldValueRequired', 'FieldValueTypeInvalid', 'FieldValueNotSupported', 'FieldValueTooLong', 'FieldValueTooMany'];
const NOT_CHECKED: Cause = {
  reason: 'FieldValueInvalid',
  message: 'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
  field: '<nil>',
};

/** A structural schema, ready for use. */
export class CompiledSchema {
  private readonly matches: ValidateFunction;
  private readonly celRules: CelRules;
  private readonly hasCelRules: boolean;

  /** @throws Error if the schema has a CEL rule that cannot be evaluated here */
  constructor(readonly schema: JsonObject) {
    const ajv = new Ajv({ allErrors: true, strict: false, verbose: true, formats: FORMATS });
    this.matches = ajv.compile(forAjv(schema));
    this.celRules = celRulesOf(schema);
    this.hasCelRules = JSON.stringify(schema).includes('"x-kubernetes-validations"');
  }

  /** Removes fields that the schema does not know, and returns their paths. */
  prune(object: JsonObject): string[] {
    const removed: string[] = [];
    const { apiVersion, kind, metadata } = object;
    prune(object, this.schema, '', removed, true);
    Object.assign(object, { apiVersion, kind, metadata });
    return removed;
  }

  /** Fills in defaults where a field is missing, or null without being nullable. */
  applyDefaults(object: JsonObject): void {
    applyDefaults(object, this.schema);
  }

  /** `old` is the object before an update, for rules that compare with it. */
  validate(object: JsonObject, old?: JsonObject): Cause[] {
    const { metadata: _metadata, ...rest } = object;
    const body = clone(rest);
    const causes = this.matches(body) ? [] : this.matches.errors!.filter(({ keyword }) => keyword !== 'anyOf').map(toCause);
    if (!this.hasCelRules) return causes;
    return [...causes, ...causes.some(({ reason }) => BLOCKING.includes(reason)) ? [NOT_CHECKED] : evaluate(this.celRules, object, old, '')];
  }
}

function preserves(schema: JsonObject): boolean {
  return schema['x-kubernetes-preserve-unknown-fields'] === true;
}

function prune(value: unknown, schema: JsonObject, path: string, removed: string[], root = false): void {
  if (Array.isArray(value)) {
    if (isObject(schema.items)) value.forEach((item, index) => prune(item, schema.items, `${path}[${index}]`, removed));
    return;
  }
  if (!isObject(value)) return;
  for (const key of Object.keys(value)) {
    const at = path === '' ? key : `${path}.${key}`;
    if (root && ['apiVersion', 'kind', 'metadata'].includes(key)) continue;
    const member = schema.properties?.[key] ?? (isObject(schema.additionalProperties) ? schema.additionalProperties : undefined);
    if (member) {
      prune(value[key], member, at, removed);
    } else if (!preserves(schema) && schema.additionalProperties !== true) {
      delete value[key];
      removed.push(at);
    }
  }
}

function applyDefaults(value: unknown, schema: JsonObject): void {
  if (Array.isArray(value)) {
    if (isObject(schema.items)) value.forEach((item) => applyDefaults(item, schema.items));
    return;
  }
  if (!isObject(value)) return;
  for (const [key, member] of Object.entries((schema.properties ?? {}) as JsonObject)) {
    if (value[key] === null && !member.nullable && member.default !== undefined) delete value[key];
    if (value[key] === undefined && member.default !== undefined) value[key] = clone(member.default);
    applyDefaults(value[key], member);
  }
  if (isObject(schema.additionalProperties)) Object.values(value).forEach((item) => applyDefaults(item, schema.additionalProperties));
}

/** OpenAPI 3.0 as JSON Schema. */
function forAjv(schema: JsonObject): JsonObject {
  const { format, exclusiveMinimum, exclusiveMaximum, default: _default, properties, items, additionalProperties, ...rest } = schema;
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(rest)) {
    if (key.startsWith('x-') || key === 'description' || key === 'example') continue;
    result[key] = ['allOf', 'anyOf', 'oneOf'].includes(key) ? (value as JsonObject[]).map(forAjv) : key === 'not' ? forAjv(value) : value;
  }
  if (format && format in FORMATS) result.format = format;
  if (exclusiveMinimum === true) [result.exclusiveMinimum, result.minimum] = [result.minimum, undefined];
  if (exclusiveMaximum === true) [result.exclusiveMaximum, result.maximum] = [result.maximum, undefined];
  if (schema['x-kubernetes-int-or-string']) return { anyOf: [{ type: 'integer' }, { type: 'string' }] };
  if (properties) result.properties = Object.fromEntries(Object.entries(properties as JsonObject).map(([key, value]) => [key, forAjv(value)]));
  if (items) result.items = forAjv(items);
  if (isObject(additionalProperties)) result.additionalProperties = forAjv(additionalProperties);
  return JSON.parse(JSON.stringify(result)) as JsonObject;
}

/** `/spec/peers/0/port` as Kubernetes writes it: `spec.peers[0].port`. */
function fieldPath(pointer: string): string {
  return pointer.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~')).reduce(
    (path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : path === '' ? part : `${path}.${part}`), '');
}

function toCause(error: ErrorObject): Cause {
  const field = fieldPath(error.instancePath);
  const value = JSON.stringify(error.data);
  const shown = isObject(error.data) ? '"object"' : Array.isArray(error.data) ? '"array"' : value;
  const bad = (message: string, reason = 'FieldValueInvalid', what = shown): Cause => ({ reason, message: `Invalid value: ${what}: ${message}`, field });
  const { limit, pattern, type, missingProperty, allowedValues, format } = error.params as JsonObject;
  switch (error.keyword) {
    case 'required':
      return { reason: 'FieldValueRequired', message: 'Required value', field: field === '' ? missingProperty : `${field}.${missingProperty}` };
    case 'type':
      return bad(`${field} in body must be of type ${type}: "${typeName(error.data)}"`, 'FieldValueTypeInvalid', `"${typeName(error.data)}"`);
    case 'enum': {
      const values = (allowedValues as unknown[]).map((item) => JSON.stringify(item)).join(', ');
      return { reason: 'FieldValueNotSupported', message: `Unsupported value: ${value}: supported values: ${values}`, field };
    }
    case 'minimum': return bad(`${field} in body should be greater than or equal to ${limit}`);
    case 'maximum': return bad(`${field} in body should be less than or equal to ${limit}`);
    case 'exclusiveMinimum': return bad(`${field} in body should be greater than ${limit}`);
    case 'exclusiveMaximum': return bad(`${field} in body should be less than ${limit}`);
    case 'minLength': return bad(`${field} in body should be at least ${limit} chars long`);
    case 'maxLength': return { reason: 'FieldValueTooLong', message: `Too long: may not be more than ${limit} bytes`, field };
    case 'minItems': return bad(`${field} in body should have at least ${limit} items`);
    case 'maxItems': return { reason: 'FieldValueTooMany', message: `Too many: ${(error.data as unknown[]).length}: must have at most ${limit} items`, field };
    case 'pattern': return bad(`${field} in body should match '${pattern}'`);
    case 'format': return bad(`${field} in body must be of type ${format}: ${value}`);
    default: return bad(`${field} in body ${error.message}`);
  }
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'number' ? (Number.isInteger(value) ? 'integer' : 'number') : typeof value;
}

interface CelRule {
  readonly rule: Expression;
  readonly message: string;
  /** Compares with the value before the update, so it says nothing of a new object. */
  readonly transition: boolean;
  readonly reason?: string;
  readonly fieldPath?: string;
}

/** The CEL rules of a schema, in the schema's own shape. */
interface CelRules {
  readonly here: readonly CelRule[];
  readonly members: ReadonlyMap<string, CelRules>;
  readonly items?: CelRules;
  /** Keys that tell which item was which before an update. */
  readonly keys?: readonly string[];
}

function celRulesOf(schema: JsonObject): CelRules {
  const here = ((schema['x-kubernetes-validations'] ?? []) as JsonObject[]).map(({ rule, message, messageExpression, reason, fieldPath: path }) => {
    if (messageExpression) throw new Error(`CEL: messageExpression is not supported, in rule ${JSON.stringify(rule)}`);
    return { rule: compile(rule), message: message?.trim() ?? `failed rule: ${rule}`, transition: /\boldSelf\b/.test(rule), reason, fieldPath: path };
  });
  const members = new Map(Object.entries((schema.properties ?? {}) as JsonObject).map(([key, member]) => [key, celRulesOf(member)]));
  const below: unknown = schema.items ?? schema.additionalProperties;
  return { here, members, items: isObject(below) ? celRulesOf(below) : undefined, keys: schema['x-kubernetes-list-map-keys'] };
}

function evaluate(rules: CelRules, value: unknown, old: unknown, path: string): Cause[] {
  if (value === undefined || value === null) return [];
  const causes: Cause[] = [];
  for (const { rule, message, transition, reason, fieldPath: below } of rules.here) {
    if (transition && old === undefined) continue;
    let failed: string | undefined;
    try {
      if (rule({ self: value, oldSelf: old }) !== true) failed = message;
    } catch (error) {
      failed = (error as Error).message;
    }
    const shown = typeof value === 'object' ? '' : `${JSON.stringify(value)}: `; // objects and lists are not shown, they may be large
    if (failed) causes.push({ reason: reason ?? 'FieldValueInvalid', message: `Invalid value: ${shown}${failed}`, field: path + (below ?? '') });
  }
  if (Array.isArray(value)) {
    value.forEach((item, index) => causes.push(...rules.items ? evaluate(rules.items, item, itemBefore(rules.keys, item, old), `${path}[${index}]`) : []));
  } else if (isObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      const member = rules.members.get(key) ?? rules.items;
      if (member) causes.push(...evaluate(member, item, isObject(old) ? old[key] : undefined, path === '' ? key : `${path}.${key}`));
    }
  }
  return causes;
}

function itemBefore(keys: readonly string[] | undefined, item: unknown, old: unknown): unknown {
  if (!keys || !Array.isArray(old) || !isObject(item)) return undefined;
  return old.find((other) => keys.every((key) => (other as JsonObject)[key] === item[key])) as unknown;
}
