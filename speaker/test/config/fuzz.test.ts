import * as fc from 'fast-check';
import { advertisement, pool } from './fixtures';
import { Config, parseConfig, Problem, problemText } from '../../src/config';

const text = fc.oneof(fc.string(), fc.constantFrom('10.0.0.0/24', '10.0.0.1-10.0.0.9', '::/0', '93.5.22.100', 'a', 'In', 'Exists', '__proto__', 'constructor'));
const json: fc.Arbitrary<unknown> = fc.oneof(fc.jsonValue(), fc.jsonValue({ stringUnit: text }), fc.constantFrom(undefined, null, [], {}, '', 0, -1, true));

const matchLabels = { a: 'b' };
const serviceAllocation = {
  priority: 1,
  namespaces: ['a'],
  namespaceSelectors: [{ matchLabels }],
  serviceSelectors: [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }],
};
const poolSeed = pool('p', ['10.0.0.0/24', '10.0.1.1-10.0.1.9', '2001:db8::/64'], { autoAssign: true, avoidBuggyIPs: true, serviceAllocation },
  { labels: { x: 'y' }, creationTimestamp: '2026-01-01T00:00:00Z', uid: 'u', generation: 1 });
const advertisementSeed = advertisement('l', {
  ipAddressPools: ['p'],
  ipAddressPoolSelectors: [{}],
  nodeSelectors: [{ matchLabels }],
  interfaces: ['eth0'],
  serviceSelectors: [{}],
  preferredNodeSelectors: [{ weight: 1, preference: {} }],
});
const changes = fc.array(fc.tuple(fc.array(fc.nat(9), { minLength: 1, maxLength: 7 }), json), { minLength: 1, maxLength: 4 });

/** A valid object in which some places, however deep, hold something else. */
const mutated = fc.tuple(fc.constantFrom(poolSeed, advertisementSeed), changes)
  .map(([seed, replacements]) => {
    const object = structuredClone(seed) as Record<string, unknown>;
    for (const [path, value] of replacements) {
      let place = object;
      for (const step of path) {
        const keys = Object.keys(place);
        const key = keys[step % Math.max(keys.length, 1)];
        const next = place[key];
        if (key === undefined || step === 9 || typeof next !== 'object' || next === null) {
          place[key ?? 'added'] = value;
          break;
        }
        place = next as Record<string, unknown>;
      }
    }
    return object;
  });

function check(problems: readonly Problem[]): void {
  for (const problem of problems) {
    expect(problem.name).not.toBe('');
    expect(problem.field).not.toBe('');
    expect(problem.message).not.toBe('');
    expect(problem.fix).not.toBe('');
    expect(problemText(problem)).not.toMatch(/[\n\r]/);
  }
}

/** Anything that is a list for JavaScript; the lists themselves come from the list calls, not from users. */
const list = fc.array(fc.oneof(json, mutated), { maxLength: 5 });
const lists = fc.record({ ipAddressPools: list, l2Advertisements: list });

describe('parseConfig', () => {
  test('never throws; names object, field and fix of every problem; accounts for every named object', () => {
    fc.assert(fc.property(fc.array(lists, { minLength: 1, maxLength: 3 }), (generations) => {
      let previous: Config | undefined;
      for (const generation of generations) {
        const { config, problems } = parseConfig({ ...generation, namespaces: [{ name: 'a', labels: { a: 'b' } }] }, previous);
        check(problems);
        const accounted = [...config.pools, ...config.l2Advertisements, ...config.unusable].map(({ name }) => name);
        for (const { name } of problems) expect(name.startsWith('(item ') || accounted.includes(name)).toBe(true);
        const again = parseConfig({ ...generation, namespaces: [{ name: 'a', labels: { a: 'b' } }] }, config);
        expect(again.config.fingerprint).toBe(config.fingerprint);
        previous = config;
      }
    }), { numRuns: 500 });
  });

  test('does not throw for JSON nested deeper than the platform can print', () => {
    const deep = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`) as unknown;
    const l2Advertisements = [advertisement('l', { nodeSelectors: [deep] })];
    const { problems } = parseConfig({ ipAddressPools: [pool('p', deep), pool('q', [deep])], l2Advertisements, namespaces: [] });
    expect(problems.map(({ name }) => name)).toEqual(['p', 'q', 'l']);
  });
});
