import { Outbox, Takeover } from '../lan';
import { Errno, errnoName } from '../sys';
import { Egress } from './egress';
import { Statistics } from './statistics';
import { Surroundings } from './surroundings';

/** Sends what the core wants sent. What cannot be sent is counted, and told once for each error: it ends nothing. */
export class Sender {
  public readonly egress: Egress;

  /** @param changed told that there are interfaces that take nothing, or not any more */
  public constructor(
    private readonly around: Pick<Surroundings, 'packets' | 'heartbeats' | 'now'>, private readonly statistics: Statistics,
    changed: () => void, private readonly problem: (message: string, fields: object) => void,
  ) {
    this.egress = new Egress((ifindex, frame, length) => this.sendFrame(ifindex, frame, length), changed, problem);
  }

  /** @param takenOver called just before the announcement of an address that was taken from a node which still answers */
  public send(outbox: Outbox, takenOver: (takeover: Takeover) => void): void {
    const { around, statistics } = this;
    for (let index = 0; index < outbox.frameCount; index++) {
      const { ifindex, bytes, length, takeover } = outbox.frames[index];
      if (takeover !== undefined) takenOver(takeover);
      if (this.sendFrame(ifindex, bytes, length) !== 0) this.egress.refused(around.now(), ifindex, bytes);
      else if (this.egress.isTroubled) this.egress.taken(ifindex, bytes);
    }
    for (let index = 0; index < outbox.datagramCount; index++) {
      const { to, bytes, length } = outbox.datagrams[index];
      const errno = this.sendHeartbeat(to, bytes, length);
      if (errno === 0) statistics.datagramsSent++; else this.failed(errno, { to });
    }
  }

  private sendFrame(ifindex: number, frame: Uint8Array, length: number): number {
    const errno = this.around.packets.send(ifindex, frame, length);
    if (errno === 0) this.statistics.framesSent++; else this.failed(errno, { ifindex });
    return errno;
  }

  private sendHeartbeat(to: string, bytes: Uint8Array, length: number): number {
    const ipv6 = to.includes(':');
    for (const socket of this.around.heartbeats) if (socket.ipv6 === ipv6) return socket.send(to, bytes, length);
    return Errno.EAFNOSUPPORT;
  }

  private failed(errno: number, fields: object): void {
    if (!this.statistics.sendFailed(errno)) return;
    this.problem(`a packet could not be sent (${errnoName(errno)}); further ones are only counted, see sendErrors of the snapshot`, fields);
  }
}
