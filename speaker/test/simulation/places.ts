/** Where nodes are on the LANs, since when, and who can know that; looked at with the invariants. */
import { homeOf, Port } from './port';
import { VirtualNode } from './virtual-node';
import type { World } from './world';
import { parseAddress } from '../../src/wire';

/** A LAN is quick enough if an answer comes before the next question is due. */
export const FAST_MS = 10;

/** Where a node is, and since when; and of that where cuts have put it, of which its speaker cannot know, and when an interface last changed, of which it is told. */
interface Place {
  readonly text: string;
  readonly since: number;
  readonly cuts: string;
  readonly cutsSince: number;
  readonly pluggedAt: number;
}

export class Places {
  private readonly places = new Map<VirtualNode, Place>();
  /** Of speakers: hardware addresses that heartbeats have told them. */
  private readonly met = new Set<string>();
  /** When a LAN last lost packets or was slow. */
  private readonly troubledAt = new Map<number, number>();

  constructor(private readonly world: World) {}

  /** To be called at each step. */
  note(): void {
    const { nodes, network: { lans }, now } = this.world;
    for (const { number, faults: { loss, delayMs } } of lans) if (loss > 0 || delayMs > FAST_MS) this.troubledAt.set(number, now);
    for (const node of nodes) {
      const cuts = node.ports.map(({ segment, deafTo: { size } }) => [segment, size].join()).join(' ');
      const text = [cuts, ...node.ports.map(({ onLan, mac, index }) => [onLan, mac, index].join())].join(' ');
      const before = this.places.get(node);
      if (before?.text === text) continue;
      const recut = before?.cuts !== cuts;
      this.places.set(node, { text, since: now, cuts, cutsSince: recut ? now : before.cutsSince, pluggedAt: recut ? before?.pluggedAt ?? now : now });
    }
    if (lans.length > 1) this.noteMeetings();
  }

  of(node: VirtualNode): Pick<Place, 'since' | 'cutsSince' | 'pluggedAt'> {
    const { now } = this.world;
    return this.places.get(node) ?? { since: now, cutsSince: now, pluggedAt: now };
  }

  /** For how long a LAN has lost nothing, and been quick. */
  calmOf(lan: number): number {
    return this.world.now - (this.troubledAt.get(lan) ?? -Infinity);
  }

  /**
   * Whether the hardware address of a port is known to the speaker of another node: the plan has its node address there, which can be asked for; or there were heartbeats since that speaker
   * was started. Else it is taken for that of a foreign host.
   */
  isKnown({ node: { heartbeatPorts }, lan, mac }: Port, by: VirtualNode): boolean {
    return heartbeatPorts.some((port) => port.lan === lan) || this.met.has(`${by.name} ${by.incarnation} ${mac}`);
  }

  private noteMeetings(): void {
    const { nodes, network } = this.world;
    for (const by of nodes) {
      const heard = by.core === undefined ? [] : nodes.filter((node) => node.core !== undefined && network.heartbeatsPass(node, by));
      for (const { ports } of heard) for (const { mac } of ports) this.met.add(`${by.name} ${by.incarnation} ${mac}`);
    }
  }
}

/** Whether a node could answer for an address where it belongs. */
export function isAtHome(node: VirtualNode, address: string): boolean {
  const port = node.portOn(homeOf(address));
  return port !== undefined && node.canAnswer(parseAddress(address)!, port);
}

/** Whether frames pass between two nodes where an address belongs. */
export function areTogether(a: VirtualNode, b: VirtualNode, address: string): boolean {
  const [one, other] = [a, b].map((node) => node.portOn(homeOf(address)));
  return one !== undefined && other !== undefined && one.joins(other) && !one.deafTo.has(b) && !other.deafTo.has(a);
}
