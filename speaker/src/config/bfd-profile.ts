import { Field } from './field';
import { Identity, identityOf, Metadata } from './metadata';

/** A valid BFDProfile (RFC 5880): how the path to a peer is watched. What it leaves out has the default of FRR, as behind MetalLB. */
export interface BFDProfile extends Identity {
  /** Shortest time between two control packets that is accepted, 10 to 60000, by default 300. */
  readonly receiveIntervalMs: number;
  /** Shortest time between two control packets sent, 10 to 60000, by default 300. */
  readonly transmitIntervalMs: number;
  /** How many packets in a row may be lost, 2 to 255, by default 3. */
  readonly detectMultiplier: number;
  /** Shortest time between two echo packets, 10 to 60000, by default 50. */
  readonly echoIntervalMs: number;
  /** Whether the echo function is used (RFC 5880, 6.4). */
  readonly echoMode: boolean;
  /** Whether to wait for the other side's first packet (RFC 5880, 6.1). */
  readonly passiveMode: boolean;
  /** Lowest TTL accepted over several hops, 1 to 254, by default 254. */
  readonly minimumTtl: number;
}

/** Reads one BFDProfile; undefined when something is wrong with it, which goes to the report of `root`. */
export function readBFDProfile(root: Field, metadata: Metadata): BFDProfile | undefined {
  const spec = root.child('spec').object();
  const profile = {
    ...identityOf(metadata),
    receiveIntervalMs: inRange(spec.child('receiveInterval'), 10, 60_000, 300),
    transmitIntervalMs: inRange(spec.child('transmitInterval'), 10, 60_000, 300),
    detectMultiplier: inRange(spec.child('detectMultiplier'), 2, 255, 3),
    echoIntervalMs: inRange(spec.child('echoInterval'), 10, 60_000, 50),
    echoMode: spec.child('echoMode').boolean(false),
    passiveMode: spec.child('passiveMode').boolean(false),
    minimumTtl: inRange(spec.child('minimumTtl'), 1, 254, 254),
  };
  return root.report.ok ? profile : undefined;
}

function inRange(field: Field, min: number, max: number, otherwise: number): number {
  const { value } = field;
  if (typeof value !== 'number' || !Number.isInteger(value)) return field.integer(min, max) ?? otherwise;
  if (value < min || value > max) field.problem('InvalidValue', `${field.path}: invalid value ${value}, must be in ${min}-${max} range`, `write a whole number from ${min} to ${max}`);
  return value;
}
