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
  public static readonly WHEN_PORTS_DIFFER = new AddressSharing('home-load-balancer');

  /**
   * The Service has its addresses to itself.
   */
  public static readonly NEVER = new AddressSharing(undefined);

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
    return new AddressSharing(key);
  }

  private constructor(
    /**
     * The sharing key.
     *
     * @default - the address is not shared
     */
    public readonly key?: string) {}
}
