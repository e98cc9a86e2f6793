import { SysError } from '../sys';
import { HARDWARE_ADDRESS_LENGTH, writeMulticastHardwareAddress } from '../wire';
import { Group } from './interest';
import { Surroundings } from './surroundings';

/** Until groups that could not be joined are tried again, in milliseconds. */
const RETRY_MS = 1000;

/**
 * Memberships that are changed in a row. Each takes two system calls, in which the kernel searches its lists: with 10,000 groups 130 µs, so that all of them together would
 * keep this thread from its heartbeats for longer than a detection time.
 */
const STEP = 32;

/**
 * More are not joined on an interface. The kernel looks through all of them for each multicast packet of IPv6 that comes in (50 µs for 10,000), and tables of switches that snoop have room for some hundreds
 * to some thousands.
 */
export const MOST_GROUPS = 2048;

/** A membership, of which one half may have been refused. */
interface Membership {
  readonly group: Group;
  /** The interface takes frames to the group. */
  taken: boolean;
  /** The kernel tells the switches. */
  told: boolean;
}

/** Groups that were refused on an interface, for the same reason. */
interface Refusal {
  readonly error: string;
  readonly first: Group;
  groups: number;
}

/**
 * Keeps this node in the multicast groups that it wants to hear, on each interface, and in no others.
 *
 * Each membership is twofold: the interface is told to take frames of the group, whatever the state of IPv6 on it, and the kernel tells the switches
 * (MLD). One half may be refused and the other one be of use: a switch that does not snoop forwards every group. What fails is told once, for all groups with the same trouble, and tried again each
 * second. Of more than {@link MOST_GROUPS} the others are not joined; the interface takes frames to any group then. An interface that was made anew, or lost IPv6 for a moment,
 * has forgotten its memberships, though it looks the same: it is another one by its `incarnation`.
 */
export class Groups {
  /** When {@link retry} is to be called; Infinity while this node is where it wants to be. */
  retryAt = Infinity;
  private readonly memberships = new Map<string, Membership>();
  private joining: Group[] = [];
  private leaving: Membership[] = [];
  private failed: Group[] = [];
  private readonly refusals = new Map<string, Refusal>();
  /** Refusals that were told, as long as there are some. */
  private readonly told = new Set<string>();
  /** Interfaces that take frames to any group, by index and incarnation. */
  private readonly crowded = new Map<string, number>();

  constructor(private readonly around: Pick<Surroundings, 'neighbors' | 'groups'>, private readonly problem: (message: string, fields: object) => void) {
  }

  /** Whether {@link advance} has something to do. */
  public get pending(): boolean {
    return this.joining.length > 0 || this.leaving.length > 0;
  }

  /** Takes what is wanted from now on. Some memberships are changed at once, the others by {@link advance}: first groups are left, then joined in the order given. */
  public set(now: number, groups: readonly Group[]): void {
    const wanted = this.limit(groups), names = new Set(wanted.map(({ name }) => name));
    this.leaving = [...this.memberships.values()].filter(({ group }) => !names.has(group.name));
    this.join(now, wanted.filter(({ name }) => !isWhole(this.memberships.get(name))));
  }

  /** Tries again what has failed. */
  public retry(now: number): void {
    this.join(now, this.failed);
  }

  /** Changes some more memberships. */
  public advance(now: number): void {
    for (let step = 0; step < STEP && this.pending; step++) {
      const membership = this.leaving.pop();
      if (membership !== undefined) this.leave(membership);
      else this.attempt(this.joining.pop()!);
    }
    if (this.joining.length > 0) return;
    this.tell();
    this.retryAt = this.failed.length > 0 ? now + RETRY_MS : Infinity;
  }

  private join(now: number, groups: readonly Group[]): void {
    this.joining = [...groups].reverse(); // the next one is last
    this.failed = [];
    this.refusals.clear();
    this.retryAt = Infinity;
    this.advance(now);
  }

  private limit(groups: readonly Group[]): readonly Group[] {
    const counts = new Map<string, number>(), indexes = new Map(this.crowded);
    const wanted = groups.filter(({ interfaceIndex, incarnation }) => {
      const name = `${interfaceIndex} ${incarnation}`, count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      indexes.set(name, interfaceIndex);
      return count <= MOST_GROUPS;
    });
    for (const [name, interfaceIndex] of indexes) this.crowd(name, interfaceIndex, counts.get(name) ?? 0);
    return wanted;
  }

  private crowd(name: string, interfaceIndex: number, groups: number): void {
    const crowded = groups > MOST_GROUPS;
    if (this.crowded.has(name) === crowded) return;
    if (crowded) this.crowded.set(name, interfaceIndex);
    else this.crowded.delete(name);
    try {
      this.around.neighbors.setAllMulticast(interfaceIndex, crowded);
    } catch (error) {
      if (!(error instanceof SysError)) throw error; // the interface has vanished
    }
    if (!crowded) return;
    this.problem(`more than ${MOST_GROUPS} multicast groups are wanted: others are not joined, so behind a switch that snoops (MLD) their IPv6 addresses may not be answered for. Addresses of which the last 24 bits are the same share a group`, {
      ifindex: interfaceIndex, groups,
    });
  }

  private attempt(group: Group): void {
    const membership = this.memberships.get(group.name) ?? { group, taken: false, told: false };
    const { interfaceIndex, address } = group, { neighbors, groups } = this.around;
    membership.taken ||= this.succeeds(group, () => neighbors.setMulticast(interfaceIndex, hardwareAddressOf(group), true));
    membership.told ||= this.succeeds(group, () => groups.join(interfaceIndex, address));
    this.memberships.set(group.name, membership);
    if (!isWhole(membership)) this.failed.push(group);
  }

  private succeeds(group: Group, change: () => void): boolean {
    try {
      change();
      return true;
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      const name = `${group.interfaceIndex} ${error.message}`;
      const refusal = this.refusals.get(name) ?? { error: error.message, first: group, groups: 0 };
      refusal.groups++;
      this.refusals.set(name, refusal);
      return false;
    }
  }

  private leave({ group, taken }: Membership): void {
    this.memberships.delete(group.name);
    this.around.groups.leave(group.interfaceIndex, group.address);
    if (!taken) return;
    try {
      this.around.neighbors.setMulticast(group.interfaceIndex, hardwareAddressOf(group), false);
    } catch (error) {
      if (!(error instanceof SysError)) throw error; // the interface has vanished, and the membership with it
    }
  }

  private tell(): void {
    for (const [name, { error, first: { interfaceIndex, planned }, groups }] of this.refusals) {
      if (this.told.has(name)) continue;
      this.told.add(name);
      this.problem(`${groups} multicast groups cannot be joined; trying again. Until then IPv6 addresses, among them ${planned}, may not be answered for: what a switch (MLD snooping) or the interface holds back is not heard`, {
        ifindex: interfaceIndex, groups, error,
      });
    }
    this.refusals.clear();
    if (this.failed.length === 0) this.told.clear();
  }
}

function isWhole(membership: Membership | undefined): boolean {
  return membership?.taken === true && membership.told;
}

function hardwareAddressOf({ address }: Group): Uint8Array {
  const hardwareAddress = new Uint8Array(HARDWARE_ADDRESS_LENGTH);
  writeMulticastHardwareAddress(hardwareAddress, address);
  return hardwareAddress;
}
