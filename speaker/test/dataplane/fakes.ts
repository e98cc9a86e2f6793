import { Loop, LoopOptions } from '../../src/dataplane/loop';
import { Command, Report } from '../../src/dataplane/messages';
import { Core, FrameSource, HeartbeatSocket, LinkSource, Surroundings } from '../../src/dataplane/surroundings';
import { AddressSnapshot, LanEvent, LanPlan, LanPlanChange, LanSummary, Link, Outbox, Takeover } from '../../src/lan';
import { NetworkLink, NOTHING, SysError, Undelivered } from '../../src/sys';

export const PACKETS = 10, TIMER = 11, WAKEUP = 12, HEARTBEATS4 = 14, HEARTBEATS6 = 16, NEIGHBORS = 18, LINKS = 20;

export const ETH0: NetworkLink = {
  index: 2,
  incarnation: 0,
  name: 'eth0',
  mac: new Uint8Array([2, 0, 0, 0, 0, 2]),
  ethernet: true,
  up: true,
  broadcast: true,
  noArp: false,
  loopback: false,
  enslaved: false,
  operationalState: 'up',
  addresses: ['93.5.22.44/24'],
};

/** A core that remembers its calls and returns what it is told to. */
export class FakeCore implements Core {
  public readonly calls: unknown[][] = [];
  public deadline = Infinity;
  public ended = true;
  /** What the next call wants sent and told. */
  public frames: { ifindex: number; bytes: Uint8Array; takeover?: Takeover }[] = [];
  public datagrams: { to: string; bytes: Uint8Array }[] = [];
  public events: LanEvent[] = [];
  /** What there is to be told of addresses. */
  public addresses: AddressSnapshot[] = [];
  /** Thrown by the next call. */
  public error: Error | undefined;
  private readonly outbox = new Outbox();

  public setPlan = (now: number, plan: LanPlan) => this.called('setPlan', now, plan);
  public changePlan = (now: number, change: LanPlanChange) => this.called('changePlan', now, change);
  public setLinks = (now: number, links: readonly Link[]) => this.called('setLinks', now, links);
  public setKeys = (now: number, keys: readonly Uint8Array[]) => this.called('setKeys', now, keys);
  public receiveFrame = (now: number, ifindex: number, frame: Uint8Array, length: number, ...receivedAt: number[]) =>
    this.called('receiveFrame', now, ifindex, Buffer.from(frame.subarray(0, length)).toString(), ...receivedAt);
  public receiveHeartbeat = (now: number, from: string, datagram: Uint8Array, length: number) =>
    this.called('receiveHeartbeat', now, from, Buffer.from(datagram.subarray(0, length)).toString());
  public heartbeatRefused = (now: number, to: string) => this.called('heartbeatRefused', now, to);
  public tick = (now: number) => this.called('tick', now);
  public stop = (now: number) => this.called('stop', now);
  public nextDeadline = () => this.deadline;
  public summary = (now: number) => ({ node: `snapshot at ${now}` }) as unknown as LanSummary;
  public survey = () => {
    const left = [...this.addresses];
    return { get done() { return left.length === 0; }, take: (_: number, most: number) => left.splice(0, most) };
  };

  public names(): string[] {
    return this.calls.map(([name]) => name as string);
  }

  private called(...call: unknown[]): Outbox {
    this.calls.push(call);
    const { error, outbox } = this;
    this.error = undefined;
    if (error) throw error;
    outbox.clear();
    for (const { ifindex, bytes, takeover } of this.frames.splice(0)) {
      const slot = outbox.frame(ifindex);
      slot.bytes.set(bytes);
      slot.length = bytes.length;
      slot.takeover = takeover;
    }
    for (const { to, bytes } of this.datagrams.splice(0)) outbox.datagram(to, bytes, bytes.length);
    for (const event of this.events.splice(0)) outbox.event(event);
    return outbox;
  }
}

/** A kernel and a main thread in memory. What is queued makes its descriptor ready, as epoll does, in the order of the descriptors. */
export class FakeSurroundings implements Surroundings {
  public time = 1000;
  public readonly commands: Command[] = [];
  public readonly reports: Report[] = [];
  public readonly frames: { ifindex: number; text: string }[] = [];
  public readonly datagrams4: { from: string; text: string }[] = [];
  public readonly datagrams6: { from: string; text: string }[] = [];
  /** What the kernel tells of datagrams that did not arrive. */
  public readonly undelivered4: Undelivered[] = [];
  public readonly undelivered6: Undelivered[] = [];
  public readonly sent: string[] = [];
  public readonly armed: number[] = [];
  public readonly promiscuous: number[] = [];
  public filters = 0;
  /** Memberships in multicast groups: interface and group, and the hardware address of the group. */
  public readonly groupsJoined = new Set<string>();
  public readonly multicasts = new Set<string>();
  /** Thrown by attempts to join. */
  public joinError: Error | undefined;
  public readonly neighborFrames: { ifindex: number; text: string }[] = [];
  /** Thrown by the next attempt to receive. */
  public receiveError: Error | undefined;
  /** Error number that each send gives. */
  public sendErrno = 0;
  public promiscuousError: Error | undefined;
  /** Results of opening rtnetlink, first to last; the last one stays. */
  public linkSources: (FakeLinks | Error)[] = [new FakeLinks([ETH0])];
  private readonly added = new Set<number>();
  private found: number[] = [];

