/** Foreign hosts: one that has an address before the cluster takes it, and one that begins to use it later. */
import * as fc from 'fast-check';
import {
  advertisement, BROADCAST, core, describeFrame, duplicateAddressDetection, frameOf, gratuitous, KEY, link, nodeMac, planFor, receive,
  VIP, VIP6, whoHas,
} from './harness';
import { LanCore, LanEvent, Outbox } from '../../src/lan';
import { ARP_REPLY, ARP_REQUEST } from '../../src/wire';

const ME = nodeMac(0x2c), FOREIGN = '02:00:00:00:00:66';

/** A lone speaker with conflict detection, on a clock of its own. */
class Speaker {
  now = 0;
  readonly events: LanEvent[] = [];
  /** With their times. */
  readonly frames: string[] = [];
  readonly core: LanCore;

  constructor(addresses: readonly string[] = [VIP], conflictDetection = true) {
    this.core = core('node-44', { conflictDetection });
    this.core.setLinks(0, [link(0x2c)]);
    this.note(this.core.setPlan(0, planFor('node-44', { addresses: addresses.map((address) => ({ address, candidates: ['node-44'] })) })));
  }

  runTo(time: number): this {
    while (this.core.nextDeadline() <= time) {
      this.now = this.core.nextDeadline();
      this.note(this.core.tick(this.now));
    }
    this.now = time;
    return this;
  }

  hear(frame: Uint8Array): void {
    this.note(this.core.receiveFrame(this.now, 2, frame, frame.length));
  }

  codes(): string[] {
    return this.events.map(({ code }) => code);
  }

  get held(): boolean {
    return this.core.snapshot(this.now).addresses[0].held;
  }

  private note(outbox: Outbox): void {
    this.events.push(...outbox.events);
    this.frames.push(...outbox.frames.slice(0, outbox.frameCount).map(({ ifindex, bytes, length }) => `${this.now} ${describeFrame(ifindex, bytes, length)}`));
  }
}

const probes = (speaker: Speaker) => speaker.frames.filter((text) => text.includes(': request 0.0.0.0') || text.includes('solicitation')).map((text) => Number(text.split(' ')[0]));
const answerTo = (last: string) => frameOf({ operation: ARP_REPLY, spa: VIP, tpa: last, sha: FOREIGN, destination: ME });

