/**
 * The data plane's heart, without a socket, clock or timer of its own.
 *
 * Data flows in one direction. The control plane's plan says which addresses there are, who may announce each, and where
 * (`setPlan`); rtnetlink says which interfaces are there (`setLinks`). Heartbeats say which peers live and what they hold
 * (membership.ts); frames on the LAN say who really answers (conflict.ts, witness.ts), and asking finds out early who is gone (suspicion.ts). From these, ownership.ts decides about each
 * address whether it is ours. If it is, responder.ts answers for it and gratuitous.ts announces it. Whatever is to be sent or told
 * goes into the {@link Outbox}, which the loop drains after each call.
 *
 * ```
 *   setPlan ──┐                          ┌─► responder ──┐
 *   setLinks ─┤                          │   (RFC 826)   │
 *   frame ────┼─► membership ─► ownership┤   neighbor    ├─► Outbox: frames, datagrams, events
 *   heartbeat ┤   conflict               │   (RFC 4861)  │
 *   tick ─────┘   (RFC 5227)             └─► gratuitous ─┤
 *                     └────────► witness, rounds ────────┘
 * ```
 *
 * **Authority.** Peers take an address over when its holder has been silent for a detection time. So a holder that has sent no heartbeat
 * for that long (stopped, paused, starved) must not answer with what it knew before: it finds out at the next call, whatever call that is,
 * from the time alone. It answers nothing and listens: until every peer is heard again, with an echo of something sent since, or
 * a detection time has passed. Who is gone altogether may be found out earlier (suspicion.ts); so after a shorter pause it asks before it answers (hesitation.ts).
 * `now` should come from a clock that counts suspension too (CLOCK_BOOTTIME).
 *
 * **Listening.** A core that starts, or is given its first key, claims nothing new for a detection time, or until every peer in the
 * plan is up and has told what it holds. With no peers in the plan it claims at once. The same when an interface comes up while
 * some peer is not heard: whoever has the address on the LAN that was just joined may be that peer. (If all are heard they are asked, which takes a moment.) What this node then held without an
 * interface in the address's subnet it gives up.
 *
 * **Without a key** peers cannot be believed, so no heartbeat is sent and none is taken. Then all candidates are taken to be alive: each
 * address stays with its first candidate. There is no failover, but there are no two answers either, which is the safe half; the LAN's
 * testimony still counts. An event says so.
 *
 * **Both families** are treated alike: membership, ownership, the schedule and the rules for claims know addresses only as keys. What
 * differs is the packet: ARP (responder.ts, gratuitous.ts, witness.ts) or Neighbor Discovery (neighbor.ts).
 */
import { Replanned } from './addresses';
import { checkKeys, checkLinks, checkPlan } from './checks';
import { Frame } from './hesitation';
import { Outbox } from './outbox';
import { Parts } from './parts';
import { addressSnapshot, counters, LanSnapshot, LanSummary, peerSnapshot } from './snapshot';
import { Survey } from './survey';
import { FRAME_DROPS, HEARTBEAT_DROPS, LanCoreOptions, LanPlan, LanPlanChange, Link } from './types';

export class LanCore extends Parts {
  private readonly frameDrops = counters(FRAME_DROPS);
  private readonly heartbeatDrops = counters(HEARTBEAT_DROPS);

  private stopped = false;
  /** While it leaves: when it does so at the latest. */
  private leavesAt = Infinity;
  private keyMissingReported = false;
  private deadline = Infinity;

  /** @throws {LanError} `LAN_OPTIONS_INVALID` when the node name or the heartbeat's interval or multiplier cannot be used. */
  constructor(options: LanCoreOptions) {
    super(options);
    this.decisions.handsOver = (now, address) => this.takeAnew(now, this.listening.hesitation.release(address), true);
  }

  /**
   * Takes what this node ought to do.
   * @throws {LanError} `LAN_PLAN_NODE`, `LAN_PLAN_ADDRESS`, `LAN_PLAN_ADDRESS_TWICE`, `LAN_PLAN_REVISION`; the plan before stays in force.
   */
  setPlan(now: number, plan: LanPlan): Outbox {
    checkPlan(this.node, plan);
    if (!this.enter(now)) return this.outbox;
    this.replan(now, plan, this.addresses.setPlan(plan));
    return this.leave(now);
  }

  /**
   * Takes what is different from the plan before; the cost is that of what is different, where a plan costs as much as it has addresses.
   * @throws {LanError} as {@link setPlan}; the plan before stays in force
   */
  changePlan(now: number, change: LanPlanChange): Outbox {
    checkPlan(this.node, change);
    if (!this.enter(now)) return this.outbox;
    const { removed, taken } = this.addresses.changePlan(change);
    this.replan(now, change, { removed, taken });
    for (const address of taken) this.decisions.reconsider(now, address);
    return this.leave(now);
  }

