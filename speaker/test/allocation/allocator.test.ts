import { allocatorFor, config, ip, ips, pool, request } from './fixtures';
import { Allocator, AssignResult } from '../../src/allocation';

/** `addresses pool`, or the message of the refusal. */
const say = (result: AssignResult) => result.ok ? `${result.ips.join(' ')} ${result.pool}` : result.reason.message;
const dual = { families: ['IPv4', 'IPv6'] as const, ipFamilyPolicy: 'RequireDualStack' };
const prefer = { ...dual, ipFamilyPolicy: 'PreferDualStack' };
const pinned = (more: object) => ({ serviceAllocation: more });

describe('an address is chosen', () => {
  test('as the lowest that is free, network address included', () => {
    const allocator = allocatorFor(pool('p', ['10.0.0.0/30']));
    expect(['a', 'b', 'c', 'd', 'e'].map((name) => say(allocator.allocate(request(name)))))
      .toEqual(['10.0.0.0 p', '10.0.0.1 p', '10.0.0.2 p', '10.0.0.3 p', 'no available IPs']);
    allocator.release('media/b');
    expect(say(allocator.allocate(request('e')))).toBe('10.0.0.1 p');
  });

  test('from entries in the order written', () => {
    const allocator = allocatorFor(pool('p', ['10.0.0.9', '10.0.0.1-10.0.0.2']));
    expect(['a', 'b', 'c'].map((name) => say(allocator.allocate(request(name))))).toEqual(['10.0.0.9 p', '10.0.0.1 p', '10.0.0.2 p']);
  });

  test('never ending in .0 or .255 where the pool avoids those, but in IPv6', () => {
    const allocator = allocatorFor(pool('p', ['10.0.0.254-10.0.1.1', '2001:db8::/127'], { avoidBuggyIPs: true }));
    expect(['a', 'b', 'c'].map((name) => say(allocator.allocate(request(name))))).toEqual(['10.0.0.254 p', '10.0.1.1 p', 'no available IPs']);
    expect(say(allocator.allocate(request('v6', { families: ['IPv6'] })))).toBe('2001:db8:: p');
    expect(say(allocator.assign(request('x'), ips('10.0.0.255')))).toBe('["10.0.0.255"] is not allowed in config');
  });

  test('from pinned pools by priority with 0 last, then open ones, by name', () => {
    const allocator = allocatorFor(
      pool('open-b', ['10.0.6.1']), pool('open-a', ['10.0.5.1']), pool('zero', ['10.0.4.1'], pinned({})),
      pool('two', ['10.0.3.1'], pinned({ priority: 2 })), pool('one', ['10.0.2.1'], pinned({ priority: 1, namespaces: ['media'] })),
      pool('elsewhere', ['10.0.1.1'], pinned({ priority: 1, namespaces: ['games'] })), pool('manual', ['10.0.0.1'], { autoAssign: false }),
    );
    expect('abcdef'.split('').map((name) => say(allocator.allocate(request(name)))))
      .toEqual(['10.0.2.1 one', '10.0.3.1 two', '10.0.4.1 zero', '10.0.5.1 open-a', '10.0.6.1 open-b', 'no available IPs']);
  });

  test.each<[string, object, object, string]>([
    ['namespace and labels both match', { namespaces: ['media'], serviceSelectors: [{ matchLabels: { app: 'tv' } }] }, { labels: { app: 'tv' } }, '10.0.0.1 p'],
    ['labels do not match', { namespaces: ['media'], serviceSelectors: [{ matchLabels: { app: 'tv' } }] }, {}, 'no available IPs'],
    ['the namespace is selected', { namespaceSelectors: [{ matchLabels: { team: 'media' } }] }, {}, '10.0.0.1 p'],
    ['the namespace is not selected', { namespaceSelectors: [{ matchLabels: { team: 'media' } }] }, { namespace: 'games' }, 'no available IPs'],
    ['selectors match no namespace at all', { namespaceSelectors: [{ matchLabels: { team: 'none' } }] }, {}, 'no available IPs'],
    ['nothing restricts', {}, {}, '10.0.0.1 p'],
  ])('from a pinned pool when %s', (_, allocation, more, expected) => {
    expect(say(allocatorFor(pool('p', ['10.0.0.1'], pinned(allocation))).allocate(request('a', more)))).toBe(expected);
  });

  test('from the pool asked for, though it does not assign automatically, but only if it admits the Service', () => {
    const allocator = allocatorFor(pool('p', ['10.0.0.1'], { autoAssign: false }), pool('q', ['10.0.1.1'], pinned({ namespaces: ['games'] })));
    expect(say(allocator.allocate(request('a', { pool: 'p' })))).toBe('10.0.0.1 p');
    expect(say(allocator.allocate(request('b', { pool: 'p' })))).toBe('no available IPs in pool "p"');
    expect(say(allocator.allocate(request('b', { pool: 'q' })))).toBe('pool q not compatible for ip assignment');
    expect(say(allocator.allocate(request('b', { pool: 'r' })))).toBe('unknown pool "r"');
  });

  test('as asked for, and exactly so', () => {
    const allocator = allocatorFor(
      pool('p', ['10.0.0.0/24', '2001:db8::/64'], { autoAssign: false }), pool('q', ['10.0.1.0/24'], pinned({ namespaces: ['games'] })),
    );
    const ask = (name: string, wanted: string[], more: object = {}) => say(allocator.allocate(request(name, { wanted: ips(...wanted), ...more })));
    expect(ask('a', ['10.0.0.7'])).toBe('10.0.0.7 p');
    expect(ask('b', ['10.0.0.7'])).toBe('can\'t change sharing key for "media/b", address also in use by media/a');
    expect(ask('b', ['10.9.0.7'])).toBe('["10.9.0.7"] is not allowed in config');
    expect(ask('b', ['10.0.1.7'])).toBe('pool q not compatible for ip assignment');
    expect(ask('b', ['10.0.0.8'], { pool: 'p' })).toBe('10.0.0.8 p');
    expect(ask('c', ['10.0.0.9'], { pool: 'q' })).toBe('requested loadBalancer IP(s) ["10.0.0.9"] is not compatible with requested address pool q');
    expect(ask('c', ['2001:db8::1'])).toBe('requested loadBalancer IP(s) ["2001:db8::1"] does not match the ipFamily of the service');
    expect(ask('c', ['10.0.0.9', '10.0.0.10'])).toBe('requested loadBalancer IP(s) ["10.0.0.9" "10.0.0.10"] does not match the ipFamily of the service');
    expect(ask('c', ['10.0.0.9'], dual)).toBe('requested loadBalancer IP(s) ["10.0.0.9"] does not match the ipFamily of the service');
    expect(ask('c', ['2001:db8::9', '10.0.0.9'], dual)).toBe('10.0.0.9 2001:db8::9 p');
    expect(ask('d', ['2001:db8::9', '10.0.1.9'], dual)).toBe('["10.0.1.9" "2001:db8::9"] is not allowed in config');
  });
});