describe('an address that nobody in the cluster has had', () => {
  test('is asked for three times, 100 ms apart, and answered for 100 ms after', () => {
    const speaker = new Speaker().runTo(299);
    expect(receive(speaker.core, 299, whoHas(VIP))).toEqual([]);
    expect(speaker.frames).toEqual([0, 100, 200].map((at) => `${at} if2 to ${BROADCAST}: request 0.0.0.0 at ${ME} for ${VIP}`));
    speaker.runTo(300);
    expect(speaker.events).toEqual([{ code: 'addressAcquired', address: VIP, interfaces: ['eth0'], reason: 'onlyCandidate', from: undefined }]);
    expect(receive(speaker.core, 300, whoHas(VIP))).toHaveLength(1);
  });

  test('... IPv6: by Duplicate Address Detection', () => {
    const speaker = new Speaker([VIP6]).runTo(299);
    expect(speaker.frames).toEqual([0, 100, 200].map((at) => `${at} if2 to 33:33:ff:00:01:00: solicitation for ${VIP6} at nowhere from :: to ff02::1:ff00:100 []`));
    expect(speaker.runTo(300).codes()).toEqual(['addressAcquired']);
  });

  test('... and twice more at the distance of RFC 5227 while it is announced; then it is told that nobody objects', () => {
    const speaker = new Speaker().runTo(300);
    const before = probes(speaker).length;
    expect(probes(speaker.runTo(10_000)).slice(before)).toEqual([1800, 3300]);
    expect(speaker.events.slice(1)).toEqual([{ code: 'addressUncontested', address: VIP }]);
  });

  test('is taken at once where detection is off', () => {
    const speaker = new Speaker([VIP], false);
    expect(speaker.codes()).toEqual(['addressAcquired']);
    expect(probes(speaker.runTo(20_000))).toEqual([]);
  });

  test.each([
    ['a foreign host answers the probe', VIP, answerTo('0.0.0.0')],
    ['a foreign host announces it', VIP, gratuitous(VIP, FOREIGN)],
    ['a foreign host uses it as sender', VIP, frameOf({ operation: 1, spa: VIP, tpa: '93.5.22.1', sha: FOREIGN })],
    ['a foreign host advertises it', VIP6, advertisement(VIP6, FOREIGN)],
  ])('%s: it is left to that, reported, and asked for again', (_, address, frame) => {
    const speaker = new Speaker([address]).runTo(150);
    speaker.hear(frame);
    expect(speaker.events).toEqual([{ code: 'addressConflict', address, mac: FOREIGN, interface: 'eth0', held: false, defended: false }]);
    expect(speaker.runTo(2149).held).toBe(false);
    expect(speaker.runTo(2450).held).toBe(true); // it was asked for again after two seconds, and the foreign host was gone
  });

  test('a foreign host that stays is asked after 2 s, 4 s ... and once a minute in the end, and reported at most each 10 s', () => {
    const speaker = new Speaker();
    const refusedAt: number[] = [];
    while (speaker.now < 400_000) {
      const asked = probes(speaker).length;
      speaker.runTo(speaker.core.nextDeadline());
      if (probes(speaker).length === asked) continue;
      refusedAt.push(speaker.now);
      speaker.hear(answerTo('0.0.0.0'));
    }
    const distances = refusedAt.slice(1).map((time, i) => Math.round((time - refusedAt[i]) / 1000));
    expect(distances.slice(0, 6)).toEqual([2, 4, 8, 16, 32, 60]);
    expect(new Set(distances.slice(6))).toEqual(new Set([60]));
    expect(speaker.codes().every((code) => code === 'addressConflict')).toBe(true);
    expect(speaker.events.length).toBeLessThan(15);
  });
});

test.each([
  ['IPv4', VIP, whoHas(VIP, { spa: '0.0.0.0', sha: FOREIGN })],
  ['IPv6', VIP6, duplicateAddressDetection(VIP6, { mac: FOREIGN })],
])('%s: somebody who asks at the same time, perhaps a speaker not known yet, has nothing; if it is a foreign host, it has its answer soon', (_, address, question) => {
  const speaker = new Speaker([address]).runTo(150);
  speaker.hear(question);
  speaker.runTo(300);
  expect(speaker.held).toBe(true);
  const before = speaker.frames.length;
  speaker.hear(question);
  expect(speaker.frames.length).toBe(before + 1);
});

describe('an address that was held before', () => {
  test('is taken at once: no failover waits for a probe', () => {
    const speaker = core('node-44', { conflictDetection: true });
    speaker.setLinks(0, [link(0x2c)]);
    speaker.setKeys(0, [KEY]);
    speaker.setPlan(0, planFor('node-44', { addresses: [{ address: VIP, candidates: ['node-45', 'node-44'] }], peers: [{ node: 'node-45', addresses: ['93.5.22.45'] }] }));
    receive(speaker, 10, frameOf({ operation: 1, spa: '93.5.22.45', tpa: '93.5.22.9', sha: nodeMac(0x2d) }));
    receive(speaker, 290, gratuitous(VIP, nodeMac(0x2d)));
    let taken = 0;
    for (let now = 300; taken === 0 && now < 2000; now += 10) if (speaker.tick(now).events.some(({ code }) => code === 'addressAcquired')) taken = now;
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThanOrEqual(290 + 300 + 100); // the claim's age and a tick
  });

  test('is taken at once again after its cable was pulled', () => {
    const speaker = new Speaker().runTo(1000);
    speaker.core.setLinks(1000, [link(0x2c, { up: false })]);
    speaker.runTo(1500);
    expect(speaker.core.setLinks(1500, [link(0x2c)]).events.map(({ code }) => code)).toContain('addressAcquired');
  });

  test('but not one that has left the plan and come back: meanwhile it was anybody\'s', () => {
    const speaker = new Speaker().runTo(1000);
    speaker.core.setPlan(1000, planFor('node-44', { addresses: [] }));
    speaker.runTo(1500).core.setPlan(1500, planFor('node-44'));
    expect(speaker.runTo(1799).held).toBe(false);
    expect(speaker.runTo(1800).held).toBe(true);
  });
});