  /**
   * Takes the links of this node, all of them, at each change.
   * @throws {LanError} `LAN_LINK_MAC`; the links before stay in force.
   */
  setLinks(now: number, links: readonly Link[]): Outbox {
    checkLinks(links);
    if (!this.enter(now)) return this.outbox;
    this.placement.setLinks(now, links);
    return this.leave(now);
  }

  /**
   * Takes the keys of the heartbeat: the first signs, all verify. None switches heartbeats off.
   * @throws {LanError} `LAN_KEY_TOO_SHORT` below 16 octets; the keys before stay in force.
   */
  setKeys(now: number, keys: readonly Uint8Array[]): Outbox {
    checkKeys(keys);
    if (!this.enter(now)) return this.outbox;
    const first = !this.membership.keys.any && keys.length > 0;
    this.membership.keys.set(now, keys);
    if (first && this.membership.planned && this.membership.peers.size > 0) this.listening.start(now);
    this.keyMissingReported = false;
    this.membership.changed = true;
    this.rounds.tell();
    return this.leave(now);
  }

  /**
   * Takes a frame from an interface. This is the hot path: an ordinary request is answered without allocating. `receivedAt` is when it was
   * received, if it has waited since; see {@link Outbox}.
   */
  receiveFrame(now: number, ifindex: number, frame: Uint8Array, length: number, receivedAt = now): Outbox {
    const drop = this.enter(now) ? this.reception.take(now, ifindex, frame, length, receivedAt, this.listening.mayAnswer) : 'stopped';
    if (drop === undefined) return this.outbox;
    if (drop === 'stalled' && this.listening.hesitation.active) {
      this.listening.hesitation.withhold(this.reception.asked!, ifindex, frame, length, receivedAt);
      return this.outbox;
    }
    this.frameDrops[drop]++;
    if (drop === 'conflict') this.deadline = Math.min(this.deadline, this.probing.deadline);
    if (drop !== 'claim') return this.outbox;
    this.decisions.reconsider(now, this.reception.claimed!);
    return this.leave(now);
  }

  /** Takes a datagram from the heartbeat's socket. `from` is its source address, for events. */
  receiveHeartbeat(now: number, from: string, datagram: Uint8Array, length: number): Outbox {
    if (!this.enter(now)) {
      this.heartbeatDrops.stopped++;
      return this.outbox;
    }
    const drop = this.membership.receive(now, from, datagram, length, this.outbox);
    if (drop !== undefined) this.heartbeatDrops[drop]++;
    if (this.membership.twins.refused) this.authority.standDown(now);
    return this.leave(now);
  }

  /** The machine with this address says that nobody takes heartbeats there (ICMP port unreachable). */
  heartbeatRefused(now: number, to: string): Outbox {
    if (!this.enter(now)) return this.outbox;
    this.suspicion.refused(now, to);
    return this.leave(now);
  }

  /**
   * To be called when {@link nextDeadline} has come; calling it more often does no harm. Hand over what waits in the sockets first:
   * a peer whose heartbeat waits there is not overdue.
   */
  tick(now: number): Outbox {
    if (!this.enter(now)) return this.outbox;
    // Late, but not so late that authority is lost: datagrams may be waiting, so nobody is accused yet.
    if (this.rounds.isLate(now)) this.membership.links.late(now);
    this.membership.tick(now, this.outbox);
    this.suspicion.tick(now);
    this.suspicion.calibrate(now);
    if (!this.listening.hesitation.active) this.holdings.tick(now, this.addresses.list);
    for (const address of this.probing.tick(now)) this.decisions.reconsider(now, address);
    return this.leave(now);
  }

  /** When {@link tick} should be called, in the clock of `now`; Infinity for never. */
  nextDeadline(): number {
    return this.deadline;
  }

  /**
   * Leaves: hands over what others can take, and goes on answering for that until they have, then says goodbye and is silent for ever after. Go on with the other
   * calls until {@link ended}; that takes 100 ms at most, and a second call does not wait.
   */
  stop(now: number): Outbox {
    if (!this.enter(now)) return this.outbox;
    this.leavesAt = this.decisions.leaving ? now : this.decisions.leave(now, this.addresses.list);
    this.rounds.hasten(now);
    this.rounds.tellStates();
    return this.leave(now);
  }

  /** Whether it has said goodbye: it does nothing any more. */
  get ended(): boolean {
    return this.stopped;
  }

