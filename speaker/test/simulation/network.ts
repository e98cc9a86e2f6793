/**
 * The LAN and the path of heartbeats. Packets are delayed, lost, doubled, and thereby overtake each other; both networks can be cut along
 * different lines. Kernels answer for the nodes' own addresses, and say that nobody takes heartbeats where no speaker runs; a foreign host answers for the addresses it uses.
 */
import { Client } from './client';
import { VirtualNode } from './virtual-node';
import { SPEAKERS_ALONE } from '../../src/lan/questions';
import {
  AddressKey, ARP_REPLY, ARP_REQUEST, ArpFrame, decodeArp, decodeNeighbor, ETHER_TYPE_ARP, formatHardwareAddress, formatIpv4, hardwareAddressKey,
  NEIGHBOR_SOLICITATION, NeighborFrame, parseAddress, readIpv6,
} from '../../src/wire';
import { advertisement, CLIENT_IP, CLIENT_MAC, frameOf, gratuitous, linkLocal, macOf } from '../lan/harness';

export interface NetworkFaults {
  loss: number;
  duplication: number;
  /** Greatest one-way delay, in milliseconds. */
  delayMs: number;
}

/** What the networks are laid in; see World. */
export interface Ground {
  readonly now: number;
  readonly nodes: readonly VirtualNode[];
  readonly random: { chance(probability: number): boolean; between(low: number, high: number): number };
  at(time: number, run: () => void): void;
  receiveFrame(node: VirtualNode, bytes: Uint8Array): void;
  receiveHeartbeat(node: VirtualNode, from: string, bytes: Uint8Array): void;
  refuseHeartbeat(node: VirtualNode, to: string): void;
}

/** A host that is no speaker and uses an address of the pool. */
interface Foreigner {
  readonly key: AddressKey;
  readonly text: string;
  readonly segment: number;
}

/** Of each node so many datagrams are recorded at most. */
const RECORDED = 1000;

export const FOREIGN_MAC = '02:f0:f0:f0:f0:01';
const CLIENT_KEY = hardwareAddressKey(macOf(CLIENT_MAC));
const CLIENT_IP_KEY = parseAddress(CLIENT_IP)!;
const FOREIGN_KEY = hardwareAddressKey(macOf(FOREIGN_MAC));

export class Network {
  readonly lan: NetworkFaults = { loss: 0, duplication: 0, delayMs: 1 };
  readonly heartbeat: NetworkFaults = { loss: 0, duplication: 0, delayMs: 1 };
  /** Heartbeats go over the LAN, rather than over a network of their own. */
  heartbeatsOverLan = false;
  /** Kernels answer for these IPv4 addresses, too: kube-proxy in IPVS mode without strictARP. */
  kernelAddresses: ReadonlySet<number | bigint> = new Set();
  /** On segment 0. It does not listen to the foreign host. */
  readonly client = new Client();
  /** How many datagrams were handed to the path of heartbeats, how many octets they had, and how many frames were handed to the LAN. */
  datagrams = 0;
  octets = 0;
  frames = 0;
  /** Somebody records what is sent there; see {@link replay}. */
  recording = false;
  private readonly recorded = new Map<VirtualNode, Uint8Array[]>();
  private foreigner: Foreigner | undefined;
  /** When the last one came and left. */
  foreignerCameAt = -Infinity;
  foreignerLeftAt = -Infinity;
  private readonly byAddress = new Map<string, VirtualNode>();
  private readonly arp = new ArpFrame();
  private readonly neighbor = new NeighborFrame();

  constructor(private readonly ground: Ground) {}

  join(node: VirtualNode): void {
    for (const address of node.addresses) this.byAddress.set(address, node);
  }

  /** A foreign host begins to use an address, and says so. */
  intrude(address: string, segment: number): void {
    this.foreignerCameAt = this.ground.now;
    this.foreigner = { key: parseAddress(address)!, text: address, segment };
    this.fromForeigner(address.includes(':') ? advertisement(address, FOREIGN_MAC) : gratuitous(address, FOREIGN_MAC));
  }

