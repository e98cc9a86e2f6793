import { Lazy } from 'cdk8s';

/** Numbers that stand for a token of the AWS CDK: nothing else is that small. */
const SMALLEST_NUMBER = -1e288;

/**
 * Whether a value is replaced during synthesis: a cdk8s `Lazy`, an object with `resolve()`, or the text, number or list that the AWS CDK writes
 * for its tokens. What it will be is not known yet, so nothing can be said against it.
 */
export function isToken(value: any): boolean {
  switch (typeof value) {
    case 'string': return /[$#]\{Token\[/.test(value);
    case 'number': return value < SMALLEST_NUMBER;
    case 'object': return value !== null && (typeof value.produce === 'function' || typeof value.resolve === 'function');
    default: return false;
  }
}

/** Whether some part of a value is a token. */
export function hasToken(value: any): boolean {
  if (isToken(value)) return true;
  return typeof value === 'object' && value !== null && Object.entries(value).some(([key, member]) => isToken(key) || hasToken(member));
}

/** What a value is now: that of a `Lazy` or of an object with `resolve()`, as synthesis asks for it. */
export function resolveToken(value: any): any {
  if (typeof value !== 'object' || !isToken(value)) return value;
  return typeof value.produce === 'function' ? value.produce() : value.resolve();
}

/** Text made of values, any of which may be a token: then the text is one, too. */
export function textOf(values: readonly any[], write: (texts: readonly any[]) => string): any {
  if (!values.some((value) => typeof value === 'object' && isToken(value))) return write(values);
  return Lazy.any({ produce: () => write(values.map(resolveToken)) });
}
