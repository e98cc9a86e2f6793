import { Takeover } from '../lan';
import { NOTHING } from '../sys';

/** More are left in the sockets, for there must be an end. */
const MOST_AHEAD = 1024;

/** A frame that was read before its turn. */
export interface FrameAhead {
  readonly ifindex: number;
  readonly bytes: Uint8Array;
  readonly receivedAt: number;
}

/** Frames that are read before an announcement is sent, and handled after it. */
export class Ahead {
  private readonly frames: FrameAhead[] = [];
  private handling = false;

  /** Whether there are some, and nobody is at them. */
  get waits(): boolean {
    return this.frames.length > 0 && !this.handling;
  }

  /**
   * Reads the questions that are queued, and tells the core that they came before the announcement which is about to be sent.
   *
   * @param receive puts the next frame into `packet` and gives its length
   */
  read(takeover: Takeover, socket: { readonly interfaceIndex: number }, packet: Uint8Array, receive: () => number, now: () => number): void {
    while (this.frames.length < MOST_AHEAD) {
      const length = receive();
      if (length === NOTHING) break;
      this.frames.push({ ifindex: socket.interfaceIndex, bytes: Uint8Array.prototype.slice.call(packet, 0, length), receivedAt: now() });
    }
    takeover.answersFrom = now();
  }

  /** Hands the frames over in the order in which they came; also those that are read meanwhile. */
  handle(take: (frame: FrameAhead) => void): void {
    this.handling = true;
    for (let index = 0; index < this.frames.length; index++) take(this.frames[index]);
    this.frames.length = 0;
    this.handling = false;
  }
}
