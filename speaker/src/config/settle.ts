import { canonicalText } from './canonical-text';
import { ObjectReport } from './field';
import { ProblemCode } from './problem';

interface Aged {
  readonly name: string;
  readonly creationTimestamp: string;
}

/** One custom resource on its way into the configuration. */
export interface Candidate<T> extends Aged {
  /** As read now; undefined when it is wrong in itself. */
  readonly current: T | undefined;
  /** Its last good version. */
  readonly previous: T | undefined;
  readonly report: ObjectReport;
}

/** What `ObjectReport.add` takes. */
export type Finding = [code: ProblemCode, field: string, value: unknown, message: string, fix: string];

/** What came out of settling. */
export interface Settled<T, C> {
  /** The version that holds of each candidate that has one. */
  readonly versions: Map<C, T>;
  /** What is wrong with those whose text does not hold as it is. */
  readonly findings: ReadonlyMap<C, readonly Finding[]>;
  /** Whether somebody went back to the last good version. */
  readonly wentBack: boolean;
}

export interface Rules<T> {
  /** True when the version wants nothing, of what only one may have, that its last good version did not have. */
  hadAll(version: T, previous: T): boolean;
  /** What the version contradicts of those that are placed. */
  conflicts(version: T, placed: readonly T[]): Finding[];
}

/**
 * Decides which version of each resource of a kind holds, so that no two contradict each other. Used by way of `settleForGood`.
 *
 * They are placed one after another, and one that contradicts a placed one gets a problem and goes back to its last good version. First come those that
 * had before what they want, then those that want something more, then new ones; within each the older, then by name. One that goes back has had before
 * what it wants, and somebody else may just have been given it; therefore going back begins anew. Each goes back at most once. So whoever uses something
 * keeps it, and a text without contradictions holds as a whole whatever was before.
 */
export function settle<T, C extends Candidate<T>>(candidates: readonly C[], rules: Rules<T>): Settled<T, C> {
  const wentBack = new Map<C, Finding[]>();
  for (;;) {
    const versions = new Map<C, T>();
    const placed: T[] = [];
    const lost = new Map<C, Finding[]>();
    const back = wentBack.size;
    for (const { candidate, version } of inOrderOfClaim(candidates, rules, wentBack)) {
      const findings = rules.conflicts(version, placed);
      if (findings.length === 0) {
        versions.set(candidate, version);
        placed.push(version);
      } else if (version === candidate.current) {
        const goesBack = candidate.previous && !rules.hadAll(version, candidate.previous);
        (goesBack ? wentBack : lost).set(candidate, findings);
      }
    }
    if (wentBack.size === back) return { versions, findings: new Map([...wentBack, ...lost]), wentBack: back > 0 };
  }
}

/** The version of each candidate that is to be placed, in the order of placing. */
function inOrderOfClaim<T, C extends Candidate<T>>(
  candidates: readonly C[], rules: Rules<T>, wentBack: ReadonlyMap<C, unknown>,
): { candidate: C; version: T }[] {
  return candidates.flatMap((candidate) => {
    const { previous } = candidate;
    const version = wentBack.has(candidate) ? previous : candidate.current ?? previous;
    return version ? [{ candidate, version, claim: !previous ? 2 : rules.hadAll(version, previous) ? 0 : 1 }] : [];
  }).sort((a, b) => a.claim - b.claim || compareAge(a.candidate, b.candidate));
}

/** The older first, then by name. */
export function compareAge(a: Aged, b: Aged): number {
  return compareText(a.creationTimestamp, b.creationTimestamp) || compareText(a.name, b.name);
}

/** In the order of code units, which is the same everywhere. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Settles, and settles again from what came out, as long as that brings forward one that gave way to another that had to give way itself. So the next time,
 * with nothing changed, the same comes out. What is wrong goes to the reports.
 *
 * @param settleOnce given the candidates, with `previous` as the round before left it
 * @returns the version that holds of each candidate that has one
 */
export function settleForGood<T, C extends Candidate<T>>(
  candidates: readonly C[], settleOnce: (candidates: readonly C[], round: number) => Settled<T, C>,
): Map<C, T> {
  let copies = candidates;
  let text = '';
  for (let round = 0; ; round += 1) {
    const { versions, findings, wentBack } = settleOnce(copies, round);
    const holding = copies.map((copy) => versions.get(copy));
    const former = text;
    text = canonicalText(holding);
    // Each round but the last, another text holds as it is.
    if (!wentBack || text === former || round > candidates.length) {
      for (const [{ report }, found] of findings) for (const finding of found) report.add(...finding);
      return new Map(candidates.flatMap((candidate, index): [C, T][] => {
        const version = holding[index];
        return version === undefined ? [] : [[candidate, version]];
      }));
    }
    copies = copies.map((copy, index) => ({ ...copy, previous: holding[index] }));
  }
}
