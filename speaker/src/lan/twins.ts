/**
 * Two speakers with one name: a machine that was cloned, or a node name that was set by hand. Each would believe to be the candidate of that name, and both would answer.
 *
 * They cannot tell by themselves, for each sends to all nodes but its own. The others can: beside the life of that peer that has proved itself, another one goes on sending.
 * A speaker that was started again is told from that by its former life, which is silent. So who hears two refuses the one that came later, and says so to both,
 * each at the address it sends from, once a second. The one that is refused gives everything up, and answers nothing until it has not been told for three seconds.
 *
 * A notice echoes a recent datagram of its receiver, as every proof of freshness here, so that nobody is silenced by a recording.
 */
import { hasHeartbeatFlag, Heartbeat, HEARTBEAT_FLAG_REFUSED } from '../wire';
import { Outbox } from './outbox';
import { Peer } from './peer';

const NOTICE_SPACING_MS = 1000;
const REPORT_INTERVAL_MS = 10_000;
/** How long a speaker that was refused stays silent after the last notice. */
export const REFUSED_MS = 3000;

export interface Notice {
  readonly to: string;
  readonly incarnation: bigint;
  readonly sequence: number;
  readonly refused: boolean;
}

export class Twins {
  /** What is to be sent; whoever sends it empties it. */
  readonly notices: Notice[] = [];
  /** Whether this node has just been told to be silent; whoever reads it sets it back. */
  refused = false;
  private reportedAt = -Infinity;

  constructor(private readonly detectionMs: number) {}

  /** Whether a datagram of another life of a peer shows that two lives are under way. @param confirmedAt when we sent what it echoes; -Infinity without proof */
  isTwin(now: number, peer: Peer, { incarnation, sequence }: Heartbeat, confirmedAt: number): boolean {
    if (!peer.linkUp || now - peer.heardAt >= this.detectionMs) return false;
    const { former, introduction } = peer;
    if (former?.incarnation === incarnation && confirmedAt > former.until) return true;
    if (now - peer.twinAt < REFUSED_MS && confirmedAt === -Infinity) return true;
    // Unproved for long, though we echo it, while the other is heard: what we send does not reach it, so it is elsewhere.
    return introduction?.incarnation === incarnation && sequence > introduction.sequence && now - introduction.since > this.detectionMs * 2;
  }

  /** Refuses the life that a datagram belongs to. */
  refuse(now: number, peer: Peer, from: string, { incarnation, sequence }: Heartbeat, outbox: Outbox): void {
    if (now - peer.twinAt < NOTICE_SPACING_MS) return;
    if (now - peer.twinReportedAt >= REPORT_INTERVAL_MS) {
      peer.twinReportedAt = now;
      outbox.event({ code: 'duplicateNode', node: peer.node, from, refused: false });
    }
    peer.twinAt = now;
    this.notices.push({ to: from, incarnation, sequence, refused: true });
    for (const to of peer.addresses) this.notices.push({ to, incarnation: peer.incarnation!, sequence: peer.sequence, refused: false });
  }

  /** Another node has told this one that its name is used twice. */
  told(now: number, node: string, from: string, heartbeat: Heartbeat, outbox: Outbox): void {
    const refused = hasHeartbeatFlag(heartbeat, HEARTBEAT_FLAG_REFUSED);
    this.refused ||= refused;
    if (now - this.reportedAt < REPORT_INTERVAL_MS) return;
    this.reportedAt = now;
    outbox.event({ code: 'duplicateNode', node, from, refused });
  }
}
