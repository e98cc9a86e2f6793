import { KINDS } from './kinds';
import { Problem, ProblemCode, printValue, ResourceKind } from './problem';

/** Collects what is wrong with one custom resource. */
export class ObjectReport {
  readonly problems: Problem[] = [];

  constructor(readonly kind: ResourceKind, readonly namespace: string, readonly name: string) {}

  /** @param message what is wrong; the object is put before it, as MetalLB does */
  add(code: ProblemCode, field: string, value: unknown, message: string, fix: string): void {
    const { kind, name, namespace } = this;
    const context = `${KINDS[kind].context} ${name}`;
    this.problems.push({
      code, kind, name, namespace, field, value: printValue(value), message: `${context}: ${message}`, fix, transient: code === 'MissingReference',
    });
  }

  get ok(): boolean {
    return this.problems.length === 0;
  }
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
    return this.stringItems(duplicate).map(({ value }) => value);
  }

  /** As `strings`, each with where it is. */
  stringItems(duplicate?: string): { readonly item: Field; readonly value: string }[] {
    const seen = new Set<string>();
    return this.items().flatMap((item) => {
      const { value } = item;
      if (typeof value !== 'string') {
        item.wrongType('text');
        return [];
      }
      if (duplicate !== undefined && seen.has(value)) item.problem('DuplicateEntry', duplicate, 'remove it; it is in the list already');
      seen.add(value);
      return [{ item, value }];
    });
  }

  /** Text; an empty one is the same as none, since that is how older versions of the API store what is unset. */
  text(): string | undefined {
    if (this.isAbsent || this.value === '') return undefined;
    if (typeof this.value === 'string') return this.value;
    this.wrongType('text');
    return undefined;
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
