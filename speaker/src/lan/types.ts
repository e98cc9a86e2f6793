/** The values that go in and out of the core: plan, links, events, snapshot. All plain data, so that they cross threads as they are. */

/** What this node ought to do, made by the control plane from Services, endpoints, configuration and Nodes. */
export interface LanPlan {
  /** Name of this node (`spec.nodeName`); the same as the core's. */
  readonly node: string;
  /** Every address announced by layer 2 in the cluster, also those for which this node is no candidate. Canonical texts, no address twice. */
  readonly addresses: readonly PlannedAddress[];
  /** The other nodes that run a speaker, with the addresses heartbeats are sent to. This node, if it is listed, is passed over. */
  readonly peers: readonly PlannedPeer[];
  /**
   * A number that grows with what the plan was made from, for instance the highest `resourceVersion` seen. When two speakers hold
   * one address because their plans differ, the one with the higher revision keeps it. Whole number, 0 to 2^53 - 1. @default 0
   */
  readonly revision?: number;
}

/** What is different from the plan before. `addresses` has those that are new or changed; everything else is as in a plan. */
export interface LanPlanChange extends LanPlan {
  /** Texts of addresses that are planned no longer. */
  readonly removed: readonly string[];
}

export interface PlannedPeer {
  /** Node name. */
  readonly node: string;
  /** The Node's addresses (`status.addresses`, InternalIP). Heartbeats go to each; they also help to recognise its hardware address. */
  readonly addresses: readonly string[];
}

export interface PlannedAddress {
  /** Canonical text of the announced address. */
  readonly address: string;
  /** Names of the nodes that may announce it, best first. All speakers must compute the same list. May leave out this node. */
  readonly candidates: readonly string[];
  /** Interfaces of this node to announce on. @default all */
  readonly interfaces?: readonly string[];
}

/** A network interface, from rtnetlink. */
export interface Link {
  readonly index: number;
  readonly name: string;
  /** Six octets. */
  readonly mac: Uint8Array;
  /** Administratively up and with carrier. */
  readonly up: boolean;
  /** IFF_BROADCAST. */
  readonly broadcast: boolean;
  /** IFF_NOARP. */
  readonly noArp: boolean;
  /** Port of a bridge, bond or team. */
  readonly enslaved: boolean;
  /** IFF_LOOPBACK. */
  readonly loopback: boolean;
  /** Its own addresses with prefix length, as CIDR texts (`93.5.22.44/24`). */
  readonly addresses: readonly string[];
}

export interface LanCoreOptions {
  /** Name of this node (`spec.nodeName`). */
  readonly node: string;
  /** 64 random bits, different at each start. Peers tell this life of the speaker from the former by it, and prove freshness with it. */
  readonly incarnation: bigint;
  /** Uniform in [0, 1), as Math.random. */
  readonly random: () => number;
  /** Milliseconds between heartbeats, and how many may be missed. The product is the detection time. */
  readonly heartbeat: { readonly intervalMs: number; readonly multiplier: number };
  /** Whether peers that are overdue are asked, and given up before the detection time if that shows that they are gone; see suspicion.ts. @default false */
  readonly fastDetection?: boolean;
  readonly gratuitous?: GratuitousOptions;
  /** Names of interfaces never to announce on. @default none */
  readonly excludeInterfaces?: RegExp;
  /** Whether foreign hosts are asked for before an address is first announced, and after; see probing.ts. @default false */
  readonly conflictDetection?: boolean;
  /** @default never */
  readonly failback?: FailbackOptions;
}

/** A foreign host was asked for, or found before, and none uses the address now; see probing.ts. */
export interface AddressUncontestedEvent {
  readonly code: 'addressUncontested';
  readonly address: string;
}

/** When an address goes back to a better candidate that has returned. A move breaks connections, so by default it never does. */
export type FailbackOptions =
  | { readonly mode: 'never' | 'immediate' }
  /** After the candidate has been there for so many milliseconds. */
  | { readonly mode: 'hold-down'; readonly holdDownMs: number };

/** When unasked-for announcements are sent after an address has been taken over. */
export interface GratuitousOptions {
  /** Between two bursts; past the 1 s for which Linux ignores a second change (`locktime`). @default 1100 */
  readonly spacingMs?: number;
  /** How long bursts go on after the takeover. @default 5000 */
  readonly windowMs?: number;
  /** Between two refreshes while the address is held, below the usual 300 s of switch tables; 0 switches them off. @default 60000 */
  readonly refreshMs?: number;
}

