import { Problem, ProblemCode, printValue, ResourceKind } from './problem';

/** Collects what is wrong with one custom resource. */
export class ObjectReport {
  readonly problems: Problem[] = [];

  constructor(readonly kind: ResourceKind, readonly namespace: string, readonly name: string) {}

  /** @param context put before the message, as MetalLB does to name the object */
  add(code: ProblemCode, field: string, value: unknown, message: string, fix: string): void {
    const { kind, name, namespace } = this;
    this.problems.push({ code, kind, name, namespace, field, value: printValue(value), message: `${context(kind, name)}: ${message}`, fix, transient: false });
  }

  get ok(): boolean {
    return this.problems.length === 0;
  }
}

function context(kind: ResourceKind, name: string): string {
  return kind === 'IPAddressPool' ? `parsing address pool ${name}` : `parsing L2 advertisement ${name}`;
}

/** True for a JSON object: no array, no null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A cursor on one field of untrusted JSON: the value, where it is, and where to report what is wrong with it.
 *
 * An absent field and a null are the same, as in the Kubernetes API. Each reader gives undefined (or no items) for what is absent or wrong, so reading
 * goes on and every problem of an object is found in one pass.
 */
export class Field {
  constructor(readonly report: ObjectReport, readonly path: string, readonly value: unknown) {}

  get isAbsent(): boolean {
    return this.value === undefined || this.value === null;
  }

  /** The field below, absent when this one is no object or has no such own key. */
  child(key: string): Field {
    const value = isObject(this.value) && Object.hasOwn(this.value, key) ? this.value[key] : undefined;
    return new Field(this.report, this.path ? `${this.path}.${key}` : key, value);
  }

  /** This field if it is an object; absent is fine. */
  object(): Field {
    if (!this.isAbsent && !isObject(this.value)) this.wrongType('an object');
    return this;
  }

  items(): Field[] {
    if (this.isAbsent) return [];
    if (!Array.isArray(this.value)) {
      this.wrongType('a list');
      return [];
    }
    return this.value.map((item: unknown, index) => new Field(this.report, `${this.path}[${index}]`, item));
  }

  /** The text items of a list; with `duplicate`, naming one twice is a problem with that wording. */
  strings(duplicate?: string): string[] {
    const seen = new Set<string>();
    const values: string[] = [];
    for (const item of this.items()) {
      if (typeof item.value !== 'string') {
        item.wrongType('text');
        continue;
      }
      if (duplicate !== undefined && seen.has(item.value)) item.problem('DuplicateEntry', duplicate, 'remove it; it is in the list already');
      seen.add(item.value);
      values.push(item.value);
    }
    return values;
  }

  boolean(otherwise: boolean): boolean {
    if (typeof this.value === 'boolean') return this.value;
    if (!this.isAbsent) this.wrongType('true or false');
    return otherwise;
  }

  /** A whole number from `min` to `max`. */
  integer(min: number, max: number): number | undefined {
    if (this.isAbsent) return undefined;
    if (typeof this.value !== 'number' || !Number.isInteger(this.value) || this.value < min || this.value > max) {
      this.wrongType(`a whole number from ${min} to ${max}`);
      return undefined;
    }
    return this.value;
  }

  problem(code: ProblemCode, message: string, fix: string): void {
    this.report.add(code, this.path, this.value, message, fix);
  }

  wrongType(expected: string): void {
    this.problem('InvalidValue', `${this.path} is ${printValue(this.value) || 'absent'}, not ${expected}`, `make it ${expected}`);
  }
}
