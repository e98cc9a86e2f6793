import type { DataPlane } from '../dataplane';
import type { SpeakerMetrics } from '../observability';

/** Asks the data plane for its figures before each scrape; if it does not answer in time, the metrics keep their last values. */
export function collectDataPlane(metrics: SpeakerMetrics, dataPlane: Pick<DataPlane, 'snapshot'>): void {
  const last = new Map<string, number>();
  /** The data plane counts from its start; a Prometheus counter is told what was added. */
  const added = (name: string, value: number): number => {
    const before = last.get(name) ?? 0;
    last.set(name, value);
    return Math.max(0, value - before);
  };
  metrics.beforeScrape(async () => {
    const snapshot = await dataPlane.snapshot(500).catch(() => undefined);
    if (!snapshot) {
      return;
    }
    [metrics.addressHeld, metrics.addressHeldSeconds, metrics.addressContested].forEach((gauge) => gauge.reset());
    for (const { address: ip, requestsReceived, responsesSent, gratuitousSent, unicastSent, ...state } of snapshot.addresses) {
      metrics.requestsReceived.inc({ ip }, added(`received ${ip}`, requestsReceived));
      metrics.responsesSent.inc({ ip }, added(`sent ${ip}`, responsesSent));
      metrics.gratuitousSent.inc({ ip }, added(`gratuitous ${ip}`, gratuitousSent));
      metrics.unicastSent.inc({ ip }, added(`unicast ${ip}`, unicastSent));
      metrics.dark.inc({ ip }, added(`dark ${ip}`, state.darkMs / 1000));
      if (state.lastDarkMs !== undefined) {
        metrics.lastFailover.set({ ip }, state.lastDarkMs / 1000);
      }
      if (state.contested) {
        metrics.addressContested.set({ ip }, 1);
      }
      if (state.held) {
        metrics.addressHeld.set({ ip, reason: state.reason! }, 1);
        metrics.addressHeldSeconds.set({ ip }, state.heldMs! / 1000);
      }
    }
    for (const [reason, count] of Object.entries(snapshot.frameDrops)) {
      metrics.dropped.inc({ reason }, added(`frame ${reason}`, count));
    }
    for (const [reason, count] of Object.entries(snapshot.heartbeatDrops)) {
      metrics.heartbeatsDropped.inc({ reason }, added(`heartbeat ${reason}`, count));
    }
    for (const [outcome, count] of Object.entries(snapshot.suspicions)) {
      metrics.suspicions.inc({ outcome }, added(`suspicion ${outcome}`, count));
    }
    metrics.peerUp.reset();
    metrics.peerTrouble.reset();
    for (const { node, up, trouble } of snapshot.peers) {
      metrics.peerUp.set({ peer: node }, up ? 1 : 0);
      if (trouble) {
        metrics.peerTrouble.set({ peer: node, trouble }, 1);
      }
    }
    const { loop } = snapshot;
    metrics.framesReceived.inc(added('frames received', loop.framesReceived));
    metrics.framesLost.inc(added('frames lost', loop.framesDropped));
    for (const [error, count] of Object.entries(loop.sendErrors)) {
      metrics.sendErrors.inc({ error }, added(`send ${error}`, count));
    }
    for (const [error, count] of Object.entries(loop.receiveErrors)) {
      metrics.receiveErrors.inc({ error }, added(`receive ${error}`, count));
    }
    metrics.interfaceGivenUp.reset();
    loop.givenUp.forEach((name) => metrics.interfaceGivenUp.set({ interface: name }, 1));
    metrics.authority.set(snapshot.authorised ? 1 : 0);
    metrics.loopLateness.set(loop.lateness.recentMaxMs / 1000);
  });
}
