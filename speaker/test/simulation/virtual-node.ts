import { Port } from './port';
import { LanCore, LanPlan, Link, PlannedAddress } from '../../src/lan';
import { PLAN_MS } from '../../src/lan/ownership';
import { parseAddress } from '../../src/wire';

/** A holder that is no candidate any more waits for its successor so long, and looks at that once an interval. */
const HANDOVER_MS = PLAN_MS + 200;

/** How many ICMP errors Linux sends to one host at once, and at which distance afterwards (`net.ipv4.icmp_ratelimit`). */
const ICMP_BURST = 6, ICMP_SPACING_MS = 1000;

/** One node of the simulated cluster, whether its speaker runs or not. */
export class VirtualNode {
  /** Its interfaces, one on each LAN that it is on. */
  readonly ports: readonly Port[];
  /** Those to whose addresses the others send heartbeats. */
  heartbeatPorts: readonly Port[];
  /** The speaker, while it runs. */
  core: LanCore | undefined;
  /** When its speaker was started. */
  startedAt = -Infinity;
  /** Counts the speakers of all nodes. */
  incarnation = 0;
  /** Whether its speaker asks peers that are overdue, as it does by default. */
  fastDetection = true;
  /** Speakers that were stopped; whatever is handed to them, they must stay silent. */
  readonly stopped: LanCore[] = [];
  /** The plan that its speaker has, or will have when it next runs. */
  latestPlan: LanPlan;
  /** When its speaker was given that plan, in the world's time. */
  planGivenAt = -Infinity;
  /** Its speaker was told to stop, and is handing over. */
  leaving = false;
  keys: readonly Uint8Array[];
  heartbeatGroup = 0;
  /** Whose heartbeats do not reach it though they are sent: a cut in one direction. */
  readonly deafTo = new Set<VirtualNode>();
  pausedUntil = 0;
  pausedAt = 0;
  /** While it is paused: whether its kernel is, too, as in a virtual machine. */
  frozen = false;
  /** What came in while it was paused. */
  readonly backlog: (() => void)[] = [];
  /** Its clock runs so much faster than the world's, and began so much earlier. */
  clockRate = 1;
  clockOffset = 0;
  /** Until when it hears nothing from the API server. */
  apiAwayUntil = 0;
  /** When it will be woken, in its own time. */
  wakeAt = Infinity;
  /** Grows with each time it is to be woken, so that an earlier one is void. */
  wake = 0;
  /** For each host: when it will have been quiet for long enough to be sent a whole burst of ICMP errors. */
  private readonly refused = new Map<VirtualNode, number>();

  private planned = new Map<number | bigint, PlannedAddress>();
  private currentPlan!: LanPlan;

  /**
   * @param lans numbers of the LANs that it is on
   * @param name another's, if it is a twin
   */
  constructor(readonly last: number, plan: LanPlan, key: Uint8Array, lans: readonly number[] = [0], readonly name = `node-${last}`) {
    this.latestPlan = this.plan = plan;
    this.ports = lans.map((lan) => new Port(this, lan, last));
    this.heartbeatPorts = this.ports.slice(0, 1);
    this.keys = [key];
  }

  /** The first of its interfaces, and in most scenarios the only one. */
  get port(): Port {
    return this.ports[0];
  }

  /** Its interface on a LAN. */
  portOn(lan: number): Port | undefined {
    return this.ports.find((port) => port.lan === lan);
  }

  /** The plan that its speaker has. */
  get plan(): LanPlan {
    return this.currentPlan;
  }

  set plan(plan: LanPlan) {
    this.currentPlan = plan;
    this.planned = new Map(plan.addresses.map((address) => [parseAddress(address.address)!, address]));
  }

  /** What its plan says of an address. */
  plannedFor(address: number | bigint): PlannedAddress | undefined {
    return this.planned.get(address);
  }

  /** Whether it may answer for an address on an interface now: it is a candidate, or hands the address over since it is none any more. */
  mayAnswer(now: number, address: number | bigint, port: Port): boolean {
    const planned = this.planned.get(address);
    if (planned === undefined || !port.serves(planned, port.toldName)) return false;
    return planned.candidates.includes(this.name) || now - this.planGivenAt < HANDOVER_MS;
  }

  /** Whether another is a node of the cluster by the plan of its speaker. */
  knows({ name }: VirtualNode): boolean {
    return this.currentPlan.peers.some(({ node }) => node === name);
  }

  get links(): readonly Link[] {
    return this.ports.filter(({ present }) => present).map((port) => port.linkOf(this.last));
  }

  /** Whether it could answer for an address on an interface, if it is to. */
  canAnswer(address: number | bigint, port: Port): boolean {
    const planned = this.planned.get(address);
    return port.onLan && planned !== undefined && planned.candidates.includes(this.name) && port.serves(planned);
  }

  /** Does something now, or when its kernel runs again. */
  whenKernelRuns(now: number, run: () => void): void {
    if (this.frozen && this.pausedUntil > now && this.core !== undefined) this.backlog.push(run);
    else run();
  }

  /** Whether its kernel sends an ICMP error to another node now. */
  mayRefuse(now: number, to: VirtualNode): boolean {
    const next = Math.max(this.refused.get(to) ?? 0, now) + ICMP_SPACING_MS;
    if (next - now > ICMP_BURST * ICMP_SPACING_MS) return false;
    this.refused.set(to, next);
    return true;
  }

  /** What its clock shows. */
  local(now: number): number {
    return now * this.clockRate + this.clockOffset;
  }

  /** When its clock will show a time: a hair later, so that rounding does not wake it too early. */
  world(local: number): number {
    return (local - this.clockOffset) / this.clockRate + 1e-6;
  }
}
