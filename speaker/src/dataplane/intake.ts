/**
 * Hands what comes in to the core, in the order on which hand-overs rely: frames before the heartbeats that were sent after them.
 *
 * Memory for packets is there from the start. A socket is read until it is empty, but at most {@link BATCH} packets in a row.
 */
import { Outbox, Takeover } from '../lan';
import { NOTHING } from '../sys';
import { Ahead } from './ahead';
import { HeartbeatBatch } from './heartbeat-batch';
import { Receiver } from './receiver';
import { Statistics } from './statistics';
import { Core, FrameSource, HeartbeatSocket, Surroundings } from './surroundings';

/** Packets read from one socket before the others have their turn. */
const BATCH = 64;
/** Longer than any packet that concerns us; what is longer is cut, and refused by its decoder. */
const PACKET_SIZE = 2048;

export class Intake {
  private readonly packet = Buffer.alloc(PACKET_SIZE);
  private readonly batch = new HeartbeatBatch(BATCH, PACKET_SIZE);
  private readonly ahead = new Ahead();
  private readonly receiver: Receiver;

  /** @param drain sends and reports what the core wants */
  constructor(
    private readonly core: Core, private readonly around: Surroundings, private readonly statistics: Statistics,
    private readonly drain: (outbox: Outbox) => void, problem: (message: string, fields: object) => void,
  ) {
    this.receiver = new Receiver(statistics, problem);
  }

  /** @returns whether there are no more */
  frames(socket: FrameSource): boolean {
    const { around: { now }, core, packet, statistics } = this;
    for (let count = 0; count < BATCH; count++) {
      const length = this.receiver.receive(socket, packet);
      if (length === NOTHING) return true;
      statistics.framesReceived++;
      this.drain(core.receiveFrame(now(), socket.interfaceIndex, packet, length));
    }
    return false;
  }

  heartbeats(socket: HeartbeatSocket): void {
    const { around: { now, packets, neighbors }, batch, core, statistics } = this;
    const received = batch.read(socket, (into) => this.receiver.receive(socket, into));
    if (received === 0) return this.refusals(socket);
    statistics.datagramsReceived += received;
    // Once for all of them: what was asked before any of them was sent is in these queues by now.
    for (const frames of [packets, neighbors]) for (let turns = 0; turns < received && !this.frames(frames);) turns++;
    for (let index = 0; index < received; index++) {
      const { source, bytes, length } = batch.datagrams[index];
      this.drain(core.receiveHeartbeat(now(), source, bytes, length));
    }
  }

  /** Before an announcement: who asks in this moment asks the former holder. */
  readonly readAhead = (takeover: Takeover): void => {
    const { around: { now, packets, neighbors }, packet, statistics } = this;
    const socket = takeover.ipv6 ? neighbors : packets;
    this.ahead.read(takeover, socket, packet, () => {
      const length = this.receiver.receive(socket, packet);
      if (length !== NOTHING) statistics.framesReceived++;
      return length;
    }, now);
  };

  /** Handles what was read ahead. */
  catchUp(): void {
    if (!this.ahead.waits) return;
    const { around: { now }, core } = this;
    this.ahead.handle(({ ifindex, bytes, receivedAt }) => this.drain(core.receiveFrame(now(), ifindex, bytes, bytes.length, receivedAt)));
  }

  /** The socket is ready though nothing has come in: heartbeats did not arrive. */
  private refusals(socket: HeartbeatSocket): void {
    const { around: { now }, core, statistics } = this;
    for (let count = 0; count < BATCH; count++) {
      const undelivered = socket.undelivered();
      if (undelivered === undefined) return;
      if (!undelivered.refused) continue;
      statistics.datagramsRefused++;
      this.drain(core.heartbeatRefused(now(), undelivered.to));
    }
  }
}
