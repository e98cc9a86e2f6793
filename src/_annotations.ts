import { formatDuration, parseDuration } from './_durations';
import { Interval, readInterval } from './_ranges';
import { isToken, resolveToken, textOf } from './_tokens';
import { isGiven, show } from './_values';
import { AddressPoolOptions } from './address-pool-options';

/** The group of what MetalLB does not have: its kinds have no fields for it, so it is in annotations. */
const GROUP = 'home-load-balancer.github.io';

export const DRAINING = `${GROUP}/draining`;
export const SHARING = `${GROUP}/sharing`;
export const STICKY = `${GROUP}/sticky`;
export const NAMESPACE_LIMIT = `${GROUP}/namespace-limit`;
export const EXCLUDED_ADDRESSES = `${GROUP}/excluded-addresses`;
export const QUARANTINE = `${GROUP}/quarantine`;

const OF_POOLS = [DRAINING, SHARING, STICKY, NAMESPACE_LIMIT, EXCLUDED_ADDRESSES, QUARANTINE];

/** Stands for the addresses of the cluster's nodes in a list of excluded addresses. */
const NODES = 'nodes';

/** The annotations of an IPAddressPool; what is not said is left out. */
export function poolAnnotations(options: AddressPoolOptions): { [key: string]: string } {
  const { draining, sharing, sticky, stickyFor, namespaceLimit, excludedAddresses = [], excludeNodeAddresses, quarantine } = options;
  const excluded = (nodes: unknown) => [...nodes ? [NODES] : [], ...excludedAddresses.map(String)].join(', ');
  const values: Record<string, any> = {
    [DRAINING]: textIf(draining),
    [SHARING]: sharing,
    [STICKY]: stickyFor === undefined ? textIf(sticky) : durationText(stickyFor),
    [NAMESPACE_LIMIT]: isGiven(namespaceLimit) ? String(namespaceLimit) : namespaceLimit && textOf([namespaceLimit], ([limit]) => String(limit)),
    [EXCLUDED_ADDRESSES]: textOf([excludeNodeAddresses], ([nodes]) => excluded(nodes)) || undefined,
    [QUARANTINE]: durationText(quarantine),
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== null));
}

/** `'true'` for what is true; nothing for what is false, which is the same as absent. */
export function textIf(flag: any): string | undefined {
  return isToken(flag) ? textOf([flag], ([value]) => String(value)) : flag ? 'true' : undefined;
}

function durationText(duration: any): string | undefined {
  return isGiven(duration) ? formatDuration(duration.toMilliseconds()) : duration;
}

/** What the annotations of a pool say about its addresses. */
export interface PoolAnnotations {
  readonly draining: boolean;
  /** Whether Services share its addresses without a key. */
  readonly sharing: boolean;
  /** Never given. */
  readonly excluded: readonly Interval[];
}

/** Reads the annotations of an IPAddressPool, and reports what is wrong with them. */
export function readPoolAnnotations(annotations: Record<string, any>, wrong: (problem: string) => void): PoolAnnotations {
  const read = (key: string, valid: (text: string) => boolean, expected: string): string | undefined => {
    const value = resolveToken(annotations[key]);
    if (value === undefined || value === null || isToken(value)) return undefined;
    if (typeof value === 'string' && valid(value.trim())) return value.trim();
    wrong(`the annotation ${key} ${show(value)} is not valid: expected ${expected}`);
    return undefined;
  };
  const oneOf = (...texts: string[]) => (text: string) => texts.includes(text);
  const positive = (text: string) => (parseDuration(text) ?? 0) > 0;
  for (const key of Object.keys(annotations).filter((name) => name.startsWith(`${GROUP}/`) && !OF_POOLS.includes(name))) {
    wrong(`the annotation ${key} is unknown: expected ${OF_POOLS.join(', ')}`);
  }
  const draining = read(DRAINING, oneOf('true', 'false'), 'true or false');
  const sharing = read(SHARING, oneOf('automatic', 'by-key'), 'automatic or by-key');
  read(STICKY, (text) => oneOf('true', 'false')(text) || positive(text), 'true, false or a duration such as 72h');
  read(NAMESPACE_LIMIT, (text) => /^\d+$/.test(text) && Number(text) > 0 && Number.isSafeInteger(Number(text)), 'a whole number from 1, such as 5');
  read(QUARANTINE, positive, 'a duration such as 10m');
  const excluded = read(EXCLUDED_ADDRESSES, () => true, `the word ${NODES}, addresses and ranges, with commas between them`);
  return { draining: draining === 'true', sharing: sharing === 'automatic', excluded: readExcluded(excluded ?? '', wrong) };
}

function readExcluded(text: string, wrong: (problem: string) => void): Interval[] {
  return text.split(',').map((entry) => entry.trim()).filter((entry) => entry !== '' && entry !== NODES).flatMap((entry) => {
    const interval = readInterval(entry);
    if (typeof interval !== 'string') return [interval];
    wrong(`the annotation ${EXCLUDED_ADDRESSES}: ${interval}, or the word ${NODES}`);
    return [];
  });
}
