/** The pieces of the core, and which of them know which. What each does is told at its head; how they play together, in core.ts. */
import { Addresses } from './addresses';
import { Authority } from './authority';
import { checkOptions } from './checks';
import { Conflicts } from './conflict';
import { Decisions } from './decisions';
import { Gratuitous } from './gratuitous';
import { Handovers } from './handover';
import { Holdings } from './holdings';
import { Interfaces } from './interfaces';
import { Kernels } from './kernels';
import { Listening } from './listening';
import { Membership } from './membership';
import { Outbox } from './outbox';
import { Overheard } from './overheard';
import { Placement } from './placement';
import { Probing } from './probing';
import { Reassurance } from './reassurance';
import { Reception } from './reception';
import { Review } from './review';
import { Rounds } from './rounds';
import { Suspicion } from './suspicion';
import { LanCoreOptions } from './types';

export class Parts {
  protected readonly node: string;
  protected readonly outbox = new Outbox();
  protected readonly interfaces: Interfaces;
  protected readonly addresses = new Addresses();
  protected readonly membership: Membership;
  protected readonly holdings: Holdings;
  protected readonly handovers: Handovers;
  protected readonly listening: Listening;
  protected readonly probing: Probing;
  protected readonly decisions: Decisions;
  protected readonly reassurance: Reassurance;
  protected readonly overheard: Overheard;
  protected readonly reception: Reception;
  protected readonly rounds: Rounds;
  protected readonly placement: Placement;
  protected readonly suspicion: Suspicion;
  protected readonly authority: Authority;
  protected readonly review: Review;

  /** @throws {LanError} `LAN_OPTIONS_INVALID` when the node name or the heartbeat's interval or multiplier cannot be used. */
  constructor(options: LanCoreOptions) {
    checkOptions(options);
    const { node, incarnation, heartbeat: { intervalMs, multiplier } } = options;
    this.node = node;
    this.membership = new Membership(node, BigInt.asUintN(64, incarnation), intervalMs, multiplier, options.fastDetection ?? false);
    this.interfaces = new Interfaces(options.excludeInterfaces);
    this.overheard = new Overheard(this.membership.peers);
    const gratuitous = new Gratuitous(options.gratuitous ?? {}, options.random, this.overheard);
    this.holdings = new Holdings(this.membership, gratuitous, this.outbox);
    this.reassurance = new Reassurance(this.holdings, this.membership.peers);
    this.handovers = new Handovers(node, this.membership.peers, options.failback ?? { mode: 'never' });
    this.listening = new Listening(this.membership, this.outbox);
    this.probing = new Probing(options.conflictDetection ?? false, options.random, this.outbox);
    this.decisions = new Decisions(this.membership, this.listening, this.holdings, this.handovers, this.probing);
    const { interfaces, addresses, membership, overheard, probing, outbox, listening, decisions, holdings } = this;
    const kernels = new Kernels(membership, outbox);
    this.suspicion = new Suspicion(membership, interfaces, addresses, outbox);
    this.reception = new Reception(
      interfaces, addresses, membership, new Conflicts(gratuitous), overheard, probing, kernels, this.suspicion, outbox,
    );
    this.rounds = new Rounds(intervalMs, options.random, membership, listening, decisions, holdings, interfaces, addresses, kernels, outbox);
    this.authority = new Authority(membership, listening, holdings, addresses, this.rounds, this.suspicion);
    this.review = new Review(membership, addresses, decisions);
    this.placement = new Placement(membership, listening, decisions, holdings, this.rounds, interfaces, addresses, outbox);
  }
}
