/**
 * Configurations that are right and wrong, as somebody might write them by hand. The program's parser and the synthesis must agree about each: the same
 * cases run on both, in `manifests.test.ts`.
 */

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  spec?: unknown;
}

export interface Case {
  readonly why: string;
  readonly objects: Manifest[];
  /** Part of what synthesis says; only for what is wrong. */
  readonly says?: RegExp;
}

export const namespace = 'metallb-system';

const VERSIONS: Record<string, string> = { BGPPeer: 'metallb.io/v1beta2', Secret: 'v1' };

export function object(kind: string, name: string, spec: unknown, labels?: Record<string, string>): Manifest {
  return { apiVersion: VERSIONS[kind] ?? 'metallb.io/v1beta1', kind, metadata: { name, namespace, ...labels && { labels } }, spec };
}

const pool = (spec: object, name = 'lan') => object('IPAddressPool', name, spec);
const l2 = (spec: unknown, name = 'l2') => object('L2Advertisement', name, spec);
const addresses = (...list: unknown[]) => pool({ addresses: list });
const lan = addresses('10.0.0.0/24');
const allocation = (serviceAllocation: unknown) => pool({ addresses: ['10.0.0.0/24'], serviceAllocation });
const attic = { matchLabels: { zone: 'attic' } };
const expressions = (...list: unknown[]) => ({ matchExpressions: list });

export const RIGHT: Case[] = [
  { why: 'a bare address', objects: [addresses('93.5.22.100')] },
  { why: 'all notations', objects: [addresses('10.0.0.1-10.0.0.9', '10.0.1.0/24', '10.0.2.1 - 10.0.2.1', 'fd00::/64', 'FD01::1')] },
  { why: 'bits after the prefix', objects: [addresses('10.0.0.40/24')] },
  { why: 'everything', objects: [addresses('0.0.0.0/0', '::/0')] },
  { why: 'neighbours', objects: [addresses('10.0.0.0/25', '10.0.0.128/25'), pool({ addresses: ['10.0.1.0/24'] }, 'next')] },
  { why: 'an empty allocation', objects: [allocation({})] },
  { why: 'a whole allocation', objects: [allocation({ priority: 5, namespaces: ['a', 'b'], namespaceSelectors: [attic, {}], serviceSelectors: [attic] })] },
  { why: 'a negative priority', objects: [allocation({ priority: -1 })] },
  { why: 'nulls', objects: [pool({ addresses: ['10.0.0.1'], autoAssign: null, avoidBuggyIPs: null, serviceAllocation: null })] },
  { why: 'an advertisement of everything', objects: [lan, l2(undefined)] },
  {
    why: 'a whole advertisement',
    objects: [lan, l2({
      ipAddressPools: ['lan'],
      nodeSelectors: [attic],
      serviceSelectors: [attic],
      interfaces: ['eth0', 'eth0'],
      preferredNodeSelectors: [{ weight: 1, preference: {} }, { weight: 100, preference: attic }, { weight: 100, preference: attic }],
    })],
  },
  { why: 'pools that do not exist', objects: [lan, l2({ ipAddressPools: ['typo'] })] },
  {
    why: 'all operators',
    objects: [lan, l2({
      nodeSelectors: [expressions(
        { key: 'a', operator: 'In', values: ['x', ''] }, { key: 'example.com/a', operator: 'NotIn', values: ['y'] },
        { key: 'b', operator: 'Exists' }, { key: 'c', operator: 'DoesNotExist', values: [] },
      )],
    })],
  },
  { why: 'selectors that look alike', objects: [lan, l2({ nodeSelectors: [attic, { matchLabels: { zone: 'attic', a: 'b' } }, expressions({ key: 'zone', operator: 'NotIn', values: ['attic'] })] })] },
];

