/** What is to be said of thousands of addresses at once goes out in turns: it is no storm on the LAN, and questions are answered between. */
import { core, framesOf, link, nodeMac, planFor, receive, whoHas } from './harness';
import { LanCore, LanEvent, Outbox } from '../../src/lan';

const ME = nodeMac(0x2c);
const COUNT = 1_000;
const ADDRESSES = Array.from({ length: COUNT }, (_, i) => `10.50.${Math.floor(i / 256)}.${i % 256}`);
/** At most so many frames in 5 ms, and of turns that were not used four together. */
const TURN = 64, FIRST = 4 * TURN;

interface Sent { readonly at: number; readonly text: string }

/** A lone speaker with all these addresses, on a clock of its own. */
class Speaker {
  readonly core: LanCore;
  readonly sent: Sent[] = [];
  readonly events: LanEvent[] = [];
  /** Calls of tick. */
  ticks = 0;

  constructor(conflictDetection: boolean, random = () => 0.5) {
    this.core = core('node-44', { conflictDetection, random });
    this.core.setLinks(0, [link(0x2c)]);
    this.note(0, this.core.setPlan(0, planFor('node-44', { addresses: ADDRESSES.map((address) => ({ address, candidates: ['node-44'] })) })));
  }

  runTo(time: number): this {
    for (let at = this.core.nextDeadline(); at <= time; at = this.core.nextDeadline()) {
      this.ticks++;
      this.note(at, this.core.tick(at));
    }
    return this;
  }

  /** Frames of each moment. */
  turns(counts: (text: string) => boolean = () => true): [at: number, frames: number][] {
    const turns = new Map<number, number>();
    for (const { at, text } of this.sent) if (counts(text)) turns.set(at, (turns.get(at) ?? 0) + 1);
    return [...turns];
  }

  private note(at: number, outbox: Outbox): void {
    for (const text of framesOf(outbox)) this.sent.push({ at, text });
    this.events.push(...outbox.events);
  }
}

const isPaced = (turns: [at: number, frames: number][]): void => {
  for (const [i, [at, frames]] of turns.entries()) {
    const since = i > 0 ? at - turns[i - 1][0] : Infinity;
    expect(since).toBeGreaterThanOrEqual(5);
    expect(frames).toBeLessThanOrEqual(Math.min(FIRST, TURN * since / 5));
  }
};
const announced = ({ text }: Sent): string | undefined => /(?:request|reply) (10\S+) at \S+ for \1/.exec(text)?.[1];

describe('announcements of a thousand addresses that are taken at once', () => {
  const speaker = new Speaker(false);

  test('all are held, and answered for, before all are announced', () => {
    expect(speaker.core.snapshot(0).addresses.filter(({ held }) => held)).toHaveLength(COUNT);
    expect(new Set(speaker.sent.map(announced)).size).toBe(FIRST / 2);
    expect(receive(speaker.core, 1, whoHas(ADDRESSES.at(-1)!))).toEqual([expect.stringContaining(`reply ${ADDRESSES.at(-1)} at ${ME}`)]);
  });

  test('each is announced once before any is repeated, in the order in which they were taken', () => {
    const bursts = speaker.runTo(COUNT * 2 / TURN * 5).sent.map(announced).filter((_, i) => i % 2 === 0);
    expect(bursts.slice(0, COUNT)).toEqual(ADDRESSES);
  });

  test('each is repeated past the second for which a change may be ignored, five times in all', () => {
    speaker.runTo(10_000);
    expect(speaker.sent.filter((sent) => announced(sent) !== undefined)).toHaveLength(COUNT * 2 * 5); // and one to the asker
    isPaced(speaker.turns());
  });

  test('one that is taken later does not wait until all others were repeated', () => {
    const late = new Speaker(false).runTo(1_100); // the first repetitions are under way
    const address = '10.60.0.1';
    const plan = planFor('node-44', { addresses: [...ADDRESSES, address].map((text) => ({ address: text, candidates: ['node-44'] })) });
    late.core.setPlan(1_101, plan);
    late.sent.length = 0;
    late.runTo(1_106);
    expect(late.sent.map(announced)[0]).toBe(address);
  });

  test('one that is lost meanwhile is announced no more', () => {
    const loser = new Speaker(false);
    loser.core.setPlan(1, planFor('node-44', { addresses: ADDRESSES.slice(0, COUNT / 2).map((address) => ({ address, candidates: ['node-44'] })) }));
    loser.sent.length = 0;
    expect(new Set(loser.runTo(1_000).sent.map(announced))).toEqual(new Set(ADDRESSES.slice(FIRST / 2, COUNT / 2)));
  });
});

test('the refresh of a thousand addresses is looked for a hundred times a second at most', () => {
  let seed = 1;
  const speaker = new Speaker(false, () => (seed = (seed * 16807) % 2147483647) / 2147483647).runTo(20_000);
  speaker.ticks = 0;
  speaker.sent.length = 0;
  speaker.runTo(70_000);
  expect(new Set(speaker.sent.map(announced)).size).toBe(COUNT);
  expect(speaker.ticks).toBeLessThan(7 * 100 + 500); // and the heartbeat's ten a second
  isPaced(speaker.turns());
});

describe('questions about a thousand addresses that nobody had before', () => {
  const speaker = new Speaker(true).runTo(10_000);
  const asked = (address: string): number[] => speaker.sent.filter(({ text }) => text.includes(`request 0.0.0.0 at ${ME} for ${address}`) && text.endsWith(` ${address}`)).map(({ at }) => at);

  test('go out in turns, and all addresses are taken', () => {
    isPaced(speaker.turns((text) => text.includes('request 0.0.0.0')));
    expect(speaker.core.snapshot(10_000).addresses.filter(({ held }) => held)).toHaveLength(COUNT);
  });

  test.each([ADDRESSES[0], ADDRESSES[COUNT / 2], ADDRESSES.at(-1)!])('%s was asked for three times, 100 ms apart, before it was announced, and twice after', (address) => {
    const [first, second, third, ...verifying] = asked(address);
    expect([second - first, third - second].every((distance) => distance >= 100 && distance < 200)).toBe(true);
    const at = speaker.sent.find((sent) => announced(sent) === address)!.at;
    expect(at).toBeGreaterThanOrEqual(third + 100);
    expect(verifying).toHaveLength(2);
    expect(verifying[0] - at).toBeGreaterThanOrEqual(1_000 - 100);
  });
});
