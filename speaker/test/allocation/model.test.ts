import * as fc from 'fast-check';
import { Cluster, own as ownAnnotations, pool, POOL_OUT, Service, service } from './fixtures';
import { admits, ANNOTATIONS, serviceRequest } from '../../src/allocation';
import { type Config } from '../../src/config';
import { IpAddress } from '../../src/ip';

/*
 * Random lives of a small cluster: Services come, change and go, pools come, change, break and go, the controller restarts. After each step everything
 * the room promises is checked from the outside: from the statuses of Services and the counters of pools, with arithmetic of its own.
 */

const names = ['a/a', 'a/b', 'b/c', 'b/d', 'media/e', 'media/f', 'games/g'];
const families = fc.constantFrom<('IPv4' | 'IPv6')[]>(['IPv4'], ['IPv4'], ['IPv6'], ['IPv4', 'IPv6'], ['IPv6', 'IPv4']);
const CLUSTER_IPS = { IPv4: '10.96.0.1', IPv6: 'fd00::1' };

const someService = fc.record({
  key: fc.constantFrom(...names),
  families,
  ipFamilyPolicy: fc.constantFrom('SingleStack', 'PreferDualStack', 'RequireDualStack'),
  wanted: fc.option(fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.9', '10.9.9.9', '2001:db8::1', '10.0.0.2,2001:db8::1', 'nonsense'), { freq: 3, nil: undefined }),
  askedPool: fc.option(fc.constantFrom('p', 'q', 'r', 'gone'), { freq: 3, nil: undefined }),
  sharingKey: fc.option(fc.constantFrom('k', 'l'), { nil: undefined }),
  ports: fc.subarray([80, 443, 53]),
  local: fc.boolean(),
  app: fc.constantFrom('x', 'y'),
  type: fc.constantFrom('LoadBalancer', 'LoadBalancer', 'LoadBalancer', 'LoadBalancer', 'ClusterIP'),
  sharing: fc.option(fc.constantFrom('automatic', 'by-key', 'rubbish'), { freq: 2, nil: undefined }),
  sticky: fc.option(fc.constantFrom('true', 'false'), { freq: 2, nil: undefined }),
});

const entries = fc.subarray(['10.0.0.0-10.0.0.1', '10.0.0.2', '10.0.0.3-10.0.0.4', '10.0.0.9', '10.0.0.255-10.0.1.1', '2001:db8::-2001:db8::1', '2001:db8::2'],
  { minLength: 1, maxLength: 4 });
const somePools = fc.uniqueArray(fc.record({
  name: fc.constantFrom('p', 'q', 'r'),
  addresses: fc.oneof({ weight: 8, arbitrary: entries }, fc.constantFrom(['x'], ['10.0.0.2', 'x'])),
  autoAssign: fc.constantFrom(true, true, true, false),
  avoidBuggyIPs: fc.boolean(),
  serviceAllocation: fc.option(fc.constantFrom({}, { priority: 1 }, { namespaces: ['a', 'media'] }, { serviceSelectors: [{ matchLabels: { app: 'x' } }] }), { nil: undefined }),
  annotations: fc.record({
    'draining': fc.constantFrom('true', 'false', 'maybe'),
    'sharing': fc.constantFrom('automatic', 'by-key'),
    'sticky': fc.constantFrom('true', '1h'),
    'namespace-limit': fc.constantFrom('1', '2'),
    'excluded-addresses': fc.constantFrom('10.0.0.1', '10.0.0.0-10.0.0.3, 2001:db8::', '10.0.0.255, nodes'),
  }, { requiredKeys: [] }),
}), { selector: ({ name }) => name, maxLength: 3 });

type Step =
  | { do: 'apply'; service: typeof someService extends fc.Arbitrary<infer T> ? T : never }
  | { do: 'delete'; key: string }
  | { do: 'pools'; pools: typeof somePools extends fc.Arbitrary<infer T> ? T : never }
  | { do: 'wait'; hours: number }
  | { do: 'restart'; backwards: boolean };

const steps: fc.Arbitrary<Step[]> = fc.array(fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('apply' as const), service: someService }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), key: fc.constantFrom(...names) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pools' as const), pools: somePools }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), hours: fc.constantFrom(0.5, 1, 24) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restart' as const), backwards: fc.boolean() }) },
), { minLength: 1, maxLength: 25 });

