/**
 * After a pause in which peers may have given this node up (suspicion.ts), it answers nothing before it has asked them: {@link Inquiry}. That takes a millisecond or two, and
 * 24 ms if one of them does not answer. What was asked of it meanwhile, or waited for it during the pause, is answered then, if it still holds the address: a client that is not
 * answered asks again only after a second. If it had offered the address, and another takes it up meanwhile, what was asked before is answered at once: the other leaves that to it (handover.ts).
 *
 * A pause for longer than the detection time is another matter: then authority is lost (listening.ts).
 */
import { Address } from './address';
import { Inquiry } from './inquiry';

/** More frames than that are forgotten. A storm of questions is in no hurry. */
const MOST_FRAMES = 1024;

export interface Frame {
  /** What it asks for. */
  readonly address: Address;
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
  withhold(address: Address, ifindex: number, frame: Uint8Array, length: number, receivedAt: number): void {
    if (this.frames.length === MOST_FRAMES) return;
    this.frames.push({ address, ifindex, bytes: Uint8Array.prototype.slice.call(frame, 0, length), receivedAt });
  }

  /** Takes out the frames that ask for an address which another takes up. */
  release(address: Address): readonly Frame[] {
    const released = this.frames.filter((frame) => frame.address === address);
    if (released.length > 0) this.frames = this.frames.filter((frame) => frame.address !== address);
    return released;
  }

  /** Authority is lost altogether: nothing is to be answered later. */
  giveUp(): void {
    this.active = false;
    this.frames = [];
  }

  /** Ends when the peers have been asked. Returns whether it has ended now: addresses are to be decided about then, and the frames to be looked at anew. */
  end(): boolean {
    if (!this.active || this.inquiry.active) return false;
    this.active = false;
    return true;
  }

  /** Takes out all frames. */
  releaseAll(): readonly Frame[] {
    return this.frames.splice(0);
  }
}