/** Why this node took an address. */
export const ACQUIRE_REASONS = [
  /** No other speaker is in the plan, or none other is a candidate. */
  'onlyCandidate',
  /** Nobody held it, and this is the first healthy candidate. */
  'firstCandidate',
  /** Its holder has not been heard for the detection time. */
  'holderDown',
  /** Its holder has said goodbye. */
  'holderLeft',
  /** Its holder lives, but no longer holds it (its link went down, its plan changed). */
  'holderReleased',
  /** Its holder wants to be rid of it: it stops, is no candidate any more, or gives it back to a better candidate. */
  'handedOver',
  /** Its holder holds it with a worse link or by an older plan. */
  'holderOutranked',
  /** This node held it before it was stalled, and nobody has taken it. */
  'authorityRegained',
] as const;
export type AcquireReason = (typeof ACQUIRE_REASONS)[number];

/** Why this node gave an address up. */
export type LoseReason =
  | 'removedFromPlan'
  /** The plan no longer lists this node as candidate. */
  | 'notCandidate'
  /** No interface to announce it on is up. */
  | 'noInterface'
  /** An interface in its subnet came up while not all peers are heard: another may have it on that LAN, which is listened to first. */
  | 'lanJoined'
  /** A better candidate has taken it back, as this node wanted. */
  | 'handedOver'
  /** By its heartbeats a peer that ranks higher holds it too. */
  | 'outranked'
  /** A speaker that ranks higher was heard claiming it on the LAN. */
  | 'claimHeard'
  /** This node did not run for longer than the detection time; see {@link AuthorityEvent}. */
  | 'stalled'
  /** Another speaker has the name of this node, and is believed; see {@link DuplicateNodeEvent}. */
  | 'duplicate'
  | 'stopped';

/** Why a peer is up or down. */
export type PeerReason = 'heard' | 'restarted' | 'timeout' | 'oneWay' | 'unreachable' | 'goodbye' | 'removedFromPlan'
  /** Neither its speaker nor its kernel answers on the LAN any more; see suspicion.ts. */
  | 'offLan'
  /** Its kernel says that its speaker has ended. */
  | 'refused';

/** How suspicions end: the peer answered; it was found off the LAN; its speaker has ended; or asking told nothing, and the detection time was left to decide. */
export const SUSPICION_OUTCOMES = ['answered', 'offLan', 'refused', 'undecided'] as const;
export type SuspicionOutcome = (typeof SUSPICION_OUTCOMES)[number];

