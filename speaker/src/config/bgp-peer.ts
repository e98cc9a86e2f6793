import { IpAddress, IpError, IpFamily } from '../ip';
import { BFDProfile } from './bfd-profile';
import { BGPTimers, readTimers } from './bgp-timers';
import { canonicalText } from './canonical-text';
import { Field } from './field';
import { anyMatches, Labels, LabelSelector, labelSelectorsOf } from './label-selector';
import { Identity, Metadata } from './metadata';
import { Password, readPassword, readPasswordSecret } from './password';

/** A session with a router: with whom, and how. The spec of a BGPPeer without its `nodeSelectors`, checked and with its references looked up. */
export interface BGPSession extends BGPTimers {
  /** 1 to 4294967295. */
  readonly myASN: number;
  /** What the router must have; `internal` is the same as `myASN`, `external` any other. */
  readonly peerASN: number | 'internal' | 'external';
  /** Presented instead of `myASN` (RFC 7705). */
  readonly localASN: number | undefined;
  /** Undefined for a session found by `interface`; one of the two is set. */
  readonly peerAddress: IpAddress | undefined;
  /** Name of the interface behind which the router is, for unnumbered BGP. */
  readonly interface: string | undefined;
  readonly sourceAddress: IpAddress | undefined;
  /** 1 to 16384, by default 179. */
  readonly peerPort: number;
  /** BGP identifier, IPv4 and not 0.0.0.0; undefined for an address of the node. */
  readonly routerID: IpAddress | undefined;
  /** From `password`, or from the Secret; undefined for none, and where Secrets are not looked at. */
  readonly password: Password | undefined;
  /** Name of the Secret with the password. */
  readonly passwordSecret: string | undefined;
  /** As it is now; undefined for none, and where BFDProfiles are not looked at. */
  readonly bfdProfile: BFDProfile | undefined;
  readonly enableGracefulRestart: boolean;
  readonly ebgpMultiHop: boolean;
  /** Name of the VRF device; undefined for the default one. */
  readonly vrf: string | undefined;
  readonly dualStackAddressFamily: boolean;
}

/** A valid BGPPeer. Immutable. */
export class BGPPeer implements Identity {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string | undefined;
  readonly generation: number | undefined;

  constructor({ name, namespace, uid, generation }: Identity, readonly nodeSelectors: readonly LabelSelector[], readonly session: BGPSession) {
    this.name = name;
    this.namespace = namespace;
    this.uid = uid;
    this.generation = generation;
  }

  /** The router as seen from a node: address or interface, and the VRF, since a VRF has addresses of its own. */
  get target(): string {
    const { peerAddress, interface: name, vrf } = this.session;
    return `${peerAddress ?? `interface ${name}`}${vrf === undefined ? '' : ` in VRF ${vrf}`}`;
  }

  /** True when a node with these labels has the session. */
  matchesNode(labels: Labels): boolean {
    return anyMatches(this.nodeSelectors, labels);
  }

  /** Whether routes of the family go over the session: those of the family of the router's address, or both. */
  exchanges(family: IpFamily): boolean {
    const { peerAddress, dualStackAddressFamily } = this.session;
    return peerAddress === undefined || dualStackAddressFamily || peerAddress.family === family;
  }

  /** True when nothing has changed that the session is made of, so that it may go on. */
  sameSession(other: BGPPeer): boolean {
    return canonicalText(this.session) === canonicalText(other.session);
  }

  /** This peer with another BFD profile. */
  withBFDProfile(bfdProfile: BFDProfile): BGPPeer {
    return new BGPPeer(this, this.nodeSelectors, { ...this.session, bfdProfile });
  }
}

/** What peers may refer to, by name; undefined for what is not looked at. */
export interface PeerReferences {
  readonly bfdProfiles: ReadonlyMap<string, BFDProfile> | undefined;
  /** Untrusted. */
  readonly secrets: ReadonlyMap<string, unknown> | undefined;
}

const HIGHEST_ASN = 0xffffffff;

/** Reads one BGPPeer; undefined when something is wrong with it, which goes to the report of `root`. */
export function readBGPPeer(root: Field, metadata: Metadata, references: PeerReferences): BGPPeer | undefined {
  const spec = root.child('spec').object();
  spec.child('disableMP').boolean(false);
  const ebgpMultiHop = spec.child('ebgpMultiHop').boolean(false);
  const session = {
    ...readASNs(spec, ebgpMultiHop),
    localASN: spec.child('localASN').integer(1, HIGHEST_ASN),
    ...readTarget(spec),
    sourceAddress: readAddress(spec.child('sourceAddress'), 'source IP'),
    peerPort: spec.child('peerPort').integer(0, 16_384) || 179,
    ...readTimers(spec),
    routerID: readRouterID(spec.child('routerID')),
    ...readKey(spec, references.secrets),
    bfdProfile: readProfileReference(spec.child('bfdProfile'), references.bfdProfiles),
    enableGracefulRestart: spec.child('enableGracefulRestart').boolean(false),
    ebgpMultiHop,
    vrf: spec.child('vrf').text(),
    dualStackAddressFamily: spec.child('dualStackAddressFamily').boolean(false),
  };
  const peer = new BGPPeer(metadata, labelSelectorsOf(spec.child('nodeSelectors'), 'nodeSelectors'), session);
  return root.report.ok ? peer : undefined;
}

