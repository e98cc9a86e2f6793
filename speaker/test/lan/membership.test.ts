/** Which heartbeats are believed, and when that is waited for. */
import { codesOf, core, KEY, link, planFor, VIP } from './harness';
import { LIFE, OTHER_KEY, Pair } from './pair';
import { LanError } from '../../src/lan';
import { Heartbeat, HeartbeatType, parseIpv4, Reach } from '../../src/wire';

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

  test.each<[string, Partial<Heartbeat>, Partial<Heartbeat>]>([
    ['goodbye', {}, { type: HeartbeatType.GOODBYE }],
    ['that it holds the address no more', holding, { generation: 2 }],
  ])('of whose words one overtakes another is known by the one that was said last: %s', (_, first, last) => {
    const states = [false, true].map((overtaken) => {
      const pair = new Pair();
      pair.pass(500, true, first);
      const said = [pair.make(first), pair.make(last)];
      for (const datagram of overtaken ? said.reverse() : said) pair.receive(datagram);
      pair.pass(20, false);
      return { up: pair.up, holder: pair.speaker.snapshot(pair.now).addresses[0].holder };
    });
    expect(states[1]).toEqual(states[0]);
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

describe('listening', () => {
  test('goes on until a peer has told all that it holds: its list may take more than one datagram', () => {
    const pair = new Pair(), list = { ...holding, total: 2 };
    const other = [{ ...holding.addresses[0], address: parseIpv4('93.5.22.101')! }];
    const listening = (...parts: Partial<Heartbeat>[]) => {
      for (const part of parts) pair.receive(pair.make(part));
      return pair.speaker.snapshot(pair.now).listening;
    };
    expect([listening(list), listening({ ...list, addresses: other })]).toEqual([true, false]);
  });

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
