/**
 * Runs a task after it was requested, soon, but never so often that it takes more than a sixth of the thread's time: the next run begins no earlier than
 * five times the duration of the last one after its end. One change is acted on in the same turn of the loop; a thousand at once cost a few runs.
 */
export class Pacer {
  private requested = false;
  private stopped = false;
  private notBefore = 0;

  constructor(private readonly task: () => void, private readonly now: () => number = () => performance.now()) {}

  request(): void {
    if (this.requested || this.stopped) {
      return;
    }
    this.requested = true;
    const wait = this.notBefore - this.now();
    if (wait > 1) {
      setTimeout(() => this.run(), wait);
    } else {
      setImmediate(() => this.run());
    }
  }

  stop(): void {
    this.stopped = true;
  }

  private run(): void {
    this.requested = false;
    if (this.stopped) {
      return;
    }
    const begun = this.now();
    this.task();
    const ended = this.now();
    this.notBefore = ended + 5 * (ended - begun);
  }
}
