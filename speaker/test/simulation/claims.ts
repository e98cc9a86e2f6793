/** What speakers say of addresses on the wire, and of each other, held against what is so. */
import { Port } from './port';
import { VirtualNode } from './virtual-node';
import type { World } from './world';
import { PeerEvent } from '../../src/lan';
import { SPEAKERS_ALONE } from '../../src/lan/questions';
import { ArpFrame, decodeArp, decodeNeighbor, hardwareAddressKey, NEIGHBOR_ADVERTISEMENT, NeighborFrame, readIpv6 } from '../../src/wire';

/** An accusation is about what was so long ago at most. */
const ACCUSATION_MS = 200;
/** Answers that take longer there and back may make a node that lives seem to be gone, once. */
const PROMPT_MS = 6;

export class Claims {
  constructor(private readonly world: World) {}

  /** Nothing is claimed on the wire, neither unasked nor in an answer, that is not in the plan of the sender; and a frame bears the hardware address of its interface. */
  checkFrame(port: Port, frame: Uint8Array): void {
    const { node } = port, claimed = claimOf(frame);
    const bears = hardwareAddressKey(frame.subarray(6)) === port.toldMacKey && (claimed === undefined || claimed.by === port.toldMacKey);
    if (!bears) this.world.violate(`bears: what ${node.name} sends on ${port.name} bears another hardware address than that`);
    if (claimed === undefined) return;
    const own = node.ports.some(({ protocolAddresses }) => protocolAddresses.has(claimed.address));
    if (!own && !node.mayAnswer(this.world.now, claimed.address, port)) this.world.violate(`never: ${node.name} claims an address on ${port.name} against its plan: ${claimed.address}`);
  }

  /** Nobody is found to be gone who is there; `recently`, for what was on its way. */
  checkAccusation(by: VirtualNode, { node: name, reason }: PeerEvent): void {
    const { world } = this;
    const node = world.nodes.find((each) => each.name === name)!, recently = world.now - ACCUSATION_MS;
    if (reason === 'refused' && node.core !== undefined && node.startedAt < recently) world.violate(`true: ${by.name} says that the speaker of ${name} has ended`);
    if (reason !== 'offLan' || !this.calm(recently)) return;
    const there = by.ports.every((port) => {
      const other = node.portOn(port.lan);
      return other === undefined || (other.onLan && other.segment === port.segment && !port.deafTo.has(node) && !other.deafTo.has(by));
    });
    if (there && !(node.frozen && world.isPaused(node))) world.violate(`true: ${by.name} says that ${name} is off the LAN`);
  }

  /** Whether every frame arrives soon, and nothing has been disturbed for a while. */
  private calm(since: number): boolean {
    return this.world.disturbedAt < since && this.world.network.lans.every(({ faults: { loss, delayMs } }) => loss === 0 && delayMs < PROMPT_MS);
  }
}

const arp = new ArpFrame();
const neighbor = new NeighborFrame();

/** The address that a frame claims for its sender, if it claims one, and the hardware address that it is said to be at. */
function claimOf(frame: Uint8Array): { address: number | bigint; by: number } | undefined {
  if (decodeArp(frame, frame.length, arp) === undefined) {
    // Questions in nobody's name: 0.0.0.0, and 255.255.255.255 where kernels are not to answer.
    if ([0, SPEAKERS_ALONE].includes(arp.senderProtocolAddress)) return undefined;
    return { address: arp.senderProtocolAddress, by: hardwareAddressKey(arp.senderHardwareAddress) };
  }
  if (decodeNeighbor(frame, frame.length, neighbor) !== undefined || neighbor.type !== NEIGHBOR_ADVERTISEMENT) return undefined;
  return { address: readIpv6(neighbor.target, 0), by: hardwareAddressKey(neighbor.linkLayerAddress) };
}
