/** Tells an operator of heartbeats that were not accepted, as far as something is to be done about them. */
import { Outbox } from './outbox';
import { Peer } from './peer';
import { Spacing } from './spacing';
import { HeartbeatDrop } from './types';

/** An operator hears of a bad source once in this time. */
const REPORT_INTERVAL_MS = 10_000;

const REPORTED: ReadonlySet<HeartbeatDrop> = new Set<HeartbeatDrop>(['version', 'unknownKey', 'unauthenticated', 'malformed']);

export class Rejections {
  private readonly reports = new Spacing(REPORT_INTERVAL_MS);

  constructor(private readonly detectionMs: number) {}

  /** @param claimed the peer in whose name a heartbeat with an unknown key came */
  report(now: number, from: string, reason: HeartbeatDrop, claimed: Peer | undefined, outbox: Outbox): void {
    if (!REPORTED.has(reason)) return;
    if (claimed !== undefined) {
      // While a key is changed, a peer that is not sure which one we know signs with each in turn. So does one whose speaker finds ours just started.
      if (claimed.unknownKeySince === Infinity) claimed.unknownKeySince = now;
      if (claimed.linkUp || now - claimed.unknownKeySince < this.detectionMs) return;
      claimed.unknownKeyAt = now;
    }
    if (!this.reports.allows(now, `${reason} ${from}`)) return;
    outbox.event({ code: 'heartbeatRejected', from, reason, ...(claimed && { node: claimed.node }) });
  }
}
