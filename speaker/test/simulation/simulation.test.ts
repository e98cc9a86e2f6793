/** The campaign that every build runs: on all cores, and outside of jest, whose instruments make it several times slower. */
import { execFile } from 'child_process';
import { mkdtempSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { promisify } from 'util';
import { buildSync } from 'esbuild';
import { expectNoFailure } from './campaign';
import { Cost, KNOWN_MS } from './cluster';
import { FAMILIES, Families } from './scenario';
import { FULL_MESH_NODES } from '../../src/lan/overlay';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'simulation-'));
const program = join(folder, 'simulate.js');

beforeAll(() => void buildSync({ entryPoints: [join(__dirname, 'main.ts')], bundle: true, platform: 'node', outfile: program, logLevel: 'error' }));
afterAll(() => rmSync(folder, { recursive: true }));

/** Most of them failed before there was fast detection. */
const BOTH = ['-patient', ''];

const simulate = (...options: string[]) => run(process.execPath, [program, ...options]).then(
  ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
  ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, stdout, stderr }),
);

test.each([
  ['small', 190, 1],
  ['small-patient', 70, 1],
  ['rough', 95, 1],
  ['rough-patient', 50, 1],
  ['wild', 85, 1],
  ['wild-patient', 50, 1],
  ['ipvs', 40, 1],
  ['ipvs-patient', 20, 1],
  ['abrupt', 40, 1],
  ['lans', 50, 1],
  ['lans-patient', 20, 1],
  ['crowd', 2, 1],
  ['crowd-patient', 1, 1],
  ['sparse', 1, 1],
  ['vast', 1, 3], // 71 nodes; others have up to 200
])('the invariants hold in %s scenarios, with %i seeds of each family from %i on', async (kind, seeds, first) => {
  const { code, stdout } = await simulate('--kinds', kind, '--seeds', String(seeds), '--first', String(first));
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(new RegExp(`^${3 * seeds} of ${3 * seeds} scenarios, \\d+ steps, 0 fail`)) });
}, 300_000);

test('what a node sends at rest does not grow with the cluster, nor does the time until all know of a death', async () => {
  const outputs = await Promise.all([[FULL_MESH_NODES, 64, 100], [200]].map((counts) => simulate('--cost', counts.join())));
  const [full, ...sparse] = outputs.flatMap(({ stdout }) => stdout.trim().split('\n')).map((line) => JSON.parse(line) as Cost);
  expect(sparse.map(({ nodes }) => nodes)).toEqual([64, 100, 200]);
  for (const { datagrams, octets, frames, detectionMs } of sparse) {
    // Ten heartbeats or a few more to each of sixteen neighbours, and two pages of what is known of all nodes, or three.
    expect(datagrams).toBeGreaterThan(100);
    expect(datagrams).toBeLessThan(16 * 10 * 1.06 + 16 * 3);
    expect(octets).toBeLessThan(full.octets / 2);
    expect(octets).toBeLessThan(sparse[0].octets * 1.15);
    expect(frames).toBeLessThan(1);
    expect(detectionMs).toBeLessThan(KNOWN_MS);
  }
}, 300_000);

test('a scenario is the same whenever it is replayed', async () => {
  const replays = await Promise.all([1, 2].map(() => simulate('--replay', 'rough/both/17')));
  expect(replays[0]).toEqual(replays[1]);
  expect(replays[0].stdout).toMatch(/node-44 starts[^]*rough\/both\/17: \d{3,} steps, 0 violations/);
});

test.each([
  [['--kinds', 'calm'], /'calm' is none of small, ipvs, rough/],
  [['--seeds', '0'], /--seeds 0: give a whole number from 1/],
  [['--cost', '32,201'], /--cost 201: give a whole number from 2 to 200/],
  [['--replay', 'rough/17'], /'rough\/17' names no scenario: give small\|ipvs\|rough/],
])('%j is refused', async (options, message) => {
  expect(await simulate(...options)).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
});

test.each([
  [42, 'a deadline of "last round + 10 ms" was checked as "now - last round >= 10", which rounding made false for ever'],
  [458, 'a better candidate was heard but did not take the address, and was waited for without end'],
  [7709, 'a peer that was never heard was taken for a stranger, and its hardware address was asked for too late'],
  [8522, 'the same with four nodes, three of which see their heartbeats cut from each other'],
  [66, 'a node that had taken an address behind a cut was no candidate any more when it came back, and its clients were told nothing'],
])('small scenario %i, which once failed: %s', (seed) => {
  expectNoFailure(BOTH.flatMap((detection) => FAMILIES.map((families) => ({ kind: `small${detection}`, families, seed }))));
});

test('rough scenario 114, which once failed: who took an address by mistake was heard by a client after the holder, who said so only once', () => {
  expectNoFailure(BOTH.map((detection) => ({ kind: `rough${detection}`, families: 'ipv6', seed: 114 })));
});

test.each<[Families, number, string]>([
  ['ipv4', 24, 'a cluster that heard neither of two holders took the address from the one that was found to be gone, without asking for the other'],
  ['ipv4', 203, 'a holder was not asked again while others waited for the address that was vacant to them, though it could hear questions by then'],
  ['ipv4', 2159, 'the same, and its hardware address had changed'],
  ['both', 2212, 'a claim on the LAN counted no more since heartbeats said the same, and these ceased'],
  ['ipv6', 1116, 'who may announce an address from now on did not know the hardware address of a node that it never heard, and took its answer for that of a foreign host'],
])('wild scenario %s/%i, which once failed: %s', (families, seed) => {
  expectNoFailure([{ kind: 'wild', families, seed }]);
});

test('wild scenario 5011, which once failed: a node that a new plan made a candidate took an address whose holder it did not hear', () => {
  expectNoFailure(BOTH.map((detection) => ({ kind: `wild${detection}`, families: 'ipv6', seed: 5011 })));
});

test.each([
  [35, 'who held an address on the other LAN alone, and ranked higher, never yielded to one on the LAN where it belongs; each announced it again and again'],
  [44, 'answers for an address came on both LANs at a time, but on one alone it was asked by whom: its holder was believed to be off its LAN'],
  [59, 'the same; and a peer was not looked for on a LAN that had just been joined, since another hardware address of it was known'],
])('lans scenario %i, which once failed: %s', (seed) => {
  expectNoFailure(BOTH.map((detection) => ({ kind: `lans${detection}`, families: 'ipv4', seed })));
});

test('lans scenario 4009, which once failed: a node that had stopped in good order was started again behind a cut, and clients there were not told after that', () => {
  expectNoFailure([{ kind: 'lans', families: 'both', seed: 4009 }]);
});

test.each<[Families, number, string]>([
  ['ipv6', 1015, 'a node that the other does not know by its plan yet is no peer of it, whatever heartbeats come through'],
  ['ipv6', 1142, 'a client behind a cut is told by a refresh alone, if heartbeats go over another network'],
])('wild scenario %s/%i, in which more was expected than can be: %s', (families, seed) => {
  expectNoFailure(BOTH.map((detection) => ({ kind: `wild${detection}`, families, seed })));
});
