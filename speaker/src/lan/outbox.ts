import { LanEvent } from './types';

/** Room for a frame: ARP takes 42 octets, and a Neighbor Advertisement with its option 86. */
const FRAME_CAPACITY = 128;

/**
 * An address that is taken from a node which goes on answering until it hears the announcement. A question that came before the announcement
 * left is that node's to answer, and one that came later is ours.
 */
export interface Takeover {
  /** Whether questions for it are Neighbor Solicitations, rather than ARP. */
  readonly ipv6: boolean;
  /** When the announcement left: questions received up to then are not answered. In the clock of the core's `now`. */
  answersFrom: number;
}

/** A frame to be sent through an interface. */
export interface OutgoingFrame {
  ifindex: number;
  readonly bytes: Uint8Array;
  /** How many octets of `bytes` are the frame. */
  length: number;
  /** If it is the announcement of a takeover: read what is queued, write down the time, then send it. */
  takeover: Takeover | undefined;
}

/** A heartbeat to be sent to an address; the port is the loop's. Several slots may share one buffer. */
export interface OutgoingDatagram {
  to: string;
  bytes: Uint8Array;
  length: number;
}

const NOTHING = new Uint8Array(0);
const NO_EVENTS: readonly LanEvent[] = Object.freeze([]);

/**
 * What the core wants done. One object, emptied at the next call of the core, so drain it before. Slots are made once and kept:
 * a burst may add some, an answer to a request never does.
 *
 * ```ts
 * for (let i = 0; i < outbox.frameCount; i++) send(outbox.frames[i]);
 * ```
 */
export class Outbox {
  readonly frames: OutgoingFrame[] = [];
  /** How many of `frames` are to be sent. */
  frameCount = 0;
  readonly datagrams: OutgoingDatagram[] = [];
  /** How many of `datagrams` are to be sent. */
  datagramCount = 0;
  /** What happened; the array is new whenever it is not empty, so it may be kept. */
  events: readonly LanEvent[] = NO_EVENTS;

  private kept = 0;

  constructor() {
    this.frames.push(newFrame());
  }

  /** Whether there is nothing to do. */
  get empty(): boolean {
    return this.frameCount === 0 && this.datagramCount === 0 && this.events.length === 0;
  }

  /** @internal */
  clear(): void {
    this.frameCount = this.kept = 0;
    this.datagramCount = 0;
    this.events = NO_EVENTS;
  }

  /** @internal Takes back what was to be sent, but for what is to be kept; events stay. */
  withhold(): void {
    this.frameCount = this.kept;
    this.datagramCount = 0;
  }

  /** @internal The frames from that one on are answers, which are owed whatever comes: they go first. */
  keep(from: number): void {
    for (let i = from; i < this.frameCount; i++) {
      const { kept, frames } = this;
      [frames[kept], frames[i]] = [frames[i], frames[kept]];
      this.kept++;
    }
  }

  /** @internal Takes the next frame slot. */
  frame(ifindex: number): OutgoingFrame {
    if (this.frameCount === this.frames.length) this.frames.push(newFrame());
    const slot = this.frames[this.frameCount++];
    slot.ifindex = ifindex;
    slot.length = 0;
    slot.takeover = undefined;
    return slot;
  }

  /** @internal */
  datagram(to: string, bytes: Uint8Array, length: number): void {
    if (this.datagramCount === this.datagrams.length) this.datagrams.push({ to: '', bytes: NOTHING, length: 0 });
    const slot = this.datagrams[this.datagramCount++];
    slot.to = to;
    slot.bytes = bytes;
    slot.length = length;
  }

  /** @internal */
  event(event: LanEvent): void {
    if (this.events === NO_EVENTS) this.events = [event];
    else (this.events as LanEvent[]).push(event);
  }
}

function newFrame(): OutgoingFrame {
  return { ifindex: 0, bytes: new Uint8Array(FRAME_CAPACITY), length: 0, takeover: undefined };
}
