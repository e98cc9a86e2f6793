import { NOTHING } from '../sys';

/** A datagram that was received and is not handed over yet. */
export interface HeartbeatDatagram {
  readonly bytes: Uint8Array;
  length: number;
  source: string;
}

/**
 * Heartbeats that wait in a socket together. They are received first, all of them, and handed over afterwards, so that the frames which came before them
 * are looked for once and not before each.
 *
 * Memory for as many as have ever waited at once is kept: a few of a cluster at rest.
 */
export class HeartbeatBatch {
  /** The first of them are what the last {@link read} has received. */
  public readonly datagrams: HeartbeatDatagram[] = [];

  public constructor(private readonly most: number, private readonly size: number) {}

  /**
   * @param receive puts the next datagram into memory and gives its length, or `NOTHING`
   * @returns how many there were
   */
  public read(socket: { readonly source: string }, receive: (into: Uint8Array) => number): number {
    for (let count = 0; count < this.most; count++) {
      const datagram = this.datagrams[count] ??= { bytes: Buffer.alloc(this.size), length: 0, source: '' };
      const length = receive(datagram.bytes);
      if (length === NOTHING) return count;
      datagram.length = length;
      datagram.source = socket.source;
    }
    return this.most;
  }
}
