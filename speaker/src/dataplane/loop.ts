/**
 * The data plane's loop: everything that happens on its thread happens here, in one place and one after the other.
 *
 * A thread of JavaScript usually waits in libuv's event loop. This one never returns there. It waits in `epoll_wait`, a blocking system call, for
 * whatever comes first, and does it at once:
 *
 *     packet sockets    ARP or neighbour discovery that speaks of an address of   core.receiveFrame
 *                       the plan, one socket a protocol
 *     UDP sockets       a heartbeat of another speaker, one socket a family       core.receiveHeartbeat
 *                       that nobody takes ours at a node                          core.heartbeatRefused
 *     timer             the moment that the core asked for                        core.tick
 *     rtnetlink         an interface came, went, got or lost its cable            core.setLinks
 *     eventfd           the main thread left a message                            core.setPlan, setKeys, survey, stop
 *
 * The core (room `lan`) decides, and returns what is to be sent; the loop sends it before it does anything else. The core knows no socket and no
 * clock, the loop knows no protocol, and neither ever waits for the main thread. That may parse a megabyte of JSON, collect garbage, or hang.
 *
 * What keeps it fast: sockets are read until they are empty, but none for so long that it starves another (intake.ts); the timer is set only when the core's deadline has changed, and never read; the clock is read once a packet (60 ns), after the packet
 * was received: a pause, were it between two system calls, is seen before it is answered. The kernel's filter drops what the core would only
 * have counted.
 *
 * What keeps it safe:
 *
 *  - Time is `CLOCK_BOOTTIME`, which counts suspended time. After a pause the first call of the core sees the gap, and answers nothing.
 *  - The timer comes last of what is ready: heartbeats that have come in must be heard before their senders are accused of silence. Frames need not wait
 *    for it, since the core looks for a pause in every call.
 *  - An address that is taken from a node which still answers changes hands at a definite question. Its announcement is sent after all that is queued has been
 *    read: that was asked before, and is the former holder's to answer (`Takeover` of the core). The former holder reads its frames before it heeds heartbeats that
 *    it has received, for one that tells of the new holder may have overtaken questions that came before the announcement.
 *  - An exception out of the core ends the loop. A core that is in doubt about its own state must not answer; peers take over in a detection time.
 *    Bad input, which the core refuses with a `LanError`, is reported and changes nothing.
 *  - Failures of one packet, one interface or rtnetlink are counted, told once, and end nothing. An interface that takes nothing for a second counts as down (egress.ts).
 *  - `worker.terminate()` and the end of the process wait until the thread is back in JavaScript. The wait is therefore never longer than `IDLE_MS`,
 *    although nothing is to be done then: if the main thread dies of an uncaught exception, the process ends that much later at most.
 */
import { LanError, LanPlan, LanPlanChange, Link, Outbox } from '../lan';
import { NetworkLink } from '../sys';
import { Commands } from './commands';
import { Events } from './events';
import { Groups } from './groups';
import { Intake } from './intake';
import { interestOf } from './interest';
import { KernelWatch } from './kernel-watch';
import { LinkWatch } from './link-watch';
import { Command } from './messages';
import { PlanReceiver } from './plan-change';
import { Promiscuity } from './promiscuity';
import { Sender } from './sender';
import { SnapshotSender } from './snapshot-parts';
import { LoopSnapshot, Statistics } from './statistics';
import { Core, HeartbeatSocket, Surroundings } from './surroundings';

const IDLE_MS = 1000;

export interface LoopOptions {
  readonly excludeInterfaces?: RegExp;
  /** Which interfaces, by name, are asked for all frames. */
  readonly promiscuous?: (name: string) => boolean;
}

