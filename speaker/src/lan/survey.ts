import { Address } from './address';
import { Addresses } from './addresses';
import { AddressSnapshot } from './snapshot';

/**
 * A look at each address of the plan that is in force when it begins, some at a time: thousands take longer than a heartbeat may be late. Other calls of the core may come between. Each address
 * is told once, as it is when its turn comes; one that is removed from the plan before that is left out, and one that is added after the beginning is not looked at.
 */
export class Survey {
  private readonly list: readonly Address[];
  private next = 0;

  constructor(private readonly addresses: Addresses, private readonly describe: (now: number, address: Address) => AddressSnapshot) {
    this.list = addresses.list;
  }

  get done(): boolean {
    return this.next === this.list.length;
  }

  /** The next ones, `most` at most. */
  take(now: number, most: number): AddressSnapshot[] {
    const from = this.next;
    this.next = Math.min(from + most, this.list.length);
    // One that was removed and has come back is another object, of the same address.
    const present = this.list.slice(from, this.next).map(({ key }) => this.addresses.map.get(key)).filter((address) => address !== undefined);
    return present.map((address) => this.describe(now, address));
  }
}
