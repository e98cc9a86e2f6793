/**
 * A LAN, to which ports of nodes are plugged, a client, and at times a foreign host. It may be cut into segments. Kernels answer for the nodes' own addresses;
 * a foreign host answers for the addresses it uses.
 */
import { Client } from './client';
import type { Ground } from './network';
import { Port, prefixOf } from './port';
import { NetworkFaults, transmit } from './transmission';
import { SPEAKERS_ALONE } from '../../src/lan/questions';
import {
  AddressKey, ARP_REPLY, ARP_REQUEST, ArpFrame, decodeArp, decodeNeighbor, ETHER_TYPE_ARP, formatHardwareAddress, formatIpv4, hardwareAddressKey,
  NEIGHBOR_SOLICITATION, NeighborFrame, parseAddress, readIpv6,
} from '../../src/wire';
import { advertisement, CLIENT_MAC, frameOf, gratuitous, linkLocal, macOf, solicitation, whoHas } from '../lan/harness';

/** A host that is no speaker and uses an address of the pool. */
interface Foreigner {
  readonly key: AddressKey;
  readonly text: string;
  readonly segment: number;
}

export const FOREIGN_MAC = '02:f0:f0:f0:f0:01';
const CLIENT_KEY = hardwareAddressKey(macOf(CLIENT_MAC));
const FOREIGN_KEY = hardwareAddressKey(macOf(FOREIGN_MAC));

export class Lan {
  readonly faults: NetworkFaults = { loss: 0, duplication: 0, delayMs: 1 };
  /** Kernels answer for these IPv4 addresses, too: kube-proxy in IPVS mode without strictARP. */
  kernelAddresses: ReadonlySet<number | bigint> = new Set();
  /** On segment 0. It does not listen to the foreign host. */
  readonly client: Client;
  readonly ports: Port[] = [];
  /** How many frames were handed to it. */
  frames = 0;
  /** When the last foreign host came and left. */
  foreignerCameAt = -Infinity;
  foreignerLeftAt = -Infinity;
  private foreigner: Foreigner | undefined;
  private readonly questions = new Map<string, Uint8Array>();
  private readonly arp = new ArpFrame();
  private readonly neighbor = new NeighborFrame();

  constructor(readonly number: number, private readonly ground: Ground) {
    this.client = new Client(`${prefixOf(number, 'ipv4')}9`);
  }

  /** What its client asks for an address. */
  question(address: string): Uint8Array {
    const known = this.questions.get(address);
    if (known !== undefined) return known;
    const made = address.includes(':') ? solicitation(address, { from: `${prefixOf(this.number, 'ipv6')}9` }) : whoHas(address, { spa: this.client.ipv4 });
    this.questions.set(address, made);
    return made;
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

  send(from: Port, bytes: Uint8Array): void {
    if (!from.onLan) return;
    this.frames++;
    const group = isGroup(bytes);
    const destination = group ? 0 : hardwareAddressKey(bytes);
    if (group || destination === CLIENT_KEY) {
      this.transmit(() => {
        if (!from.onLan || from.segment !== 0) return;
        this.client.hear(this.ground.now, bytes);
        if (this.client.present && this.asked(bytes) === this.client.key) this.answerAsClient(from);
      });
    }
    for (const port of this.ports) {
      if (port === from || port.segment !== from.segment) continue;
      if (!group && destination !== port.macKey) continue;
      this.transmit(() => {
        if (!port.onLan || port.segment !== from.segment || port.deafTo.has(from.node)) return;
        port.node.whenKernelRuns(this.ground.now, () => {
          this.answerAsKernel(port, bytes);
          this.ground.receiveFrame(port, bytes);
        });
      });
    }
    if (this.foreigner?.segment !== from.segment || (!group && destination !== FOREIGN_KEY)) return;
    this.transmit(() => this.answerAsForeigner(bytes));
  }

  private fromForeigner(bytes: Uint8Array): void {
    const { segment } = this.foreigner!;
    for (const port of this.ports) {
      if (port.segment !== segment || (!isGroup(bytes) && hardwareAddressKey(bytes) !== port.macKey)) continue;
      this.transmit(() => {
        if (port.onLan && port.segment === segment) this.ground.receiveFrame(port, bytes);
      });
    }
  }

  private answerAsClient(asker: Port): void {
    const answer = this.answerTo(this.client.ipv4, CLIENT_MAC)!;
    this.transmit(() => {
      if (asker.onLan && asker.segment === 0) asker.node.whenKernelRuns(this.ground.now, () => this.ground.receiveFrame(asker, answer));
    });
  }

  /** The node's own address is answered for by its kernel, whether the speaker runs or not, and so are others that it has. */
  private answerAsKernel(port: Port, bytes: Uint8Array): void {
    const target = this.asked(bytes);
    if (target === undefined) return;
    if (typeof target === 'number' && this.kernelAddresses.has(target)) {
      // Not to a sender that no other host may be (a martian source): the limited broadcast address, or one that the kernel has itself.
      const { senderProtocolAddress } = this.arp;
      if (senderProtocolAddress === SPEAKERS_ALONE || this.kernelAddresses.has(senderProtocolAddress)) return;
      this.send(port, this.answerTo(formatIpv4(target), port.mac)!);
      return;
    }
    if (!port.protocolAddresses.has(target)) return;
    const answer = this.answerTo(typeof target === 'number' ? port.addresses[0] : port.addresses[1], port.mac);
    if (answer !== undefined) this.send(port, answer);
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
    const asker = this.ports.find(({ macKey }) => macKey === hardwareAddressKey(source));
    if (asker === undefined) return undefined;
    const solicited = hasLinkLayerAddress;
    return solicited
      ? advertisement(address, mac, { to: linkLocal(asker.node.last), destination: formatHardwareAddress(source), solicited })
      : advertisement(address, mac);
  }

  private transmit(arrive: () => void): void {
    transmit(this.ground, this.faults, arrive);
  }
}

/** Broadcast, or a group. */
function isGroup(bytes: Uint8Array): boolean {
  return bytes[0] % 2 === 1;
}
