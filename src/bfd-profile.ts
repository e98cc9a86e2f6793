import { Chart, Duration } from 'cdk8s';
import { Construct, IConstruct } from 'constructs';
import { own } from './_examine';
import { checkName, metadataOf } from './_names';
import { BFD_LIMITS } from './_peers';
import { Registry } from './_registry';
import { checkBoolean, checkDuration, checkWhole, isGiven } from './_values';
import { BfdProfile as BfdProfileObject } from './imports/metallb.io';

/**
 * A BFD profile, made here or elsewhere.
 */
export interface IBfdProfile extends IConstruct {
  /**
   * Name of the BFDProfile object.
   */
  readonly profileName: string;
}

/**
 * How to notice that a router is dead (Bidirectional Forwarding Detection, RFC 5880).
 */
export interface BfdProfileOptions {
  /**
   * Name of the BFDProfile object.
   *
   * @default - made up by cdk8s
   */
  readonly profileName?: string;

  /**
   * Shortest time between two packets that this side can take, 10 ms to 60 s.
   *
   * @default Duration.millis(300)
   */
  readonly receiveInterval?: Duration;

  /**
   * Shortest time between two packets that this side would like to send, 10 ms to 60 s.
   *
   * @default Duration.millis(300)
   */
  readonly transmitInterval?: Duration;

  /**
   * How many packets may be lost before the session is down, 2 to 255.
   *
   * @default 3
   */
  readonly detectMultiplier?: number;

  /**
   * Time between two echo packets, 10 ms to 60 s; for `echoMode`.
   *
   * @default Duration.millis(50)
   */
  readonly echoInterval?: Duration;

  /**
   * Whether to send packets that the router returns without looking at them (RFC 5880 section 6.4). Only for IPv4, and not over several hops.
   *
   * @default false
   */
  readonly echoMode?: boolean;

  /**
   * Whether to wait for the router to begin.
   *
   * @default false
   */
  readonly passiveMode?: boolean;

  /**
   * Lowest TTL of packets that are accepted over several hops, 1 to 254 (RFC 5883).
   *
   * @default 254
   */
  readonly minimumTtl?: number;
}

/**
 * Properties of a `BfdProfile`.
 */
export interface BfdProfileProps extends BfdProfileOptions {
  /**
   * Namespace of the load balancer, the only one in which it looks for profiles.
   *
   * @default - the namespace of the chart, else `metallb-system`
   */
  readonly namespace?: string;
}

/**
 * How sessions of BGP peers notice, in less than a second, that a router is dead.
 *
 * @exampleMetadata fixture=balancer
 * @example
 *
 * const fast = lb.addBfdProfile('fast', { receiveInterval: Duration.millis(100), transmitInterval: Duration.millis(100) });
 * lb.addBgpPeer('router', { address: '192.168.1.1', asn: 64512, localAsn: 64513, bfdProfile: fast });
 */
export class BfdProfile extends Construct implements IBfdProfile {
  /**
   * A profile that is made elsewhere.
   *
   * @param scope Where to put the reference.
   * @param id Name within the scope.
   * @param profileName Name of the BFDProfile object.
   */
  public static fromProfileName(scope: Construct, id: string, profileName: string): IBfdProfile {
    return new ImportedProfile(scope, id, profileName);
  }

  /** Name of the BFDProfile object. */
  public readonly profileName: string;

  /**
   * Defines a profile.
   *
   * @param scope Where to put it.
   * @param id Name within the scope.
   * @param props Times and modes.
   */
  constructor(scope: Construct, id: string, props: BfdProfileProps = {}) {
    super(scope, id);
    const where = (property: string) => `${this.node.path}: ${property}`;
    checkName(where('profileName'), 'subdomain', props.profileName);
    checkName(where('namespace'), 'label', props.namespace);
    for (const property of ['receiveInterval', 'transmitInterval', 'echoInterval'] as const) {
      const [min, max] = BFD_LIMITS[property];
      checkDuration(where(property), props[property], { text: '10 ms to 60 s', test: (time) => time >= min && time <= max });
    }
    checkWhole(where('detectMultiplier'), props.detectMultiplier, ...BFD_LIMITS.detectMultiplier);
    checkWhole(where('minimumTtl'), props.minimumTtl, ...BFD_LIMITS.minimumTtl);
    checkBoolean(where('echoMode'), props.echoMode);
    checkBoolean(where('passiveMode'), props.passiveMode);

    const namespace = props.namespace ?? Chart.of(this).namespace ?? 'metallb-system';
    this.profileName = new BfdProfileObject(this, 'Resource', {
      metadata: metadataOf(props.profileName, namespace),
      spec: {
        receiveInterval: milliseconds(props.receiveInterval),
        transmitInterval: milliseconds(props.transmitInterval),
        detectMultiplier: props.detectMultiplier,
        echoInterval: milliseconds(props.echoInterval),
        echoMode: props.echoMode,
        passiveMode: props.passiveMode,
        minimumTtl: props.minimumTtl,
      },
    }).name;
    own(this, namespace);
  }
}

function milliseconds(duration: any): number | undefined {
  return isGiven(duration) ? duration.toMilliseconds() : duration;
}

/** A profile known by its name only. */
class ImportedProfile extends Construct implements IBfdProfile {
  public constructor(scope: Construct, id: string, public readonly profileName: string) {
    super(scope, id);
    checkName(`${this.node.path}: profileName`, 'subdomain', profileName ?? '');
    Registry.of(this).refer('BFDProfile', profileName);
  }
}
