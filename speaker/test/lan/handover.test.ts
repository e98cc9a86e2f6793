/** Whose a question is that comes in the moment in which an address changes hands. What the loop does for that is in dataplane/loop.test.ts, both together in simulation/orderly.test.ts. */
import { advertisement, codesOf, core, framesOf, gratuitous, KEY, link, macOf, nodeMac, question, VIP, VIP6 } from './harness';
import { LanCore, LanPlan, Link, Outbox } from '../../src/lan';

const NAMES = ['node-44', 'node-45'];
const STORAGE = link(44, { index: 3, name: 'storage0', mac: macOf('02:00:0a:4d:00:2c'), addresses: ['10.77.0.44/24', 'fe80::1:44/64'] });

const planOf = (node: string, addresses: readonly string[]): LanPlan => ({
  node,
  addresses: addresses.map((address) => ({ address, candidates: NAMES })),
  peers: NAMES.filter((name) => name !== node).map((name) => ({ node: name, addresses: [`10.77.0.${name.slice(5)}`] })),
});

/** Two speakers whose heartbeats arrive at once, the first of which holds an address. */
class Pair {
  now = 1000;
  dead = false;
  readonly holder: LanCore;
  readonly next: LanCore;
  /** What the next one did when it took the address. */
  taken: { frames: string[]; codes: string[]; takeovers: (number | undefined)[] } | undefined;

  constructor(address: string | readonly string[], links: readonly Link[] = [link(44)], nextLinks: readonly Link[] = [link(45)]) {
    [this.holder, this.next] = NAMES.map((name, i) => core(name, { incarnation: BigInt(i + 1) }));
    for (const [speaker, name, itsLinks] of [[this.holder, 'node-44', links], [this.next, 'node-45', nextLinks]] as const) {
      this.pass(speaker, speaker.setLinks(this.now, itsLinks));
      this.pass(speaker, speaker.setKeys(this.now, [KEY]));
      this.pass(speaker, speaker.setPlan(this.now, planOf(name, [address].flat())));
    }
  }

  run(ms: number, ...speakers: LanCore[]): void {
    for (const end = this.now + ms; this.now < end; this.now++) {
      for (const speaker of speakers) if (speaker.nextDeadline() <= this.now) this.pass(speaker, speaker.tick(this.now));
    }
  }

  pass(from: LanCore, outbox: Outbox): void {
    if (from === this.next && outbox.events.some(({ code }) => code === 'addressAcquired')) {
      const takeovers = outbox.frames.slice(0, outbox.frameCount).map(({ takeover }) => takeover?.answersFrom);
      this.taken = { frames: framesOf(outbox), codes: codesOf(outbox), takeovers };
    }
    const to = from === this.next ? this.holder : this.next;
    if (to === this.holder && this.dead) return;
    const datagrams = outbox.datagrams.slice(0, outbox.datagramCount).map(({ bytes, length }) => bytes.slice(0, length));
    for (const datagram of datagrams) this.pass(to, to.receiveHeartbeat(this.now, '', datagram, datagram.length));
  }
}

/** How often the next holder answers a question that was received then. */
function answers({ next, now }: Pair, address: string, receivedAt: number): number {
  const frame = question(address);
  return next.receiveFrame(now, 2, frame, frame.length, receivedAt).frameCount;
}

describe.each([['IPv4', VIP], ['IPv6', VIP6]])('%s: the next holder takes the address', (_, address) => {
  test('from one that stops: what came before its announcement is left to that one', () => {
    const pair = new Pair(address);
    pair.run(500, pair.holder, pair.next);
    pair.pass(pair.holder, pair.holder.stop(pair.now));
    expect(pair.taken!.codes).toEqual(['addressAcquired handedOver']);
    expect(pair.taken!.takeovers).toEqual(pair.taken!.frames.map((__, i) => i === 0 ? pair.now : undefined));
    const takenAt = pair.now++;
    expect([takenAt - 1, takenAt, takenAt + 0.001].map((receivedAt) => answers(pair, address, receivedAt))).toEqual([0, 0, 1]);
    expect(pair.next.snapshot(pair.now).frameDrops.formerHolder).toBe(2);
  });

  test('and its announcement leaves later: the loop says when', () => {
    const pair = new Pair(address);
    pair.run(500, pair.holder, pair.next);
    const { frames } = pair.next.tick(pair.now);
    pair.pass(pair.holder, pair.holder.stop(pair.now));
    frames[0].takeover!.answersFrom = pair.now + 2;
    pair.now += 3;
    expect([1, 2, 2.001].map((ms) => answers(pair, address, pair.now - 3 + ms))).toEqual([0, 0, 1]);
  });

  test('from one that has died: nobody else answers what was asked meanwhile', () => {
    const pair = new Pair(address);
    pair.run(500, pair.holder, pair.next);
    pair.dead = true;
    pair.run(500, pair.next);
    expect(pair.taken!.codes).toContain('addressAcquired holderDown');
    expect(pair.taken!.takeovers.every((takeover) => takeover === undefined)).toBe(true);
    expect(answers(pair, address, pair.now - 400)).toBe(1);
  });

  test('from one that is not on the LAN of the address, which answered nobody there', () => {
    const pair = new Pair(address, [STORAGE], [link(45, { up: false })]);
    pair.run(500, pair.holder, pair.next);
    expect(pair.taken).toBeUndefined();
    pair.pass(pair.next, pair.next.setLinks(pair.now, [link(45)]));
    expect(pair.taken!.codes).toEqual(['addressAcquired holderOutranked']);
    expect(pair.taken!.takeovers.every((takeover) => takeover === undefined)).toBe(true);
    expect(answers(pair, address, pair.now - 400)).toBe(1);
  });

  test('what the former holder said of it before is no claim; what it says later is one', () => {
    const pair = new Pair(address);
    pair.run(500, pair.holder, pair.next);
    pair.pass(pair.holder, pair.holder.stop(pair.now));
    const claim = address === VIP ? gratuitous(address, nodeMac(44)) : advertisement(address, nodeMac(44));
    const heard = (receivedAt: number) => codesOf(pair.next.receiveFrame(pair.now, 2, claim, claim.length, receivedAt));
    const takenAt = pair.now++;
    expect(heard(takenAt)).toEqual([]);
    expect(heard(takenAt + 0.5)).toEqual(['addressLost claimHeard']);
  });
});

test('of many addresses those that are not announced yet are answered for from the heartbeat on that tells of them', () => {
  const addresses = Array.from({ length: 300 }, (_, i) => `10.1.${Math.floor(i / 200)}.${i % 200}`);
  const pair = new Pair(addresses);
  pair.run(2000, pair.holder, pair.next);
  pair.pass(pair.next, pair.next.tick(pair.now)); // so that the next round has to wait a little
  pair.run(1, pair.next);
  pair.pass(pair.holder, pair.holder.stop(pair.now));
  expect(pair.taken!.takeovers.filter((takeover) => takeover !== undefined).length).toBeLessThan(addresses.length);
  const last = addresses[addresses.length - 1], takenAt = pair.now;
  const answered = () => answers(pair, last, pair.now);
  for (let told = false; !told; pair.now++) {
    expect(pair.now - takenAt).toBeLessThan(100);
    expect(answered()).toBe(0);
    const outbox = pair.next.tick(pair.now);
    told = outbox.datagramCount > 0;
    pair.pass(pair.next, outbox);
  }
  expect(answered()).toBe(1);
});