describe('a dual-stack Service', () => {
  const pools = [pool('four', ['10.0.0.1']), pool('mixed', ['10.0.1.1', '2001:db8::1']), pool('six', ['2001:db9::1'])];

  test('gets both families from one pool, IPv4 first', () => {
    expect(say(allocatorFor(...pools).allocate(request('a', dual)))).toBe('10.0.1.1 2001:db8::1 mixed');
    expect(say(allocatorFor(...pools).allocate(request('a', { ...dual, families: ['IPv6', 'IPv4'] })))).toBe('10.0.1.1 2001:db8::1 mixed');
  });

  test('gets nothing rather than addresses of two pools', () => {
    expect(say(allocatorFor(pools[0], pools[2]).allocate(request('a', dual)))).toBe('no available IPs');
  });

  test('that only prefers both makes do with the primary family, else the other', () => {
    expect(say(allocatorFor(pools[0], pools[2]).allocate(request('a', prefer)))).toBe('10.0.0.1 four');
    expect(say(allocatorFor(pools[0], pools[2]).allocate(request('a', { ...prefer, families: ['IPv6', 'IPv4'] })))).toBe('2001:db9::1 six');
    expect(say(allocatorFor(pools[2]).allocate(request('a', prefer)))).toBe('2001:db9::1 six');
    expect(say(allocatorFor(...pools).allocate(request('a', prefer)))).toBe('10.0.1.1 2001:db8::1 mixed');
  });

  test('is extended from the pool it has', () => {
    const allocator = allocatorFor(...pools);
    allocator.assign(request('a', prefer), ips('10.0.1.1'));
    expect(say(allocator.extend(request('a', prefer)))).toBe('10.0.1.1 2001:db8::1 mixed');
    allocator.assign(request('b', prefer), ips('10.0.0.1'));
    expect(say(allocator.extend(request('b', prefer)))).toBe('no available IPs in pool "four"');
    expect(allocator.get('media/b')!.ips.map(String)).toEqual(['10.0.0.1']);
  });
});

