import { SysError } from '../sys';
import { HARDWARE_ADDRESS_LENGTH, writeMulticastHardwareAddress } from '../wire';
import { Group } from './interest';
import { Surroundings } from './surroundings';

/**
 * Keeps this node in the multicast groups that it wants to hear, on each interface, and in no others.
 *
 * Each membership is twofold: the interface is told to take frames of the group, whatever the state of IPv6 on it, and the kernel tells the switches
 * (MLD). What fails is told, and tried again at the next change of plan or interfaces; until then solicitations may not reach this node.
 */
export class Groups {
  private readonly joined = new Map<string, Group>();

  constructor(private readonly around: Pick<Surroundings, 'neighbors' | 'groups'>, private readonly problem: (message: string, fields: object) => void) {
  }

  public set(wanted: readonly Group[]): void {
    const names = new Set(wanted.map(nameOf));
    for (const [name, group] of this.joined) {
      if (names.has(name)) continue;
      this.joined.delete(name);
      this.leave(group);
    }
    for (const group of wanted) {
      if (!this.joined.has(nameOf(group)) && this.join(group)) this.joined.set(nameOf(group), group);
    }
  }

  private join(group: Group): boolean {
    const { interfaceIndex, address } = group;
    try {
      this.around.groups.join(interfaceIndex, address);
      this.around.neighbors.setMulticast(interfaceIndex, hardwareAddressOf(group), true);
      return true;
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      this.around.groups.leave(interfaceIndex, address);
      this.problem('a multicast group cannot be joined, so IPv6 addresses may not be answered for', { ifindex: interfaceIndex, error: error.message });
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

function nameOf({ interfaceIndex, address }: Group): string {
  return `${interfaceIndex} ${address.join('.')}`;
}
