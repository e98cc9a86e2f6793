import { createHash } from 'crypto';
import { Field, isObject } from './field';

/** What Linux takes as a key at most: `TCP_MD5SIG_MAXKEYLEN`. */
const LONGEST_KEY = 80;
const SECRET_TYPE = 'kubernetes.io/basic-auth';

/** The key of TCP MD5 signatures (RFC 2385), 1 to 80 bytes. It shows as `(hidden)` in text, JSON, logs and dumps, so that it gets nowhere by mistake. */
export class Password {
  readonly #key: Buffer;

  constructor(key: Uint8Array) {
    this.#key = Buffer.from(key);
  }

  /** The key itself, a fresh copy. */
  reveal(): Buffer {
    return Buffer.from(this.#key);
  }

  /** Equal for equal keys. */
  get digest(): string {
    return createHash('sha256').update(this.#key).digest('hex');
  }

  toString(): string {
    return '(hidden)';
  }

  toJSON(): string {
    return '(hidden)';
  }
}

/** The password that is written in the object, `spec.password`. */
export function readPassword(field: Field): Password | undefined {
  const { report, path, value } = field;
  if (field.isAbsent || value === '') return undefined;
  if (typeof value === 'string') return passwordOf(field, Buffer.from(value, 'utf8'));
  // Not by the usual way, which shows the value.
  report.add('InvalidValue', path, undefined, `${path} is not text`, 'put it between quotes');
  return undefined;
}

/**
 * The password in the Secret that the object names, `spec.passwordSecret.name`.
 * @param secrets Secrets by name, untrusted
 */
export function readPasswordSecret(name: Field, secrets: ReadonlyMap<string, unknown>): Password | undefined {
  const secret = secrets.get(name.value as string);
  if (!isObject(secret)) {
    name.problem('MissingReference', `secret ref not found: no Secret ${JSON.stringify(name.value)}`, `create it with type ${SECRET_TYPE}, in the namespace of the peer`);
    return undefined;
  }
  if (secret.type !== SECRET_TYPE) {
    const type = typeof secret.type === 'string' ? secret.type : 'Opaque';
    name.problem('UnusableSecret', `secret type mismatch: Secret ${JSON.stringify(name.value)} has type ${JSON.stringify(type)}`,
      `delete it and create it with type ${SECRET_TYPE}`);
    return undefined;
  }
  const key = keyIn(secret);
  if (!key || key.length === 0) {
    name.problem('UnusableSecret', `password not specified in the secret ${JSON.stringify(name.value)}`, 'set its entry password');
    return undefined;
  }
  return passwordOf(name, key);
}

function keyIn({ data, stringData }: Record<string, unknown>): Buffer | undefined {
  // As the API server does with what a manifest says: stringData is laid over data.
  if (isObject(stringData) && typeof stringData.password === 'string') return Buffer.from(stringData.password, 'utf8');
  return isObject(data) && typeof data.password === 'string' ? Buffer.from(data.password, 'base64') : undefined;
}

function passwordOf({ report, path }: Field, key: Buffer): Password | undefined {
  if (key.length <= LONGEST_KEY) return new Password(key);
  report.add('InvalidValue', path, undefined, `the password has ${key.length} bytes, Linux takes at most ${LONGEST_KEY}`, 'use a shorter one, on the router too');
  return undefined;
}
