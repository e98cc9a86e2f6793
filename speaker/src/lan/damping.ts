/**
 * How long a node that comes and goes waits for its turn. The idea is that of route flap damping (RFC 2439 §2.2): each time it goes adds to a penalty, which halves with time.
 */

/** Time in which a penalty halves. */
const HALF_LIFE_MS = 5 * 60_000;
/** What the second time costs; each further one costs about twice as much. */
const STEP_MS = 10_000;
/** A node never waits longer than this, or than the hold-down if that is longer. */
export const MOST_DAMPED_MS = 15 * 60_000;

/** A penalty after some time without a new fault. */
export function decayed(penalty: number, elapsedMs: number): number {
  return penalty * 2 ** (-elapsedMs / HALF_LIFE_MS);
}

/** How long a node must be steadily there before it is given anything. A single fault within minutes is forgiven. */
export function turnDelayMs(holdDownMs: number, penalty: number): number {
  const repeated = Math.max(0, penalty - 1);
  return Math.max(holdDownMs, Math.min(holdDownMs + (2 ** repeated - 1) * STEP_MS, MOST_DAMPED_MS));
}

/** Penalties of the nodes, by name. */
export class Damping {
  private readonly penalties = new Map<string, { value: number; at: number }>();

  /** The node has gone. Faults at one moment are one fault: it may have had many addresses. */
  fault(now: number, node: string): void {
    if (this.penalties.get(node)?.at === now) return;
    this.penalties.set(node, { value: this.penaltyOf(now, node) + 1, at: now });
  }

  penaltyOf(now: number, node: string): number {
    const penalty = this.penalties.get(node);
    return penalty === undefined ? 0 : decayed(penalty.value, now - penalty.at);
  }

  /** Forgets nodes that are in the plan no longer. */
  keep(nodes: ReadonlyMap<string, unknown>): void {
    for (const node of this.penalties.keys()) if (!nodes.has(node)) this.penalties.delete(node);
  }
}