type Wish = Extract<Step, { do: 'apply' }>['service'];

function asService(wish: Wish): Service {
  const { key, families: clusterFamilies, ipFamilyPolicy, wanted, askedPool, sharingKey, ports, local, app, type, sharing, sticky } = wish;
  return service(key, {
    labels: { app },
    annotations: {
      ...wanted === undefined ? {} : { [ANNOTATIONS.loadBalancerIPs]: wanted },
      ...askedPool === undefined ? {} : { [ANNOTATIONS.addressPool]: askedPool },
      ...sharingKey === undefined ? {} : { [ANNOTATIONS.allowSharedIp]: sharingKey },
      ...sharing === undefined ? {} : ownAnnotations({ sharing }),
      ...sticky === undefined ? {} : ownAnnotations({ sticky }),
    },
    spec: {
      type,
      clusterIPs: clusterFamilies.map((family) => CLUSTER_IPS[family]),
      ipFamilyPolicy: clusterFamilies.length > 1 && ipFamilyPolicy === 'SingleStack' ? undefined : ipFamilyPolicy,
      ports: ports.map((port) => ({ port })),
      externalTrafficPolicy: local ? 'Local' : 'Cluster',
      selector: { app },
    },
  });
}

const asPools = (pools: Extract<Step, { do: 'pools' }>['pools']) => pools.map(({ name, addresses, annotations, ...spec }) => pool(name, addresses, spec, annotations));
const shownBy = ({ status }: Service) => (status?.loadBalancer?.ingress ?? []).map(({ ip }) => IpAddress.parse(ip!));

/** May two Services be on one address of a pool, by the rules as documented? */
function mayShare(a: Service, b: Service, sharing: 'automatic' | 'by-key' | undefined): boolean {
  const key = ({ metadata: { annotations = {} } }: Service) => {
    const word = annotations['home-load-balancer.github.io/sharing'];
    const automatic = (['automatic', 'by-key'].includes(word) ? word : sharing) !== 'by-key';
    return annotations[ANNOTATIONS.allowSharedIp] ?? (automatic ? '(automatic)' : undefined);
  };
  const backends = ({ spec }: Service) => spec?.externalTrafficPolicy === 'Local' ? JSON.stringify(spec.selector) : '';
  const ports = ({ spec }: Service) => spec?.ports?.map(({ port }) => port) ?? [];
  return key(a) !== undefined && key(a) === key(b) && backends(a) === backends(b) && !ports(a).some((port) => ports(b).includes(port));
}

function checkStatuses({ services, allocator, config }: Cluster): void {
  const all = [...services.values()];
  const policyOf = ({ metadata }: Service) => config!.pools.find(({ name }) => name === metadata.annotations?.[POOL_OUT])?.policy;
  all.forEach((a, index) => {
    for (const b of all.slice(index + 1)) {
      const common = shownBy(a).filter((own) => shownBy(b).some((other) => other.equals(own)));
      const which = [a.metadata.name, b.metadata.name, `${common}`];
      if (common.length > 0) expect([...which, mayShare(a, b, policyOf(a)?.sharing)]).toEqual([...which, true]);
    }
  });
  for (const [key, one] of services) {
    const shown = shownBy(one);
    const held = allocator.get(key);
    expect(held?.ips.map(String) ?? []).toEqual(shown.map(String));
    // A Service of a wrong pool is left as it is, its annotation, too.
    if (!held?.reserved) expect(one.metadata.annotations?.[POOL_OUT]).toBe(held?.pool);
    if (!held || held.reserved) continue;
    const home = config!.pools.find(({ name }) => name === held.pool)!;
    for (const ip of shown) {
      expect(home.ranges.some((range) => range.contains(ip))).toBe(true);
      if (home.avoidBuggyIPs && ip.family === 'IPv4') expect([0n, 255n]).not.toContain(ip.value % 256n);
    }
    expect(admits(home, one.metadata.namespace!, one.metadata.labels ?? {})).toBe(true);
    const request = serviceRequest(one);
    if (request.ok) expect(shown.every(({ family }) => request.request.families.includes(family))).toBe(true);
    expect(new Set(shown.map(({ family }) => family)).size).toBe(shown.length);
  }
  expect(allocator.allocations().length).toBe([...services.values()].filter((one) => shownBy(one).length > 0).length);
}

