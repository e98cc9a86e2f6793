import { IntervalSet } from '../ip';

/** Searches are remembered for so many sets of ports; a group in which there are more begins anew. */
const REMEMBERED = 64;

/**
 * The addresses of one family that one sharing group uses, and on which of them each port is taken.
 *
 * A search skips a run of addresses on which a port is taken in one step. Runs of several ports may alternate, so each search leaves behind, for its ports,
 * below which address nothing fits; whatever makes room lowers that mark. So a search never walks the same ground twice.
 */
export class SharingGroup {
  private readonly addresses = new IntervalSet();
  private readonly byPort = new Map<string, IntervalSet>();
  private readonly marks = new Map<string, { readonly from: bigint; at: bigint }>();

  isEmpty(): boolean {
    return this.addresses.isEmpty();
  }

  /** A Service with these ports uses the address from now on. */
  join(value: bigint, ports: readonly string[]): void {
    if (!this.addresses.has(value)) {
      this.addresses.add(value);
      this.roomAt(value);
    }
    for (const port of ports) {
      const onPort = this.byPort.get(port) ?? new IntervalSet();
      this.byPort.set(port, onPort);
      onPort.add(value);
    }
  }

  /** It does so no more. @param last nobody else does */
  leave(value: bigint, ports: readonly string[], last: boolean): void {
    for (const port of ports) {
      const onPort = this.byPort.get(port);
      onPort?.delete(value);
      if (onPort?.isEmpty()) this.byPort.delete(port);
    }
    if (last) this.addresses.delete(value);
    this.roomAt(value);
  }

  /**
   * The lowest address from `from` to `to` on which all these ports are free.
   * @param barred the end of the run of addresses, around one, that are not to be given; undefined when it may be
   */
  next(from: bigint, to: bigint, ports: readonly string[], barred: (value: bigint) => bigint | undefined): bigint | undefined {
    const name = `${from} ${ports.join()}`;
    let free = true; // no address was passed over but for its ports
    let candidate = this.addresses.next(this.marks.get(name)?.at ?? from);
    while (candidate !== undefined && candidate <= to) {
      let next = candidate;
      for (const port of ports) {
        const run = this.byPort.get(port)?.containing(candidate);
        if (run && run.last >= next) next = run.last + 1n;
      }
      if (next === candidate) {
        if (free) this.mark(name, from, candidate);
        free = false;
        const end = barred(candidate);
        if (end === undefined) return candidate;
        next = end + 1n;
      }
      candidate = this.addresses.next(next);
    }
    if (free) this.mark(name, from, to + 1n);
    return undefined;
  }

  private mark(name: string, from: bigint, at: bigint): void {
    if (this.marks.size >= REMEMBERED) this.marks.clear();
    this.marks.set(name, { from, at });
  }

  private roomAt(value: bigint): void {
    for (const mark of this.marks.values()) {
      if (value >= mark.from && value < mark.at) mark.at = value;
    }
  }
}