export const WRONG: Case[] = [
  ...[[], undefined, '10.0.0.1', {}].map((list) => ({ why: `addresses ${JSON.stringify(list)}`, objects: [pool({ addresses: list })], says: /addresses .* is not valid: expected at least one/ })),
  ...['', '10.0.0', '10.0.0.1/33', '10.0.0.1/', '10.0.0.1/08', '10.0.0.256', '010.0.0.1', 'fd00::/129', 'fd00::g', '::ffff:10.0.0.1', '::ffff:0:0/120', 'fe80::1%eth0',
    ' 10.0.0.1', '10.0.0.1 ', '10.0.0.0/24 ', '10.0.0.1-', '-10.0.0.1', '10.0.0.1-10.0.0.2-10.0.0.3', '10.0.0.0/24/8', '10.0.0.1–10.0.0.9', '１０.0.0.1', 'lan', '10.0.0.1,10.0.0.2'].map((text) => ({ why: `the address '${text}'`, objects: [addresses('10.9.0.1', text)], says: /is not an IP range: expected an address/ })),
  ...[42, null, true, ['10.0.0.1'], {}].map((value) => ({ why: `the address ${JSON.stringify(value)}`, objects: [addresses(value)], says: /is not an IP range: expected text/ })),
  { why: 'a backwards range', objects: [addresses('10.0.0.9-10.0.0.1')], says: /is backwards: write 10.0.0.1-10.0.0.9/ },
  { why: 'a range of both families', objects: [addresses('10.0.0.1-fd00::1')], says: /mixes IPv4 and IPv6/ },
  { why: 'an overlap within a pool', objects: [addresses('10.0.0.0/24', '10.0.0.7')], says: /range 10.0.0.7 of pool lan overlaps 10.0.0.0\/24 of the same pool/ },
  { why: 'an overlap within a pool, the larger one last', objects: [addresses('10.0.0.7', '10.0.0.0/24')], says: /range 10.0.0.0\/24 of pool lan overlaps 10.0.0.7 of the same pool/ },
  { why: 'an overlap of IPv6 behind IPv4 addresses of higher numbers', objects: [addresses('200.0.0.0/8', '::5-::7', '::6')], says: /range ::6 of pool lan overlaps ::5-::7/ },
  { why: 'the same address twice', objects: [addresses('fd00::1', 'FD00:0::1')], says: /overlaps/ },
  { why: 'an overlap of pools', objects: [lan, pool({ addresses: ['10.0.0.255-10.0.1.9'] }, 'other')], says: /range 10.0.0.255-10.0.1.9 of pool other overlaps 10.0.0.0\/24 of pool lan/ },
  { why: 'an overlap after the bits after the prefix are cut off', objects: [lan, pool({ addresses: ['10.0.0.200/25'] }, 'other')], says: /overlaps/ },
  { why: 'two pools of one name', objects: [lan, addresses('10.0.1.0/24')], says: /IPAddressPool lan is also defined by/ },
  { why: 'two advertisements of one name', objects: [lan, l2({}), l2({ ipAddressPools: ['lan'] })], says: /L2Advertisement l2 is also defined by/ },
  ...['yes', 0, [], {}].map((value) => ({ why: `autoAssign ${JSON.stringify(value)}`, objects: [pool({ addresses: ['10.0.0.1'], autoAssign: value })], says: /autoAssign .* is not valid: expected true or false/ })),
  { why: 'avoidBuggyIPs as text', objects: [pool({ addresses: ['10.0.0.1'], avoidBuggyIPs: 'true' })], says: /avoidBuggyIPs 'true' is not valid/ },
  { why: 'an allocation that is a list', objects: [allocation([])], says: /serviceAllocation \[\] is not valid/ },
  { why: 'a fractional priority', objects: [allocation({ priority: 0.5 })], says: /priority 0.5 is not valid/ },
  { why: 'namespaces that are text', objects: [allocation({ namespaces: 'a' })], says: /namespaces 'a' is not valid: expected a list/ },
  { why: 'a namespace that is a number', objects: [allocation({ namespaces: ['a', 1] })], says: /namespaces 1 is not valid: expected text/ },
  { why: 'a namespace twice', objects: [allocation({ namespaces: ['a', 'b', 'a'] })], says: /names a twice/ },
  ...selectorCases((selectors) => [allocation({ namespaceSelectors: selectors })], 'namespaceSelectors'),
  ...selectorCases((selectors) => [allocation({ serviceSelectors: selectors })], 'serviceSelectors'),
  ...['ipAddressPoolSelectors', 'nodeSelectors', 'serviceSelectors'].flatMap((field) => selectorCases((selectors) => [lan, l2({ [field]: selectors })], field)),
  { why: 'a pool twice', objects: [lan, l2({ ipAddressPools: ['lan', 'lan'] })], says: /ipAddressPools names lan twice/ },
  { why: 'pools that are text', objects: [lan, l2({ ipAddressPools: 'lan' })], says: /ipAddressPools 'lan' is not valid: expected a list/ },
  { why: 'interfaces that are no text', objects: [lan, l2({ interfaces: [1] })], says: /interfaces 1 is not valid: expected text/ },
  ...[0, 101, 1.5, '1', undefined].map((weight) => ({
    why: `the weight ${weight}`, objects: [lan, l2({ preferredNodeSelectors: [{ weight, preference: {} }] })], says: /weight .* is not valid: expected a whole number from 1 to 100/,
  })),
  { why: 'preferences that are no list', objects: [lan, l2({ preferredNodeSelectors: attic })], says: /preferredNodeSelectors .* is not valid: expected a list/ },
  { why: 'a preference for nothing', objects: [lan, l2({ preferredNodeSelectors: [{ weight: 1 }] })], says: /preference is undefined: expected a label selector/ },
  { why: 'a preference that is null', objects: [lan, l2({ preferredNodeSelectors: [null] })], says: /preferredNodeSelectors\[0\] .* is not valid/ },
];

