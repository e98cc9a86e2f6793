import { Errno, NOTHING, SysError } from '../sys';
import { Statistics } from './statistics';

/** Errors that the kernel tells once, and that leave the socket as it was. Any other would come again at once, for ever. */
const PASSING: ReadonlySet<number> = new Set([Errno.ENETDOWN, Errno.ENOBUFS, Errno.ENOMEM]);

/** Receives packets. Errors that pass are counted, and told once for each: they end nothing. */
export class Receiver {
  public constructor(private readonly statistics: Statistics, private readonly problem: (message: string, fields: object) => void) {}

  /**
   * @returns the length of the packet that was put into memory, or `NOTHING`
   * @throws SysError of an error that would come again
   */
  public receive(socket: { receive(into: Uint8Array): number }, into: Uint8Array): number {
    try {
      return socket.receive(into);
    } catch (error) {
      if (!(error instanceof SysError) || !PASSING.has(error.errno)) throw error;
      if (this.statistics.receiveFailed(error.errno)) {
        this.problem(`packets were lost (${error.code}); further losses are only counted, see receiveErrors of the snapshot`, { error: error.message });
      }
      return NOTHING;
    }
  }
}
