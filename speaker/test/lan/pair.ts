/** A speaker that hears one peer, whose heartbeats are made by hand, so that they can be wrong in every way. */
import { codesOf, core, KEY, link, planFor, VIP } from './harness';
import { LanCore, LanPlan } from '../../src/lan';
import { decodeHeartbeat, emptyHeartbeat, encodeHeartbeat, Heartbeat, HEARTBEAT_MAX_LENGTH, heartbeatKey } from '../../src/wire';

export const OTHER_KEY = new Uint8Array(32).fill(8);
/** Its life. */
export const LIFE = 100n;
const PEERS = [{ node: 'node-45', addresses: ['93.5.22.45'] }];

/** node-44 under test, with node-45 played by hand. */
export class Pair {
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
