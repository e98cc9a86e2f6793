import { communityProblem } from './_communities';
import { ConstructError } from './_errors';
import { isToken } from './_tokens';
import { checkText, checkWhole } from './_values';

/**
 * A mark on a BGP route, by which routers decide what to do with it.
 *
 * A value: it is checked when it is made, and does not change.
 *
 * @example
 *
 * Advertisement.bgp({ communities: [Community.NO_EXPORT, Community.of(64512, 100), Community.large(4200000000, 1, 100)] });
 */
export class Community {
  /** Not to be told to other autonomous systems (RFC 1997). */
  public static readonly NO_EXPORT = Community.of(65535, 65281);

  /** Not to be told to any other router (RFC 1997). */
  public static readonly NO_ADVERTISE = Community.of(65535, 65282);

  /** Not to be told outside of the member AS of a confederation (RFC 1997). */
  public static readonly NO_EXPORT_SUBCONFED = Community.of(65535, 65283);

  /** Not to be told to bilateral peers (RFC 3765). */
  public static readonly NO_PEER = Community.of(65535, 65284);

  /** About to go away, so to be used only where there is no other route (RFC 8326). */
  public static readonly GRACEFUL_SHUTDOWN = Community.of(65535, 0);

  /** Traffic to be thrown away (RFC 7999). */
  public static readonly BLACKHOLE = Community.of(65535, 666);

  /**
   * A community of two numbers (RFC 1997).
   *
   * @param asn The AS that gives it a meaning, 0 to 65535.
   * @param value What that AS means by it, 0 to 65535.
   */
  public static of(asn: number, value: number): Community {
    checkWhole('asn of the community', asn ?? NaN, 0, 65_535);
    checkWhole('value of the community', value ?? NaN, 0, 65_535);
    return new Community(`${asn}:${value}`);
  }

  /**
   * A large community (RFC 8092): three numbers, with room for AS numbers above 65535.
   *
   * @param globalAdministrator The AS that gives it a meaning, 0 to 4294967295.
   * @param localData1 What that AS means by it, 0 to 4294967295.
   * @param localData2 As before.
   */
  public static large(globalAdministrator: number, localData1: number, localData2: number): Community {
    checkWhole('globalAdministrator of the large community', globalAdministrator ?? NaN, 0, 4_294_967_295);
    checkWhole('localData1 of the large community', localData1 ?? NaN, 0, 4_294_967_295);
    checkWhole('localData2 of the large community', localData2 ?? NaN, 0, 4_294_967_295);
    return new Community(`large:${globalAdministrator}:${localData1}:${localData2}`);
  }

  /**
   * The community that a text writes.
   *
   * @param text Two numbers (`64512:100`), or `large` and three (`large:4200000000:1:100`).
   */
  public static parse(text: string): Community {
    checkText('text of the community', text ?? '');
    const problem = isToken(text) ? undefined : communityProblem(text.trim());
    if (problem) throw new ConstructError('INVALID_COMMUNITY', problem);
    return new Community(isToken(text) ? text : text.trim());
  }

  /**
   * A community by a name that is defined elsewhere, in a Community object of the load balancer's namespace. For names defined in this app there is
   * `community()` of `CommunityAliases`.
   *
   * @param name The name.
   */
  public static fromAlias(name: string): Community {
    checkText('name of the community', name ?? '');
    return new Community(name);
  }

  private constructor(private readonly text: string) {}

  /**
   * The community in the notation of a BGPAdvertisement.
   */
  public toString(): string {
    return this.text;
  }
}
