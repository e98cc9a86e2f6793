import { PoolPolicy } from '../config';
import { ServicePort, ServiceRequest } from './service-request';

/** The key of all who share without one. No text is equal to it. */
export const AUTOMATIC = true;

/** Services with the same key may share an address. */
export type SharingKey = string | typeof AUTOMATIC;

/** What decides with whom a Service may share an address of one pool. */
export interface Sharing {
  /** `namespace/name`. */
  readonly key: string;
  /** Undefined: with nobody. */
  readonly sharingKey: SharingKey | undefined;
  readonly backendKey: string;
  readonly ports: readonly ServicePort[];
}

/** With whom a Service may share in a pool: by its own key, else, where the Service or the pool wants it so, with all others that have no key. */
export function sharingIn(
  { policy }: { readonly policy: Pick<PoolPolicy, 'sharing'> }, request: Omit<Sharing, 'sharingKey'> & Pick<ServiceRequest, 'sharingKey' | 'sharing'>,
): Sharing {
  const { key, backendKey, ports, sharingKey, sharing = policy.sharing } = request;
  return { key, backendKey, ports, sharingKey: sharingKey ?? (sharing === 'automatic' ? AUTOMATIC : undefined) };
}
