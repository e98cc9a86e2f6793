/** What a scrape shows of each address. */
import type { DataPlaneSnapshot } from '../../src/dataplane';
import { SpeakerMetrics } from '../../src/observability';
import { collectDataPlane } from '../../src/speaker/dataplane-metrics';

const counts = { requestsReceived: 3, responsesSent: 2, gratuitousSent: 4, unicastSent: 5, conflicts: 0 };
const address = { address: '93.5.22.100', candidates: ['n1'], interfaces: ['eth0'], ...counts };

async function scrape(...snapshots: object[]): Promise<string[]> {
  const metrics = new SpeakerMetrics();
  const rest = { authorised: true, peers: [], frameDrops: {}, heartbeatDrops: {}, loop: { lateness: { recentMaxMs: 0 } } };
  collectDataPlane(metrics, { snapshot: async () => ({ ...rest, addresses: [snapshots.shift()] }) as unknown as DataPlaneSnapshot });
  let text = '';
  while (snapshots.length > 0) text = await metrics.text();
  return text.split('\n').filter((line) => line.includes('{ip="93.5.22.100"') && line.startsWith('hlb_'));
}

const HELD = { ...address, held: true, reason: 'holderDown', heldMs: 61_500, lastDarkMs: 320, darkMs: 700, contested: true };

test('who holds it, why, since when; how long it was dark; whether a foreign host uses it', async () => {
  expect(await scrape(HELD)).toEqual([
    'hlb_layer2_unicast_announcements_total{ip="93.5.22.100"} 5',
    'hlb_address_held{ip="93.5.22.100",reason="holderDown"} 1',
    'hlb_address_held_seconds{ip="93.5.22.100"} 61.5',
    'hlb_address_last_failover_seconds{ip="93.5.22.100"} 0.32',
    'hlb_address_dark_seconds_total{ip="93.5.22.100"} 0.7',
    'hlb_address_contested{ip="93.5.22.100"} 1',
  ]);
});

test('what was lost is not shown as held any more, and what was counted stays', async () => {
  expect(await scrape(HELD, { ...address, held: false, lastDarkMs: 320, darkMs: 700, contested: false })).toEqual([
    'hlb_layer2_unicast_announcements_total{ip="93.5.22.100"} 5',
    'hlb_address_last_failover_seconds{ip="93.5.22.100"} 0.32',
    'hlb_address_dark_seconds_total{ip="93.5.22.100"} 0.7',
  ]);
});
