/** Which heartbeats are believed. The peer's are made by hand, so that they can be wrong in every way. */
import { codesOf, core, KEY, link, planFor, VIP } from './harness';
import { LanCore, LanError, LanPlan } from '../../src/lan';
import {
  decodeHeartbeat, emptyHeartbeat, encodeHeartbeat, Heartbeat, HEARTBEAT_FLAG_REFUSED, HEARTBEAT_MAX_LENGTH, heartbeatKey, HeartbeatType,
  parseIpv4, Reach,
} from '../../src/wire';

const OTHER_KEY = new Uint8Array(32).fill(8);
const LIFE = 100n;
const PEERS = [{ node: 'node-45', addresses: ['93.5.22.45'] }];

/** node-44 under test, with node-45 played by hand. */
class Pair {
  readonly speaker: LanCore;
  now = 0;
  /** What node-44 sent last. */
  last = emptyHeartbeat();
  private sequence = 0;

  constructor(keys: readonly Uint8Array[] = [KEY], plan: Partial<LanPlan> = {}) {
    this.speaker = core('node-44', { incarnation: 44n });
    this.speaker.setLinks(0, [link(0x2c)]);
    this.speaker.setKeys(0, keys);
    this.listen(this.speaker.setPlan(0, planFor('node-44', { addresses: [{ address: VIP, candidates: ['node-44', 'node-45'] }], peers: PEERS, ...plan })));
  }

  /** A heartbeat of node-45 that echoes what it had last. */
  make(overrides: Partial<Heartbeat> = {}, key = KEY): Uint8Array {
    const heartbeat: Heartbeat = {
      ...emptyHeartbeat(),
      node: 'node-45',
      incarnation: LIFE,
      sequence: ++this.sequence,
      echoes: [{ incarnation: this.last.incarnation, sequence: this.last.sequence }],
      ...overrides,
    };
    const into = new Uint8Array(HEARTBEAT_MAX_LENGTH);
    return into.slice(0, encodeHeartbeat(into, heartbeat, heartbeatKey(key)));
  }

  receive(datagram: Uint8Array): string[] {
    const outbox = this.speaker.receiveHeartbeat(this.now, '93.5.22.45', datagram, datagram.length);
    const codes = codesOf(outbox);
    this.listen(outbox);
    return codes;
  }

  /** Lets time pass, with a heartbeat of node-45 every 100 ms if `alive`. */
  pass(ms: number, alive: boolean, overrides: Partial<Heartbeat> = {}): string[] {
    const codes: string[] = [];
    const end = this.now + ms;
    let next = this.now + 100;
    while (this.now < end) {
      this.now = Math.min(end, next, Math.max(this.now, this.speaker.nextDeadline()));
      const outbox = this.speaker.tick(this.now);
      codes.push(...codesOf(outbox));
      this.listen(outbox);
      if (this.now < next) continue;
      next += 100;
      if (alive) codes.push(...this.receive(this.make(overrides)));
    }
    return codes;
  }

  get up(): boolean {
    return this.speaker.snapshot(this.now).peers[0].up;
  }

  drops(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.speaker.snapshot(this.now).heartbeatDrops).filter(([, count]) => count > 0));
  }

  private listen({ datagrams, datagramCount }: { datagrams: readonly { bytes: Uint8Array; length: number }[]; datagramCount: number }): void {
    for (let i = 0; i < datagramCount; i++) {
      expect(decodeHeartbeat(datagrams[i].bytes, datagrams[i].length, [KEY, OTHER_KEY].map(heartbeatKey), this.last)).toBeUndefined();
      this.last = { ...this.last };
    }
  }
}

const holding = { generation: 1, total: 1, addresses: [{ address: parseIpv4(VIP)!, held: true, reach: Reach.ON_LINK, candidatesDigest: 0 }] };

