import { FAMILIES, Families, KINDS, Scenario } from './scenario';

/** A scenario's name: kind, families of addresses and seed, as `rough/both/17`. */
export interface Name {
  readonly kind: string;
  readonly families: Families;
  readonly seed: number;
}

export interface Failure {
  readonly name: string;
  readonly violations: readonly string[];
}

export interface Tally {
  scenarios: number;
  steps: number;
  readonly failures: Failure[];
}

export function formatName({ kind, families, seed }: Name): string {
  return `${kind}/${families}/${seed}`;
}

/** @throws Error naming what is wrong with the text, and what is allowed */
export function parseName(text: string): Name {
  const [kind, families, seed] = text.split('/');
  const known = FAMILIES.find((each) => each === families);
  if (!(kind in KINDS) || known === undefined || !/^\d+$/.test(seed ?? '')) {
    throw new Error(`'${text}' names no scenario: give ${Object.keys(KINDS).join('|')}/${FAMILIES.join('|')}/SEED, as rough/both/17`);
  }
  return { kind, families: known, seed: Number(seed) };
}

/** The scenarios of a campaign, in the order in which they are run: for each seed each of the families. */
export function* scenarios(kind: string, families: readonly Families[], first: number, seeds: number): Generator<Name> {
  for (let seed = first; seed < first + seeds; seed++) {
    for (const each of families) yield { kind, families: each, seed };
  }
}

/** Runs one scenario and counts it; what it throws is a finding like a violation. */
export function run(name: Name, tally: Tally): void {
  tally.scenarios++;
  try {
    const { violations, steps } = new Scenario(name.seed, name.families, name.kind).run();
    tally.steps += steps;
    if (violations.length > 0) tally.failures.push({ name: formatName(name), violations });
  } catch (error) {
    tally.failures.push({ name: formatName(name), violations: [(error as Error).stack ?? String(error)] });
  }
}

/** Runs all of them and fails with what was found, and with what happened in the first one that failed. */
export function expectNoFailure(names: Iterable<Name>): Tally {
  const tally: Tally = { scenarios: 0, steps: 0, failures: [] };
  for (const name of names) run(name, tally);
  const [first] = tally.failures;
  if (first === undefined) return tally;
  const { kind, families, seed } = parseName(first.name);
  const { log } = new Scenario(seed, families, kind).run();
  throw new Error([
    `${tally.failures.length} of ${tally.scenarios} scenarios fail: ${tally.failures.slice(0, 20).map(({ name }) => name).join(' ')}`,
    `${first.name} (npm run simulate -- --replay ${first.name}): ${first.violations.join('; ')}`,
    ...log.slice(-60),
  ].join('\n'));
}
