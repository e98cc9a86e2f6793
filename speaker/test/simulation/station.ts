/**
 * A speaker with its real loop, on sockets in memory: what arrives waits in a queue until the loop reads it, and while the loop decides and sends,
 * more arrives. Time is that of {@link Air}.
 *
 * Turns of stations are run one after the other, in the order in which they begin. So a turn takes no time, and reads what had arrived when it
 * began, but for one: while an address is taken, time passes, and what arrives meanwhile can be read. What others may send in that time does not matter then.
 */
import { Random } from './random';
import { Loop } from '../../src/dataplane/loop';
import { Command } from '../../src/dataplane/messages';
import { Surroundings } from '../../src/dataplane/surroundings';
import { FailbackOptions, LanCore, LanEvent, LanPlan, Outbox } from '../../src/lan';
import { NetworkLink, NOTHING } from '../../src/sys';
import { KEY, link } from '../lan/harness';

const PACKETS = 1, NEIGHBORS = 2, TIMER = 3, WAKEUP = 4, HEARTBEATS = 5, LINKS = 6;

/** Where stations send to, and what time it is. */
export interface Air {
  readonly random: Random;
  /** A turn may begin before the time a station is at, but not before this. */
  readonly now: number;
  sendFrame(from: Station, at: number, frame: Uint8Array): void;
  sendDatagram(from: Station, at: number, to: string, bytes: Uint8Array): void;
  told(station: Station, at: number, event: LanEvent): void;
}

/** Of what waits in a socket. */
interface Arrival {
  readonly at: number;
  readonly from: string;
  readonly bytes: Uint8Array;
}

/** A receive queue, in the order of arrival. */
export class Inbox {
  private readonly waiting: Arrival[] = [];

  get next(): number {
    return this.waiting.length > 0 ? this.waiting[0].at : Infinity;
  }

  add(arrival: Arrival): void {
    let index = this.waiting.length;
    while (index > 0 && this.waiting[index - 1].at > arrival.at) index--;
    this.waiting.splice(index, 0, arrival);
  }

  /** Takes the first of what has arrived until then. */
  take(until: number): Arrival | undefined {
    return this.next <= until ? this.waiting.shift() : undefined;
  }
}

export class Station {
  readonly name: string;
  readonly address: string;
  readonly frames = new Inbox();
  readonly neighborFrames = new Inbox();
  readonly datagrams = new Inbox();
  readonly commands: Command[] = [];
  running = true;
  /** When the turn is over; a later one begins no earlier. */
  busyUntil: number;
  private time: number;
  /** Of this turn: when the loop was told what is ready. */
  private looked = 0;
  private taking = false;
  private armed = Infinity;
  private source = '';
  private readonly core: LanCore;
  private readonly loop: Loop;

  constructor(readonly last: number, private readonly air: Air, incarnation: number, failback: FailbackOptions) {
    this.name = `node-${last}`;
    this.address = `93.5.22.${last}`;
    this.time = this.busyUntil = air.now;
    this.core = new LanCore({
      node: this.name,
      incarnation: BigInt(incarnation),
      random: air.random.next,
      heartbeat: { intervalMs: 100, multiplier: 3 },
      failback,
      fastDetection: true,
    });
    this.loop = new Loop(this.slow(this.core), this.surroundings(), {});
    this.commands.push({ type: 'keys', keys: [KEY] });
    this.loop.begin();
  }

  setPlan(plan: LanPlan): void {
    this.commands.push({ type: 'plan', plan });
  }

  stop(): void {
    this.commands.push({ type: 'stop' });
  }

  holds(address: string): boolean {
    return this.core.snapshot(this.air.now).addresses.some((each) => each.address === address && each.held);
  }

  /** When there is something to do. */
  get due(): number {
    const commanded = this.commands.length > 0 ? this.air.now : Infinity;
    const first = Math.min(this.frames.next, this.neighborFrames.next, this.datagrams.next, this.core.nextDeadline(), commanded);
    return Math.max(first, this.busyUntil);
  }

