/**
 * Proofs that a peer lives now.
 *
 * Each start of a speaker picks 64 random bits, its incarnation, and numbers its datagrams. Within an incarnation
 * a number is accepted once, and not when it is far behind the highest. But a recorded datagram of an earlier incarnation is authentic too, and nothing orders
 * incarnations: a Raspberry Pi has no clock when it starts. So a new incarnation must prove that it lives now: it must echo a datagram
 * (our incarnation and number) that we sent within the last detection time and one interval. Nobody can have recorded that earlier.
 * We in turn echo what we hear of it before it is proved, in addition to what we have proved, or neither side could begin. At worst
 * an attacker who replays keeps that second slot busy; what is proved is not touched.
 */
import { Heartbeat, HeartbeatEcho } from '../wire';
import { Peer } from './peer';

/** Send times of the latest datagrams are kept for this many: more than are sent in the time for which an echo is worth something, also when a large cluster starts. */
const REMEMBERED_SENDS = 8192;

export class Proofs {
  /** Number of our next datagram. */
  sequence = 1;
  private readonly sendTimes = new Float64Array(REMEMBERED_SENDS).fill(-Infinity);

  /** @param echoMs how old an echo may be */
  constructor(private readonly incarnation: bigint, private readonly echoMs: number) {}

  /** The number for a datagram that is sent now. */
  next(now: number): number {
    const sequence = this.sequence++;
    this.sendTimes[sequence % REMEMBERED_SENDS] = now;
    return sequence;
  }

  /** When we sent what the datagram echoes of this life of ours; -Infinity if nothing. */
  confirmation({ echoes }: Heartbeat): number {
    let latest = -Infinity;
    for (const { incarnation, sequence } of echoes) {
      if (incarnation !== this.incarnation || sequence >= this.sequence || sequence < this.sequence - REMEMBERED_SENDS) continue;
      latest = Math.max(latest, this.sendTimes[sequence % REMEMBERED_SENDS]);
    }
    return latest;
  }

  /** What we have had of these peers. */
  echoes(now: number, peers: Iterable<Peer>): HeartbeatEcho[] {
    const echoes: HeartbeatEcho[] = [];
    for (const { incarnation, sequence, introduction, heardAt } of peers) {
      if (incarnation !== undefined && now - heardAt <= this.echoMs) echoes.push({ incarnation, sequence });
      if (introduction !== undefined && now - introduction.at <= this.echoMs) echoes.push(introduction);
    }
    return echoes;
  }
}