/** What can be wrong with any list of selectors. */
export function selectorCases(make: (selectors: unknown) => Manifest[], field: string): Case[] {
  const wrong: [string, unknown, RegExp][] = [
    ['that are no list', attic, /expected a list of label selectors/],
    ['of text', ['zone=attic'], /expected a label selector/],
    ['of null', [null], /expected a label selector/],
    ['with labels that are a list', [{ matchLabels: ['a'] }], /matchLabels .* expected labels and their values/],
    ['with a bad key', [{ matchLabels: { '-a': 'b' } }], /'-a' is not the key of a label/],
    ['with a long key', [{ matchLabels: { ['a'.repeat(64)]: 'b' } }], /is not the key of a label/],
    ['with two slashes', [{ matchLabels: { 'a/b/c': 'd' } }], /'a\/b\/c' is not the key/],
    ['with a bad value', [{ matchLabels: { a: 'ö' } }], /'ö' is not the value of a label/],
    ['with a number as value', [{ matchLabels: { a: 1 } }], /1 is not the value of a label/],
    ['with an unknown operator', [expressions({ key: 'a', operator: 'Gt', values: ['1'] })], /the operator 'Gt' is not valid/],
    ['without an operator', [expressions({ key: 'a' })], /the operator undefined is not valid/],
    ['without a key', [expressions({ operator: 'Exists' })], /undefined is not the key/],
    ['with In and no value', [expressions({ key: 'a', operator: 'In' })], /In needs at least one value/],
    ['with Exists and a value', [expressions({ key: 'a', operator: 'Exists', values: ['b'] })], /Exists takes no values/],
    ['with a value twice', [expressions({ key: 'a', operator: 'In', values: ['b', 'b'] })], /names the value 'b' twice/],
    ['with an expression that is text', [{ matchExpressions: ['a'] }], /'a' is no expression: expected key, operator and values/],
    ['with values that are no list', [expressions({ key: 'a', operator: 'In', values: 'b' })], /values 'b' is not valid: expected a list/],
    ['with a bad value in a list', [expressions({ key: 'a', operator: 'In', values: ['-'] })], /'-' is not the value of a label/],
    ['with an expression twice', [expressions({ key: 'a', operator: 'Exists' }, { key: 'a', operator: 'Exists' })], /says 'a' twice/],
    ['with expressions that are no list', [{ matchExpressions: {} }], /expected a list/],
    ['twice', [attic, attic], /says 'zone=attic' twice/],
    ['twice, in another order', [
      expressions({ key: 'a', operator: 'In', values: ['x', 'y'] }), expressions({ key: 'a', operator: 'In', values: ['y', 'x'] }),
    ], /twice: remove one of them/],
  ];
  return wrong.map(([how, selectors, says]) => ({ why: `${field} ${how}`, objects: make(selectors), says }));
}