describe('an address is shared', () => {
  const key = { sharingKey: 'k' };
  const port = (n: number, protocol = 'TCP') => ({ ports: [{ protocol, port: n }] });

  test.each<[string, object, object, string]>([
    ['with one key and different ports', { ...key, ...port(80) }, { ...key, ...port(443) }, '10.0.0.1 p'],
    ['with one port of two protocols', { ...key, ...port(53) }, { ...key, ...port(53, 'UDP') }, '10.0.0.1 p'],
    ['between namespaces', { ...key, ...port(80) }, { ...key, ...port(443), namespace: 'games', key: 'games/b' }, '10.0.0.1 p'],
    ['with one Local selector', { ...key, ...port(80), backendKey: 'Local:a=b' }, { ...key, ...port(81), backendKey: 'Local:a=b' }, '10.0.0.1 p'],
    ['without ports', { ...key, ports: [] }, { ...key, ports: [] }, '10.0.0.1 p'],
    ['but not on one port', { ...key, ...port(80) }, { ...key, ...port(80) }, '10.0.0.2 p'],
    ['but not with another key', { ...key, ...port(80) }, { sharingKey: 'other', ...port(443) }, '10.0.0.2 p'],
    ['but not without a key', port(80), port(443), '10.0.0.2 p'],
    ['but not with one that has no key', { ...key, ...port(80) }, port(443), '10.0.0.2 p'],
    ['but not by Local and Cluster', { ...key, ...port(80), backendKey: 'Local:' }, { ...key, ...port(81) }, '10.0.0.2 p'],
  ])('%s', (_, first, second, expected) => {
    const allocator = allocatorFor(pool('p', ['10.0.0.1-10.0.0.2']));
    allocator.allocate(request('a', first));
    expect(say(allocator.allocate(request('b', second)))).toBe(expected);
  });

  test('before a free one that is higher, after a free one that is lower', () => {
    const allocator = allocatorFor(pool('p', ['10.0.0.1-10.0.0.9']));
    allocator.assign(request('a', { ...key, ...port(80) }), ips('10.0.0.5'));
    expect(say(allocator.allocate(request('b', { ...key, ...port(443) })))).toBe('10.0.0.1 p');
    for (const last of [2, 3, 4]) allocator.assign(request(`x${last}`), ips(`10.0.0.${last}`));
    expect(say(allocator.allocate(request('c', { ...key, ...port(80) })))).toBe('10.0.0.1 p');
    expect(say(allocator.allocate(request('d', { ...key, ...port(443) })))).toBe('10.0.0.5 p');
    expect(say(allocator.allocate(request('e', { ...key, ...port(443) })))).toBe('10.0.0.6 p');
  });

  test('and conflicts say who and what', () => {
    const allocator = allocatorFor(pool('p', ['10.0.0.1-10.0.0.9']));
    allocator.assign(request('a', { ...key, ...port(80) }), ips('10.0.0.1'));
    allocator.assign(request('b', { ...key, ...port(81) }), ips('10.0.0.1'));
    expect(allocator.assign(request('c', { ...key, ...port(80) }), ips('10.0.0.1'))).toMatchObject({
      ok: false,
      reason: { code: 'PortConflict', message: 'port TCP/80 is already in use on "10.0.0.1"', free: ['10.0.0.2'], fix: expect.stringContaining('media/a has that port') },
    });
    expect(allocator.assign(request('b', { sharingKey: 'new', ...port(81) }), ips('10.0.0.1'))).toMatchObject({
      ok: false, reason: { code: 'SharingKeyConflict', message: 'can\'t change sharing key for "media/b", address also in use by media/a' },
    });
    expect(allocator.get('media/b')).toMatchObject({ sharingKey: 'k' });
    allocator.release('media/a');
    expect(say(allocator.assign(request('b', { sharingKey: 'new', ...port(82) }), ips('10.0.0.1')))).toBe('10.0.0.1 p');
    expect(allocator.get('media/b')).toMatchObject({ sharingKey: 'new', ports: [{ protocol: 'TCP', port: 82 }] });
  });
});

