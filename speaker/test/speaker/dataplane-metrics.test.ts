/** What a scrape shows of each address. */
import type { DataPlaneSnapshot } from '../../src/dataplane';
import { SpeakerMetrics } from '../../src/observability';
import { collectDataPlane } from '../../src/speaker/dataplane-metrics';

const counts = { requestsReceived: 3, responsesSent: 2, gratuitousSent: 4, unicastSent: 5, conflicts: 0 };
const address = { address: '93.5.22.100', candidates: ['n1'], interfaces: ['eth0'], ...counts };

const LOOP = { framesReceived: 0, framesDropped: 0, sendErrors: {}, receiveErrors: {}, givenUp: [] as string[], lateness: { recentMaxMs: 0 } };
const REST = { authorised: true, peers: [], frameDrops: {}, heartbeatDrops: {}, suspicions: {}, loop: LOOP };

async function scrape(...snapshots: object[]): Promise<string[]> {
  const metrics = new SpeakerMetrics();
  collectDataPlane(metrics, { snapshot: async () => ({ ...REST, addresses: [snapshots.shift()] }) as unknown as DataPlaneSnapshot });
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

test('how the loop fares, counted on from scrape to scrape', async () => {
  const metrics = new SpeakerMetrics();
  const loops = [
    { ...LOOP, framesReceived: 3, sendErrors: { ENETDOWN: 1 } },
    { ...LOOP, framesReceived: 5, framesDropped: 2, sendErrors: { ENETDOWN: 4 }, receiveErrors: { ENOBUFS: 1 } },
  ];
  collectDataPlane(metrics, { snapshot: async () => ({ ...REST, addresses: [], loop: loops.shift() }) as unknown as DataPlaneSnapshot });
  await metrics.text();
  expect((await metrics.text()).split('\n').filter((line) => /^hlb_dataplane_(frames|send|receive)/.test(line))).toEqual([
    'hlb_dataplane_frames_received_total 5',
    'hlb_dataplane_frames_lost_total 2',
    'hlb_dataplane_send_errors_total{error="ENETDOWN"} 4',
    'hlb_dataplane_receive_errors_total{error="ENOBUFS"} 1',
  ]);
});

test('interfaces that take no frames, as long as they do not', async () => {
  const metrics = new SpeakerMetrics();
  const loops = [['eth0', 'eth1'], ['eth1']].map((givenUp) => ({ ...LOOP, givenUp }));
  collectDataPlane(metrics, { snapshot: async () => ({ ...REST, addresses: [], loop: loops.shift() }) as unknown as DataPlaneSnapshot });
  await metrics.text();
  expect((await metrics.text()).split('\n').filter((line) => line.startsWith('hlb_interface_given_up'))).toEqual(['hlb_interface_given_up{interface="eth1"} 1']);
});

test('how suspicions of peers have ended, counted on from scrape to scrape', async () => {
  const metrics = new SpeakerMetrics();
  const counted = [{ answered: 2, offLan: 0, refused: 1, undecided: 0 }, { answered: 5, offLan: 1, refused: 1, undecided: 0 }];
  collectDataPlane(metrics, { snapshot: async () => ({ ...REST, addresses: [], suspicions: counted.shift() }) as unknown as DataPlaneSnapshot });
  await metrics.text();
  const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('hlb_peer_suspicions_total'));
  expect(lines).toEqual([
    'hlb_peer_suspicions_total{outcome="answered"} 5',
    'hlb_peer_suspicions_total{outcome="offLan"} 1',
    'hlb_peer_suspicions_total{outcome="refused"} 1',
    'hlb_peer_suspicions_total{outcome="undecided"} 0',
  ]);
});
