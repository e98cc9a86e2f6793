/** How much, and how often, the LAN is asked who has an address. */
import { CLIENT_IP, core, frameOf, framesOf, KEY, link, nodeMac, planFor, receive, VIP } from './harness';
import { ARP_REQUEST } from '../../src/wire';

const PEERS = [{ node: 'node-45', addresses: ['93.5.22.45'] }];

test('of many addresses each has its turn, and no moment is for more than 64 questions', () => {
  const texts = Array.from({ length: 100 }, (_, i) => `93.5.22.${100 + i}`), speaker = core('node-44');
  speaker.setLinks(0, [link(0x2c)]);
  speaker.setKeys(0, [KEY]);
  const moments = [speaker.setPlan(0, planFor('node-44', { addresses: texts.map((address) => ({ address, candidates: ['node-44', 'node-45'] })), peers: PEERS }))].map(framesOf);
  for (let now = 10; now < 290; now += 10) moments.push(framesOf(speaker.tick(now)));
  expect(Math.max(...moments.map(({ length }) => length))).toBe(64);
  expect(texts.filter((text) => !moments.flat().some((frame) => frame.endsWith(` for ${text}`)))).toEqual([]);
});

test('a candidate that has been down for longer is asked more rarely by the holder: each second, each sixth after a minute, and each tenth in the end', () => {
  const speaker = core('node-44');
  speaker.setLinks(0, [link(0x2c)]);
  speaker.setKeys(0, [KEY]);
  speaker.setPlan(0, planFor('node-44', { addresses: [{ address: VIP, candidates: ['node-44', 'node-45'] }], peers: PEERS }));
  receive(speaker, 10, frameOf({ operation: ARP_REQUEST, spa: '93.5.22.45', tpa: CLIENT_IP, sha: nodeMac(45) }));
  const asked: number[] = [];
  for (let now = 10; now < 320_000; now += 50) if (framesOf(speaker.tick(now)).some((frame) => frame.includes(`to ${nodeMac(45)}: request 255`))) asked.push(now);
  const between = (from: number, to: number) => asked.filter((at) => at >= from && at < to).length;
  expect([between(1000, 9000), between(60_000, 72_000), between(200_000, 300_000)]).toEqual([8, 2, 10]);
});
