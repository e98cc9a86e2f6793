import { Chart } from 'cdk8s';
import { Construct, IConstruct } from 'constructs';
import { parseAddress } from './_address';
import { formatDuration, timerProblems } from './_durations';
import { ConstructError } from './_errors';
import { own } from './_examine';
import { checkName, metadataOf } from './_names';
import { isRouterId, MAX_ASN } from './_peers';
import { Registry } from './_registry';
import { hasToken } from './_tokens';
import { checkBoolean, checkDuration, checkMember, checkMembers, checkText, checkWhole, isGiven, refuse, show } from './_values';
import { BgpPeerProps, DynamicAsn } from './bgp-peer-options';
import { BgpPeer as BgpPeerObject } from './imports/metallb.io';
import { Selector } from './selector';

/**
 * A router that the load balancer talks to by BGP, made here or elsewhere.
 */
export interface IBgpPeer extends IConstruct {
  /**
   * Name of the BGPPeer object.
   */
  readonly peerName: string;
}

/**
 * A router that the speakers tell by BGP where the addresses are.
 *
 * The program of this version does not open BGP sessions yet: the objects are checked and made, and read by MetalLB's speakers.
 *
 * @exampleMetadata fixture=balancer
 * @example
 *
 * const router = lb.addBgpPeer('router', { address: '192.168.1.1', asn: 64512, localAsn: 64513 });
 * lb.addPool('edge', { ranges: [IpRange.cidr('203.0.113.8/29')], advertise: [Advertisement.bgp({ peers: [router] })] });
 */
export class BgpPeer extends Construct implements IBgpPeer {
  /**
   * A peer that is made elsewhere.
   *
   * @param scope Where to put the reference.
   * @param id Name within the scope.
   * @param peerName Name of the BGPPeer object.
   */
  public static fromPeerName(scope: Construct, id: string, peerName: string): IBgpPeer {
    return new ImportedPeer(scope, id, peerName);
  }

  /** Name of the BGPPeer object. */
  public readonly peerName: string;

  /**
   * Defines a peer.
   *
   * @param scope Where to put it.
   * @param id Name within the scope.
   * @param props The router and the session.
   */
  constructor(scope: Construct, id: string, props: BgpPeerProps) {
    super(scope, id);
    this.checkIdentity(props);
    this.checkSession(props);
    const namespace = props.namespace ?? Chart.of(this).namespace ?? 'metallb-system';
    this.peerName = new BgpPeerObject(this, 'Resource', {
      metadata: metadataOf(props.peerName, namespace),
      spec: {
        myAsn: props.localAsn,
        peerAsn: props.asn,
        dynamicAsn: props.dynamicAsn as any, // the same words as in the generated enum
        localAsn: props.presentedAsn,
        peerAddress: props.address,
        interface: props.interfaceName,
        sourceAddress: props.sourceAddress,
        peerPort: props.port,
        holdTime: textOf(props.holdTime),
        keepaliveTime: textOf(props.keepaliveTime),
        connectTime: textOf(props.connectTime),
        routerId: props.routerId,
        nodeSelectors: props.nodeSelectors?.map((selector) => selector._toManifest()),
        passwordSecret: props.passwordSecret && { name: props.passwordSecret.name },
        bfdProfile: props.bfdProfile?.profileName,
        enableGracefulRestart: props.gracefulRestart,
        ebgpMultiHop: props.multihop,
        vrf: props.vrf,
        dualStackAddressFamily: props.dualStackAddressFamily,
      },
    }).name;
    own(this, namespace);
  }

