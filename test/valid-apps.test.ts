import { ApiObject, App, Chart, Testing } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import * as fc from 'fast-check';
import { parseConfig } from '../speaker/src/config';
import { AddressPoolOptions, Advertisement, AddressSharing, IpRange, Selector } from '../src';
import { balancer } from './util';

/**
 * Apps that are right, made at random: what their author is told and what the program says must be nothing.
 */
const word = fc.stringMatching(/^[a-z]([-a-z0-9]{0,8}[a-z0-9])?$/);
const labels = fc.dictionary(word, fc.stringMatching(/^[A-Za-z0-9]{0,6}$/), { minKeys: 1, maxKeys: 3 });
const selector = fc.oneof(
  labels.map((of) => Selector.labels(of)),
  fc.tuple(word, fc.uniqueArray(word, { minLength: 1, maxLength: 3 })).chain(([key, values]) =>
    fc.constantFrom(Selector.in(key, ...values), Selector.notIn(key, ...values), Selector.exists(key), Selector.doesNotExist(key))),
  fc.constant(Selector.everything()),
);
const selectors = fc.uniqueArray(selector, { selector: String, maxLength: 3 });

/** Ranges of the place-th pool: disjoint, in any notation, of both families. */
function ranges(place: number) {
  const v4 = (part: number) => fc.constantFrom(`10.${place}.${part}.0/24`, `10.${place}.${part}.7`, `10.${place}.${part}.3 - 10.${place}.${part}.9`);
  const v6 = (part: number) => fc.constantFrom(`fd00:${place}:${part}::/64`, `FD00:${place}:${part}::7`, `fd00:${place}:${part}::3-fd00:${place}:${part}::ffff`);
  return fc.uniqueArray(fc.nat(200), { minLength: 1, maxLength: 4 })
    .chain((parts) => fc.tuple(...parts.map((part) => fc.oneof(v4(part), v6(part)))))
    .map((texts) => texts.map((text) => IpRange.parse(text)));
}

const preference = fc.record({ selector, weight: fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }) });

const l2 = fc.record({
  interfaces: fc.option(fc.array(fc.constantFrom('eth0', 'enp3s0.20', 'wlan0'), { maxLength: 2 }), { nil: undefined }),
  nodeSelectors: fc.option(selectors, { nil: undefined }),
  preferredNodes: fc.option(fc.array(preference, { maxLength: 3 }), { nil: undefined }),
}).map((options) => Advertisement.l2(options));

const pool = (place: number): fc.Arbitrary<AddressPoolOptions> => fc.record({
  ranges: ranges(place),
  poolName: fc.option(fc.constant(`pool-${place}`), { nil: undefined }),
  autoAssign: fc.option(fc.boolean(), { nil: undefined }),
  avoidBuggyIps: fc.option(fc.boolean(), { nil: undefined }),
  priority: fc.option(fc.nat(100), { nil: undefined }),
  namespaces: fc.option(fc.uniqueArray(word, { maxLength: 3 }), { nil: undefined }),
  namespaceSelectors: fc.option(selectors, { nil: undefined }),
  serviceSelectors: fc.option(selectors, { nil: undefined }),
  labels: fc.option(labels, { nil: undefined }),
  advertise: fc.option(fc.array(l2, { maxLength: 3 }), { nil: undefined }),
});

/** A Service that may have an address of its own of one pool, or of any; its port is its own, so that it never is in the way. */
const wish = fc.record({ pool: fc.option(fc.nat(), { nil: undefined }), address: fc.boolean(), never: fc.boolean() });

const app = fc.integer({ min: 1, max: 4 }).chain((count) => fc.record({
  pools: fc.tuple(...Array.from({ length: count }, (_, place) => pool(place))),
  wishes: fc.array(wish, { maxLength: 6 }),
  nodes: fc.option(fc.constant([{ name: 'a' }]), { nil: undefined }),
}));

function build({ pools, wishes }: { pools: AddressPoolOptions[]; wishes: { pool?: number; address: boolean; never: boolean }[] }): Chart {
  const chart = new Chart(new App(), 'app');
  const lb = balancer(chart);
  // One pool for whoever is served by no other, so that no Service is without.
  lb.addPool('everybody', { ranges: [IpRange.cidr('172.16.0.0/16')] });
  const made = pools.map((options, i) => lb.addPool(`pool${i}`, options));
  wishes.forEach(({ pool: which, address, never }, i) => {
    const service = new k8s.KubeService(chart, `service${i}`, { spec: { ports: [{ port: 1000 + i }] } });
    const at = which === undefined ? undefined : which % made.length;
    const open = at !== undefined && !pools[at].namespaces?.length && !pools[at].serviceSelectors?.length && pools[at].ranges.length > 1;
    lb.bind(service, {
      pool: open && !address ? made[at] : undefined,
      addresses: address ? [`172.16.1.${i}`] : undefined,
      sharing: never ? AddressSharing.NEVER : undefined,
    });
  });
  return chart;
}

test('what is right is never refused, neither at synthesis nor by the program', () => {
  fc.assert(fc.property(app, (description) => {
    const objects = JSON.parse(JSON.stringify(Testing.synth(build(description as any))));
    const ofKind = (kind: string) => objects.filter((object: any) => object.kind === kind);
    const { problems, config } = parseConfig({ ipAddressPools: ofKind('IPAddressPool'), l2Advertisements: ofKind('L2Advertisement'), namespaces: [] });
    expect(problems).toEqual([]);
    expect(config.pools).toHaveLength(description.pools.length + 1);
  }), { numRuns: 100 });
});

test('whatever text stands for an address, synthesis and the program agree about it', () => {
  const octet = fc.oneof(fc.nat(300).map(String), fc.constantFrom('', '00', '1e1', '٣', ' 1'));
  const v4 = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'));
  const v6 = fc.array(fc.oneof(fc.stringMatching(/^[0-9a-fA-F]{0,5}$/), fc.constant('')), { minLength: 2, maxLength: 9 }).map((groups) => groups.join(':'));
  const part = fc.oneof(v4, v6, fc.ipV4(), fc.ipV6(), fc.string({ maxLength: 5 }));
  const text = fc.oneof(part, fc.tuple(part, fc.constantFrom('-', ' - ', '/', '%'), fc.oneof(part, fc.nat(140).map(String))).map((parts) => parts.join('')));
  fc.assert(fc.property(text, (address) => {
    const manifest = { apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', metadata: { name: 'lan', namespace: 'metallb-system' }, spec: { addresses: [address] } };
    const { problems } = parseConfig({ ipAddressPools: [manifest], l2Advertisements: [], namespaces: [] });
    const chart = new Chart(new App(), 'app');
    balancer(chart);
    new ApiObject(chart, 'pool', manifest);
    const synthesis = () => Testing.synth(chart);
    if (problems.length > 0) expect(synthesis).toThrow(/Validation failed/);
    else expect(synthesis()).not.toEqual([]);
  }), { numRuns: 300 });
});