function checkCounters({ services, allocator, config }: Cluster): void {
  const reserved = new Set(allocator.reservations().flatMap((reservation) => reservation.ips.map(String)));
  for (const { name, ranges, avoidBuggyIPs, policy: { excluded } } of config!.pools) {
    const counters = allocator.counters(name)!;
    for (const family of ['IPv4', 'IPv6'] as const) {
      const offered: string[] = [];
      for (const range of ranges.filter((one) => one.family === family)) {
        for (let value = range.first.value; value <= range.last.value; value += 1n) {
          if (!(avoidBuggyIPs && family === 'IPv4' && [0n, 255n].includes(value % 256n))) offered.push(`${IpAddress.of(family, value)}`);
        }
      }
      const used = new Set([...services.values()].flatMap(shownBy).map(String).filter((text) => offered.includes(text)));
      const given = (text: string) => !excluded.some((range) => range.contains(IpAddress.parse(text)));
      const left = offered.filter((text) => !used.has(text) && !reserved.has(text) && given(text));
      expect([counters[`assigned${family}`], counters[`available${family}`]]).toEqual([BigInt(used.size), BigInt(left.length)]);
    }
  }
}

/** What was given in this step was given by the rules of the pool. */
function checkGiven({ services, config, allocator }: Cluster, before: ReadonlyMap<string, Service>): void {
  const addressesOf = (all: Iterable<Service>, namespace: string, name: string) => new Set(
    [...all].filter(({ metadata }) => metadata.namespace === namespace && metadata.annotations?.[POOL_OUT] === name).flatMap(shownBy).map(String),
  );
  for (const [key, one] of services) {
    const had = before.get(key);
    const fresh = shownBy(one).filter((ip) => !had || !shownBy(had).some((own) => own.equals(ip)));
    const home = config!.pools.find(({ name }) => name === allocator.get(key)?.pool);
    if (fresh.length === 0 || !home) continue;
    const { draining, excluded, namespaceLimit } = home.policy;
    expect([key, draining]).toEqual([key, false]);
    expect([key, fresh.filter((ip) => excluded.some((range) => range.contains(ip))).map(String)]).toEqual([key, []]);
    const { namespace = '' } = one.metadata;
    const [now, then] = [services, before].map((all) => addressesOf(all.values(), namespace, home.name));
    const more = [...now].filter((text) => !then.has(text)).length;
    if (namespaceLimit !== undefined && more > 0) expect([key, now.size <= Math.max(namespaceLimit, then.size)]).toEqual([key, true]);
  }
}

/** An address that is reserved is had by nobody, or was shared, or is its Service's again. */
function checkReservations({ services, allocator, config, now }: Cluster): void {
  for (const { key, ips, until, pool: name } of allocator.reservations()) {
    expect([key, until > now]).toEqual([key, true]);
    expect([key, allocator.get(key)]).toEqual([key, undefined]);
    const home = config!.pools.find(({ ranges }) => ips.every((ip) => ranges.some((range) => range.contains(ip))));
    expect([key, home !== undefined || config!.unusable.some((wrong) => wrong.name === name || wrong.kind === 'IPAddressPool')]).toEqual([key, true]);
    expect([key, home?.policy.draining ?? false]).toEqual([key, false]);
    expect(shownBy(services.get(key) ?? service(key))).toEqual([]);
  }
}

/** Who lost an address was told why, or is no LoadBalancer any more. */
function checkCauses(cluster: Cluster, before: ReadonlyMap<string, Service>): void {
  for (const [key, one] of cluster.services) {
    const had = before.get(key);
    const lost = had && shownBy(had).some((ip) => !shownBy(one).some((own) => own.equals(ip)));
    if (!lost) continue;
    const own = cluster.decisions.filter((entry) => entry.key === key).map(({ decision }) => decision);
    const named = own.some(({ outcome, events }) => outcome === 'cleared' || events.some(({ reason, message }) => reason !== 'IPAllocated' && message !== ''));
    expect([key, named]).toEqual([key, true]);
    expect([key, own.some(({ retryWaiters }) => retryWaiters) || own.every(({ freed }) => !freed)]).toEqual([key, true]);
  }
}

