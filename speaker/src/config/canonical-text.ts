import { Password } from './password';

/** Text that is equal for parts of a configuration that say the same. It tells passwords apart and does not hold them; still it is not meant to be shown. */
export function canonicalText(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key, part: unknown) {
    const original = this[key];
    if (original instanceof Password) return original.digest;
    return part instanceof Set || part instanceof Map ? [...part] : part;
  });
}
