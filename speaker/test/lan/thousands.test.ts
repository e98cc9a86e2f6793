/** What concerns thousands of addresses at once is done in steps: heartbeats go on meanwhile, and no queue overflows. */
import * as fc from 'fast-check';
import { core, KEY, link, planFor } from './harness';
import { LanCore, LanEvent, LanPlan, LanPlanChange, Outbox } from '../../src/lan';

const COUNT = 3_000;
const ADDRESSES = Array.from({ length: COUNT }, (_, i) => `fd93:5:22:1::${(i + 1).toString(16)}`);
/** A socket has room for so many datagrams, and its owner reads so many in a millisecond. */
const ROOM = 150, READ_PER_MS = 20;

interface Speaker {
  readonly core: LanCore;
  readonly socket: Uint8Array[];
  readonly room: number;
  /** Datagrams of each call that sent some. */
  readonly sent: { readonly at: number; readonly count: number }[];
  /** Events of each call that had some. */
  readonly events: (readonly LanEvent[])[];
}

/** Speakers that hear each other, on a clock of milliseconds. */
class Speakers {
  now = 0;
  lost = 0;
  private readonly speakers = new Map<string, Speaker>();

  /** @param all the last octets of all nodes, in the order in which they are candidates */
  constructor(private readonly all: readonly number[]) {}

  start(last: number, room = ROOM): this {
    const name = `node-${last}`;
    const speaker: Speaker = { core: core(name, { incarnation: BigInt(last) }), socket: [], room, sent: [], events: [] };
    this.speakers.set(name, speaker);
    this.note(name, speaker.core.setKeys(this.now, [KEY]));
    this.note(name, speaker.core.setLinks(this.now, [link(last, { addresses: [`93.5.22.${last}/24`, `fe80::${last}/64`, `fd93:5:22:1::ffff:${last}/64`] })]));
    this.note(name, speaker.core.setPlan(this.now, {
      node: name,
      peers: this.all.filter((other) => other !== last).map((other) => ({ node: `node-${other}`, addresses: [`93.5.22.${other}`] })),
      addresses: ADDRESSES.map((address) => ({ address, candidates: this.all.map((each) => `node-${each}`) })),
    }));
    return this;
  }

  kill(name: string): void {
    this.speakers.delete(name);
  }

  of(name: string): Speaker {
    return this.speakers.get(name)!;
  }

  held(name: string): number {
    return this.of(name).core.snapshot(this.now).addresses.filter(({ held }) => held).length;
  }

  run(ms: number): this {
    for (const end = this.now + ms; this.now < end; this.now++) {
      for (const [name, speaker] of this.speakers) {
        for (const datagram of speaker.socket.splice(0, READ_PER_MS)) this.note(name, speaker.core.receiveHeartbeat(this.now, '93.5.22.1', datagram, datagram.length));
        if (speaker.core.nextDeadline() <= this.now) this.note(name, speaker.core.tick(this.now));
      }
    }
    return this;
  }

  private note(name: string, { datagrams, datagramCount, events }: Outbox): void {
    const speaker = this.of(name);
    if (datagramCount > 0) speaker.sent.push({ at: this.now, count: datagramCount });
    if (events.length > 0) speaker.events.push(events);
    for (const { to, bytes, length } of datagrams.slice(0, datagramCount)) {
      const other = this.speakers.get(`node-${to.split('.')[3]}`);
      if (other === undefined) continue;
      if (other.socket.length < other.room) other.socket.push(Uint8Array.prototype.slice.call(bytes, 0, length));
      else this.lost++;
    }
  }
}

