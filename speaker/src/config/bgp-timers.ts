import { durationOf } from './duration';
import { Field } from './field';

/** Times of a BGP session. */
export interface BGPTimers {
  /** 0 for never, or 3000 to 65 535 000, whole seconds; by default 90 s (RFC 4271, 4.2 and 10). */
  readonly holdTimeMs: number;
  /** 0 when `holdTimeMs` is, else 1000 to `holdTimeMs`; by default a third of it. The session may have to do with less when the peer's hold time is shorter. */
  readonly keepaliveTimeMs: number;
  /** Time between two attempts to connect, whole seconds from 1 s to 65 535 s; undefined leaves it to the session. */
  readonly connectTimeMs: number | undefined;
}

/** RFC 4271, 10 suggests it; what MetalLB's own BGP proposes. */
const DEFAULT_HOLD = 90_000;
const SHORTEST_HOLD = 3_000;
/** The message has 16 bits for it. */
const LONGEST_HOLD = 65_535_000;
/** RFC 4271, 4.4: never more than one a second. */
const SHORTEST_KEEPALIVE = 1_000;

export function readTimers(spec: Field): BGPTimers {
  const hold = durationOf(spec.child('holdTime'));
  const keepalive = durationOf(spec.child('keepaliveTime'));
  const holdTimeMs = checkHold(spec, hold, keepalive);
  if (keepalive !== undefined && keepalive < 0) {
    wrong(spec.child('keepaliveTime'), 'must not be negative', 'leave it out for a third of holdTime');
  } else if (keepalive !== undefined && hold !== undefined && keepalive > hold) {
    wrong(spec.child('keepaliveTime'), 'must be lower than holdTime', 'leave it out for a third of holdTime');
  }
  return { holdTimeMs, keepaliveTimeMs: keepaliveOf(holdTimeMs, keepalive), connectTimeMs: readConnectTime(spec.child('connectTime')) };
}

function checkHold(spec: Field, hold: number | undefined, keepalive: number | undefined): number {
  const wanted = hold ?? (keepalive === undefined ? DEFAULT_HOLD : keepalive * 3);
  const field = spec.child(hold === undefined ? 'keepaliveTime' : 'holdTime');
  const what = hold === undefined ? 'three times it, the hold time, ' : '';
  // Less than a second is not taken for 0, which means the opposite: never.
  if (wanted !== 0 && wanted < SHORTEST_HOLD) {
    if (wanted > 0 || hold !== undefined) wrong(field, `${what}must be 0 or >=3s`, 'write at least 3s, or 0s for a session that never times out');
  } else if (wanted >= LONGEST_HOLD + 1_000) {
    wrong(field, `${what}must be at most 65535s`, 'write a shorter one');
  }
  return Math.floor(wanted / 1_000) * 1_000;
}

/**
 * A keepalive time of 0 beside a hold time is what an object has that MetalLB converted from v1beta1, which cannot leave it out; taken at its word it would
 * let the session time out at the peer.
 */
function keepaliveOf(holdTimeMs: number, keepalive: number | undefined): number {
  if (holdTimeMs === 0) return 0;
  return Math.min(Math.max(keepalive ? Math.floor(keepalive) : Math.floor(holdTimeMs / 3), SHORTEST_KEEPALIVE), holdTimeMs);
}

function readConnectTime(field: Field): number | undefined {
  const time = durationOf(field);
  if (time !== undefined && (time < 1_000 || time > LONGEST_HOLD || time % 1_000 !== 0)) {
    wrong(field, 'connect time should be whole seconds between 1 seconds to 65535', 'write whole seconds from 1s to 65535s');
  }
  return time;
}

function wrong(field: Field, what: string, fix: string): void {
  field.problem('InvalidTimers', `invalid ${field.path} ${JSON.stringify(field.value)}: ${what}`, fix);
}