  /** What the core knows now. `now` as in the other calls. Takes as long as there are addresses. */
  snapshot(now: number): LanSnapshot {
    return { ...this.summary(now), addresses: this.survey().take(now, Infinity) };
  }

  /** The part of a snapshot that is short. */
  summary(now: number): LanSummary {
    return {
      node: this.node,
      authorised: this.listening.authorised,
      listening: this.listening.active,
      peers: [...this.membership.peers.values()].map((peer) => peerSnapshot(now, peer)),
      frameDrops: { ...this.frameDrops },
      heartbeatDrops: { ...this.heartbeatDrops },
      suspicions: { ...this.suspicion.outcomes },
    };
  }

  /** The part that may be long, to be had some at a time. */
  survey(): Survey {
    return new Survey(this.addresses, (now, address) => (
      addressSnapshot(now, address, address.held ? this.node : this.decisions.about(now, address).holder)
    ));
  }

  private replan(now: number, { peers, revision = 0 }: LanPlan, { removed, taken }: Replanned): void {
    for (const address of removed) {
      this.holdings.lose(address, 'removedFromPlan');
      this.overheard.forget(address);
      this.probing.forget(address);
    }
    const first = !this.membership.planned;
    this.membership.setPeers(now, peers, this.outbox);
    this.decisions.revision = revision;
    if (first) {
      this.rounds.begin(now);
      if (this.membership.peers.size > 0) this.listening.start(now);
    }
    this.placement.assign(now, taken);
    this.rounds.tellStates();
  }

  /** Begins each call: empties the outbox, and finds out whether this node has been away. False once stopped. */
  private enter(now: number): boolean {
    this.outbox.clear();
    if (this.stopped) return false;
    if (this.authority.examine(now)) this.deadline = now;
    return true;
  }

  /** Ends each call that may have changed something: decides, tells, and computes the next deadline. */
  private leave(now: number): Outbox {
    this.suspicion.heed(now, this.outbox.events);
    this.listening.inquiry.tick(now);
    const { hesitation } = this.listening, certain = hesitation.end();
    if (this.listening.end(now)) {
      this.decisions.heedListened(now, this.listening.since, this.addresses.list);
      this.membership.changed = true;
      this.rounds.tell();
    }
    if (this.membership.introduced) {
      this.membership.introduced = false;
      this.rounds.tell();
    }
    if (now >= this.membership.settleDeadline) {
      this.membership.settle(now, this.outbox);
      this.decisions.heedLost(now, this.addresses.list);
      this.decisions.heedVouched(now, this.addresses.map);
    }
    if (certain) this.review.finish(now); // before anything is answered
    else this.review.step(now);
    this.reassurance.heed(now, this.outbox.events, this.addresses.list);
    this.handovers.heed(now, this.outbox.events);
    if (certain) this.takeAnew(now, hesitation.releaseAll(), this.listening.mayAnswer);
    const late = now >= this.leavesAt && !hesitation.active;
    if (this.decisions.leaving && (late || !this.addresses.list.some(({ held }) => held))) return this.end(now);
    this.reportMissingKey();
    this.rounds.beat(now);
    const { rounds, holdings, listening, membership, probing, review, suspicion } = this;
    this.deadline = Math.min(
      rounds.deadline, listening.hesitation.active ? Infinity : holdings.deadline, membership.links.deadline, suspicion.deadline,
      listening.deadline, listening.inquiry.deadline, probing.deadline, hesitation.active ? Infinity : this.leavesAt, membership.settleDeadline,
      review.deadline,
    );
    return this.outbox;
  }

  /** Answers what was withheld, also when this is the last call. */
  private takeAnew(now: number, frames: readonly Frame[], mayAnswer: boolean): void {
    const { frameCount } = this.outbox;
    for (const { ifindex, bytes, receivedAt } of frames) {
      const drop = this.reception.take(now, ifindex, bytes, bytes.length, receivedAt, mayAnswer);
      if (drop !== undefined) this.frameDrops[drop]++;
    }
    this.outbox.keep(frameCount);
  }

  private end(now: number): Outbox {
    this.stopped = true;
    for (const address of this.addresses.list) this.holdings.lose(address, 'stopped');
    this.outbox.withhold();
    this.rounds.goodbye(now);
    this.deadline = Infinity;
    return this.outbox;
  }

  private reportMissingKey(): void {
    if (this.keyMissingReported || this.listening.active || this.membership.keys.any || this.membership.peers.size === 0) return;
    this.keyMissingReported = true;
    this.outbox.event({ code: 'heartbeatKeyMissing' });
  }
}
