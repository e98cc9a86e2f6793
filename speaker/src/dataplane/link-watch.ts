import { NetlinkError, NetworkLink, SysError } from '../sys';
import { LinkSource, Surroundings } from './surroundings';

/** Until rtnetlink is tried again after a failure. */
const RETRY_MS = 1000;

/** Watches the interfaces of this node by rtnetlink. When that fails, what was last known stays in force, and it is opened anew a second later. */
export class LinkWatch {
  /** When {@link open} is to be called again; Infinity while all is well. */
  retryAt = Infinity;
  private source: LinkSource | undefined;

  constructor(
    private readonly around: Surroundings,
    private readonly changed: (links: readonly NetworkLink[]) => void,
    private readonly problem: (message: string, fields: object) => void,
  ) {}

  get fd(): number | undefined {
    return this.source?.fd;
  }

  get links(): readonly NetworkLink[] {
    return this.source?.links ?? [];
  }

  get listingsStarted(): number {
    return this.source?.listingsStarted ?? 0;
  }

  open(): void {
    this.retryAt = Infinity;
    this.attempt(() => {
      this.source = this.around.openLinks();
      this.around.epoll.add(this.source);
      this.changed(this.source.links);
    });
  }

  read(): void {
    this.attempt(() => {
      if (this.source!.read()) this.changed(this.source!.links);
    });
  }

  close(): void {
    this.source?.close();
  }

  private attempt(use: () => void): void {
    try {
      use();
    } catch (error) {
      if (!isTrouble(error)) throw error;
      this.problem('the interfaces of this node cannot be read; trying again', { error: error.message });
      if (this.source) {
        this.around.epoll.remove(this.source);
        this.source.close();
        this.source = undefined;
      }
      this.retryAt = this.around.now() + RETRY_MS;
    }
  }
}

/** An error of the kernel or of its messages, not of the program. */
export function isTrouble(error: unknown): error is Error {
  return error instanceof SysError || error instanceof NetlinkError;
}