  public readonly epoll = {
    add: ({ fd }: { fd: number }) => { this.added.add(fd); },
    remove: ({ fd }: { fd: number }) => { this.added.delete(fd); },
    wait: () => {
      const links = this.linkSources[0];
      this.found = [
        ...this.frames.length ? [PACKETS] : [],
        ...this.neighborFrames.length ? [NEIGHBORS] : [],
        ...(this.armed.at(-1) ?? Infinity) <= this.time ? [TIMER] : [],
        ...this.commands.length ? [WAKEUP] : [],
        ...this.datagrams4.length || this.undelivered4.length ? [HEARTBEATS4] : [],
        ...this.datagrams6.length || this.undelivered6.length ? [HEARTBEATS6] : [],
        ...links instanceof FakeLinks && links.pending.length && this.added.has(LINKS) ? [LINKS] : [],
      ];
      return this.found.length;
    },
    ready: (index: number) => this.found[index],
  };
  public readonly timer = { fd: TIMER, arm: (at: number) => { this.armed.push(at); } };
  public readonly wakeup = { fd: WAKEUP, clear: () => undefined };
  public readonly packets = Object.assign(this.makeFrames(PACKETS, this.frames), {
    send: (ifindex: number, frame: Uint8Array, length: number) => this.send(`frame ${ifindex} ${Buffer.from(frame.subarray(0, length)).toString()}`),
    setPromiscuous: (index: number) => {
      if (this.promiscuousError) throw this.promiscuousError;
      this.promiscuous.push(index);
    },
  });
  public readonly neighbors = Object.assign(this.makeFrames(NEIGHBORS, this.neighborFrames), {
    setMulticast: (index: number, hardwareAddress: Uint8Array, member: boolean) => {
      this.multicasts[member ? 'add' : 'delete'](`${index} ${Buffer.from(hardwareAddress).toString('hex')}`);
    },
    setAllMulticast: (index: number, all: boolean) => { this.multicasts[all ? 'add' : 'delete'](`${index} all`); },
  });
  public readonly groups = {
    join: (index: number, group: Uint8Array) => {
      if (this.joinError) throw this.joinError;
      this.groupsJoined.add(`${index} ${Buffer.from(group).toString('hex')}`);
    },
    leave: (index: number, group: Uint8Array) => { this.groupsJoined.delete(`${index} ${Buffer.from(group).toString('hex')}`); },
  };
  public readonly heartbeats: readonly HeartbeatSocket[] = [
    this.makeHeartbeats(HEARTBEATS4, this.datagrams4),
    this.makeHeartbeats(HEARTBEATS6, this.datagrams6),
  ];

  /** Parameters of the kernel by their paths; those that are not there cannot be read. */
  public readonly parameters = new Map<string, number>();
  public now = () => this.time;
  public parameter = (path: string) => this.parameters.get(path);
  public nextCommand = () => this.commands.shift();
  public report = (report: Report) => { this.reports.push(structuredClone(report)); };
  public openLinks = (): LinkSource => {
    const next = this.linkSources.length > 1 ? this.linkSources.shift()! : this.linkSources[0];
    if (next instanceof Error) throw next;
    return next;
  };

  public problems(): string[] {
    return this.reports.flatMap((report) => report.type === 'problem' ? [report.message] : []);
  }

  private makeFrames(fd: number, queue: { ifindex: number; text: string }[]): FrameSource {
    let last = 0;
    const receive = (into: Uint8Array) => {
      const error = this.receiveError;
      this.receiveError = undefined;
      if (error) throw error;
      const frame = queue.shift();
      if (!frame) return NOTHING;
      last = frame.ifindex;
      into.set(Buffer.from(frame.text));
      return frame.text.length;
    };
    return {
      fd,
      get interfaceIndex() { return last; },
      receive,
      setFilter: () => { this.filters++; },
      statistics: () => ({ received: 5, dropped: 1 }),
    };
  }

  private makeHeartbeats(fd: number, queue: { from: string; text: string }[]): HeartbeatSocket {
    let last = '';
    const receive = (into: Uint8Array) => {
      const datagram = queue.shift();
      if (!datagram) return NOTHING;
      last = datagram.from;
      into.set(Buffer.from(datagram.text));
      return datagram.text.length;
    };
    return {
      fd,
      ipv6: fd === HEARTBEATS6,
      get source() { return last; },
      receive,
      undelivered: () => (fd === HEARTBEATS6 ? this.undelivered6 : this.undelivered4).shift(),
      send: (to, bytes, length) => this.send(`datagram ${to} ${Buffer.from(bytes.subarray(0, length)).toString()}`),
    };
  }

  private send(text: string): number {
    if (this.sendErrno === 0) this.sent.push(text);
    return this.sendErrno;
  }
}

/** A table of interfaces that changes when it is read. */
export class FakeLinks {
  public readonly fd = LINKS;
  public readonly listingsStarted = 1;
  public closed = false;
  /** What each read brings: a new table, no news, or an error. */
  public readonly pending: (readonly NetworkLink[] | 'same' | Error)[] = [];

  constructor(public links: readonly NetworkLink[]) {
  }

  public read(): boolean {
    const next = this.pending.shift()!;
    if (next instanceof Error) throw next;
    if (next === 'same') return false;
    this.links = next as readonly NetworkLink[];
    return true;
  }

  public close(): void {
    this.closed = true;
  }
}

/** A loop after its start, with nothing in its past. */
export function started(options: LoopOptions = {}): { core: FakeCore; around: FakeSurroundings; loop: Loop } {
  const core = new FakeCore(), around = new FakeSurroundings();
  const loop = new Loop(core, around, options);
  loop.begin();
  core.calls.length = 0;
  return { core, around, loop };
}

export const gone = () => new SysError('setsockopt', 19, { subject: 'packet socket' });
