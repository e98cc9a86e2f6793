/**
 * After a pause in which peers may have given this node up (suspicion.ts), it answers nothing before it has asked them: {@link Inquiry}. That takes a millisecond or two, and
 * 24 ms if one of them does not answer. What was asked of it meanwhile, or waited for it during the pause, is answered then, if it still holds the address: a client that is not
 * answered asks again only after a second.
 *
 * A pause for longer than the detection time is another matter: then authority is lost (listening.ts).
 */
import { Inquiry } from './inquiry';

/** More frames than that are forgotten. A storm of questions is in no hurry. */
const MOST_FRAMES = 64;

interface Frame {
  readonly ifindex: number;
  readonly bytes: Uint8Array;
  readonly receivedAt: number;
}

export class Hesitation {
  active = false;
  private frames: Frame[] = [];

  constructor(private readonly inquiry: Inquiry) {}

  begin(now: number): void {
    this.active = true;
    this.inquiry.begin(now);
  }

  /** Keeps a frame that would be answered otherwise. */
  withhold(ifindex: number, frame: Uint8Array, length: number, receivedAt: number): void {
    if (this.frames.length < MOST_FRAMES) this.frames.push({ ifindex, bytes: Uint8Array.prototype.slice.call(frame, 0, length), receivedAt });
  }

  /** Authority is lost altogether: nothing is to be answered later. */
  giveUp(): void {
    this.active = false;
    this.frames = [];
  }

  /** Ends when the peers have been asked. Returns the frames that are to be looked at anew then. */
  end(): readonly Frame[] | undefined {
    if (!this.active || this.inquiry.active) return undefined;
    const { frames } = this;
    this.giveUp();
    return frames;
  }
}