describe('claiming', () => {
  test('again changes nothing', () => {
    const allocator = allocatorFor(pool('p', ['10.0.0.0/24']));
    for (let times = 0; times < 3; times += 1) {
      expect(say(allocator.assign(request('a'), ips('10.0.0.7')))).toBe('10.0.0.7 p');
      expect(allocator.counters('p')).toMatchObject({ assignedIPv4: 1n, availableIPv4: 255n });
    }
  });

  test('other addresses gives up the old ones; when it fails the old ones stay', () => {
    const allocator = allocatorFor(pool('p', ['10.0.0.0/24']));
    allocator.assign(request('a'), ips('10.0.0.7'));
    allocator.assign(request('b'), ips('10.0.0.8'));
    allocator.assign(request('a'), ips('10.0.0.9'));
    expect(say(allocator.assign(request('c'), ips('10.0.0.7')))).toBe('10.0.0.7 p');
    expect(allocator.assign(request('a'), ips('10.0.0.8')).ok).toBe(false);
    expect(allocator.allocate(request('a', { wanted: ips('10.0.0.8') })).ok).toBe(false);
    expect(allocator.get('media/a')!.ips.map(String)).toEqual(['10.0.0.9']);
    expect(allocator.counters('p')).toMatchObject({ assignedIPv4: 3n });
  });

  test.each([[[]], [['10.0.0.1', '10.0.0.2']], [['10.0.0.1', '2001:db8::1', '10.0.0.2']], [['10.0.0.1', '2001:db9::1']]])('%j is refused', (texts) => {
    const allocator = allocatorFor(pool('p', ['10.0.0.0/24', '2001:db8::/64']), pool('q', ['2001:db9::/64']));
    expect(allocator.assign(request('a', dual), ips(...texts as string[]))).toMatchObject({ ok: false });
    expect(allocator.get('media/a')).toBeUndefined();
  });
});

describe('a refusal says what to do', () => {
  test.each<[string, object[], object, object]>([
    ['no pool gives addresses unasked', [pool('manual', ['10.0.0.1'], { autoAssign: false }), pool('games', ['10.0.1.1'], pinned({ namespaces: ['games'] }))], {}, {
      code: 'NoPoolForService',
      asked: 'an IPv4 address',
      fix: 'ask for "manual" with annotation metallb.io/address-pool (autoAssign is false), or admit namespace "media" with labels {} to "games"',
    }],
    ['all is taken', [pool('p', ['2001:db8::1'])], {}, { code: 'NoAvailableIPs', fix: 'add IPv4 addresses to an IPAddressPool, or free one: nothing left in "p"' }],
    ['the pool is unknown', [pool('a', ['10.0.0.1']), pool('b', ['10.0.0.2'])], { pool: 'c' }, { code: 'UnknownPool', fix: 'ask for IPAddressPool "a", "b"' }],
    ['the pool is wrong', [pool('a', ['10.0.0.1']), pool('b', ['x'])], { pool: 'b' }, { code: 'PoolUnusable', message: expect.stringContaining('unknown pool "b"') }],
    ['the address is withheld', [pool('a', ['10.0.0.0/24'], { avoidBuggyIPs: true })], { wanted: ips('10.0.0.255') }, {
      code: 'NotAllowedInConfig', fix: '10.0.0.255 is withheld by avoidBuggyIPs; ask for another address or switch that off',
    }],
    ['the address is in no pool', [pool('a', ['10.0.0.1'])], { wanted: ips('10.9.0.1') }, {
      code: 'NotAllowedInConfig', fix: 'add it to an IPAddressPool, or ask for an address of IPAddressPool "a"',
    }],
  ])('when %s', (_, pools, more, reason) => {
    expect(allocatorFor(...pools).allocate(request('a', more))).toMatchObject({ ok: false, reason });
  });
});