describe('a peer', () => {
  test('is up as soon as it echoes us, and down when it is silent for the detection time', () => {
    const pair = new Pair();
    expect(pair.receive(pair.make())).toContain('peerUp heard');
    expect(pair.pass(1000, true)).not.toContain('peerDown timeout');
    expect(pair.pass(299, false)).toEqual([]);
    expect(pair.pass(2, false)).toEqual(['peerDown timeout']);
  });

  test('that does not hear us is down too', () => {
    const pair = new Pair();
    pair.pass(500, true);
    const stale = [{ incarnation: 44n, sequence: pair.last.sequence }];
    expect(pair.pass(350, true, { echoes: stale })).toEqual([]);
    expect(pair.pass(200, true, { echoes: stale })).toEqual(['peerDown oneWay']);
  });

  test('whose echo of us comes in a datagram that a later one has overtaken is heard all the same', () => {
    const pair = new Pair();
    pair.pass(500, true);
    for (let i = 0; i < 20; i++) {
      // With more than 24 peers the echoes of a round take two datagrams: here ours is always in the one that comes second.
      const first = pair.make(), second = pair.make({ echoes: [] });
      expect([...pair.receive(second), ...pair.receive(first)]).toEqual([]);
      expect(pair.pass(99, false)).not.toContain('peerDown oneWay');
    }
  });

  test('that says goodbye is down at once', () => {
    const pair = new Pair();
    pair.pass(500, true);
    expect(pair.receive(pair.make({ type: HeartbeatType.GOODBYE }))).toEqual(['peerDown goodbye']);
  });

  test('that begins a new life is believed when it echoes something fresh', () => {
    const pair = new Pair();
    pair.pass(500, true);
    expect(pair.receive(pair.make({ incarnation: 101n, sequence: 1, echoes: [] }))).toEqual([]);
    expect(pair.drops()).toEqual({ unproven: 1 });
    pair.pass(50, false);
    expect(pair.last.echoes).toEqual(expect.arrayContaining([{ incarnation: LIFE, sequence: 5 }, { incarnation: 101n, sequence: 1 }]));
    expect(pair.receive(pair.make({ incarnation: 101n, sequence: 2 }))).toEqual(['peerUp restarted']);
  });
});

describe('not believed', () => {
  test('a datagram that was had before', () => {
    const pair = new Pair();
    const datagram = pair.make();
    pair.receive(datagram);
    pair.receive(datagram);
    expect(pair.drops()).toEqual({ replayed: 1 });
  });

  test('a recorded life, even one that once echoed this life of ours', () => {
    const pair = new Pair();
    const recorded = Array.from({ length: 5 }, () => pair.make());
    recorded.forEach((datagram) => pair.receive(datagram));
    pair.pass(500, true, { incarnation: 101n });
    expect(pair.up).toBe(true);
    pair.pass(1000, false);
    expect(pair.up).toBe(false);
    for (const datagram of recorded) pair.receive(datagram);
    expect(pair.up).toBe(false);
    expect(pair.drops().unproven).toBe(5);
  });

  test('datagrams held back and delivered late do not keep a dead peer alive', () => {
    const pair = new Pair();
    pair.pass(500, true);
    const held = Array.from({ length: 20 }, () => pair.make());
    const codes: string[] = [];
    for (const datagram of held) codes.push(...pair.receive(datagram), ...pair.pass(100, false));
    expect(codes).toContain('peerDown oneWay');
    expect(pair.up).toBe(false);
  });

  test('a wrong key: told once in ten seconds, with where it came from, when no right one has come for a detection time', () => {
    const pair = new Pair();
    const datagram = pair.make({}, OTHER_KEY);
    expect(pair.receive(datagram)).toEqual([]);
    pair.pass(200, false);
    expect(pair.receive(datagram)).toEqual([]);
    pair.pass(100, false);
    expect(pair.speaker.receiveHeartbeat(pair.now, '10.9.9.9', datagram, datagram.length).events)
      .toEqual([{ code: 'heartbeatRejected', from: '10.9.9.9', reason: 'unknownKey', node: 'node-45' }]);
    expect(pair.receive(datagram)).toEqual(['heartbeatRejected unknownKey']);
    expect(pair.receive(datagram)).toEqual([]);
    pair.pass(10_001, false);
    expect(pair.receive(datagram)).toEqual(['heartbeatRejected unknownKey']);
    expect(pair.up).toBe(false);
  });

  test('a wrong key, before the first plan: nobody is a peer yet, so nothing is told', () => {
    const speaker = core('node-44');
    speaker.setLinks(0, [link(0x2c)]);
    speaker.setKeys(0, [KEY]);
    const datagram = new Pair().make({}, OTHER_KEY);
    expect(speaker.receiveHeartbeat(10, '93.5.22.45', datagram, datagram.length).events).toEqual([]);
    expect(speaker.snapshot(10).heartbeatDrops.unknownKey).toBe(1);
  });

  test.each([
    ['our own, come back', { node: 'node-44' }, 'reflected'],
    ['of a node that is not in the plan', { node: 'node-99' }, 'unknownSender'],
  ])('%s', (_, overrides, drop) => {
    const pair = new Pair();
    pair.receive(pair.make(overrides));
    expect(pair.drops()).toEqual({ [drop]: 1 });
  });

  test('anything, without a key', () => {
    const pair = new Pair([]);
    pair.receive(pair.make());
    expect(pair.drops()).toEqual({ noKey: 1 });
  });
});

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
      const { events, datagrams, datagramCount } = pair.speaker.receiveHeartbeat(pair.now, '10.0.0.9', datagram, datagram.length);
      if (events.length === 0) continue;
      expect(events).toEqual([{ code: 'duplicateNode', node: 'node-45', from: '10.0.0.9', refused: false }]);
      expect(datagramCount === 0 || datagrams.length > 0).toBe(true);
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

