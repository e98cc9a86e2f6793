/** A holder that hears a peer again says once more whose the address is. */
import { BROADCAST, framesOf, nodeMac, VIP } from './harness';
import { LIFE, Pair } from './pair';
import { LanEvent } from '../../src/lan';
import { Address } from '../../src/lan/address';
import { Holdings } from '../../src/lan/holdings';
import { Reassurance } from '../../src/lan/reassurance';
import { HEARTBEAT_FLAG_LISTENING, HeartbeatType } from '../../src/wire';

const again = (gone: (pair: Pair) => void, flags: number): string[] => {
  const pair = new Pair();
  pair.pass(8000, true);
  gone(pair);
  const datagram = pair.make({ incarnation: pair.up ? LIFE + 1n : LIFE, flags });
  return framesOf(pair.speaker.receiveHeartbeat(pair.now, '93.5.22.45', datagram, datagram.length)).filter((frame) => frame.includes(`for ${VIP}`));
};
const burst = ['request', 'reply'].map((operation) => `if2 to ${BROADCAST}: ${operation} ${VIP} at ${nodeMac(0x2c)} for ${VIP}`);

const stop = (pair: Pair): void => {
  pair.receive(pair.make({ type: HeartbeatType.GOODBYE }));
  pair.pass(1000, false);
};

test.each<[string, (pair: Pair) => void, string[], number]>([
  ['that was silent: clients behind a cut may know it by that', (pair) => pair.pass(1000, false), burst, 0],
  ['unless that had said goodbye, and listens: it has claimed nothing since', stop, [], HEARTBEAT_FLAG_LISTENING],
  ['but if it does not listen any more: it may have been started behind a cut', stop, burst, 0],
  ['or was only started again', () => undefined, [], 0],
])('%s', (_, gone, frames, flags) => expect(again(gone, flags)).toEqual(frames));

test('once for each address that is held, however many peers are heard again at the same time', () => {
  const announced: string[] = [];
  const holdings = { announce: (_: number, { text }: Address) => announced.push(text) } as unknown as Holdings;
  const addresses = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((text, i) => Object.assign(new Address(text, i), { held: i !== 1 }));
  const events = ['node-45', 'node-46', 'node-47'].map((node): LanEvent => ({ code: 'peerUp', node, reason: 'heard' }));
  new Reassurance(holdings, new Map()).heed(0, events, addresses);
  expect(announced).toEqual(['10.0.0.1', '10.0.0.3']);
});