describe('counters', () => {
  test.each<[string, unknown[], object, bigint, bigint]>([
    ['a /24', ['1.2.3.0/24'], {}, 256n, 0n],
    ['two entries', ['1.2.3.0/24', '2.3.4.128/25'], {}, 384n, 0n],
    ['without .0 and .255', ['1.2.3.0/24', '2.3.4.128/25'], { avoidBuggyIPs: true }, 381n, 0n],
    ['a /31 and a /127 without .0 and .255', ['1.2.3.0/31', '1000::/127'], { avoidBuggyIPs: true }, 1n, 2n],
    ['a /8 without .0 and .255', ['10.0.0.0/8'], { avoidBuggyIPs: true }, 2n ** 24n - 2n ** 17n, 0n],
    ['a range across a boundary', ['10.0.0.254-10.0.1.1'], { avoidBuggyIPs: true }, 2n, 0n],
    ['an IPv6 /64, saturated', ['2001:db8::/64'], {}, 0n, 2n ** 63n - 1n],
    ['several large ones, saturated', ['2001:db8::/64', '2001:db9::/32', '2001:dba::/127'], {}, 0n, 2n ** 63n - 1n],
  ])('of %s', (_, addresses, spec, availableIPv4, availableIPv6) => {
    expect(allocatorFor(pool('p', addresses, spec)).counters('p')).toEqual({ assignedIPv4: 0n, assignedIPv6: 0n, availableIPv4, availableIPv6 });
  });

  test('count an address once, however many share it, until the last leaves', () => {
    const allocator = allocatorFor(pool('p', ['10.0.0.0/30', '2001:db8::/126']));
    const shared = (port: number) => ({ ...dual, sharingKey: 'k', ports: [{ protocol: 'TCP', port }] });
    allocator.allocate(request('a', shared(1)));
    allocator.allocate(request('b', shared(2)));
    expect(allocator.counters('p')).toEqual({ assignedIPv4: 1n, assignedIPv6: 1n, availableIPv4: 3n, availableIPv6: 3n });
    allocator.release('media/a');
    expect(allocator.counters('p')).toMatchObject({ assignedIPv4: 1n });
    allocator.release('media/b');
    expect(allocator.counters('p')).toMatchObject({ assignedIPv4: 0n, availableIPv6: 4n });
    expect(allocator.counters('gone')).toBeUndefined();
  });
});

