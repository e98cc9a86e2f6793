import { home, parse, pool } from './fixtures';
import { problemText } from '../../src/config';

const one = (spec: object, addresses: unknown = ['10.0.0.0/24']) => parse({ ipAddressPools: [pool('p', addresses, spec)] });

describe('a valid IPAddressPool', () => {
  test('of the reference cluster is read with its defaults', () => {
    const { config, problems } = parse(home);
    expect(problems).toEqual([]);
    expect(config.pools).toHaveLength(1);
    expect(config.pools[0]).toMatchObject({
      name: 'workstation-ip-pool', namespace: 'metallb-system', autoAssign: true, avoidBuggyIPs: false, labels: {}, serviceAllocation: undefined,
    });
    expect(config.pools[0].ranges.map(String)).toEqual(['93.5.22.100/32']);
  });

  test('keeps its addresses in the order written, of both families', () => {
    const { config } = one({}, ['10.0.0.9', '10.0.0.1-10.0.0.3', '2001:db8::/64']);
    expect(config.pools[0].ranges.map(({ text }) => text)).toEqual(['10.0.0.9', '10.0.0.1-10.0.0.3', '2001:db8::/64']);
  });

  test('resolves namespace selectors against the namespaces that exist, and again when they change', () => {
    const ipAddressPools = [pool('p', ['10.0.0.0/24'], {
      serviceAllocation: { priority: 5, namespaces: ['listed'], namespaceSelectors: [{ matchLabels: { team: 'media' } }] },
    })];
    const media = { name: 'media', labels: { team: 'media' } };
    const first = parse({ ipAddressPools, namespaces: [media, { name: 'other', labels: {} }] });
    expect([...first.config.pools[0].serviceAllocation!.namespaces!]).toEqual(['listed', 'media']);
    const second = parse({ ipAddressPools, namespaces: [media, { name: 'tv', labels: { team: 'media' } }] }, first.config);
    expect([...second.config.pools[0].serviceAllocation!.namespaces!]).toEqual(['listed', 'media', 'tv']);
  });

  test('selectors that match no namespace admit nobody; no namespaces and no selectors admit everybody', () => {
    const allocation = (serviceAllocation: object) => one({ serviceAllocation }).config.pools[0].serviceAllocation!;
    expect(allocation({ namespaceSelectors: [{ matchLabels: { a: 'b' } }] }).namespaces).toEqual(new Set());
    expect(allocation({})).toMatchObject({ priority: 0, namespaces: undefined, serviceSelectors: [] });
  });

  test('pools are ordered by priority with 0 last, then the open ones, each by name', () => {
    const allocation = (priority?: number) => ({ serviceAllocation: { priority } });
    const { config } = parse({
      ipAddressPools: [
        pool('open-b', ['10.0.1.0/24']), pool('open-a', ['10.0.2.0/24']),
        pool('unset', ['10.0.3.0/24'], allocation()), pool('zero', ['10.0.4.0/24'], allocation(0)),
        pool('nine', ['10.0.5.0/24'], allocation(9)), pool('two-b', ['10.0.6.0/24'], allocation(2)), pool('two-a', ['10.0.7.0/24'], allocation(2)),
        pool('negative', ['10.0.8.0/24'], allocation(-1)),
      ],
    });
    expect(config.pools.map(({ name }) => name)).toEqual(['negative', 'two-a', 'two-b', 'nine', 'unset', 'zero', 'open-a', 'open-b']);
  });
});

