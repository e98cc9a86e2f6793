import { resourceName, ResourceRef } from './resources';
import { Status } from './types';

/**
 * What went wrong with a request, as a stable word.
 *
 * The first group never reached the server or got no answer; the second is the server's answer.
 */
export type KubeErrorCode =
  | 'ConfigInvalid' | 'Unreachable' | 'ConnectionLost' | 'Timeout' | 'Aborted' | 'Closed' | 'Fenced' | 'BadResponse'
  | 'TlsUntrusted' | 'TlsExpired' | 'TlsNameMismatch' | 'TlsFailed'
  | 'Unauthorized' | 'Forbidden' | 'NotFound' | 'AlreadyExists' | 'Conflict' | 'Gone' | 'Invalid' | 'TooManyRequests' | 'ServerError' | 'Rejected';

interface KubeErrorDetails {
  readonly status?: number;
  readonly reason?: string;
  readonly body?: Status;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** Every failure that leaves this room. The message names the object or the server, the cause, and what to change. */
export class KubeError extends Error {
  /** HTTP status, or undefined when there was no answer. */
  readonly status?: number;
  /** `reason` of the server's Status object, such as `AlreadyExists` or `Expired`. */
  readonly reason?: string;
  /** The server's Status object. */
  readonly body?: Status;
  /** How long the server asks to wait before the next attempt, in milliseconds. */
  readonly retryAfterMs?: number;

  constructor(readonly code: KubeErrorCode, message: string, details: KubeErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'KubeError';
    this.status = details.status;
    this.reason = details.reason;
    this.body = details.body;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** Whether `error` is a {@link KubeError}, and if codes are given, one of these. */
export function isKubeError(error: unknown, ...codes: KubeErrorCode[]): error is KubeError {
  return error instanceof KubeError && (codes.length === 0 || codes.includes(error.code));
}

const TLS_UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CERT_SIGNATURE_FAILURE', 'CERT_UNTRUSTED', 'INVALID_CA',
]);
const TLS_TIME = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);

/** Explains why no connection to `server` could be made, or why it broke. `source` says where server and credentials were read. */
export function connectionError(cause: unknown, server: string, source: string): KubeError {
  if (cause instanceof KubeError) return cause;
  const { code = '', message = String(cause) } = (cause ?? {}) as { code?: string; message?: string };
  const at = `API server ${server} (from ${source})`;
  if (TLS_UNTRUSTED.has(code)) {
    return new KubeError('TlsUntrusted',
      `the certificate of ${at} is not signed by the configured certificate authority (${code}): set certificate-authority(-data) to the CA of this cluster`, { cause });
  }
  if (TLS_TIME.has(code)) {
    const when = code === 'CERT_HAS_EXPIRED' ? 'has expired: renew it' : 'is not valid yet: check';
    return new KubeError('TlsExpired', `the certificate of ${at} ${when} (or set right the clock of this machine, now ${new Date().toISOString()})`, { cause });
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return new KubeError('TlsNameMismatch',
      `the certificate of ${at} is for another name (${message}): use one of its names in the server address, or set tls-server-name`, { cause });
  }
  if (code.startsWith('ERR_SSL_') || code === 'EPROTO' || code.startsWith('ERR_TLS') || code.startsWith('ERR_OSSL')) {
    const { reason = message } = cause as { reason?: string }; // OpenSSL's message itself is full of source lines
    return new KubeError('TlsFailed', `TLS with ${at} failed (${code}: ${reason}): check https:// against http:// and the client certificate`, { cause });
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new KubeError('Unreachable', `the name in ${at} does not resolve (${code}): check the server address and this machine's DNS`, { cause });
  }
  if (['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EADDRNOTAVAIL', 'EACCES', 'EPERM'].includes(code)) {
    return new KubeError('Unreachable', `${at} cannot be reached (${code}): check that it runs, its address, and the firewall and route to it`, { cause });
  }
  return new KubeError('ConnectionLost', `the connection to ${at} broke${code ? ` (${code}: ${message})` : `: ${message}`}`, { cause });
}

/** What a request was about; goes into the messages. */
export interface RequestSubject {
  readonly verb: string;
  readonly resource?: ResourceRef;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

/** `patch services/status home/web`. */
export function describe(subject: RequestSubject): string {
  const what = subject.resource ? `${resourceName(subject.resource)}${subject.subresource ? `/${subject.subresource}` : ''}` : '';
  const which = [subject.namespace, subject.name].filter((part) => part !== undefined).join('/');
  return [subject.verb, what, which].filter((part) => part !== '').join(' ');
}

const CODES: Record<number, KubeErrorCode> = { 401: 'Unauthorized', 403: 'Forbidden', 404: 'NotFound', 409: 'Conflict', 410: 'Gone', 422: 'Invalid', 429: 'TooManyRequests' };

/** The error for an answer of the server with `status` ≥ 400, or for the Status object of a watch's ERROR event. */
export function statusError(status: number, body: Status, subject: RequestSubject, source: string, retryAfterMs?: number): KubeError {
  let code: KubeErrorCode = CODES[status] ?? (status >= 500 ? 'ServerError' : 'Rejected');
  if (body.reason === 'AlreadyExists') code = 'AlreadyExists';
  const said = body.message ?? `HTTP status ${status}`;
  return new KubeError(code, `${describe(subject)}: ${said}${advice(code, body, subject, source)}`, { status, reason: body.reason, body, retryAfterMs });
}

/** Verbs that are needed together: whoever lacks one would ask for the next one afterwards. */
const TOGETHER: ReadonlyArray<{ readonly resource?: string; readonly verbs: readonly string[] }> = [
  { resource: 'events', verbs: ['create', 'patch'] }, // EventRecorder
  { resource: 'leases', verbs: ['get', 'create', 'patch'] }, // LeaderElection
  { verbs: ['list', 'watch'] }, // Reflector
];

function verbsWith(verb: string, name: string): readonly string[] {
  return TOGETHER.find(({ resource, verbs }) => (resource === undefined || resource === name) && verbs.includes(verb))?.verbs ?? [verb];
}

function advice(code: KubeErrorCode, body: Status, subject: RequestSubject, source: string): string {
  switch (code) {
    case 'Unauthorized':
      return `: the API server does not accept the credentials from ${source}; the token has expired or belongs to another cluster`;
    case 'Forbidden': {
      const { resource } = subject;
      if (!resource) return '';
      const name = subject.subresource ? `${resource.plural}/${subject.subresource}` : resource.plural;
      const kind = resource.namespaced ? 'Role or ClusterRole' : 'ClusterRole';
      return `: add to the ${kind} of this program: apiGroups ["${resource.group}"], resources ["${name}"], verbs ${JSON.stringify(verbsWith(subject.verb, name))}`;
    }
    case 'NotFound':
      return body.details?.name === undefined && subject.resource && subject.resource.group.includes('.')
        ? `: the API server does not serve ${resourceName(subject.resource)} in version ${subject.resource.version}; are its custom resource definitions installed?`
        : '';
    case 'Conflict':
      return body.details?.causes?.some((cause) => cause.reason === 'FieldManagerConflict') ? ': apply with force, or leave these fields to their manager' : '';
    case 'Gone':
      return ': the requested point in history has been compacted; list again';
    default:
      return '';
  }
}
