interface Entry {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** What is to happen, earliest first, and of what happens at one moment in the order it was scheduled: a binary heap, O(log n) for each. */
export class EventQueue {
  private readonly heap: Entry[] = [];
  private order = 0;

  /** When the earliest is due; Infinity when there is none. */
  get next(): number {
    return this.heap.length > 0 ? this.heap[0].at : Infinity;
  }

  add(at: number, run: () => void): void {
    const { heap } = this;
    const entry = { at, order: this.order++, run };
    let index = heap.length;
    while (index > 0) {
      const parent = Math.floor((index - 1) / 2);
      if (!before(entry, heap[parent])) break;
      heap[index] = heap[parent];
      index = parent;
    }
    heap[index] = entry;
  }

  /** Takes the earliest away. */
  take(): () => void {
    const { heap } = this;
    const { run } = heap[0];
    const last = heap.pop()!;
    if (heap.length > 0) this.sink(last);
    return run;
  }

  private sink(entry: Entry): void {
    const { heap } = this;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++;
      if (!before(heap[child], entry)) break;
      heap[index] = heap[child];
      index = child;
    }
    heap[index] = entry;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
