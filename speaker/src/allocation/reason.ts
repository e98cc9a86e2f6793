/**
 * Every code of why a Service has no address, lost one, or is left as it is, with what it means. They are stable: events, conditions, metrics and logs carry
 * them, and `docs/reasons.md` explains each.
 */
export const REASONS = {
  // About the request
  NotLoadBalancer: 'the Service is of another type',
  OtherClass: 'its spec.loadBalancerClass is another controller\'s',
  NoClusterIP: 'it has no cluster IP, so its family is unknown',
  UnknownClusterFamily: 'its cluster IPs are neither one nor one of each family',
  NotEnoughClusterIPs: 'RequireDualStack with fewer than two cluster IPs',
  InvalidWantedIP: 'an address asked for is no address',
  ConflictingWishes: 'addresses are asked for both in the annotation and in spec.loadBalancerIP',
  FamilyMismatch: 'the addresses asked for are not of the families of the Service',
  // About pools
  NotConfigured: 'no configuration has been read yet',
  NoPools: 'there is no pool at all',
  UnknownPool: 'no pool has the name asked for',
  PoolUnusable: 'the pool it belongs to is wrong, see its problems',
  PoolNotCompatible: 'the pool does not admit this Service (spec.serviceAllocation)',
  PoolMismatch: 'the addresses asked for are in another pool than the one asked for',
  NoPoolForService: 'no pool gives its addresses to this Service unasked',
  NoAvailableIPs: 'the pools that admit it have no free address',
  NotAllowedInConfig: 'no pool has these addresses',
  PoolReplaced: 'another pool has these addresses now',
  PoolRepaired: 'the pool it belongs to is right again',
  PoolDraining: 'the pool gives nothing new, by annotation',
  NamespaceLimit: 'the namespace has as many addresses of the pool as it may have, by annotation',
  SharingEnded: 'the pool lets Services share automatically no more',
  // About addresses
  AddressExcluded: 'the pool does not give the address, by annotation; who has it keeps it',
  AddressReserved: 'it is kept for a Service that was deleted',
  AddressQuarantined: 'something that is no Service uses the address',
  // About other Services
  SharingKeyConflict: 'the address is in use, and not to be shared with this Service',
  PortConflict: 'the address is shared, but a port is taken',
} as const;

export type ReasonCode = keyof typeof REASONS;

/** Why a decision about a Service is as it is. Events, conditions, logs and the command line all render this one value. */
export interface Reason {
  /** Stable, for programs. */
  readonly code: ReasonCode;
  /** What is wrong, in MetalLB's words where it has some. */
  readonly message: string;
  /** What the Service asked for. */
  readonly asked: string;
  /** Addresses that it could have instead, at most three; absent where that is not the question. It changes with whatever others do. */
  readonly free?: readonly string[];
  /** What to change. */
  readonly fix: string;
}

/** Longest part of such a text. What comes from annotations may be as long as annotations may be, and an event holds 1024 bytes. */
const LONGEST = 220;

/** What is wrong, what was asked for, what is free, what to change: in one line. */
export function reasonText({ message, asked, free, fix }: Reason): string {
  const parts = [message, `asked for: ${asked}`, ...free ? [`free: ${free.length > 0 ? free.join(', ') : 'nothing'}`] : [], fix];
  return parts.map((part) => shorten(part.replace(/[\p{Cc}\u2028\u2029]+/gu, ' '), LONGEST)).join('; ');
}

/** Such a text without what is free, which changes with whatever others do: equal where nothing else has changed. */
export function lasting(text: string): string {
  return text.replace(/; free: [^;]*/, '');
}

function shorten(text: string, limit: number): string {
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
}

/** Addresses as MetalLB writes them: `["10.0.0.1" "2001:db8::1"]`. */
export function quoteList(values: readonly { toString(): string }[]): string {
  return `[${values.map((value) => JSON.stringify(`${value}`)).join(' ')}]`;
}

/** Up to three names in quotes, then how many more. */
export function quoteSome(names: readonly string[]): string {
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return names.slice(0, 3).map((name) => JSON.stringify(name)).join(', ') + more;
}
