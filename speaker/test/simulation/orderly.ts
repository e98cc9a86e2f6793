/**
 * Addresses that change hands in good order: their holder is stopped, or drained, or gives them back to a better candidate. A client asks for them all
 * the while, and every question must be answered once: by the former holder or by the next, not by both and not by neither.
 *
 * Each speaker has its real loop, and queues in which questions wait; see station.ts. The LAN has no delay, so that no question is under way while an announcement
 * is: which of the two a node hears first would be a matter of where the node is, and either answer right.
 *
 * With `pauses` the holder's speaker stands still around each move (its kernel does not): longer than it may without asking its peers before it answers anything, and not so long
 * that it is given up.
 */
import { EventQueue } from './event-queue';
import { Random } from './random';
import { Air, Station } from './station';
import { FailbackOptions, LanEvent, LanPlan } from '../../src/lan';
import {
  ARP_REPLY, ARP_REQUEST, ArpFrame, decodeArp, decodeNeighbor, encodeArpReply, ETHER_TYPE_ARP, formatHardwareAddress, NEIGHBOR_ADVERTISEMENT,
  NeighborFrame, parseAddress,
} from '../../src/wire';
import { macOf, nodeMac, solicitation, whoHas } from '../lan/harness';

/** What may happen. */
export const MOVES = ['stop', 'drain', 'failback'] as const;
export type Move = typeof MOVES[number];

export interface OrderlyOutcome {
  readonly violations: readonly string[];
  readonly log: readonly string[];
  readonly questions: number;
  /** How often an address was taken while its former holder answered. */
  readonly handovers: number;
}

/** All have found each other, and one has the addresses. */
const SETTLED_MS = 1500;
const EACH_MS = 1500;
const MOVES_IN_ALL = 3;
/** Questions are in the queues so long before they arrive, since a turn in which an address is taken runs ahead. */
const LEAD_MS = 100;
/** With the time since its last heartbeat that is between the silence after which it asks (123 ms), and the detection time. */
const PAUSES_MS = [125, 185] as const;
const FAILBACKS: Readonly<Record<Move, FailbackOptions>> = { stop: { mode: 'never' }, drain: { mode: 'never' }, failback: { mode: 'immediate' } };

interface Question {
  readonly at: number;
  readonly frame: Uint8Array;
  readonly address: string;
  readonly answers: string[];
}

export class Orderly implements Air {
  now = 0;
  readonly random: Random;
  private readonly queue = new EventQueue();
  private readonly names: readonly string[];
  private readonly addresses: readonly string[];
  private readonly stations = new Map<string, Station>();
  /** When a station's turn is to begin, unless something else is due before. */
  private readonly planned = new Map<Station, number>();
  private readonly questions: Question[] = [];
  private readonly log: string[] = [];
  /** By the hash of the address, so that it stays when a node is drained. */
  private readonly order: readonly string[];
  private candidates: readonly string[];
  private revision = 1;
  private incarnations = 0;
  private handovers = 0;
  /** Who is to stand still, and from when. */
  private pausing: { readonly name: string; readonly from: number } | undefined;
  private readonly arp = new ArpFrame();
  private readonly neighbor = new NeighborFrame();

  constructor(seed: number, private readonly move: Move, private readonly pauses = false) {
    this.random = new Random(seed);
    this.names = Array.from({ length: this.random.integer(2, 5) }, (_, i) => `node-${44 + i}`);
    this.candidates = this.order = this.random.shuffle(this.names);
    this.addresses = Array.from({ length: this.random.integer(1, 4) }, (_, i) => i % 2 === 0 ? `93.5.22.${100 + i}` : `fd93:5:22::${100 + i}`);
  }

  run(): OrderlyOutcome {
    const end = SETTLED_MS + MOVES_IN_ALL * EACH_MS;
    for (const name of this.names) this.start(name);
    for (let at = SETTLED_MS; at < end; at += this.random.between(0.02, 2)) this.at(at - LEAD_MS, () => this.ask(at));
    for (let i = 0; i < MOVES_IN_ALL; i++) this.at(SETTLED_MS + i * EACH_MS + this.random.between(50, 150), () => this.happen());
    while (this.queue.next <= end + EACH_MS) {
      this.now = this.queue.next;
      this.queue.take()();
    }
    const violations = this.questions.filter(({ answers }) => answers.length !== 1)
      .map(({ at, address, answers }) => `${at.toFixed(3)} ${address} is asked for, and answered by ${answers.join(' and ') || 'nobody'}`);
    return { violations, log: this.log, questions: this.questions.length, handovers: this.handovers };
  }

  sendFrame(from: Station, at: number, frame: Uint8Array): void {
    const answered = this.questionOf(frame);
    if (answered !== undefined) return void answered.answers.push(`${from.name} at ${at.toFixed(3)}`);
    this.answerByKernel(from, at, frame);
    const group = frame[0] % 2 === 1, destination = formatHardwareAddress(frame.subarray(0, 6));
    for (const station of this.stations.values()) {
      if (station !== from && (group || destination === nodeMac(station.last))) this.deliver(station, at, frame);
    }
  }

  sendDatagram(from: Station, at: number, to: string, bytes: Uint8Array): void {
    const arrives = at + this.random.between(0.05, this.random.chance(0.1) ? 8 : 1);
    this.at(arrives, () => {
      const station = [...this.stations.values()].find(({ address }) => address === to);
      if (station === undefined) return;
      station.datagrams.add({ at: arrives, from: from.address, bytes });
      this.schedule(station);
    });
  }