/**
 * A restart forgets last good versions of pools. Then who waits may fare differently, and pools may take over from others, but nobody loses an address
 * whose pool means now what it meant before, or is known to be wrong.
 */
function checkRestart({ services, config }: Cluster, configBefore: Config, before: ReadonlyMap<string, Service>): void {
  for (const [key, one] of before) {
    const meaning = ({ pools }: Config) => pools.find(({ name }) => name === one.metadata.annotations?.[POOL_OUT])?.ranges.join();
    if (meaning(config!) !== undefined && meaning(config!) !== meaning(configBefore)) continue;
    expect([key, ...shownBy(services.get(key)!).slice(0, shownBy(one).length)].map(String)).toEqual([key, ...shownBy(one)].map(String));
  }
}

test('promises hold through random lives of a cluster', () => {
  fc.assert(fc.property(somePools, steps, (first, life) => {
    let pools = asPools(first);
    const cluster = new Cluster(pools);
    for (const step of life) {
      const before = new Map(cluster.services);
      const config = cluster.config!;
      switch (step.do) {
        case 'apply': cluster.apply(asService(step.service)); break;
        case 'delete': cluster.delete(step.key); break;
        case 'wait': cluster.wait(step.hours * 3_600_000); break;
        case 'pools':
          pools = asPools(step.pools);
          cluster.setPools(pools);
          break;
        case 'restart': {
          const shown = cluster.shown();
          cluster.restart(pools, (services) => step.backwards ? services.reverse() : services);
          if (cluster.config!.fingerprint === config.fingerprint) expect(cluster.shown()).toEqual(shown);
          checkRestart(cluster, config, before);
          break;
        }
      }
      checkStatuses(cluster);
      checkCounters(cluster);
      checkReservations(cluster);
      checkGiven(cluster, before);
      if (step.do !== 'restart') checkCauses(cluster, before);

      // Everything is settled: going through all Services once more changes nothing, so nobody waits for what is there. Only why somebody waits may be
      // another reason by now, as others have taken what was free; then nothing is written any more.
      const settled = cluster.shown();
      for (const one of [...cluster.services.values()]) expect(cluster.apply(one)).toMatchObject({ freed: false, retryWaiters: false });
      for (const one of [...cluster.services.values()]) expect(cluster.apply(one)).toMatchObject({ write: false });
      expect(cluster.shown()).toEqual(settled);
    }
  }), { numRuns: 400 });
});

test('a start comes to the same result in whatever order Services are read, even where statuses contradict each other', () => {
  const claims = fc.array(fc.tuple(someService, fc.subarray(['10.0.0.0', '10.0.0.1', '10.0.0.2', '10.0.0.9', '2001:db8::1', '10.9.9.9'], { maxLength: 2 }),
    fc.option(fc.constantFrom('p', 'q', 'gone'), { nil: undefined })), { maxLength: 6 });
  fc.assert(fc.property(somePools, claims, (first, wishes) => {
    const build = (order: (services: Service[]) => Service[]) => {
      const cluster = new Cluster(undefined);
      for (const [wish, shows, from] of wishes) {
        const one = asService(wish);
        const metadata = { ...one.metadata, annotations: { ...one.metadata.annotations, ...from === undefined ? {} : { [POOL_OUT]: from } } };
        cluster.services.set(wish.key, { ...one, metadata, status: { loadBalancer: { ingress: shows.map((ip) => ({ ip })) } } });
      }
      cluster.restart(asPools(first), order);
      return cluster.shown();
    };
    const forwards = build((services) => services);
    expect(build((services) => [...services].reverse())).toEqual(forwards);
    expect(build((services) => [...services.slice(2), ...services.slice(0, 2)])).toEqual(forwards);
  }), { numRuns: 300 });
});