describe('a change of pools', () => {
  function change(from: object[], to: object[], held: Record<string, string[]>): { allocator: Allocator; changes: string[] } {
    const allocator = new Allocator();
    const before = config(from);
    allocator.setPools(before.pools, before.unusable);
    for (const [name, texts] of Object.entries(held)) expect(allocator.assign(request(name, dual), ips(...texts))).toMatchObject({ ok: true });
    const after = config(to);
    const changes = allocator.setPools(after.pools, after.unusable)
      .map((c) => `${c.key} ${c.outcome} ${c.from} → ${c.to}: ${c.reason.code}`);
    return { allocator, changes };
  }

  test.each<[string, object[], object[], string[]]>([
    ['of other things', [pool('p', ['10.0.0.0/24'])], [pool('p', ['10.0.0.0/24'], { autoAssign: false })], []],
    ['that grows', [pool('p', ['10.0.0.0/24'])], [pool('p', ['10.0.0.0/16'])], []],
    ['that renames', [pool('p', ['10.0.0.0/24'])], [pool('q', ['10.0.0.0/24'])], ['media/a moved p → q: PoolReplaced', 'media/b moved p → q: PoolReplaced']],
    ['that splits', [pool('p', ['10.0.0.0/24'])], [pool('p', ['10.0.0.0/25']), pool('q', ['10.0.0.128/25'])], ['media/b moved p → q: PoolReplaced']],
    ['that shrinks', [pool('p', ['10.0.0.0/24'])], [pool('p', ['10.0.0.0/25'])], ['media/b freed p → undefined: NotAllowedInConfig']],
    ['that deletes all', [pool('p', ['10.0.0.0/24'])], [], ['media/a freed p → undefined: NotAllowedInConfig', 'media/b freed p → undefined: NotAllowedInConfig']],
    ['that breaks', [pool('p', ['10.0.0.0/24'])], [pool('p', ['x'])], ['media/a reserved p → p: PoolUnusable', 'media/b reserved p → p: PoolUnusable']],
    ['that renames with a mistake', [pool('p', ['10.0.0.0/24'])], [pool('q', ['10.0.0.0/25', 'x'])],
      ['media/a reserved p → q: PoolUnusable', 'media/b freed p → undefined: NotAllowedInConfig']],
    ['that withholds', [pool('p', ['10.0.0.0/24'])], [pool('p', ['10.0.0.0/24'], { avoidBuggyIPs: true })], ['media/a freed p → undefined: NotAllowedInConfig']],
  ])('%s', (_, from, to, expected) => {
    expect(change(from, to, { a: ['10.0.0.0'], b: ['10.0.0.200'] }).changes).toEqual(expected);
  });

  test('that parts the two addresses of a Service frees both', () => {
    const { allocator, changes } = change([pool('p', ['10.0.0.1', '2001:db8::1'])], [pool('p', ['10.0.0.1']), pool('q', ['2001:db8::1'])], { a: ['10.0.0.1', '2001:db8::1'] });
    expect(changes).toEqual(['media/a freed p → undefined: NotAllowedInConfig']);
    expect([allocator.counters('p'), allocator.counters('q')]).toMatchObject([{ assignedIPv4: 0n }, { assignedIPv6: 0n }]);
  });

  test('keeps counters and free addresses right', () => {
    const { allocator } = change([pool('p', ['10.0.0.0/24'])], [pool('p', ['10.0.0.0/31']), pool('q', ['10.0.0.200-10.0.0.201'])], { a: ['10.0.0.0'], b: ['10.0.0.200'] });
    expect(allocator.counters('p')).toMatchObject({ assignedIPv4: 1n, availableIPv4: 1n });
    expect(allocator.counters('q')).toMatchObject({ assignedIPv4: 1n, availableIPv4: 1n });
    expect(['c', 'd', 'e'].map((name) => say(allocator.allocate(request(name))))).toEqual(['10.0.0.1 p', '10.0.0.201 q', 'no available IPs']);
  });

  test('keeps addresses of a wrong pool from others, restores them when it is right again, frees them when it is deleted', () => {
    const { allocator } = change([pool('p', ['10.0.0.1'])], [pool('p', ['x']), pool('q', ['10.0.0.1-10.0.0.2'])], { a: ['10.0.0.1'] });
    expect(allocator.get('media/a')).toMatchObject({ reserved: true, pool: 'p' });
    expect(say(allocator.allocate(request('b')))).toBe('10.0.0.2 q');
    const right = config([pool('p', ['10.0.0.1'])]);
    expect(allocator.setPools(right.pools, right.unusable)).toMatchObject([
      { key: 'media/a', outcome: 'restored', to: 'p', reason: { code: 'PoolRepaired' } }, { key: 'media/b', outcome: 'freed' },
    ]);
    expect(allocator.get('media/a')).toMatchObject({ reserved: false });
    expect(allocator.setPools([], [])).toMatchObject([{ key: 'media/a', outcome: 'freed' }]);
    expect(allocator.allocations()).toEqual([]);
  });
});

test('fifty thousand addresses of a /8 are given, half freed and given again, lowest first', () => {
  const allocator = allocatorFor(pool('p', ['10.0.0.0/8']));
  for (let n = 0; n < 50_000; n += 1) allocator.allocate(request(`s${n}`));
  expect(allocator.get('media/s49999')!.ips[0].value).toBe(ip('10.0.0.0').value + 49_999n);
  for (let n = 0; n < 50_000; n += 2) allocator.release(`media/s${n}`);
  for (let n = 0; n < 25_000; n += 1) allocator.allocate(request(`t${n}`));
  expect(allocator.get('media/t24999')!.ips[0].value).toBe(ip('10.0.0.0').value + 49_998n);
  expect(allocator.counters('p')).toMatchObject({ assignedIPv4: 50_000n });
});