export class Loop {
  private readonly statistics = new Statistics();
  private readonly intake: Intake;
  private readonly sender: Sender;
  private readonly commands: Commands;
  private readonly events: Events;
  private readonly groups: Groups;
  private readonly kernel: KernelWatch;
  private readonly links: LinkWatch;
  private readonly promiscuity: Promiscuity;
  private readonly snapshots: SnapshotSender;
  private readonly heartbeats: ReadonlyMap<number, HeartbeatSocket>;
  private readonly plans = new PlanReceiver();
  /** The plan that is in force. */
  private plan: LanPlan | undefined;
  /** What the timer is set to; NaN after it was due, since it stays readable until it is set anew. */
  private armed = Infinity;
  private stopping = false;
  /** Whether the last plan was refused. */
  private planRefused = false;

  constructor(private readonly core: Core, private readonly around: Surroundings, private readonly options: LoopOptions) {
    const problem = (message: string, fields: object) => this.problem(message, fields);
    this.intake = new Intake(core, around, this.statistics, (outbox) => this.drain(outbox), problem);
    this.sender = new Sender(around, this.statistics, () => this.offerLinks(), problem);
    this.commands = new Commands(() => around.nextCommand());
    this.events = new Events((report) => around.report(report));
    this.groups = new Groups(around, problem);
    this.snapshots = new SnapshotSender(core, () => this.snapshot(), (report) => around.report(report));
    const { excludeInterfaces: excluded, promiscuous } = options;
    this.promiscuity = new Promiscuity(around, promiscuous && ((name) => !excluded?.test(name) && promiscuous(name)), problem);
    this.links = new LinkWatch(around, (links) => this.linksChanged(links), problem);
    this.kernel = new KernelWatch({
      excludeInterfaces: options.excludeInterfaces,
      read: (path) => around.parameter(path),
      report: (kernel) => around.report({ type: 'kernel', kernel }),
    });
    this.heartbeats = new Map(around.heartbeats.map((socket) => [socket.fd, socket]));
  }

  /** Runs until the main thread says stop. @throws whatever the core or the kernel throws that cannot be lived with */
  public run(): void {
    try {
      this.begin();
      while (this.turn());
    } finally {
      this.links.close();
    }
  }

  /** Reads the interfaces; before the first turn. */
  public begin(): void {
    this.links.open();
  }

  /** Waits, then does what there is to do. @returns false after the main thread said stop, and the core has nothing more to hand over */
  public turn(): boolean {
    const { around } = this;
    this.arm();
    const ready = around.epoll.wait(this.unfinished ? 0 : IDLE_MS);
    this.statistics.wakeups++;
    let due = false;
    // Frames first: what was asked before an address is taken over is for its former holder to answer.
    for (let index = 0; index < ready; index++) {
      const fd = around.epoll.ready(index);
      if (fd === around.packets.fd) this.intake.frames(around.packets);
      else if (fd === around.neighbors.fd) this.intake.frames(around.neighbors);
    }
    const waited = this.commands.pending;
    if (waited) this.receiveCommands();
    for (let index = 0; index < ready && !this.stopped; index++) {
      const fd = around.epoll.ready(index);
      if (fd === around.packets.fd || fd === around.neighbors.fd) continue;
      if (fd === around.timer.fd) due = true;
      else if (fd === this.links.fd) this.links.read();
      else if (fd !== around.wakeup.fd) this.intake.heartbeats(this.heartbeats.get(fd)!);
      else if (!waited) this.receiveCommands();
    }
    if (due && !this.stopped) this.tick(around.now());
    if (this.stopped) {
      this.events.flush();
      return false;
    }
    this.goOn();
    return true;
  }

  /** Whether something was begun that goes on in the next turn, as what concerns thousands of addresses does. */
  private get unfinished(): boolean {
    return this.commands.pending || this.groups.pending || this.events.pending || this.snapshots.pending;
  }

  private goOn(): void {
    if (this.groups.pending) this.groups.advance(this.around.now());
    this.events.advance();
    if (this.snapshots.pending) this.snapshots.advance(this.around.now());
  }

  private get stopped(): boolean {
    return this.stopping && this.core.ended;
  }

  private receiveCommands(): void {
    this.around.wakeup.clear(); // before looking, so that a message that comes meanwhile wakes us again
    this.commands.obey((command) => this.obey(command), () => !this.stopped);
  }

