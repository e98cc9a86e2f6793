import { LanCore, LanPlan, Link, PlannedAddress } from '../../src/lan';
import { PLAN_MS } from '../../src/lan/ownership';
import { hardwareAddressKey, parseAddress } from '../../src/wire';
import { link, macOf, nodeMac } from '../lan/harness';

/** A holder that is no candidate any more waits for its successor so long, and looks at that once an interval. */
const HANDOVER_MS = PLAN_MS + 200;

/** One node of the simulated cluster, whether its speaker runs or not. */
export class VirtualNode {
  readonly name: string;
  /** Its own addresses: `93.5.22.44` and `fd93:5:22::44`. */
  readonly addresses: readonly [string, string];
  readonly protocolAddresses: ReadonlySet<number | bigint>;
  readonly mac: Uint8Array;
  readonly macKey: number;
  /** The speaker, while it runs. */
  core: LanCore | undefined;
  /** Speakers that were stopped; whatever is handed to them, they must stay silent. */
  readonly stopped: LanCore[] = [];
  /** The plan that its speaker has, or will have when it next runs. */
  latestPlan: LanPlan;
  /** When its speaker was given that plan, in the world's time. */
  planGivenAt = -Infinity;
  /** Its speaker was told to stop, and is handing over. */
  leaving = false;
  keys: readonly Uint8Array[];
  linkUp = true;
  segment = 0;
  heartbeatGroup = 0;
  pausedUntil = 0;
  pausedAt = 0;
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
  private readonly linkUpState: readonly Link[];
  private readonly linkDownState: readonly Link[];

  private planned = new Map<number | bigint, PlannedAddress>();
  private currentPlan!: LanPlan;

  constructor(readonly last: number, plan: LanPlan, key: Uint8Array) {
    this.name = `node-${last}`;
    this.latestPlan = this.plan = plan;
    const addresses = link(last).addresses.map((cidr) => cidr.split('/')[0]);
    this.addresses = [addresses[0], addresses[2]];
    this.protocolAddresses = new Set(this.addresses.map((text) => parseAddress(text)!));
    this.mac = macOf(nodeMac(last));
    this.macKey = hardwareAddressKey(this.mac);
    this.keys = [key];
    this.linkUpState = [link(last)];
    this.linkDownState = [link(last, { up: false })];
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

  /** Whether it may answer for an address now: it is a candidate, or hands the address over since it is none any more. */
  mayAnswer(now: number, address: number | bigint): boolean {
    const planned = this.planned.get(address);
    return planned !== undefined && (planned.candidates.includes(this.name) || now - this.planGivenAt < HANDOVER_MS);
  }

  get links(): readonly Link[] {
    return this.linkUp ? this.linkUpState : this.linkDownState;
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
