import { SysError } from '../sys';
import { HARDWARE_ADDRESS_LENGTH, writeMulticastHardwareAddress } from '../wire';
import { Group } from './interest';
import { Surroundings } from './surroundings';

/** Until a group that could not be joined is tried again, in milliseconds. */
const RETRY_MS = 1000;

/**
 * Keeps this node in the multicast groups that it wants to hear, on each interface, and in no others.
 *
 * Each membership is twofold: the interface is told to take frames of the group, whatever the state of IPv6 on it, and the kernel tells the switches
 * (MLD). What fails is told once, and tried again each second; until then solicitations may not reach this node. An interface that was made anew, or lost IPv6 for a moment,
 * has forgotten its memberships, though it looks the same: it is another one by its `incarnation`.
 */
export class Groups {
  /** When {@link retry} is to be called; Infinity while this node is where it wants to be. */
  retryAt = Infinity;
  private readonly joined = new Map<string, Group>();
  private readonly failed = new Map<string, Group>();

  constructor(private readonly around: Pick<Surroundings, 'neighbors' | 'groups'>, private readonly problem: (message: string, fields: object) => void) {
  }

  public set(now: number, wanted: readonly Group[]): void {
    const names = new Set(wanted.map(nameOf));
    for (const [name, group] of this.joined) {
      if (names.has(name)) continue;
      this.joined.delete(name);
      this.leave(group);
    }
    for (const name of this.failed.keys()) if (!names.has(name)) this.failed.delete(name);
    this.joinAll(now, wanted.filter((group) => !this.joined.has(nameOf(group))));
  }

  /** Tries again what has failed. */
  public retry(now: number): void {
    this.joinAll(now, [...this.failed.values()]);
  }

  private joinAll(now: number, groups: readonly Group[]): void {
    for (const group of groups) {
      const name = nameOf(group);
      if (this.join(group, !this.failed.has(name))) {
        this.failed.delete(name);
        this.joined.set(name, group);
      } else {
        this.failed.set(name, group);
      }
    }
    this.retryAt = this.failed.size > 0 ? now + RETRY_MS : Infinity;
  }

  private join(group: Group, isFirst: boolean): boolean {
    const { interfaceIndex, address } = group;
    try {
      this.around.groups.join(interfaceIndex, address);
      this.around.neighbors.setMulticast(interfaceIndex, hardwareAddressOf(group), true);
      return true;
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      this.around.groups.leave(interfaceIndex, address);
      if (isFirst) {
        this.problem('a multicast group cannot be joined, so IPv6 addresses may not be answered for; trying again', { ifindex: interfaceIndex, error: error.message });
      }
      return false;
    }
  }

  private leave(group: Group): void {
    this.around.groups.leave(group.interfaceIndex, group.address);
    try {
      this.around.neighbors.setMulticast(group.interfaceIndex, hardwareAddressOf(group), false);
    } catch (error) {
      if (!(error instanceof SysError)) throw error; // the interface has vanished, and the membership with it
    }
  }
}

function hardwareAddressOf({ address }: Group): Uint8Array {
  const hardwareAddress = new Uint8Array(HARDWARE_ADDRESS_LENGTH);
  writeMulticastHardwareAddress(hardwareAddress, address);
  return hardwareAddress;
}

function nameOf({ interfaceIndex, incarnation, address }: Group): string {
  return `${interfaceIndex} ${incarnation} ${address.join('.')}`;
}
