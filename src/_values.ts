import { ConstructError } from './_errors';
import { isToken } from './_tokens';

/**
 * Checks of values as they are passed. TypeScript has seen to most of this for its users; those of JavaScript have no compiler, and other languages
 * check types at most. Absent values and tokens pass.
 *
 * `where` is the construct path and the property, for the message.
 */
type Check<T = unknown> = (where: string, value: T, ...limits: number[]) => void;

export const checkText: Check<any> = (where, value) => {
  if (isGiven(value) && (typeof value !== 'string' || value.trim() === '')) refuse(where, value, 'text that is not empty');
};

export const checkBoolean: Check<any> = (where, value) => {
  if (isGiven(value) && typeof value !== 'boolean') refuse(where, value, 'true or false');
};

/** A whole number within limits. */
export const checkWhole: Check<any> = (where, value, min, max) => {
  if (isGiven(value) && !(Number.isInteger(value) && value >= min && value <= max)) refuse(where, value, `a whole number from ${min} to ${max}`);
};

export const checkList: Check<any> = (where, value) => {
  if (isGiven(value) && !Array.isArray(value)) refuse(where, value, 'a list');
};

/** A member of an enum of texts. */
export function checkMember(where: string, value: any, type: Record<string, string>): void {
  if (isGiven(value) && !Object.values(type).includes(value)) refuse(where, value, `one of ${Object.values(type).join(', ')}`);
}

/** A cdk8s `Duration` of a whole number of milliseconds within limits. */
export function checkDuration(where: string, value: any, allowed: { readonly text: string; test(milliseconds: number): boolean }): void {
  if (!isGiven(value)) return;
  if (typeof value.toMilliseconds !== 'function') refuse(where, value, `a Duration of ${allowed.text}, such as Duration.seconds(90)`);
  const milliseconds = value.toMilliseconds();
  if (!Number.isInteger(milliseconds) || !allowed.test(milliseconds)) refuse(where, `${milliseconds} ms`, allowed.text);
}

/** Members of a list that were made by one class. Such lists cannot be tokens: their members are asked what they mean. */
export function checkMembers(
  where: string, list: any, type: { readonly name: string; [Symbol.hasInstance](value: unknown): boolean }, how: string,
): void {
  if (list === undefined || list === null) return;
  if (!Array.isArray(list)) refuse(where, list, `a list of ${type.name}, such as [${how}]`);
  for (const [i, member] of list.entries()) {
    if (!type[Symbol.hasInstance](member)) refuse(`${where}[${i}]`, member, `${type.name}, such as ${how}`);
  }
}

/** @throws ConstructError always: naming the property, the value and what is allowed */
export function refuse(where: string, value: unknown, allowed: string): never {
  throw new ConstructError('INVALID_VALUE', `${where} ${show(value)} is not valid: expected ${allowed}`);
}

/** A value as it is shown in a message: on one line, and not longer than a message should be. */
export function show(value: unknown): string {
  const text = typeof value === 'string' ? `'${value}'` : typeof value === 'object' && value !== null && value.constructor !== Object && !Array.isArray(value)
    ? `of type ${value.constructor?.name ?? 'object'}` : write(value);
  const line = text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
  return line.length > 100 ? `${line.slice(0, 98)}…${text.endsWith("'") ? "'" : ''}` : line;
}

function write(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return `(${typeof value} that cannot be shown)`; // refers to itself, or holds a bigint
  }
}

/** Whether there is something to check: neither absent nor known only later. */
export function isGiven(value: any): boolean {
  return value !== undefined && value !== null && !isToken(value);
}
