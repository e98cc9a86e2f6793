/** A holder that hears a peer again says once more whose the address is. */
import { BROADCAST, framesOf, nodeMac, VIP } from './harness';
import { LIFE, Pair } from './pair';
import { HeartbeatType } from '../../src/wire';

const again = (gone: (pair: Pair) => void): string[] => {
  const pair = new Pair();
  pair.pass(8000, true);
  gone(pair);
  const datagram = pair.make({ incarnation: pair.up ? LIFE + 1n : LIFE });
  return framesOf(pair.speaker.receiveHeartbeat(pair.now, '93.5.22.45', datagram, datagram.length)).filter((frame) => frame.includes(`for ${VIP}`));
};
const burst = ['request', 'reply'].map((operation) => `if2 to ${BROADCAST}: ${operation} ${VIP} at ${nodeMac(0x2c)} for ${VIP}`);

test.each<[string, (pair: Pair) => void, string[]]>([
  ['that was silent: clients behind a cut may know it by that', (pair) => pair.pass(1000, false), burst],
  ['unless that had said goodbye, and has claimed nothing since', (pair) => {
    pair.receive(pair.make({ type: HeartbeatType.GOODBYE }));
    pair.pass(1000, false);
  }, []],
  ['or was only started again', () => undefined, []],
])('%s', (_, gone, frames) => expect(again(gone)).toEqual(frames));
