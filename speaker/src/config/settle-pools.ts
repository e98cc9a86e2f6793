import { IntervalSet, IpRange } from '../ip';
import { ObjectReport } from './field';
import { Pool } from './pool';
import { overlapFix, overlapMessage, RangeIndex } from './pool-overlap';
import { compareAge } from './settle';

/** One IPAddressPool on its way into the configuration. */
export interface PoolCandidate {
  readonly name: string;
  readonly creationTimestamp: string;
  /** As read now; undefined when it is wrong in itself. */
  readonly current: Pool | undefined;
  /** Its last good version. */
  readonly previous: Pool | undefined;
  readonly report: ObjectReport;
}

interface Owned {
  readonly range: IpRange;
  readonly owner: PoolCandidate;
}

/**
 * Decides which version of each pool holds, so that no address is in two pools.
 *
 * Pools are placed one after another, and one that would overlap a placed pool gets a problem and goes back to its last good version. Those whose
 * addresses were theirs already are placed first, then those that were there and grew, then new ones; within each, the older by creation time, then by
 * name. So whoever uses an address keeps it, and a text without overlaps holds as a whole whatever was there before (two pools may swap addresses).
 *
 * A last good version may need addresses that a placed newcomer has taken. Last good versions overlap none of each other, so it is the newcomer that must
 * give way, to its own last good version. Each pool goes back at most once: the whole is O(n log n) searches.
 *
 * @returns the version that holds of each pool that has one
 */
export function settlePools(candidates: readonly PoolCandidate[]): Map<PoolCandidate, Pool> {
  const placed = new RangeIndex<Owned>();
  const settled = new Map<PoolCandidate, Pool>();
  const wentBack = new Set<PoolCandidate>();
  const goingBack: PoolCandidate[] = candidates.filter(({ current }) => !current);

  const place = (owner: PoolCandidate, pool: Pool) => {
    settled.set(owner, pool);
    for (const range of pool.ranges) placed.add({ range, owner });
  };
  const evict = (owner: PoolCandidate, wanted: Owned) => {
    for (const range of settled.get(owner)!.ranges) placed.remove(range);
    settled.delete(owner);
    const range = owner.current!.ranges.find((own) => own.overlaps(wanted.range))!;
    reportOverlap({ range, owner }, wanted);
    goingBack.push(owner);
  };
  const goBack = (owner: PoolCandidate) => {
    wentBack.add(owner);
    const { previous } = owner;
    if (!previous) return;
    for (const range of previous.ranges) {
      for (let other = placed.firstOverlap(range); other; other = placed.firstOverlap(range)) {
        // Only when the previous versions overlap each other, which no configuration made here does.
        if (wentBack.has(other.owner)) return;
        evict(other.owner, { range, owner });
      }
    }
    place(owner, previous);
  };
  const settle = () => {
    for (let owner = goingBack.shift(); owner; owner = goingBack.shift()) goBack(owner);
  };

  settle();
  for (const owner of inOrderOfClaim(candidates)) {
    const conflicts = owner.current!.ranges.flatMap((range) => {
      const other = placed.firstOverlap(range);
      return other ? [{ range, other }] : [];
    });
    for (const { range, other } of conflicts) reportOverlap({ range, owner }, other);
    if (conflicts.length === 0) place(owner, owner.current!);
    else goingBack.push(owner);
    settle();
  }
  return settled;
}

function reportOverlap(loser: Owned, winner: Owned): void {
  const { name, report, current } = loser.owner;
  const field = `spec.addresses[${current!.ranges.indexOf(loser.range)}]`;
  const message = overlapMessage(loser.range, name, winner.range, winner.owner.name);
  report.add('OverlappingAddresses', field, loser.range.text, message, overlapFix(name, winner.owner.name));
}

/** Candidates that are right in themselves, in the order in which they are placed. */
function inOrderOfClaim(candidates: readonly PoolCandidate[]): PoolCandidate[] {
  return candidates.filter(({ current }) => current)
    .map((candidate) => ({ candidate, claim: claim(candidate) }))
    .sort((a, b) => a.claim - b.claim || compareAge(a.candidate, b.candidate))
    .map(({ candidate }) => candidate);
}

/** 0: has had all these addresses; 1: has had others; 2: is new. */
function claim({ current, previous }: PoolCandidate): number {
  if (!previous) return 2;
  return covers(previous.ranges, current!.ranges) ? 0 : 1;
}

/** True when each range lies within what the others cover together. */
function covers(others: readonly IpRange[], ranges: readonly IpRange[]): boolean {
  const covered = { IPv4: new IntervalSet(), IPv6: new IntervalSet() };
  for (const { family, first, last } of others) covered[family].add(first.value, last.value);
  return ranges.every(({ family, first, last }) => (covered[family].containing(first.value)?.last ?? -1n) >= last.value);
}