describe('a foreign host that appears later', () => {
  test('is reported and answered, the address stays, and the conflict ends when three questions in half a minute go unanswered', () => {
    const speaker = new Speaker().runTo(100_000);
    const before = probes(speaker).length;
    speaker.hear(gratuitous(VIP, FOREIGN));
    expect(speaker.events.at(-1)).toEqual({ code: 'addressConflict', address: VIP, mac: FOREIGN, interface: 'eth0', held: true, defended: true });
    speaker.runTo(139_999);
    expect(probes(speaker).slice(before)).toEqual([110_000, 120_000, 130_000]);
    expect(speaker.codes().filter((code) => code === 'addressUncontested')).toHaveLength(1); // after the start
    expect(speaker.runTo(140_000).events.at(-1)).toEqual({ code: 'addressUncontested', address: VIP });
    expect(speaker.held).toBe(true);
  });

  test('and answers the questions: the conflict goes on', () => {
    const speaker = new Speaker().runTo(100_000);
    const before = speaker.codes().length;
    speaker.hear(gratuitous(VIP, FOREIGN));
    for (let i = 0; i < 6; i++) {
      speaker.runTo(speaker.now + 10_001);
      speaker.hear(answerTo('0.0.0.0'));
    }
    expect(speaker.codes().slice(before)).toEqual(Array(7).fill('addressConflict'));
    expect(speaker.held).toBe(true);
  });

  test('ten thousand packets of it are answered by one announcement in ten seconds', () => {
    const speaker = new Speaker().runTo(100_000);
    const before = speaker.frames.length;
    for (let i = 0; i < 10_000; i++) speaker.hear(gratuitous(VIP, FOREIGN));
    expect(speaker.frames.length - before).toBe(2);
  });

  const upTo = (max: number) => fc.integer({ min: 0, max });
  const heard = fc.record({ after: upTo(6_000), ipv6: fc.boolean(), host: upTo(2), asks: fc.boolean() });

  test('whoever says so, how often and by what: each address is defended at once, never twice within ten seconds, and stays', () => {
    fc.assert(fc.property(fc.array(heard, { maxLength: 40 }), (messages) => {
      const speaker = new Speaker([VIP, VIP6]).runTo(100_000), defendedAt = new Map<string, number>();
      for (const { after, ipv6, host, asks } of messages) {
        speaker.runTo(speaker.now + after);
        const mac = `02:00:00:00:00:${60 + host}`, address = ipv6 ? VIP6 : VIP, before = speaker.frames.length;
        const arp = asks ? frameOf({ operation: ARP_REQUEST, spa: VIP, tpa: '93.5.22.9', sha: mac }) : gratuitous(VIP, mac);
        speaker.hear(ipv6 ? advertisement(VIP6, mac, { override: !asks }) : arp);
        const due = speaker.now - (defendedAt.get(address) ?? -Infinity) >= 10_000;
        expect(speaker.frames.length - before).toBe(due ? (ipv6 ? 1 : 2) : 0);
        if (due) defendedAt.set(address, speaker.now);
      }
      expect(speaker.core.snapshot(speaker.now).addresses.map(({ held }) => held)).toEqual([true, true]);
    }), { numRuns: 60 });
  });
});

test('a plan of ten thousand addresses is probed for and taken in turns (pacing.test.ts), in less than three seconds', () => {
  const addresses = Array.from({ length: 10_000 }, (_, i) => `10.${Math.floor(i / 65536)}.${Math.floor(i / 256) % 256}.${i % 256}`);
  const speaker = new Speaker(addresses).runTo(2_900);
  expect(speaker.codes().filter((code) => code === 'addressAcquired')).toHaveLength(10_000);
  expect(receive(speaker.core, 2_901, whoHas('10.0.39.15'))).toHaveLength(1);
});