  private checkIdentity(props: BgpPeerProps): void {
    const where = (property: string) => `${this.node.path}: ${property}`;
    checkName(where('peerName'), 'subdomain', props.peerName);
    checkName(where('namespace'), 'label', props.namespace);
    checkWhole(where('localAsn'), props.localAsn ?? 0, 1, MAX_ASN);
    checkWhole(where('asn'), props.asn, 1, MAX_ASN);
    checkWhole(where('presentedAsn'), props.presentedAsn, 1, MAX_ASN);
    checkMember(where('dynamicAsn'), props.dynamicAsn, DynamicAsn);
    this.exactlyOne(props, 'asn', 'dynamicAsn', 'the AS of the router');
    this.exactlyOne(props, 'address', 'interfaceName', 'where the router is');
    for (const property of ['address', 'sourceAddress'] as const) {
      const value: any = props[property];
      if (isGiven(value) && !(typeof value === 'string' && parseAddress(value))) refuse(where(property), value, 'an IP address, such as 192.168.1.1 or fd00::1');
    }
    const routerId: any = props.routerId;
    if (isGiven(routerId) && !isRouterId(routerId)) {
      refuse(where('routerId'), routerId, 'an IPv4 address, such as 192.168.1.44');
    }
    checkName(where('interfaceName'), 'interface', props.interfaceName);
    checkName(where('vrf'), 'interface', props.vrf);
    checkWhole(where('port'), props.port, 1, 16_384);
    if (props.multihop && props.asn === props.localAsn && !hasToken(props.asn)) {
      throw new ConstructError('INVALID_PEER', `${where('multihop')} is for routers of another AS, but asn and localAsn are both ${props.asn}: ` +
        'leave it out, for sessions inside an AS may have several hops');
    }
  }

  private checkSession(props: BgpPeerProps): void {
    const where = (property: string) => `${this.node.path}: ${property}`;
    const whole = (time: number) => time % 1000 === 0 && time <= 65_535_000;
    checkDuration(where('holdTime'), props.holdTime, {
      text: '0 (never), or whole seconds from 3 s to 65535 s', test: (time) => whole(time) && (time === 0 || time >= 3000),
    });
    checkDuration(where('keepaliveTime'), props.keepaliveTime, { text: '0 s to 65535 s', test: (time) => time >= 0 && time <= 65_535_000 });
    checkDuration(where('connectTime'), props.connectTime, { text: 'whole seconds from 1 s to 65535 s', test: (time) => whole(time) && time >= 1000 });
    const [hold, keepalive] = [props.holdTime, props.keepaliveTime].map((time) => isGiven(time) ? time!.toMilliseconds() : undefined);
    for (const problem of timerProblems(hold, keepalive)) throw new ConstructError('INVALID_PEER', `${this.node.path}: ${problem}`);
    checkMembers(where('nodeSelectors'), props.nodeSelectors, Selector, "Selector.labels({ rack: '1' })");
    for (const property of ['gracefulRestart', 'multihop', 'dualStackAddressFamily'] as const) checkBoolean(where(property), props[property]);
    if (isGiven(props.passwordSecret)) checkText(where('passwordSecret: name'), props.passwordSecret!.name ?? '');
    if (isGiven(props.bfdProfile) && props.bfdProfile!.profileName === undefined) {
      refuse(where('bfdProfile'), props.bfdProfile, 'what addBfdProfile() or BfdProfile.fromProfileName() returned');
    }
  }

  private exactlyOne(props: BgpPeerProps, one: 'asn' | 'address', other: 'dynamicAsn' | 'interfaceName', what: string): void {
    const missing = (value: unknown) => value === undefined || value === null;
    if (missing(props[one]) !== missing(props[other])) return;
    throw new ConstructError('INVALID_PEER', missing(props[one])
      ? `${this.node.path}: neither ${one} nor ${other} says ${what}: pass one of them`
      : `${this.node.path}: both ${one} (${show(props[one])}) and ${other} (${show(props[other])}) say ${what}: pass only one of them`);
  }
}

function textOf(duration: any): string | undefined {
  return isGiven(duration) ? formatDuration(duration.toMilliseconds()) : duration;
}

/** A peer known by its name only. */
class ImportedPeer extends Construct implements IBgpPeer {
  public constructor(scope: Construct, id: string, public readonly peerName: string) {
    super(scope, id);
    checkName(`${this.node.path}: peerName`, 'subdomain', peerName ?? '');
    Registry.of(this).refer('BGPPeer', peerName);
  }
}
