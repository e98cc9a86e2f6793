/**
 * Random scenarios against the invariants, with addresses of IPv4, of IPv6, and of both. `LAN_SIMULATION_SEED=123` replays one scenario and
 * prints what happened in it, `LAN_SIMULATION_FAMILIES=ipv6` with these addresses; `LAN_SIMULATION_RUNS=10000` runs more of them, beginning
 * with the seed in `LAN_SIMULATION_FIRST`.
 */
import { Families, Scenario } from './scenario';

const seed = process.env.LAN_SIMULATION_SEED;
const first = Number(process.env.LAN_SIMULATION_FIRST ?? 1);
const runs = Number(process.env.LAN_SIMULATION_RUNS ?? 40);
const ALL: readonly Families[] = ['ipv4', 'ipv6', 'both'];
const chosen = ALL.filter((families) => families === (process.env.LAN_SIMULATION_FAMILIES ?? families));

function explain(failed: number, families: Families): string {
  const { violations, log } = new Scenario(failed, families).run();
  return [`seed ${failed} (LAN_SIMULATION_SEED=${failed} LAN_SIMULATION_FAMILIES=${families} replays it): ${violations.join('; ')}`, ...log.slice(-60)].join('\n');
}

if (seed !== undefined) {
  test.each(chosen)(`scenario ${seed} with %s`, (families) => {
    const { violations, log } = new Scenario(Number(seed), families).run();
    process.stdout.write(`${log.join('\n')}\n`);
    expect(violations).toEqual([]);
  });
} else {
  test.each([
    [42, 'a deadline of "last round + 10 ms" was checked as "now - last round >= 10", which rounding made false for ever'],
    [458, 'a better candidate was heard but did not take the address, and was waited for without end'],
    [7709, 'a peer that was never heard was taken for a stranger, and its hardware address was asked for too late'],
    [8522, 'the same with four nodes, three of which see their heartbeats cut from each other'],
  ])('scenario %i, which once failed: %s', (each) => {
    for (const families of ALL) expect(new Scenario(each, families).run().violations).toEqual([]);
  });

  test.each(chosen)(`the invariants hold in ${runs} random scenarios with %s, from seed ${first}`, (families) => {
    const failed: number[] = [];
    for (let each = first; each < first + runs; each++) {
      if (new Scenario(each, families).run().violations.length > 0) failed.push(each);
    }
    if (failed.length > 0) throw new Error(`${failed.length} of ${runs} scenarios fail: ${failed.slice(0, 20).join(', ')}\n${explain(failed[0], families)}`);
  }, 600_000);
}
