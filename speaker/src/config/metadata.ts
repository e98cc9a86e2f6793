import { isObject } from './field';
import { Labels } from './label-selector';

/** Which object it is, and in which version. */
export interface Identity {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string | undefined;
  readonly generation: number | undefined;
}

export function identityOf({ name, namespace, uid, generation }: Identity): Identity {
  return { name, namespace, uid, generation };
}

/**
 * What is read of `metadata`. It comes from the API server, which fills it in, so what has another type here is treated as absent. An absent name or
 * namespace is empty.
 */
export interface Metadata extends Identity {
  readonly labels: Labels;
  /** RFC 3339 in UTC, as the API server writes it, so that text order is time order; later than every time when absent. */
  readonly creationTimestamp: string;
}

const LATER_THAN_EVERY_TIME = '~';

export function readMetadata(object: unknown): Metadata {
  const raw = isObject(object) && isObject(object.metadata) ? object.metadata : {};
  return {
    name: text(raw.name) ?? '',
    namespace: text(raw.namespace) ?? '',
    uid: text(raw.uid),
    generation: typeof raw.generation === 'number' ? raw.generation : undefined,
    labels: readLabels(raw.labels),
    creationTimestamp: text(raw.creationTimestamp) ?? LATER_THAN_EVERY_TIME,
  };
}

/** Labels from untrusted JSON: the entries whose value is text, sorted by key. */
export function readLabels(raw: unknown): Labels {
  if (!isObject(raw)) return {};
  return Object.fromEntries(Object.entries(raw).filter((entry): entry is [string, string] => typeof entry[1] === 'string').sort(([a], [b]) => a < b ? -1 : 1));
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
