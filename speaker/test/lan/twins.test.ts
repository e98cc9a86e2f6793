/** Two speakers with one name: the node that hears both, and either of the two. */
import { KEY } from './harness';
import { LIFE, Pair } from './pair';
import { decodeHeartbeat, emptyHeartbeat, HEARTBEAT_FLAG_REFUSED, heartbeatKey, HeartbeatType } from '../../src/wire';

describe('two speakers with one name', () => {
  const notice = (pair: Pair, flags: number, echoes = [{ incarnation: 44n, sequence: pair.last.sequence }]) =>
    pair.receive(pair.make({ type: HeartbeatType.DUPLICATE, flags, echoes }));

  /** node-45 twice: one life is heard, of the other what it sends comes with no proof. */
  function twice(): Pair {
    const pair = new Pair();
    pair.pass(500, true);
    for (let i = 1; i <= 12; i++) {
      pair.pass(100, true);
      const datagram = pair.make({ incarnation: 200n, sequence: i, echoes: [] });
      const { events } = pair.speaker.receiveHeartbeat(pair.now, '10.0.0.9', datagram, datagram.length);
      if (events.length === 0) continue;
      expect(events).toEqual([{ code: 'duplicateNode', node: 'node-45', from: '10.0.0.9', refused: false }]);
      return pair;
    }
    throw new Error('never told');
  }

  test('are told apart from one that was started again, by the life that goes on', () => {
    const pair = twice();
    expect(pair.up).toBe(true);
    expect(pair.speaker.snapshot(pair.now).peers[0].trouble).toBe('duplicate');
    expect(pair.drops()).toMatchObject({ duplicate: 1 });
  });

  test('are both told, each where it sends from, with an echo of its own', () => {
    const pair = twice();
    const { datagrams, datagramCount } = pair.speaker.tick(pair.now = pair.speaker.nextDeadline());
    const notices = datagrams.slice(0, datagramCount).flatMap(({ to, bytes, length }) => {
      const heartbeat = emptyHeartbeat();
      decodeHeartbeat(bytes, length, [heartbeatKey(KEY)], heartbeat);
      if (heartbeat.type !== HeartbeatType.DUPLICATE) return [];
      return [{ to, refused: heartbeat.flags === HEARTBEAT_FLAG_REFUSED, of: heartbeat.echoes[0].incarnation }];
    });
    expect(notices).toEqual([{ to: '10.0.0.9', refused: true, of: 200n }, { to: '93.5.22.45', refused: false, of: LIFE }]);
  });

  test('that each prove themselves are told apart too', () => {
    const pair = new Pair();
    pair.pass(500, true);
    pair.receive(pair.make({ incarnation: 200n, sequence: 1 }));
    pair.pass(50, false);
    expect(pair.receive(pair.make({ incarnation: 200n, sequence: 2 }))).toEqual([]);
    pair.pass(60, false);
    expect(pair.receive(pair.make())).toEqual(['duplicateNode']);
  });

  test('the one that is refused answers nothing until it is told no more', () => {
    const pair = new Pair();
    expect(pair.pass(1000, true)).toContain('addressAcquired firstCandidate');
    expect(notice(pair, HEARTBEAT_FLAG_REFUSED)).toEqual(['duplicateNode', 'addressLost duplicate']);
    expect(pair.speaker.snapshot(pair.now)).toMatchObject({ authorised: false, addresses: [{ held: false }] });
    expect(pair.pass(2000, true)).toEqual([]);
    expect(notice(pair, HEARTBEAT_FLAG_REFUSED)).toEqual([]);
    expect(pair.pass(2900, true)).toEqual([]);
    expect(pair.pass(300, true)).toEqual(['authorityRegained', 'addressAcquired firstCandidate']);
  });

  test('the one that is believed goes on, and says that there is another', () => {
    const pair = new Pair();
    pair.pass(1000, true);
    expect(notice(pair, 0)).toEqual(['duplicateNode']);
    expect(pair.speaker.snapshot(pair.now)).toMatchObject({ authorised: true, addresses: [{ held: true }] });
  });

  test('a recorded notice silences nobody', () => {
    const pair = new Pair();
    pair.pass(1000, true);
    const before = [{ incarnation: 44n, sequence: pair.last.sequence - 5 }];
    expect(notice(pair, HEARTBEAT_FLAG_REFUSED, before)).toEqual([]);
    expect(notice(pair, HEARTBEAT_FLAG_REFUSED, [{ incarnation: 43n, sequence: 1 }])).toEqual([]);
    expect(pair.speaker.snapshot(pair.now)).toMatchObject({ authorised: true, addresses: [{ held: true }] });
  });
});
