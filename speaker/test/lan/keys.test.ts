/** How the key of the heartbeats is changed. */
import { codesOf, KEY } from './harness';
import { OTHER_KEY, Pair } from './pair';
import { decodeHeartbeat, emptyHeartbeat, heartbeatKey } from '../../src/wire';

/** The keys that node-44 signs with when it is next due, for a peer that accepts some. */
function signersOf(pair: Pair): string[] {
  const { datagrams, datagramCount } = pair.speaker.tick(pair.now = pair.speaker.nextDeadline());
  return [...new Set(datagrams.slice(0, datagramCount).map(({ bytes, length }) => (
    decodeHeartbeat(bytes, length, [heartbeatKey(KEY)], emptyHeartbeat()) === undefined ? 'old' : 'new'
  )))];
}

describe('a key is changed without a gap:', () => {
  const [old, fresh] = [heartbeatKey(KEY).id, heartbeatKey(OTHER_KEY).id];

  test.each([
    ['a peer that does not know the new one is told things with the old one', [old], ['old']],
    ['a peer that knows both, with the new one', [old, fresh], ['new']],
    ['a peer that knows the new one alone, with it', [fresh], ['new']],
  ])('%s', (_, keys, signers) => {
    const pair = new Pair([OTHER_KEY, KEY]);
    pair.pass(500, true, { keys });
    expect(pair.up).toBe(true);
    expect(signersOf(pair)).toEqual(signers);
  });

  test('a peer that is not heard is told everything with both, for it may know either', () => {
    const pair = new Pair([OTHER_KEY, KEY]);
    pair.pass(500, false);
    expect(signersOf(pair)).toEqual(['new', 'old']);
  });

  test('what a peer accepts is told by it, and by nobody who has a recording', () => {
    const pair = new Pair([OTHER_KEY, KEY]);
    pair.pass(500, true, { keys: [fresh] });
    pair.receive(pair.make({ keys: [old], sequence: 1 }));
    pair.receive(pair.make({ keys: [old], incarnation: 7n, echoes: [] }));
    expect(signersOf(pair)).toEqual(['new']);
  });

  test('the former key is good until all have preferred the new one for a minute', () => {
    const pair = new Pair([OTHER_KEY, KEY]);
    expect(pair.pass(70_000, true, { keys: [old, fresh] })).toEqual(['peerUp heard', 'addressAcquired firstCandidate']);
    expect(pair.pass(59_000, true, { keys: [fresh, old] })).toEqual([]);
    expect(pair.pass(2000, true, { keys: [fresh, old] })).toContain('heartbeatKeyRetired');
    pair.receive(pair.make());
    expect(pair.drops()).toMatchObject({ unknownKey: expect.any(Number) });
  });

  test('or for an hour, if somebody is not heard of', () => {
    const pair = new Pair([OTHER_KEY, KEY]);
    expect(codesOf(pair.speaker.tick(3_599_000))).not.toContain('heartbeatKeyRetired');
    expect(codesOf(pair.speaker.tick(3_601_000))).toContain('heartbeatKeyRetired');
  });

  test('a peer that signs with a key of its own is named, in the event and in what is known of it', () => {
    const pair = new Pair();
    pair.receive(pair.make({}, OTHER_KEY));
    pair.pass(300, false);
    pair.receive(pair.make({}, OTHER_KEY));
    expect(pair.speaker.snapshot(pair.now).peers[0]).toMatchObject({ node: 'node-45', up: false, trouble: 'unknownKey' });
    pair.pass(16_000, true);
    expect(pair.speaker.snapshot(pair.now).peers[0]).toMatchObject({ up: true, trouble: undefined });
  });

  test('one that signs with each of two keys in turn, for it does not know which one is ours, is not', () => {
    const pair = new Pair();
    for (let round = 0; round < 10; round++) {
      expect(pair.receive(pair.make({}, OTHER_KEY))).toEqual([]);
      pair.receive(pair.make({ echoes: [] }));
      pair.pass(100, false);
    }
    expect(pair.speaker.snapshot(pair.now).peers[0]).toMatchObject({ trouble: undefined });
  });

  test('a key that is too short is refused, and those before stay', () => {
    const pair = new Pair();
    expect(() => pair.speaker.setKeys(10, [new Uint8Array(15)])).toThrow(expect.objectContaining({ code: 'LAN_KEY_TOO_SHORT' }));
    pair.now = 20;
    expect(pair.receive(pair.make())).toContain('peerUp heard');
  });
});
