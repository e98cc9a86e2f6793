import { Field } from './field';
import { printValue } from './problem';

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n, us: 1_000n, µs: 1_000n, μs: 1_000n, ms: 1_000_000n, s: 1_000_000_000n, m: 60_000_000_000n, h: 3_600_000_000_000n,
};
const PART = '(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h)';
const DURATION = new RegExp(`^[-+]?(?:0|(?:${PART})+)$`);
const PARTS = /([0-9]*)\.?([0-9]*)(ns|us|µs|μs|ms|s|m|h)/g;

/** No duration that is meant needs more, and long numbers are slow to read. */
const LONGEST_TEXT = 64;

/** What a Go `time.Duration` holds at most, 292 years in nanoseconds. */
const LONGEST = 2n ** 63n - 1n;

/**
 * Reads the text of a Go duration, the form in which Kubernetes writes them (`metav1.Duration`): numbers with units, such as `90s`, `1m30s`, `1.5h`.
 * @returns milliseconds, a fraction where the text has one; undefined for text that is no duration
 */
export function parseDuration(text: string): number | undefined {
  if (text.length > LONGEST_TEXT || !DURATION.test(text)) return undefined;
  let nanoseconds = 0n;
  for (const [, whole, fraction, unit] of text.matchAll(PARTS)) {
    nanoseconds += BigInt(whole || 0) * UNITS[unit] + BigInt(fraction || 0) * UNITS[unit] / 10n ** BigInt(fraction.length);
  }
  if (nanoseconds > LONGEST) return undefined;
  return Number(text.startsWith('-') ? -nanoseconds : nanoseconds) / 1e6;
}

/** A field that holds a duration, in milliseconds; undefined when it is absent or wrong. */
export function durationOf(field: Field): number | undefined {
  const { value } = field;
  if (field.isAbsent || value === '') return undefined;
  const duration = typeof value === 'string' ? parseDuration(value) : undefined;
  if (duration === undefined) {
    const fix = typeof value === 'number' ? `write ${JSON.stringify(`${value}s`)}, if seconds are meant` : 'write numbers with units, such as 90s or 1m30s';
    field.problem('InvalidDuration', `${field.path} ${printValue(value)} is no duration`, fix);
  }
  return duration;
}