function readASNs(spec: Field, ebgpMultiHop: boolean): Pick<BGPSession, 'myASN' | 'peerASN'> {
  const mine = spec.child('myASN');
  const peer = spec.child('peerASN');
  const dynamic = spec.child('dynamicASN');
  const myASN = mine.integer(0, HIGHEST_ASN);
  if (mine.isAbsent || myASN === 0) mine.problem('MissingValue', 'missing local ASN', 'set it to the AS number of the cluster, such as 64512');
  const peerASN = peer.integer(0, HIGHEST_ASN);
  const dynamicASN = dynamic.text();
  const hasPeerASN = !peer.isAbsent && peerASN !== 0;
  const hasDynamicASN = !dynamic.isAbsent && dynamic.value !== '';
  if (!hasPeerASN && !hasDynamicASN) {
    peer.problem('MissingValue', 'missing peer ASN and dynamicASN', 'set peerASN to the AS number of the router, or dynamicASN to internal or external');
  } else if (hasPeerASN && hasDynamicASN) {
    dynamic.problem('ExclusiveFields', 'both peer ASN and dynamicASN specified', 'remove one of them');
  }
  if (dynamicASN !== undefined && dynamicASN !== 'internal' && dynamicASN !== 'external') {
    dynamic.problem('InvalidValue', `invalid dynamicASN ${JSON.stringify(dynamicASN)}`, 'write internal or external');
  }
  if (ebgpMultiHop && hasPeerASN && peerASN !== undefined && peerASN === myASN) {
    spec.child('ebgpMultiHop').problem('ExclusiveFields', `invalid ebgp-multihop parameter set for an ibgp peer: both have AS number ${myASN}`,
      'remove ebgpMultiHop: peers of one AS may be any number of hops apart');
  }
  return { myASN: myASN ?? 0, peerASN: dynamicASN === 'internal' || dynamicASN === 'external' ? dynamicASN : peerASN ?? 0 };
}

function readTarget(spec: Field): Pick<BGPSession, 'peerAddress' | 'interface'> {
  const address = spec.child('peerAddress');
  const link = spec.child('interface');
  const [hasAddress, hasInterface] = [address, link].map((field) => !field.isAbsent && field.value !== '');
  if (!hasAddress && !hasInterface) {
    address.problem('MissingValue', 'peer has no Address or Interface specified', 'set peerAddress to the address of the router, or interface for unnumbered BGP');
  } else if (hasAddress && hasInterface) {
    link.problem('ExclusiveFields', 'peer has both Address and Interface specified', 'remove one of them');
  }
  return { peerAddress: readAddress(address, 'BGPPeer address'), interface: link.text() };
}

function readAddress(field: Field, what: string): IpAddress | undefined {
  const text = field.text();
  if (text === undefined) return undefined;
  try {
    return IpAddress.parse(text);
  } catch (error) {
    if (!(error instanceof IpError)) throw error;
    field.problem(error.code, `invalid ${what} ${JSON.stringify(text.slice(0, 100))}`, error.fix);
    return undefined;
  }
}

/** RFC 6286: four bytes and not zero. MetalLB takes an IPv6 address here, with which no session can begin. */
function readRouterID(field: Field): IpAddress | undefined {
  const address = readAddress(field, 'router ID');
  if (address && (address.family !== 'IPv4' || address.value === 0n)) {
    field.problem('InvalidValue', `invalid router ID ${JSON.stringify(field.value)}`, 'write an IPv4 address of the node, or leave it out to have one chosen');
  }
  return address;
}

function readKey(spec: Field, secrets: PeerReferences['secrets']): Pick<BGPSession, 'password' | 'passwordSecret'> {
  const written = spec.child('password');
  const password = readPassword(written);
  const reference = spec.child('passwordSecret').object();
  reference.child('namespace').text();
  const nameField = reference.child('name');
  const passwordSecret = nameField.text();
  if (passwordSecret === undefined) return { password, passwordSecret };
  if (!written.isAbsent && written.value !== '') {
    reference.problem('ExclusiveFields', 'can not have both password and secret ref set', 'remove password, which everybody who may read the peer can read');
    return { password, passwordSecret };
  }
  return { password: secrets && readPasswordSecret(nameField, secrets), passwordSecret };
}

function readProfileReference(field: Field, profiles: PeerReferences['bfdProfiles']): BFDProfile | undefined {
  const name = field.text();
  if (name === undefined || !profiles) return undefined;
  const profile = profiles.get(name);
  if (!profile) {
    field.problem('MissingReference', `peer ${field.report.name} referencing non existing bfd profile ${name}`,
      `create BFDProfile ${JSON.stringify(name)}, correct it if it is there and refused, or name another`);
  }
  return profile;
}
