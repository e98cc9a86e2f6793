import * as fc from 'fast-check';
import { day, parse, pool } from './fixtures';
import { Config } from '../../src/config';

const held = (config: Config) => Object.fromEntries(config.pools.map(({ name, ranges }) => [name, ranges.map(String).join(' ')]));
const losers = (problems: readonly { name: string; code: string }[]) => problems.map(({ name, code }) => `${name} ${code}`);

describe('two pools with one address', () => {
  test('the older keeps it, and the other is named with the CIDRs that clash', () => {
    const { config, problems } = parse({ ipAddressPools: [pool('a', ['10.0.0.0/24'], {}, day(2)), pool('b', ['10.0.0.128/25'], {}, day(1))] });
    expect(held(config)).toEqual({ b: '10.0.0.128/25' });
    expect(problems).toMatchObject([{ name: 'a', field: 'spec.addresses[0]', value: '"10.0.0.0/24"', code: 'OverlappingAddresses' }]);
    expect(problems[0].message).toContain('CIDR "10.0.0.0/24" in pool "a" overlaps with already defined CIDR "10.0.0.128/25" of pool "b"');
    expect(config.unusable).toMatchObject([{ name: 'a', rangesKnown: true }]);
  });

  test('by name when equally old', () => {
    expect(held(parse({ ipAddressPools: [pool('b', ['10.0.0.1']), pool('a', ['10.0.0.1'])] }).config)).toEqual({ a: '10.0.0.1/32' });
  });

  test('the one that had it keeps it, however old the other', () => {
    const before = parse({ ipAddressPools: [pool('young', ['10.0.0.0/24'], {}, day(9))] }).config;
    const { config, problems } = parse({ ipAddressPools: [pool('young', ['10.0.0.0/25'], {}, day(9)), pool('old', ['10.0.0.0/16'], {}, day(1))] }, before);
    expect(held(config)).toEqual({ young: '10.0.0.0/25' });
    expect(losers(problems)).toEqual(['old OverlappingAddresses']);
  });

  test('one that grew into another goes back to what it had', () => {
    const before = parse({ ipAddressPools: [pool('a', ['10.0.0.0/25']), pool('b', ['10.0.0.128/25'])] }).config;
    const { config, problems } = parse({ ipAddressPools: [pool('a', ['10.0.0.0/24']), pool('b', ['10.0.0.128/25'])] }, before);
    expect(held(config)).toEqual({ a: '10.0.0.0/25', b: '10.0.0.128/25' });
    expect(losers(problems)).toEqual(['a OverlappingAddresses']);
  });

  test('a newcomer gives way to the last good version of a pool that became wrong', () => {
    const before = parse({ ipAddressPools: [pool('a', ['10.0.0.0/25'])] }).config;
    const { config, problems } = parse({ ipAddressPools: [pool('a', ['10.0.0.0/2five']), pool('b', ['10.0.0.0/24'])] }, before);
    expect(held(config)).toEqual({ a: '10.0.0.0/25' });
    expect(losers(problems)).toEqual(['a InvalidCidr', 'b OverlappingAddresses']);
    expect(config.unusable).toMatchObject([{ name: 'b' }]);
  });

  test('a newcomer placed before a pool had to go back gives way, too', () => {
    // b grows into c and must go back to 10.0.0.20, which a has just grown over.
    const before = parse({ ipAddressPools: [pool('a', ['10.0.0.10']), pool('b', ['10.0.0.20']), pool('c', ['10.0.0.30'])] }).config;
    const { config, problems } = parse({
      ipAddressPools: [pool('a', ['10.0.0.10-10.0.0.20']), pool('b', ['10.0.0.30-10.0.0.31']), pool('c', ['10.0.0.30'])],
    }, before);
    expect(held(config)).toEqual({ a: '10.0.0.10/32', b: '10.0.0.20/32', c: '10.0.0.30/32' });
    expect(losers(problems)).toEqual(['a OverlappingAddresses', 'b OverlappingAddresses']);
  });

  test('pools may swap addresses, be split and be renamed in one change', () => {
    const before = parse({ ipAddressPools: [pool('a', ['10.0.0.0/25']), pool('b', ['10.0.0.128/25'])] }).config;
    const swapped = parse({ ipAddressPools: [pool('b', ['10.0.0.0/25']), pool('a', ['10.0.0.128/25'])] }, before);
    expect([held(swapped.config), swapped.problems]).toEqual([{ a: '10.0.0.128/25', b: '10.0.0.0/25' }, []]);
    const renamed = parse({ ipAddressPools: [pool('x', ['10.0.0.0/26']), pool('y', ['10.0.0.64/26', '10.0.0.128/25'])] }, before);
    expect([held(renamed.config), renamed.problems]).toEqual([{ x: '10.0.0.0/26', y: '10.0.0.64/26 10.0.0.128/25' }, []]);
  });
});

