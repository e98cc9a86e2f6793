/** A peer whose kernel says that nobody takes heartbeats there: anybody could forge that, so it is asked, and is gone only if it does not answer anywhere, and is refused again. */
import { codesOf, core, gratuitous, KEY, link, macOf, nodeMac, planFor, VIP } from './harness';
import { LanCore, Outbox } from '../../src/lan';
import { QUESTIONS, SPACING_MS } from '../../src/lan/suspicion';
import { decodeHeartbeat, emptyHeartbeat, encodeHeartbeat, hardwareAddressKey, HEARTBEAT_FLAG_PROMPT, HEARTBEAT_MAX_LENGTH, heartbeatKey } from '../../src/wire';

/** node-44 has heard node-45 for a while, the last time at 811. */
function pair(): LanCore {
  const speaker = core('node-44', { fastDetection: true }), key = heartbeatKey(KEY), heard = emptyHeartbeat(), said = new Uint8Array(HEARTBEAT_MAX_LENGTH);
  const hear = ({ datagrams, datagramCount }: Outbox) => {
    if (datagramCount > 0) expect(decodeHeartbeat(datagrams[0].bytes, datagrams[0].length, [key], heard)).toBeUndefined();
  };
  speaker.setLinks(0, [link(44)]);
  speaker.setKeys(0, [KEY]);
  const peers = [{ node: 'node-45', addresses: ['93.5.22.45'] }];
  hear(speaker.setPlan(0, planFor('node-44', { addresses: [{ address: VIP, candidates: ['node-44', 'node-45'] }], peers })));
  for (let now = 1; now <= 811; now += 10) {
    hear(speaker.tick(now));
    if (now % 100 !== 11) continue;
    const words = { node: 'node-45', incarnation: 45n, sequence: now, flags: HEARTBEAT_FLAG_PROMPT, interfaces: [hardwareAddressKey(macOf(nodeMac(45)))] };
    const echoes = [{ incarnation: heard.incarnation, sequence: heard.sequence }];
    speaker.receiveHeartbeat(now, '93.5.22.45', said, encodeHeartbeat(said, { ...emptyHeartbeat(), ...words, echoes }, key));
  }
  return speaker;
}

/** It is refused at once, and after so many of the questions that follow. */
function refused(speaker: LanCore, from: number, times: number, meanwhile: () => void = () => undefined): string[] {
  const codes = codesOf(speaker.heartbeatRefused(from, '93.5.22.45'));
  for (let asked = 1; asked <= QUESTIONS + 1; asked++) {
    const now = from + asked * SPACING_MS;
    if (asked <= times) codes.push(...codesOf(speaker.heartbeatRefused(now - 1, '93.5.22.45')));
    if (asked === 2) meanwhile();
    codes.push(...codesOf(speaker.tick(now)));
  }
  return codes.filter((code) => code.startsWith('peerDown'));
}

test.each([[0, []], [1, []], [2, ['peerDown refused']], [4, ['peerDown refused']]])('after %i of the questions: %j', (times, codes) => {
  expect(refused(pair(), 815, times)).toEqual(codes);
});

test('unless its speaker claims an address on the LAN meanwhile', () => {
  const speaker = pair(), claim = gratuitous(VIP, nodeMac(45));
  expect(refused(speaker, 815, 4, () => void speaker.receiveFrame(828, 2, claim, claim.length))).toEqual([]);
});

test('nor when this node has itself not run for a while, and may have left unread what it was sent', () => {
  const speaker = pair();
  speaker.tick(1025); // due at 906
  expect(refused(speaker, 1026, 4)).toEqual([]);
});