  /** One turn of the loop, which is told what was ready at a time that may be past. */
  turn(looked: number): void {
    this.looked = looked;
    this.time = this.air.now;
    this.taking = false;
    this.running = this.loop.turn();
    this.busyUntil = this.time;
  }

  /** While this core takes an address, the thread is slow, or another process has its turn. */
  private slow(core: LanCore): LanCore {
    const { random } = this.air;
    const watch = (outbox: Outbox): Outbox => {
      for (const event of outbox.events) if (event.code === 'addressAcquired') this.taking = true;
      if (this.taking) this.time += random.between(0.05, random.chance(0.3) ? 8 : 1);
      return outbox;
    };
    const receiveHeartbeat = core.receiveHeartbeat.bind(core), setPlan = core.setPlan.bind(core), tick = core.tick.bind(core);
    core.receiveHeartbeat = (...args) => watch(receiveHeartbeat(...args));
    core.setPlan = (...args) => watch(setPlan(...args));
    core.tick = (...args) => watch(tick(...args));
    return core;
  }

  private surroundings(): Surroundings {
    const { air } = this, station = this; // eslint-disable-line @typescript-eslint/no-this-alias
    let ready: number[] = [];
    const frameSource = (fd: number, inbox: Inbox) => ({
      fd,
      interfaceIndex: 2,
      receive: (into: Uint8Array) => this.receive(inbox, into),
      setFilter: () => undefined,
      statistics: () => ({ received: 0, dropped: 0 }),
    });
    const links = { fd: LINKS, links: [networkLink(this.last)], listingsStarted: 1, read: () => false, close: () => undefined };
    return {
      epoll: {
        add: () => undefined,
        remove: () => undefined,
        wait: () => {
          ready = [
            ...this.armed <= this.looked ? [TIMER] : [],
            ...this.datagrams.next <= this.looked ? [HEARTBEATS] : [],
            ...this.frames.next <= this.looked ? [PACKETS] : [],
            ...this.neighborFrames.next <= this.looked ? [NEIGHBORS] : [],
            ...this.commands.length > 0 ? [WAKEUP] : [],
          ];
          return ready.length;
        },
        ready: (index) => ready[index],
      },
      timer: { fd: TIMER, arm: (at) => { this.armed = at; } },
      wakeup: { fd: WAKEUP, clear: () => undefined },
      packets: {
        ...frameSource(PACKETS, this.frames),
        send: (_, frame, length) => {
          air.sendFrame(this, this.time, frame.slice(0, length));
          this.pass();
          return 0;
        },
        setPromiscuous: () => undefined,
      },
      neighbors: { ...frameSource(NEIGHBORS, this.neighborFrames), setMulticast: () => undefined, setAllMulticast: () => undefined },
      groups: { join: () => undefined, leave: () => undefined },
      heartbeats: [{
        fd: HEARTBEATS,
        ipv6: false,
        get source() { return station.source; },
        receive: (into) => this.receive(this.datagrams, into),
        undelivered: () => undefined,
        send: (to, bytes, length) => {
          air.sendDatagram(this, this.time, to, bytes.slice(0, length));
          return 0;
        },
      }],
      now: () => this.time,
      parameter: () => undefined,
      openLinks: () => links,
      nextCommand: () => this.commands.shift(),
      report: (report) => {
        if (report.type === 'problem') throw new Error(`${this.name}: ${report.message} ${JSON.stringify(report.fields)}`);
        if (report.type === 'events') report.events.forEach((event) => air.told(this, this.time, event));
      },
    };
  }

  private receive(inbox: Inbox, into: Uint8Array): number {
    this.pass();
    const arrival = inbox.take(this.time);
    if (arrival === undefined) return NOTHING;
    into.set(arrival.bytes);
    this.source = arrival.from;
    return arrival.bytes.length;
  }

  /** A system call, while an address is taken. */
  private pass(): void {
    if (this.taking) this.time += this.air.random.between(0.001, 0.1);
  }
}

function networkLink(last: number): NetworkLink {
  return { ...link(last), incarnation: 0, ethernet: true, operationalState: 'up' };
}