  told(station: Station, at: number, event: LanEvent): void {
    this.log.push(`${at.toFixed(3)} ${station.name} ${JSON.stringify(event)}`);
    if (event.code === 'addressAcquired' && (event.reason === 'handedOver' || event.reason === 'holderOutranked')) this.handovers++;
  }

  private at(time: number, run: () => void): void {
    this.queue.add(Math.max(time, this.now), run);
  }

  private start(name: string): void {
    const station = new Station(Number(name.slice(5)), this, ++this.incarnations, FAILBACKS[this.move]);
    station.setPlan(this.planFor(name));
    this.stations.set(name, station);
    this.log.push(`${this.now.toFixed(3)} ${name} starts`);
    for (const { at, frame } of this.questions.filter((question) => question.at > this.now)) this.deliver(station, at, frame);
    this.schedule(station);
  }

  private planFor(node: string): LanPlan {
    const peers = this.names.filter((name) => name !== node).map((name) => ({ node: name, addresses: [`93.5.22.${name.slice(5)}`] }));
    return { node, peers, revision: this.revision, addresses: this.addresses.map((address) => ({ address, candidates: this.candidates })) };
  }

  /** The holder has to leave. */
  private happen(): void {
    const holder = [...this.stations.values()].find((station) => station.holds(this.addresses[0]));
    if (holder === undefined) throw new Error(`nobody holds ${this.addresses[0]}`);
    if (!this.pauses) return this.remove(holder);
    this.pausing = { name: holder.name, from: this.now + this.random.between(0, 120) };
    this.at(this.now + this.random.between(0, 300), () => this.remove(holder));
  }

  private remove(holder: Station): void {
    this.log.push(`${this.now.toFixed(3)} ${this.move} of ${holder.name}`);
    if (this.move === 'drain') return this.drain(holder.name);
    holder.stop();
    this.schedule(holder);
    this.at(this.now + this.random.between(150, 500), () => this.start(holder.name));
  }

  /** The others are candidates now; each speaker hears of that in its own time. */
  private drain(name: string): void {
    this.candidates = this.order.filter((each) => each !== name);
    this.revision++;
    for (const station of this.stations.values()) {
      const plan = this.planFor(station.name);
      this.at(this.now + this.random.between(0, this.random.pick([5, 200])), () => {
        station.setPlan(plan);
        this.schedule(station);
      });
    }
  }

  /** Each question comes from a client of its own, so that it is known by its answer. */
  private ask(at: number): void {
    const id = this.questions.length, address = this.random.pick(this.addresses);
    const mac = formatHardwareAddress(Uint8Array.of(2, 0x99, 0, 0, Math.floor(id / 256), id % 256));
    const frame = address.includes(':') ? solicitation(address, { mac }) : whoHas(address, { sha: mac });
    this.questions.push({ at, frame, address, answers: [] });
    for (const station of this.stations.values()) this.deliver(station, at, frame);
  }

  /** The kernel of a node answers for its own address, whatever its speaker does. */
  private answerByKernel(to: Station, at: number, frame: Uint8Array): void {
    const { arp } = this;
    if (decodeArp(frame, frame.length, arp) !== undefined || arp.operation !== ARP_REQUEST) return;
    const asked = [...this.stations.values()].find((station) => station !== to && parseAddress(station.address) === arp.targetProtocolAddress);
    if (asked === undefined) return;
    const reply = new Uint8Array(60);
    encodeArpReply(reply, arp, macOf(nodeMac(asked.last)));
    this.deliver(to, at, reply);
  }

  /** The question that a frame answers. */
  private questionOf(frame: Uint8Array): Question | undefined {
    const { arp, neighbor } = this;
    if (frame[0] !== 0x02 || frame[1] !== 0x99) return undefined;
    const answers = decodeArp(frame, frame.length, arp) === undefined
      ? arp.operation === ARP_REPLY
      : decodeNeighbor(frame, frame.length, neighbor) === undefined && neighbor.type === NEIGHBOR_ADVERTISEMENT && neighbor.solicited;
    return answers ? this.questions[frame[4] * 256 + frame[5]] : undefined;
  }

  private deliver(station: Station, at: number, bytes: Uint8Array): void {
    const inbox = bytes[12] * 256 + bytes[13] === ETHER_TYPE_ARP ? station.frames : station.neighborFrames;
    inbox.add({ at, from: '', bytes });
    this.schedule(station);
  }

  /** A thread that is woken runs a little later, and at times a good deal. */
  private schedule(station: Station): void {
    const { due } = station;
    if (due === this.planned.get(station)) return;
    this.planned.set(station, due);
    if (due === Infinity) return;
    const slow = this.random.chance(due === station.datagrams.next ? 0.6 : 0.15);
    const paused = station.name === this.pausing?.name && due >= this.pausing.from;
    if (paused) {
      this.log.push(`${due.toFixed(3)} ${station.name} stands still`);
      this.pausing = undefined;
    }
    this.at(due + (paused ? this.random.between(...PAUSES_MS) : this.random.between(0.01, slow ? 10 : 0.3)), () => {
      if (this.planned.get(station) !== due || this.stations.get(station.name) !== station) return;
      this.planned.delete(station);
      station.turn(this.random.chance(0.5) ? due : this.now);
      if (station.running) this.schedule(station);
      else this.stations.delete(station.name);
    });
  }
}