describe('an IPAddressPool is refused, naming field and value,', () => {
  const selector = { matchLabels: { app: 'x' } };
  test.each<[string, unknown, object, string, string, string]>([
    ['no addresses', [], {}, 'NoAddresses', 'spec.addresses', 'parsing address pool p: pool has no prefixes defined'],
    ['addresses absent', null, {}, 'NoAddresses', 'spec.addresses', 'pool has no prefixes defined'],
    ['addresses no list', '10.0.0.0/24', {}, 'InvalidValue', 'spec.addresses', 'spec.addresses is "10.0.0.0/24", not a list'],
    ['an entry no text', [7], {}, 'InvalidValue', 'spec.addresses[0]', 'spec.addresses[0] is 7, not text'],
    ['a bad CIDR', ['10.0.0.0/24', '10.0.1.0/33'], {}, 'InvalidCidr', 'spec.addresses[1]', 'invalid CIDR "10.0.1.0/33"'],
    ['a bad start', ['a-10.0.0.1'], {}, 'InvalidStartAddress', 'spec.addresses[0]', 'invalid IP range "a-10.0.0.1": invalid start IP "a"'],
    ['a bad end', ['10.0.0.1-a'], {}, 'InvalidEndAddress', 'spec.addresses[0]', 'invalid end IP "a"'],
    ['backwards', ['10.0.0.9-10.0.0.1'], {}, 'StartAfterEnd', 'spec.addresses[0]', 'start IP "10.0.0.9" is after the end IP "10.0.0.1"'],
    ['two families', ['1.2.3.4-1000::1'], {}, 'MixedFamilies', 'spec.addresses[0]', 'start and end IPs must be the same family'],
    ['itself twice', ['10.0.0.0/24', '10.0.0.0/24'], {}, 'OverlappingAddresses', 'spec.addresses[1]',
      'CIDR "10.0.0.0/24" in pool "p" overlaps with already defined CIDR "10.0.0.0/24"'],
    ['an overlap in itself', ['10.0.0.5-10.0.0.9', '10.0.0.8-10.0.0.12'], {}, 'OverlappingAddresses', 'spec.addresses[1]',
      'CIDR "10.0.0.8/30" in pool "p" overlaps with already defined CIDR "10.0.0.8/31"'],
    ['autoAssign text', ['10.0.0.0/24'], { autoAssign: 'yes' }, 'InvalidValue', 'spec.autoAssign', 'spec.autoAssign is "yes", not true or false'],
    ['avoidBuggyIPs number', ['10.0.0.0/24'], { avoidBuggyIPs: 1 }, 'InvalidValue', 'spec.avoidBuggyIPs', 'not true or false'],
    ['priority broken', ['10.0.0.0/24'], { serviceAllocation: { priority: 1.5 } }, 'InvalidValue', 'spec.serviceAllocation.priority', '1.5, not a whole number'],
    ['serviceAllocation text', ['10.0.0.0/24'], { serviceAllocation: 'all' }, 'InvalidValue', 'spec.serviceAllocation', 'not an object'],
    ['a namespace twice', ['10.0.0.0/24'], { serviceAllocation: { namespaces: ['a', 'b', 'a'] } }, 'DuplicateEntry', 'spec.serviceAllocation.namespaces[2]',
      'duplicate definition in namespaces field'],
    ['a namespace selector twice', ['10.0.0.0/24'], { serviceAllocation: { namespaceSelectors: [selector, selector] } }, 'DuplicateEntry',
      'spec.serviceAllocation.namespaceSelectors[1]', 'duplicate definition of namespaceSelectors'],
    ['a service selector twice', ['10.0.0.0/24'], { serviceAllocation: { serviceSelectors: [selector, selector] } }, 'DuplicateEntry',
      'spec.serviceAllocation.serviceSelectors[1]', 'duplicate definition of serviceSelectors'],
    ['an unknown operator', ['10.0.0.0/24'], { serviceAllocation: { serviceSelectors: [{ matchExpressions: [{ key: 'a', operator: 'Is', values: ['b'] }] }] } },
      'InvalidLabelSelector', 'spec.serviceAllocation.serviceSelectors[0].matchExpressions[0].operator', '"Is" is not a valid label selector operator'],
  ])('with %s', (_, addresses, spec, code, field, message) => {
    const { config, problems } = one(spec, addresses);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ code, field, kind: 'IPAddressPool', name: 'p', namespace: 'metallb-system', transient: false });
    expect(problems[0].message).toContain(message);
    expect(problems[0].fix).not.toBe('');
    expect(config.pools).toEqual([]);
    expect(config.unusable).toMatchObject([{ kind: 'IPAddressPool', name: 'p' }]);
  });

  test('without a name', () => {
    expect(parse({ ipAddressPools: [{ spec: { addresses: ['10.0.0.0/24'] } }] }).problems)
      .toMatchObject([{ code: 'MissingName', name: '(item 0 without a name)', field: 'metadata.name', message: expect.stringContaining('missing pool name') }]);
  });

  test('when the name is taken; the older keeps it', () => {
    const { config, problems } = parse({
      ipAddressPools: [
        pool('p', ['10.0.1.0/24'], {}, { namespace: 'b', creationTimestamp: '2026-02-01T00:00:00Z' }),
        pool('p', ['10.0.2.0/24'], {}, { namespace: 'a', creationTimestamp: '2026-01-01T00:00:00Z' }),
      ],
    });
    expect(config.pools.map(({ ranges }) => ranges.map(String))).toEqual([['10.0.2.0/24']]);
    expect(problems).toMatchObject([{ code: 'DuplicateName', namespace: 'b', message: expect.stringContaining('duplicate definition of pool "p"') }]);
  });

  test('with every problem at once', () => {
    const { problems } = one({ autoAssign: 1, serviceAllocation: { namespaces: ['a', 'a'] } }, ['x', '10.0.0.9-10.0.0.1', '10.0.0.1']);
    expect(problems.map(({ code }) => code)).toEqual(['InvalidCidr', 'StartAfterEnd', 'InvalidValue', 'DuplicateEntry']);
  });

  test('in one line for people', () => {
    const { problems } = one({}, ['93.5.22.110-93.5.22.100']);
    expect(problemText(problems[0])).toBe('IPAddressPool metallb-system/p, spec.addresses[0]: parsing address pool p: invalid IP range '
      + '"93.5.22.110-93.5.22.100": start IP "93.5.22.110" is after the end IP "93.5.22.100"; write 93.5.22.100-93.5.22.110');
    expect(problemText({ ...problems[0], name: 'p\nERROR\u2028x' })).not.toMatch(/[\n\u2028]/);
  });
});

describe('an unusable pool', () => {
  test('tells the addresses that could be read, and whether those are all', () => {
    expect(one({ autoAssign: 1 }, ['10.0.0.0/24', '10.1.0.1']).config.unusable[0]).toMatchObject({ rangesKnown: true });
    const { unusable } = one({}, ['10.0.0.0/24', 'x']).config;
    expect([unusable[0].ranges.map(String), unusable[0].rangesKnown]).toEqual([['10.0.0.0/24'], false]);
    expect(one({}, 'x').config.unusable[0]).toMatchObject({ ranges: [], rangesKnown: false });
  });
});
