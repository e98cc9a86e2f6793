import { parse, pool } from './fixtures';
import { NodeAddresses, sameOwnAnnotations, wantsNodes } from '../../src/config';

const GROUP = 'home-load-balancer.github.io/';
type Annotations = Record<string, unknown>;
const annotated = (annotations: Annotations) => (
  pool('p', ['10.0.0.0/24'], {}, { annotations: Object.fromEntries(Object.entries(annotations).map(([name, value]) => [GROUP + name, value])) })
);
const read = (annotations: Annotations, nodeAddresses?: NodeAddresses) => parse({ ipAddressPools: [annotated(annotations)], nodeAddresses });
const policy = (annotations: Record<string, unknown>, nodes?: NodeAddresses) => {
  const { config, problems } = read(annotations, nodes);
  expect(problems).toEqual([]);
  return config.pools[0].policy;
};

test('a pool without annotations is as MetalLB has it', () => {
  expect(policy({})).toEqual({
    draining: false, sharing: 'by-key', stickyMs: undefined, namespaceLimit: undefined, excluded: [], excludesNodes: false, quarantineMs: undefined,
  });
});

test.each<[Record<string, string>, object]>([
  [{ draining: 'true' }, { draining: true }],
  [{ draining: ' false ' }, { draining: false }],
  [{ sharing: 'automatic' }, { sharing: 'automatic' }],
  [{ sharing: 'by-key' }, { sharing: 'by-key' }],
  [{ sticky: 'true' }, { stickyMs: 86_400_000 }],
  [{ sticky: 'false' }, { stickyMs: undefined }],
  [{ sticky: '1h30m' }, { stickyMs: 5_400_000 }],
  [{ 'namespace-limit': '5' }, { namespaceLimit: 5 }],
  [{ quarantine: '10m' }, { quarantineMs: 600_000 }],
])('%j is read', (annotations, expected) => {
  expect(policy(annotations)).toMatchObject(expected);
});

test.each<[string, NodeAddresses, string[]]>([
  ['93.5.22.1', undefined, ['93.5.22.1/32']],
  ['93.5.22.1, 93.5.22.150-93.5.22.199 ,93.5.23.0/30', undefined, ['93.5.22.1/32', '93.5.22.150-93.5.22.199', '93.5.23.0/30']],
  ['nodes, 93.5.22.1', ['93.5.22.45', 'fd00::44', '93.5.22.45', 'no address'], ['93.5.22.1/32', '93.5.22.45/32', 'fd00::44/128']],
  ['nodes', [], []],
  ['nodes', undefined, []],
  [' , ,', undefined, []],
])('excluded-addresses %j with nodes %j', (text, nodes, expected) => {
  expect(policy({ 'excluded-addresses': text }, nodes).excluded.map(String)).toEqual(expected);
});

test.each<[Record<string, unknown>, string, string]>([
  [{ draining: 'True' }, 'InvalidAnnotation', 'home-load-balancer.github.io/draining "True" is none of true, false'],
  [{ draining: true }, 'InvalidValue', 'is true, not text'],
  [{ sharing: '' }, 'InvalidAnnotation', '"" is none of automatic, by-key'],
  [{ sticky: 'forever' }, 'InvalidDuration', 'home-load-balancer.github.io/sticky "forever" is no duration above 0'],
  [{ sticky: '-1h' }, 'InvalidDuration', 'no duration above 0'],
  [{ 'namespace-limit': '0' }, 'InvalidAnnotation', '"0" is no number of addresses'],
  [{ 'namespace-limit': '1.5' }, 'InvalidAnnotation', '"1.5" is no number of addresses'],
  [{ 'namespace-limit': '9'.repeat(400) }, 'InvalidAnnotation', 'is no number of addresses'],
  [{ 'excluded-addresses': '93.5.22.1 93.5.22.2' }, 'InvalidCidr', 'home-load-balancer.github.io/excluded-addresses: invalid CIDR "93.5.22.1 93.5.22.2"'],
  [{ 'excluded-addresses': 'node' }, 'InvalidCidr', 'invalid CIDR "node"'],
  [{ 'excluded-addresses': '93.5.22.9-93.5.22.1' }, 'StartAfterEnd', 'is after the end IP'],
  [{ quarantine: '0s' }, 'InvalidDuration', 'no duration above 0'],
  [{ drainning: 'true' }, 'InvalidAnnotation', 'unknown annotation home-load-balancer.github.io/drainning'],
])('%j is refused, naming it, and the pool stays as it last was', (annotations, code, message) => {
  const name = Object.keys(annotations)[0];
  const { problems, config } = read(annotations);
  expect(problems).toMatchObject([{ code, kind: 'IPAddressPool', name: 'p', field: `metadata.annotations[${GROUP}${name}]`, transient: false }]);
  expect(problems[0].message).toContain(message);
  expect(problems[0].fix).not.toBe('');
  expect(config.unusable).toMatchObject([{ name: 'p', rangesKnown: true }]);

  const good = parse({ ipAddressPools: [annotated({ draining: 'true' })] }).config;
  expect(parse({ ipAddressPools: [annotated(annotations)] }, good).config).toBe(good);
});

test('a pool that excludes the nodes waits until their addresses are known; others do not', () => {
  const { problems, config } = parse({
    ipAddressPools: [annotated({ 'excluded-addresses': 'nodes' }), pool('q', ['10.0.1.0/24'], {}, { annotations: { [`${GROUP}excluded-addresses`]: '10.0.1.1' } })],
    nodeAddresses: 'unknown',
  });
  expect(problems).toMatchObject([{ code: 'MissingReference', name: 'p', transient: true }]);
  expect(config.pools.map(({ name }) => name)).toEqual(['q']);
});

test('annotations of others are none of our business', () => {
  expect(parse({ ipAddressPools: [pool('p', ['10.0.0.1'], {}, { annotations: { 'example.com/draining': 'x', 'metallb.io/x': 'y' } })] }).problems).toEqual([]);
  for (const annotations of [null, 'x', ['x'], 7]) expect(parse({ ipAddressPools: [pool('p', ['10.0.0.1'], {}, { annotations })] }).problems).toEqual([]);
});

test.each<[unknown, boolean]>([
  [annotated({ 'excluded-addresses': '93.5.22.1,nodes' }), true],
  [annotated({ 'excluded-addresses': 'nodes2' }), false],
  [annotated({ 'excluded-addresses': 7 }), false],
  [annotated({}), false],
  [pool('p', []), false],
  [null, false],
])('%j asks for the nodes: %s', (object, expected) => {
  expect(wantsNodes(object)).toBe(expected);
});

test.each<[Record<string, string> | undefined, Record<string, string> | undefined, boolean]>([
  [undefined, {}, true],
  [{ [`${GROUP}sticky`]: 'true' }, { [`${GROUP}sticky`]: 'true', other: 'x' }, true],
  [{ [`${GROUP}sticky`]: 'true' }, {}, false],
  [{}, { [`${GROUP}mistyped`]: 'true' }, false],
])('%j and %j say the same to us: %s', (a, b, expected) => {
  expect(sameOwnAnnotations(a, b)).toBe(expected);
});
