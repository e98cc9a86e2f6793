import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { readOptions, UsageError } from '../bench/options';
import { Case, compare, report, summarize } from '../bench/report';

describe('a summary', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);

  test.each([
    ['of one sample is that sample', [7], { n: 1, min: 7, p50: 7, p99: 7, p999: 7, max: 7 }],
    ['sorts as numbers, not as text', [10, 9, 100], { n: 3, min: 9, p50: 10, p99: 100, p999: 100, max: 100 }],
    ['takes the lower of two in the middle (nearest rank)', [1, 2, 3, 4], { n: 4, min: 1, p50: 2, p99: 4, p999: 4, max: 4 }],
    ['of 1 to 100 has the percentiles that its samples are', hundred, { n: 100, min: 1, p50: 50, p99: 99, p999: 100, max: 100 }],
  ])('%s', (_, samples, expected) => {
    expect(summarize(samples)).toEqual(expected);
  });

  test('leaves the samples in their order', () => {
    const samples = [3, 1, 2];
    summarize(samples);
    expect(samples).toEqual([3, 1, 2]);
  });
});

describe('a case', () => {
  test('beside a reference has the ratio of the medians', () => {
    expect(compare('answer', 'µs', [30, 10, 20], { name: 'kernel', samples: [16, 8, 32] })).toEqual({
      name: 'answer', unit: 'µs', n: 3, min: 10, p50: 20, p99: 30, p999: 30, max: 30, reference: { name: 'kernel', p50: 16, p99: 32, p999: 32, max: 32 }, ratio: 1.25,
    });
  });

  test('without one has none', () => {
    expect(compare('RSS', 'MiB', [44])).toEqual({ name: 'RSS', unit: 'MiB', n: 1, min: 44, p50: 44, p99: 44, p999: 44, max: 44 });
  });
});

describe('a report', () => {
  const cases: Case[] = [compare('answer', 'µs', [26.4567, 27], { name: 'kernel', samples: [9.85, 10] }), compare('RSS', 'MiB', [44])];
  let printed: jest.SpyInstance;

  beforeEach(() => {
    printed = jest.spyOn(console, 'log').mockImplementation();
  });
  afterEach(() => printed.mockRestore());

  test('is a table whose columns are aligned', () => {
    report('arp', cases);
    const [, title, head, line, first, second] = printed.mock.calls[0][0].split('\n');
    expect(title).toBe('arp');
    expect(head).toMatch(/^case +unit +n +min +p50 +p99 +p99\.9 +max +reference +p50 +p99 +p99\.9 +max +ratio of p50$/);
    expect(first).toMatch(/^answer +µs +2 +26\.46 +26\.46 +27 +27 +27 +kernel +9\.85 +10 +10 +10 +2\.686$/);
    expect(second).toMatch(/^RSS +MiB +1 +44 +44 +44 +44 +44$/);
    expect(first).toHaveLength(line.length);
  });

  test('is written as JSON with the same cases', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-report-'));
    try {
      const file = path.join(folder, 'arp.json');
      report('arp', cases, file);
      expect(JSON.parse(fs.readFileSync(file, 'utf8'))).toEqual({ bench: 'arp', cases });
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
});

describe('the command line of the benchmarks', () => {
  test('has defaults that run our own program', () => {
    expect(readOptions(['memory'], '/usr/bin/node')).toEqual({
      bench: 'memory',
      json: undefined,
      api: 'embedded',
      nodes: 1,
      rounds: 10,
      runs: 1,
      cases: ['crash', 'kill', 'pause', 'cable', 'cable-management', 'stop', 'heartbeats', 'lan-cut'],
      settleMs: 2000,
      services: [0, 1, 1000],
      peers: [0, 3, 32],
      speaker: '/usr/bin/node speaker/dist/main.js speaker',
      controller: '/usr/bin/node speaker/dist/main.js controller',
    });
  });

  test('of allocation takes one number of Services', () => {
    expect(readOptions(['allocation'], 'node')).toMatchObject({ bench: 'allocation', services: [1000], runs: 1 });
    expect(readOptions(['allocation', '--services', '200', '--runs', '3'], 'node')).toMatchObject({ services: [200], runs: 3 });
  });

  test('asks with few and many Services', () => {
    expect(readOptions(['arp'], 'node').services).toEqual([1, 100, 1000]);
  });

  test('measures a peer by its command', () => {
    expect(readOptions(['arp', '--speaker-command', 'peer --node {node}', '--json', 'x.json'], 'node')).toMatchObject({ speaker: 'peer --node {node}', json: 'x.json' });
  });

  test('measures failover with enough nodes and runs', () => {
    expect(readOptions(['failover', '--case', 'stop,kill'], 'node')).toMatchObject({ nodes: 3, runs: 30, cases: ['stop', 'kill'] });
  });

  test.each([
    [[], 'say what to measure: arp, failover, memory, heartbeat, allocation, synth'],
    [['cpu'], "'cpu' is no benchmark"],
    [['arp', 'memory'], "'memory' is one word too many"],
    [['arp', '--speed', '3'], "Unknown option '--speed'"],
    [['arp', '--json'], 'argument missing'],
    [['arp', '--rounds', '0'], '--rounds 0: allowed is a whole number from 1 to 1000'],
    [['arp', '--rounds', '1e3'], '--rounds 1e3: allowed'],
    [['arp', '--nodes', '21'], '--nodes 21: allowed is a whole number from 1 to 20'],
    [['arp', '--runs', '2'], '--runs has no meaning for arp'],
    [['memory', '--rounds', '2'], '--rounds has no meaning for memory'],
    [['failover', '--nodes', '1'], '--nodes 1: allowed is a whole number from 2 to 20'],
    [['failover', '--case', 'flood'], '--case flood: allowed are crash, kill, pause, cable, cable-management, stop, heartbeats, lan-cut'],
    [['failover', '--services', '1'], '--services has no meaning for failover'],
    [['arp', '--case', 'kill'], '--case has no meaning for arp'],
    [['arp', '--services', '0'], '--services 0: allowed is a whole number from 1 to 10000'],
    [['memory', '--services', '1,1'], '--services 1,1: give ascending numbers'],
    [['memory', '--services', '1,,2'], '--services : allowed is a whole number from 0 to 10000'],
    [['memory', '--api', 'fast'], '--api fast: allowed are embedded and real'],
    [['allocation', '--services', '1,1000'], '--services 1,1000: give one number from 1 to 10000'],
    [['allocation', '--services', '0'], '--services 0: give one number'],
    [['allocation', '--nodes', '3'], '--nodes has no meaning for allocation'],
    [['allocation', '--api', 'embedded'], '--api has no meaning for allocation'],
    [['memory', '--controller-command', ' '], '--controller-command is empty'],
  ])('%j is refused', (argv, message) => {
    expect(() => readOptions(argv, 'node')).toThrow(UsageError);
    expect(() => readOptions(argv, 'node')).toThrow(message);
  });
});