export interface AddressAcquiredEvent {
  readonly code: 'addressAcquired';
  readonly address: string;
  /** Names of the interfaces it is announced on, sorted. */
  readonly interfaces: readonly string[];
  readonly reason: AcquireReason;
  /** The former holder, where one is known. */
  readonly from?: string;
  /** If that has died: how that was found out. */
  readonly found?: PeerReason;
  /** If that has died: how long it had not been heard, in milliseconds, which is how long nobody answered at most. */
  readonly darkMs?: number;
  /** Set when none of the interfaces has an address in the subnet of this one. */
  readonly offLink?: true;
}
export interface AddressLostEvent {
  readonly code: 'addressLost';
  readonly address: string;
  readonly reason: LoseReason;
  /** The node it went to, where known. */
  readonly to?: string;
}
export interface PeerEvent {
  readonly code: 'peerUp' | 'peerDown';
  readonly node: string;
  readonly reason: PeerReason;
}
/** Somebody who is no speaker uses an address this node holds, or was about to take (RFC 5227 §2.1.1, §2.4). At most one event in 10 s per address and hardware address. */
export interface AddressConflictEvent {
  readonly code: 'addressConflict';
  readonly address: string;
  /** Hardware address of the other, `02:00:5d:05:16:2c`. */
  readonly mac: string;
  readonly interface: string;
  /** Whether this node answers for the address nevertheless: it did so before. If not, the address is left to the other. */
  readonly held: boolean;
  /** Whether it was answered with an announcement; at most once in 10 s. */
  readonly defended: boolean;
}
/** An address that this node holds is announced on other interfaces now. */
export interface InterfacesChangedEvent {
  readonly code: 'interfacesChanged';
  readonly address: string;
  /** Names of the interfaces it is announced on, sorted. */
  readonly interfaces: readonly string[];
}
/** Of the interfaces the plan names for an address, this node has none. Given once per change. */
export interface InterfacesMissingEvent {
  readonly code: 'interfacesMissing';
  readonly address: string;
  readonly wanted: readonly string[];
  /** Names of the interfaces that this node has and that are not excluded, whatever their state; sorted. */
  readonly present: readonly string[];
}
/** After a gap of more than the detection time nothing is answered until peers are heard again, or a detection time has passed. */
export interface AuthorityEvent {
  readonly code: 'authorityLost' | 'authorityRegained';
  /** Length of the gap, in milliseconds. */
  readonly gapMs: number;
}
/** A heartbeat that was not accepted for a reason an operator should know. At most one per source and reason in 10 s. */
export interface HeartbeatRejectedEvent {
  readonly code: 'heartbeatRejected';
  readonly from: string;
  readonly reason: HeartbeatDrop;
  /** With `unknownKey`: the peer in whose name it came. It is not proved. */
  readonly node?: string;
}
/** Two speakers have one node name. Told by a node that hears both, and by both of them; at most once in 10 s. */
export interface DuplicateNodeEvent {
  readonly code: 'duplicateNode';
  /** The name; on either of the two it is this node's own. */
  readonly node: string;
  /** Where the second of them sends from; on either of the two, the address of the node that told. */
  readonly from: string;
  /** Whether this node is the one that is not believed; it answers for nothing then. */
  readonly refused: boolean;
}
/** The kernel of a peer answers for an address that this node holds, though its speaker does not; or does so no longer. See kernels.ts. */
export interface PeerKernelEvent {
  readonly code: 'kernelAnswers' | 'kernelSilent';
  readonly address: string;
  /** The peer. */
  readonly node: string;
  /** Hardware address of the last answer, and where it was heard. */
  readonly mac: string;
  readonly interface: string;
}
/** A new key is used by all, and the former is not accepted any more. */
export interface HeartbeatKeyRetiredEvent {
  readonly code: 'heartbeatKeyRetired';
}
/** There are peers but no key: heartbeats are off, and each address stays with its first candidate. */
export interface HeartbeatKeyMissingEvent {
  readonly code: 'heartbeatKeyMissing';
}

export type LanEvent =
  | AddressAcquiredEvent | AddressLostEvent | AddressUncontestedEvent | PeerEvent | AddressConflictEvent
  | InterfacesChangedEvent | InterfacesMissingEvent | AuthorityEvent
  | HeartbeatRejectedEvent | HeartbeatKeyMissingEvent | HeartbeatKeyRetiredEvent | DuplicateNodeEvent | PeerKernelEvent;

/** Why a frame was not answered; of those in the second row see `NeighborProblem`. `claim` is a speaker's claim to an address, `conflict`
 * that of a stranger, `kernelAnswer` perhaps that of a kernel beside a speaker, which is asked.
 * `formerHolder`: asked, or claimed, before this node had announced an address that it took from another, which answers. */
export const FRAME_DROPS = [
  'stopped', 'stalled', 'unknownInterface', 'truncated', 'notArp', 'hardwareType', 'protocolType', 'addressLength',
  'notIpv6', 'notNeighborDiscovery', 'hopLimit', 'messageCode', 'messageLength', 'checksum', 'targetMulticast', 'optionLength', 'unspecifiedSource',
  'solicitedMulticast', 'noSourceLinkLayerAddress', 'ownFrame', 'notRequest', 'claim', 'conflict', 'kernelAnswer', 'ethernetDestination', 'notPlanned', 'notAnnouncedHere', 'notHeld',
  'formerHolder',
] as const;
export type FrameDrop = (typeof FRAME_DROPS)[number];

/** Why a heartbeat was not accepted. */
export const HEARTBEAT_DROPS = [
  'stopped', 'noKey', 'truncated', 'magic', 'version', 'unknownKey', 'unauthenticated', 'malformed',
  'reflected', 'unknownSender', 'replayed', 'unproven', 'duplicate',
] as const;
export type HeartbeatDrop = (typeof HEARTBEAT_DROPS)[number];