describe(`two speakers with ${COUNT} addresses of IPv6`, () => {
  const pair = new Speakers([44, 45]).start(44);
  const gapsOf = (name: string, from: number) => pair.of(name).sent.filter(({ at }) => at >= from)
    .map(({ at }, i, all) => at - (all[i - 1]?.at ?? at));

  beforeAll(() => {
    pair.run(1_500);
  });

  test('the first one holds all', () => {
    expect(pair.held('node-44')).toBe(COUNT);
  });

  test('one that starts takes none before it has heard all of what the other holds, which comes in turns that its socket has room for', () => {
    const from = pair.now;
    pair.start(45).run(1_500);
    expect([pair.held('node-44'), pair.held('node-45'), pair.lost]).toEqual([COUNT, 0, 0]);
    expect(new Set(pair.of('node-45').core.snapshot(pair.now).addresses.map(({ holder }) => holder))).toEqual(new Set(['node-44']));
    const turns = pair.of('node-44').sent.filter(({ at }) => at >= from);
    expect(Math.max(...turns.map(({ count }) => count))).toBeLessThanOrEqual(32 + 2); // and a question or an answer
    expect(turns.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(COUNT / 22);
    expect(pair.of('node-45').events.flat().filter(({ code }) => code === 'addressAcquired')).toEqual([]);
  });

  test('when that dies they are taken in steps, with heartbeats between', () => {
    const from = pair.now;
    pair.kill('node-44');
    pair.run(600);
    expect(pair.held('node-45')).toBe(COUNT);
    const steps = pair.of('node-45').events.map((events) => events.filter(({ code }) => code === 'addressAcquired').length).filter((count) => count > 0);
    expect(steps).toEqual(Array(COUNT / 500).fill(500));
    expect(Math.max(...gapsOf('node-45', from))).toBeLessThanOrEqual(100);
  });
});

test('one that has started and has not heard all of what a holder has when that dies leaves that to the candidate before it', () => {
  const three = new Speakers([44, 45, 46]).start(44).run(1_500).start(45).run(1_500);
  three.start(46, 8).run(1_500); // the lists come in turns of 32 datagrams
  expect(three.of('node-46').core.snapshot(three.now).peers.map(({ up }) => up)).toEqual([true, true]);
  expect(three.lost).toBeGreaterThan(0);
  three.kill('node-44');
  three.run(600);
  expect(three.held('node-45')).toBe(COUNT);
  expect(three.of('node-46').events.flat().filter(({ code }) => code === 'addressAcquired')).toEqual([]);
});

test('whatever changes follow each other, the addresses are as after the whole plan', () => {
  const entry = fc.record({
    last: fc.integer({ min: 100, max: 106 }),
    ipv6: fc.boolean(),
    candidates: fc.constantFrom(['node-44'], ['node-45'], ['node-45', 'node-44']),
    interfaces: fc.constantFrom(undefined, ['eth0'], ['eth9']),
  }).map(({ last, ipv6, candidates, interfaces }) => ({ address: ipv6 ? `fd93:5:22::${last}` : `93.5.22.${last}`, candidates, ...(interfaces && { interfaces }) }));
  const plans = fc.array(fc.uniqueArray(entry, { selector: ({ address }) => address }), { minLength: 1, maxLength: 6 });
  const state = (one: LanCore, now: number) => one.snapshot(now).addresses
    .map(({ address, held, candidates, interfaces }) => ({ address, held, candidates, interfaces }))
    .sort((a, b) => a.address.localeCompare(b.address));
  fc.assert(fc.property(plans, (all) => {
    const whole = core('node-44'), changed = core('node-44');
    let before: LanPlan = planFor('node-44', { addresses: [] }), now = 0;
    for (const one of [whole, changed]) {
      one.setLinks(now, [link(44)]);
      one.setPlan(now, before);
    }
    for (const [i, addresses] of all.entries()) {
      const plan = planFor('node-44', { addresses, revision: i });
      const change: LanPlanChange = {
        ...plan,
        addresses: addresses.filter((planned) => (
          JSON.stringify(planned) !== JSON.stringify(before.addresses.find(({ address }) => address === planned.address))
        )),
        removed: before.addresses.map(({ address }) => address).filter((address) => !addresses.some((planned) => planned.address === address)),
      };
      before = plan;
      now += 10;
      whole.setPlan(now, plan);
      changed.changePlan(now, change);
      expect(state(changed, now)).toEqual(state(whole, now));
    }
  }), { numRuns: 200 });
});