  withdraw(): void {
    this.foreigner = undefined;
    this.foreignerLeftAt = this.ground.now;
  }

  foreignerUses(address: string): boolean {
    return this.foreigner?.text === address;
  }

  sendFrame(from: VirtualNode, bytes: Uint8Array): void {
    if (!from.onLan) return;
    this.frames++;
    const group = isGroup(bytes);
    const destination = group ? 0 : hardwareAddressKey(bytes);
    if (group || destination === CLIENT_KEY) {
      this.transmit(this.lan, () => {
        if (!from.onLan || from.segment !== 0) return;
        this.client.hear(this.ground.now, bytes);
        if (this.client.present && this.asked(bytes) === CLIENT_IP_KEY) this.answerAsClient(from);
      });
    }
    for (const node of this.ground.nodes) {
      if (node === from || node.segment !== from.segment) continue;
      if (!group && destination !== node.macKey) continue;
      this.transmit(this.lan, () => {
        if (!node.onLan || node.segment !== from.segment || node.lanDeafTo.has(from)) return;
        node.whenKernelRuns(this.ground.now, () => {
          this.answerAsKernel(node, bytes);
          this.ground.receiveFrame(node, bytes);
        });
      });
    }
    if (this.foreigner?.segment !== from.segment || (!group && destination !== FOREIGN_KEY)) return;
    this.transmit(this.lan, () => this.answerAsForeigner(bytes));
  }

  sendDatagram(from: VirtualNode, to: string, bytes: Uint8Array): void {
    const node = this.byAddress.get(to);
    if (node === undefined) return;
    this.datagrams++;
    this.octets += bytes.length;
    if (this.recording) this.record(from, bytes);
    this.transmit(this.heartbeat, () => {
      if (!this.heartbeatsReach(from, node)) return;
      node.whenKernelRuns(this.ground.now, () => {
        if (node.core === undefined) this.refuse(node, from, to);
        else this.ground.receiveHeartbeat(node, from.addresses[0], bytes);
      });
    });
  }

  /** ICMP port unreachable, as far as the kernel does not save it. */
  private refuse(node: VirtualNode, from: VirtualNode, to: string): void {
    if (!node.mayRefuse(this.ground.now, from)) return;
    this.transmit(this.heartbeat, () => {
      if (this.heartbeatsReach(node, from)) this.ground.refuseHeartbeat(from, to);
    });
  }

  /** Somebody sends to all nodes what a node has sent at some time or other, in its name. */
  replay(of: VirtualNode): void {
    const recorded = this.recorded.get(of);
    if (recorded === undefined) return;
    const bytes = recorded[Math.floor(this.ground.random.between(0, recorded.length))];
    for (const node of this.ground.nodes) {
      if (node !== of) this.transmit(this.heartbeat, () => this.ground.receiveHeartbeat(node, of.addresses[0], bytes));
    }
  }

  private record(from: VirtualNode, bytes: Uint8Array): void {
    let recorded = this.recorded.get(from);
    if (recorded === undefined) this.recorded.set(from, recorded = []);
    recorded.push(bytes);
    if (recorded.length > RECORDED) recorded.splice(0, RECORDED / 2);
  }

  /** Whether they pass in both directions. */
  heartbeatsPass(a: VirtualNode, b: VirtualNode): boolean {
    return this.heartbeatsReach(a, b) && !a.deafTo.has(b);
  }

  private heartbeatsReach(a: VirtualNode, b: VirtualNode): boolean {
    if (b.deafTo.has(a) || a.heartbeatGroup !== b.heartbeatGroup || !a.keys.some((key) => b.keys.includes(key))) return false;
    return !this.heartbeatsOverLan || (a.onLan && b.onLan && a.segment === b.segment);
  }