describe('listening', () => {
  test('with a peer that is not heard, the address is claimed after one detection time', () => {
    const pair = new Pair();
    expect(pair.pass(299, false)).toEqual([]);
    expect(pair.pass(2, false)).toEqual(['addressAcquired firstCandidate']);
  });

  test('with a peer that holds it, it is left there', () => {
    const pair = new Pair();
    expect(pair.pass(3000, true, holding)).toEqual(['peerUp heard']);
    expect(pair.speaker.snapshot(pair.now).addresses[0]).toMatchObject({ held: false, holder: 'node-45' });
  });

  test('a peer that was late to be heard because we were late is not accused', () => {
    const pair = new Pair();
    pair.pass(1000, true, holding);
    // The loop slept for 240 ms: longer than an interval, shorter than the detection time.
    pair.now += 240;
    const outbox = pair.speaker.tick(pair.now);
    expect(codesOf(outbox)).toEqual([]);
    pair.now += 40;
    expect(codesOf(pair.speaker.tick(pair.now))).toEqual([]);
    expect(pair.pass(200, false)).toEqual([]);
    expect(pair.pass(100, false)).toEqual(['peerDown timeout', 'addressAcquired holderDown']);
  });

  test('the deadline is never in the past after a tick at it, whatever the rounding', () => {
    const pair = new Pair();
    for (let i = 0; i < 2000; i++) {
      pair.now = pair.speaker.nextDeadline() + (i % 7) / 3;
      pair.speaker.tick(pair.now);
      if (i % 3 === 0) pair.receive(pair.make({ incarnation: BigInt(i) }));
      pair.speaker.tick(pair.speaker.nextDeadline());
      pair.now = Math.max(pair.now, pair.speaker.nextDeadline() - 0.001);
      expect(pair.speaker.nextDeadline()).toBeGreaterThanOrEqual(pair.now);
    }
  });
});

describe('bad input is refused with a code, and changes nothing', () => {
  test.each([
    ['LAN_PLAN_NODE', planFor('node-45')],
    ['LAN_PLAN_NODE', planFor('node-44', { peers: [{ node: 'Not A Node', addresses: [] }] })],
    ['LAN_PLAN_ADDRESS', planFor('node-44', { addresses: [{ address: '93.5.22.256', candidates: [] }] })],
    ['LAN_PLAN_ADDRESS_TWICE', planFor('node-44', { addresses: [{ address: VIP, candidates: [] }, { address: VIP, candidates: [] }] })],
    ['LAN_PLAN_REVISION', planFor('node-44', { revision: -1 })],
  ])('%s', (code, plan) => {
    const speaker = core('node-44');
    speaker.setLinks(0, [link(0x2c)]);
    speaker.setPlan(0, planFor('node-44'));
    expect(() => speaker.setPlan(1, plan)).toThrow(expect.objectContaining({ code, name: LanError.name }));
    expect(speaker.snapshot(2).addresses).toEqual([expect.objectContaining({ address: VIP, held: true })]);
  });

  test.each([
    { node: 'Node 44' }, { heartbeat: { intervalMs: 5, multiplier: 3 } }, { heartbeat: { intervalMs: 100, multiplier: 1 } }, { heartbeat: { intervalMs: 100, multiplier: 2.5 } },
  ])('LAN_OPTIONS_INVALID: %j', (options) => {
    expect(() => core('node-44', options)).toThrow(expect.objectContaining({ code: 'LAN_OPTIONS_INVALID' }));
  });

  test('LAN_LINK_MAC', () => {
    const speaker = core('node-44');
    expect(() => speaker.setLinks(0, [link(0x2c, { mac: new Uint8Array(8) })])).toThrow(expect.objectContaining({ code: 'LAN_LINK_MAC' }));
  });
});
