/**
 * The LANs, and the path of heartbeats. Packets are delayed, lost, doubled, and thereby overtake each other; each network can be cut along
 * different lines. Where no speaker runs the kernel says that nobody takes heartbeats.
 */
import { Client } from './client';
import { Lan } from './lan';
import { Port } from './port';
import { Chance, NetworkFaults, transmit } from './transmission';
import { VirtualNode } from './virtual-node';

/** What the networks are laid in; see World. */
export interface Ground extends Chance {
  readonly nodes: readonly VirtualNode[];
  receiveFrame(port: Port, bytes: Uint8Array): void;
  receiveHeartbeat(node: VirtualNode, from: string, bytes: Uint8Array): void;
  refuseHeartbeat(node: VirtualNode, to: string): void;
}

/** Of each node so many datagrams are recorded at most. */
const RECORDED = 1000;

export class Network {
  readonly lans: readonly Lan[];
  readonly heartbeat: NetworkFaults = { loss: 0, duplication: 0, delayMs: 1 };
  /** Heartbeats go over the LANs, by the address that they are sent to, rather than over a network of their own. */
  heartbeatsOverLan = false;
  /** How many datagrams were handed to the path of heartbeats, and how many octets they had. */
  datagrams = 0;
  octets = 0;
  /** Somebody records what is sent there; see {@link replay}. */
  recording = false;
  private readonly recorded = new Map<VirtualNode, Uint8Array[]>();
  private readonly byAddress = new Map<string, Port>();

  constructor(private readonly ground: Ground, lans = 1) {
    this.lans = Array.from({ length: lans }, (_, i) => new Lan(i, ground));
  }

  /** The first LAN, and in most scenarios the only one; and what is on it. */
  get lan(): NetworkFaults {
    return this.lans[0].faults;
  }

  get client(): Client {
    return this.lans[0].client;
  }

  /** Whether packets are lost anywhere. */
  get lossy(): boolean {
    return this.heartbeat.loss > 0 || this.lans.some(({ faults }) => faults.loss > 0);
  }

  /** How many frames were handed to the LANs. */
  get frames(): number {
    return this.lans.reduce((sum, { frames }) => sum + frames, 0);
  }

  set kernelAddresses(addresses: ReadonlySet<number | bigint>) {
    for (const lan of this.lans) lan.kernelAddresses = addresses;
  }

  join(node: VirtualNode): void {
    for (const port of node.ports) {
      this.lans[port.lan].ports.push(port);
      for (const address of port.addresses) this.byAddress.set(address, port);
    }
  }

  sendDatagram(from: VirtualNode, to: string, bytes: Uint8Array): void {
    const port = this.byAddress.get(to);
    if (port === undefined) return;
    const { node } = port;
    this.datagrams++;
    this.octets += bytes.length;
    if (this.recording) this.record(from, bytes);
    this.transmit(() => {
      if (!this.heartbeatsReach(from, port)) return;
      node.whenKernelRuns(this.ground.now, () => {
        if (node.core === undefined) this.refuse(port, from, to);
        else this.ground.receiveHeartbeat(node, from.port.addresses[0], bytes);
      });
    });
  }

  /** ICMP port unreachable, as far as the kernel does not save it. */
  private refuse(port: Port, from: VirtualNode, to: string): void {
    if (!port.node.mayRefuse(this.ground.now, from)) return;
    this.transmit(() => {
      if (this.heartbeatsReach(port.node, from.port)) this.ground.refuseHeartbeat(from, to);
    });
  }

  /** Somebody sends to all nodes what a node has sent at some time or other, in its name. */
  replay(of: VirtualNode): void {
    const recorded = this.recorded.get(of);
    if (recorded === undefined) return;
    const bytes = recorded[Math.floor(this.ground.random.between(0, recorded.length))];
    for (const node of this.ground.nodes) {
      if (node !== of) this.transmit(() => this.ground.receiveHeartbeat(node, of.port.addresses[0], bytes));
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
    return this.heartbeatsArrive(a, b) && this.heartbeatsArrive(b, a);
  }

  /** Whether they reach one of the addresses that they are sent to. */
  private heartbeatsArrive(from: VirtualNode, to: VirtualNode): boolean {
    return to.heartbeatPorts.some((port) => this.heartbeatsReach(from, port));
  }

  private heartbeatsReach(from: VirtualNode, to: Port): boolean {
    const { node } = to;
    if (node.deafTo.has(from) || from.heartbeatGroup !== node.heartbeatGroup || !from.keys.some((key) => node.keys.includes(key))) return false;
    return !this.heartbeatsOverLan || carries(from, to);
  }

  private transmit(arrive: () => void): void {
    transmit(this.ground, this.heartbeat, arrive);
  }
}

/** Whether the LANs carry a datagram to a port: the one that the sender shares with it, or if there is none a router on segment 0 of all of them. */
function carries(from: VirtualNode, to: Port): boolean {
  const shared = from.ports.find(({ lan, present }) => lan === to.lan && present);
  if (shared !== undefined) return shared.joins(to);
  return to.onLan && to.segment === 0 && from.ports.some(({ onLan, segment }) => onLan && segment === 0);
}