  private obey(command: Command): void {
    const { around, core } = this;
    switch (command.type) {
      case 'plan':
        return this.offerPlan(this.plans.whole(command.plan));
      case 'planChange':
        return this.offerPlan(this.plans.changed(command.change), command.change);
      case 'keys':
        return this.offer('the keys', () => core.setKeys(around.now(), command.keys));
      case 'snapshot':
        return this.snapshots.ask(command.id);
      case 'stop':
        this.stopping = true;
        return this.drain(core.stop(around.now()));
    }
  }

  /** How the loop fares. */
  private snapshot(): LoopSnapshot {
    const framesDropped = this.around.packets.statistics().dropped + this.around.neighbors.statistics().dropped;
    return this.statistics.snapshot(framesDropped, this.links.listingsStarted, this.sender.egress.givenUp);
  }

  /** @param change what is different from the plan before */
  private offerPlan(plan: LanPlan, change?: LanPlanChange): void {
    const { core, planRefused } = this;
    this.planRefused = true;
    this.offer('the plan', () => {
      // What is different from a plan that was refused is not enough.
      const outbox = change === undefined || planRefused ? core.setPlan(this.around.now(), plan) : core.changePlan(this.around.now(), change);
      this.planRefused = false;
      this.plan = plan;
      this.kernel.setPlan(this.around.now(), plan);
      this.listen(); // before anything is announced: who hears the announcement may ask at once
      return outbox;
    });
  }

  private tick(now: number): void {
    this.armed = NaN;
    if (now >= this.links.retryAt) this.links.open();
    const deadline = this.core.nextDeadline();
    if (now >= deadline) {
      this.statistics.ticked(now - deadline);
      this.drain(this.core.tick(now));
    }
    if (now >= this.sender.egress.deadline) this.sender.egress.look(now);
    if (now >= this.groups.retryAt) this.groups.retry(now);
    if (now >= this.kernel.deadline) this.kernel.look(now);
  }

  private arm(): void {
    const deadline = Math.min(this.core.nextDeadline(), this.links.retryAt, this.kernel.deadline, this.sender.egress.deadline, this.groups.retryAt);
    if (deadline === this.armed) return;
    this.armed = deadline;
    this.around.timer.arm(deadline);
  }

  /** Sends and reports what the core wants. */
  private drain(outbox: Outbox): void {
    this.sender.send(outbox, this.intake.readAhead);
    if (outbox.events.length > 0) this.events.tell(outbox.events);
    this.intake.catchUp();
  }

  private linksChanged(links: readonly NetworkLink[]): void {
    this.listen();
    this.promiscuity.set(links);
    this.sender.egress.setLinks(links);
    this.offerLinks();
    this.kernel.setLinks(this.around.now(), links);
  }

  private offerLinks(): void {
    const links = this.links.links.map((link) => toLink(this.sender.egress.hasGivenUp(link.index) ? { ...link, up: false } : link));
    this.offer('the interfaces', () => this.core.setLinks(this.around.now(), links));
  }

  /** Has the kernel hand over what the core wants to see. */
  private listen(): void {
    const { arp, neighbor, groups } = interestOf(this.plan, this.links.links, this.options.excludeInterfaces);
    this.around.packets.setFilter(arp);
    this.around.neighbors.setFilter(neighbor);
    this.groups.set(this.around.now(), groups);
  }

  /** Gives the core something it may refuse. */
  private offer(what: string, give: () => Outbox): void {
    let outbox: Outbox;
    try {
      outbox = give();
    } catch (error) {
      if (!(error instanceof LanError)) throw error;
      return this.problem(`${what} cannot be used, what was before stays in force`, { code: error.code, error: error.message });
    }
    this.drain(outbox);
  }

  private problem(message: string, fields: object): void {
    this.around.report({ type: 'problem', message, fields });
  }
}

function toLink({ ethernet, broadcast, ...link }: NetworkLink): Link {
  // What has no Ethernet addresses is none of ours.
  return { ...link, broadcast: broadcast && ethernet };
}
