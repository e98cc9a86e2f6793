/**
 * Stable codes of what can be wrong with the text of an address, prefix or range.
 *
 * - `InvalidAddress`: not one IPv4 or IPv6 address in its usual notation
 * - `Ipv4MappedAddress`: `::ffff:a.b.c.d`, an IPv4 address dressed up as IPv6
 * - `InvalidCidr`: neither `address/length` nor a bare address
 * - `InvalidStartAddress`, `InvalidEndAddress`: that side of `first-last` is no address
 * - `StartAfterEnd`: `first-last` is backwards
 * - `MixedFamilies`: `first-last` with one IPv4 and one IPv6 side
 */
export type IpErrorCode =
  | 'InvalidAddress'
  | 'Ipv4MappedAddress'
  | 'InvalidCidr'
  | 'InvalidStartAddress'
  | 'InvalidEndAddress'
  | 'StartAfterEnd'
  | 'MixedFamilies';

/** Text that is no address, prefix or range. `message` says what is wrong, `fix` what to write instead. */
export class IpError extends Error {
  /**
   * @param code stable, for programs
   * @param value the offending text as written
   * @param message one line for people
   * @param fix what to change, one line for people
   */
  constructor(readonly code: IpErrorCode, readonly value: string, message: string, readonly fix: string) {
    super(message);
    this.name = 'IpError';
  }
}
