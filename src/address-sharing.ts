import { ConstructError } from './_errors';

/**
 * Whether Services may have the same IP address.
 *
 * Services share an address when all of them have the same sharing key and no two of them want the same port of it. Services with
 * `externalTrafficPolicy: Local` share only with Services that have that policy and select the same pods.
 */
export class AddressSharing {
  /**
   * Shares with every other Service of the load balancer that says so, as long as their ports differ. At home one address serves everything.
   */
  public static readonly WHEN_PORTS_DIFFER = new AddressSharing('home-load-balancer', false);

  /**
   * Shares with every other Service that says so, or has its address of a pool with `PoolSharing.AUTOMATIC`, as long as their ports differ. Nothing
   * but this library and its program knows it: Services of MetalLB share by key.
   */
  public static readonly AUTOMATIC = new AddressSharing(undefined, true);

  /**
   * The Service has its addresses to itself, unless the pool has `PoolSharing.AUTOMATIC`.
   */
  public static readonly NEVER = new AddressSharing(undefined, false);

  /**
   * Shares only with Services that have the same key, for instance some that are not described in this app.
   *
   * @param key The value of the annotation `metallb.io/allow-shared-ip`; not empty.
   */
  public static withKey(key: string): AddressSharing {
    if (!key) {
      throw new ConstructError('INVALID_SHARING_KEY', 'the sharing key is empty: ' +
        'pass any text that all Services on the address have in common, or AddressSharing.NEVER');
    }
    return new AddressSharing(key, false);
  }

  private constructor(
    /**
     * The sharing key.
     *
     * @default - the address is not shared
     */
    public readonly key: string | undefined,

    /** @internal */
    public readonly _automatic: boolean) {}
}