describe('a bad object disables no other', () => {
  test('and goes on in its last good version until it is corrected or deleted', () => {
    const good = [pool('a', ['10.0.0.1']), pool('b', ['10.0.0.2'])];
    const first = parse({ ipAddressPools: good });
    const broken = parse({ ipAddressPools: [pool('a', ['10.0.0']), pool('b', ['10.0.0.3'])] }, first.config);
    expect(held(broken.config)).toEqual({ a: '10.0.0.1/32', b: '10.0.0.3/32' });
    expect(broken.config.unusable).toEqual([]);
    const still = parse({ ipAddressPools: [pool('a', ['10.0.0'])] }, broken.config);
    expect(held(still.config)).toEqual({ a: '10.0.0.1/32' });
    expect(held(parse({ ipAddressPools: [pool('a', ['10.0.0.4'])] }, still.config).config)).toEqual({ a: '10.0.0.4/32' });
    expect(held(parse({}, still.config).config)).toEqual({});
  });

  test('an unchanged configuration is the same object, a changed one is not', () => {
    const first = parse({ ipAddressPools: [pool('a', ['10.0.0.1']), pool('b', ['10.0.0.2'])] }).config;
    expect(parse({ ipAddressPools: [pool('b', ['10.0.0.2']), pool('a', ['10.0.0.1'])] }, first).config).toBe(first);
    expect(parse({ ipAddressPools: [pool('b', ['10.0.0.2']), pool('a', ['10.0.0.1'], {}, { labels: { x: 'y' } })] }, first).config).not.toBe(first);
    expect(parse({ ipAddressPools: [pool('b', ['10.0.0.2']), pool('a', ['10.0.0.1'], { autoAssign: false })] }, first).config).not.toBe(first);
  });
});

describe('for any two generations of pools', () => {
  const entry = fc.tuple(fc.nat(60), fc.nat(12)).map(([first, more]) => `10.0.0.${first}-10.0.0.${first + more}`);
  const generation = fc.uniqueArray(fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    addresses: fc.array(fc.oneof({ weight: 9, arbitrary: entry }, fc.constant('bad')), { minLength: 1, maxLength: 3 }),
    age: fc.nat(3),
  }), { selector: ({ name }) => name, maxLength: 6 });
  const objects = (pools: { name: string; addresses: string[]; age: number }[]) =>
    pools.map(({ name, addresses, age }) => pool(name, addresses, {}, day(age + 1)));

  test('no address is in two pools; each pool is as written or as before; order does not matter; a text without overlap holds whole', () => {
    fc.assert(fc.property(generation, generation, generation, (first, second, third) => {
      let previous: Config | undefined;
      for (const pools of [first, second, third]) {
        const { config, problems } = parse({ ipAddressPools: objects(pools) }, previous);
        const ranges = config.pools.flatMap((p) => p.ranges);
        ranges.forEach((range, index) => ranges.slice(index + 1).forEach((other) => expect(range.overlaps(other)).toBe(false)));
        for (const { name, addresses } of pools) {
          const now = config.pools.find((p) => p.name === name);
          const before = previous?.pools.find((p) => p.name === name);
          const wrong = problems.some((problem) => problem.name === name);
          if (!wrong) expect(now!.ranges.map(({ text }) => text)).toEqual(addresses);
          else if (before) expect(now!.ranges).toEqual(before.ranges);
          else expect(config.unusable.map((u) => u.name)).toContain(name);
        }
        const reversed = parse({ ipAddressPools: objects(pools).reverse() }, previous);
        expect(reversed.config.fingerprint).toBe(config.fingerprint);
        const alone = parse({ ipAddressPools: objects(pools) });
        if (alone.problems.length === 0) expect(problems).toEqual([]);
        previous = config;
      }
    }), { numRuns: 500 });
  });

  test('ten thousand pools and a thousand clashes are settled in far less than quadratic work', () => {
    const many = Array.from({ length: 10_000 }, (_, n) => pool(`p${n}`, [`10.${Math.floor(n / 200)}.${n % 200}.0/24`], {}, day(1)));
    const clashing = Array.from({ length: 1000 }, (_, n) => pool(`q${n}`, [`10.${Math.floor(n / 200)}.${n % 200}.7`], {}, day(2)));
    const { config, problems } = parse({ ipAddressPools: [...clashing, ...many] });
    expect([config.pools.length, problems.length, config.unusable.length]).toEqual([10_000, 1000, 1000]);
  });
});