  private fromForeigner(bytes: Uint8Array): void {
    const { segment } = this.foreigner!;
    for (const node of this.ground.nodes) {
      if (node.segment !== segment || (!isGroup(bytes) && hardwareAddressKey(bytes) !== node.macKey)) continue;
      this.transmit(this.lan, () => {
        if (node.onLan && node.segment === segment) this.ground.receiveFrame(node, bytes);
      });
    }
  }

  private answerAsClient(asker: VirtualNode): void {
    const answer = this.answerTo(CLIENT_IP, CLIENT_MAC)!;
    this.transmit(this.lan, () => {
      if (asker.onLan && asker.segment === 0) asker.whenKernelRuns(this.ground.now, () => this.ground.receiveFrame(asker, answer));
    });
  }

  /** The node's own address is answered for by its kernel, whether the speaker runs or not, and so are others that it has. */
  private answerAsKernel(node: VirtualNode, bytes: Uint8Array): void {
    const target = this.asked(bytes);
    if (target === undefined) return;
    if (typeof target === 'number' && this.kernelAddresses.has(target)) {
      // Not to a sender that no other host may be (a martian source): the limited broadcast address, or one that the kernel has itself.
      const { senderProtocolAddress } = this.arp;
      if (senderProtocolAddress === SPEAKERS_ALONE || this.kernelAddresses.has(senderProtocolAddress)) return;
      this.sendFrame(node, this.answerTo(formatIpv4(target), node.mac)!);
      return;
    }
    if (!node.protocolAddresses.has(target)) return;
    const answer = this.answerTo(typeof target === 'number' ? node.addresses[0] : node.addresses[1], node.mac);
    if (answer !== undefined) this.sendFrame(node, answer);
  }

  private answerAsForeigner(bytes: Uint8Array): void {
    if (this.foreigner === undefined || this.asked(bytes) !== this.foreigner.key) return;
    const answer = this.answerTo(this.foreigner.text, FOREIGN_MAC);
    if (answer !== undefined) this.fromForeigner(answer);
  }

  /** The address that a frame asks for, left decoded. */
  private asked(bytes: Uint8Array): AddressKey | undefined {
    const { arp, neighbor } = this;
    if (bytes[12] * 256 + bytes[13] === ETHER_TYPE_ARP) {
      return decodeArp(bytes, bytes.length, arp) === undefined && arp.operation === ARP_REQUEST ? arp.targetProtocolAddress : undefined;
    }
    if (decodeNeighbor(bytes, bytes.length, neighbor) !== undefined || neighbor.type !== NEIGHBOR_SOLICITATION) return undefined;
    return readIpv6(neighbor.target, 0);
  }

  /** An answer to the frame that was decoded last. */
  private answerTo(address: string, mac: string): Uint8Array | undefined {
    if (!address.includes(':')) {
      const { senderHardwareAddress, senderProtocolAddress } = this.arp;
      return frameOf({
        operation: ARP_REPLY,
        spa: address,
        tpa: formatIpv4(senderProtocolAddress),
        sha: mac,
        tha: formatHardwareAddress(senderHardwareAddress),
        destination: formatHardwareAddress(senderHardwareAddress),
      });
    }
    const { source, hasLinkLayerAddress } = this.neighbor;
    const asker = this.ground.nodes.find(({ macKey }) => macKey === hardwareAddressKey(source));
    if (asker === undefined) return undefined;
    const solicited = hasLinkLayerAddress;
    return solicited
      ? advertisement(address, mac, { to: linkLocal(asker.last), destination: formatHardwareAddress(source), solicited })
      : advertisement(address, mac);
  }

  private transmit({ loss, duplication, delayMs }: NetworkFaults, arrive: () => void): void {
    const { ground } = this;
    const copies = ground.random.chance(duplication) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      if (!ground.random.chance(loss)) ground.at(ground.now + ground.random.between(0.05, delayMs), arrive);
    }
  }
}

/** Broadcast, or a group. */
function isGroup(bytes: Uint8Array): boolean {
  return bytes[0] % 2 === 1;
}

