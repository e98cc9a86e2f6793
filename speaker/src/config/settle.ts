import { ObjectReport } from './field';
import { ProblemCode } from './problem';

/** One custom resource on its way into the configuration. */
export interface Candidate<T> {
  readonly name: string;
  readonly creationTimestamp: string;
  /** As read now; undefined when it is wrong in itself. */
  readonly current: T | undefined;
  /** Its last good version. */
  readonly previous: T | undefined;
  readonly report: ObjectReport;
}

/** What `ObjectReport.add` takes. */
export type Finding = [code: ProblemCode, field: string, value: unknown, message: string, fix: string];

export interface Rules<T> {
  /** True when the version wants nothing, of what only one may have, that its last good version did not have. */
  hadAll(version: T, previous: T): boolean;
  /** What the version contradicts of those that are placed. */
  conflicts(version: T, placed: readonly T[]): Finding[];
}

/**
 * Decides which version of each resource of a kind holds, so that no two contradict each other.
 *
 * They are placed one after another, and one that contradicts a placed one gets a problem and goes back to its last good version. First come those that
 * had before what they want, then last good versions of those that went back, then those that want something more, then new ones; within each the older,
 * then by name. A last good version may need what was just given away, so going back begins anew, and whoever has what was somebody else's must go
 * back, too. Each goes back at most once. So whoever uses something keeps it, and a text without contradictions holds as a whole whatever was before.
 *
 * @returns the version that holds of each resource that has one
 */
export function settle<T, C extends Candidate<T>>(candidates: readonly C[], rules: Rules<T>): Map<C, T> {
  const wentBack = new Set<C>();
  for (;;) {
    const settled = new Map<C, T>();
    const placed: T[] = [];
    let again = false;
    for (const { candidate, version } of inOrderOfClaim(candidates, rules, wentBack)) {
      const findings = rules.conflicts(version, placed);
      if (findings.length === 0) {
        settled.set(candidate, version);
        placed.push(version);
      } else if (candidate.current && !wentBack.has(candidate)) {
        for (const finding of findings) candidate.report.add(...finding);
        wentBack.add(candidate);
        again ||= candidate.previous !== undefined;
      }
    }
    if (!again) return settled;
  }
}

/** The version of each candidate that is to be placed, in the order of placing. */
export function inOrderOfClaim<T, C extends Candidate<T>>(
  candidates: readonly C[], rules: Pick<Rules<T>, 'hadAll'>, wentBack: ReadonlySet<C> = new Set(),
): { candidate: C; version: T }[] {
  return candidates.flatMap((candidate) => {
    const { previous } = candidate;
    const back = wentBack.has(candidate);
    const version = back ? previous : candidate.current ?? previous;
    if (!version) return [];
    const claim = back ? 1 : !previous ? 3 : rules.hadAll(version, previous) ? 0 : 2;
    return [{ candidate, version, claim }];
  }).sort((a, b) => a.claim - b.claim || compareText(a.candidate.creationTimestamp, b.candidate.creationTimestamp)
    || compareText(a.candidate.name, b.candidate.name));
}

/** In the order of code units, which is the same everywhere. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
