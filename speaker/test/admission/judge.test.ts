import * as fc from 'fast-check';
import { judge, Proposal } from '../../src/admission';
import { type ConfigInput, INPUT_OF, type ResourceKind } from '../../src/config';
import { advertisement, bfdProfile, bgpAdvertisement, community, day, peer, pool } from '../config/fixtures';

const NAMESPACE = 'metallb-system';

interface Named {
  readonly kind: ResourceKind;
  readonly metadata: { readonly name: string; readonly namespace: string };
}

/** What there is, from objects of any kind. */
function cluster(...objects: object[]): ConfigInput {
  const lists: Record<string, object[]> = Object.fromEntries(Object.values(INPUT_OF).map((name) => [name, []]));
  for (const object of objects) lists[INPUT_OF[(object as Named).kind]].push(object);
  return { namespaces: [], ...lists } as unknown as ConfigInput;
}

function propose(operation: Proposal['operation'], object: object, oldObject?: object): Proposal {
  const { kind, metadata: { name, namespace } } = object as Named;
  return { kind, operation, name, namespace, ...(operation !== 'DELETE' && { object }), ...(oldObject && { oldObject }) };
}

const create = (object: object, ...existing: object[]) => judge(propose('CREATE', object), cluster(...existing), NAMESPACE);
/** The last of the objects that there are is changed. */
const update = (object: object, ...existing: object[]) => judge(propose('UPDATE', object, existing.at(-1)), cluster(...existing), NAMESPACE);
const remove = (object: object, ...existing: object[]) => judge(propose('DELETE', object), cluster(object, ...existing), NAMESPACE);

const allowed = { allowed: true, warnings: [] };
const aggregated = bgpAdvertisement('agg', { ipAddressPools: ['p'], aggregationLength: 24 });
const badSelector = { nodeSelectors: [{ matchExpressions: [{ key: 'a', operator: 'Near' }] }] };

describe('CREATE', () => {
  test.each<[string, object, object[]]>([
    ['IPAddressPool beside another', pool('b', ['10.0.1.0/24']), [pool('a', ['10.0.0.0/24'])]],
    ['IPAddressPool under an advertisement whose aggregates it holds', pool('p', ['10.0.0.0/24']), [aggregated]],
    ['L2Advertisement of pools that do not exist', advertisement('l', { ipAddressPools: ['none'] }), []],
    ['BGPAdvertisement', bgpAdvertisement('g'), [pool('p', ['10.0.0.0/24'])]],
    ['BGPAdvertisement for peers that do not exist', bgpAdvertisement('g', { peers: ['none'] }), []],
    ['BGPPeer with another router', peer('b', { peerAddress: '10.0.0.2' }), [peer('a')]],
    ['BGPPeer with a password in a Secret, which is not looked at', peer('b', { passwordSecret: { name: 's' } }), []],
    ['BFDProfile', bfdProfile('f', { receiveInterval: 10 }), []],
    ['Community', community('c', { far: '1:2' }), [community('d', { near: '1:3' })]],
  ])('%s is allowed', (_, object, existing) => {
    expect(create(object, ...existing)).toEqual(allowed);
  });

  test.each<[string, object, object[], RegExp]>([
    ['IPAddressPool that is wrong by itself', pool('p', ['10.0.0.0/33']), [], /parsing address pool p: invalid CIDR "10\.0\.0\.0\/33"/],
    ['IPAddressPool that overlaps another', pool('a', ['10.0.0.128/25']), [pool('z', ['10.0.0.0/24'])],
      /IPAddressPool metallb-system\/a, .*overlaps with already defined CIDR "10\.0\.0\.0\/24" of pool "z"/],
    ['IPAddressPool too small for an aggregate', pool('p', ['10.0.0.0/28']), [aggregated],
      /BGPAdvertisement metallb-system\/agg, spec\.aggregationLength: .*invalid aggregation length 24: prefix 28/],
    ['L2Advertisement with a bad selector', advertisement('l', badSelector), [], /"Near"/],
    ['BGPAdvertisement with an aggregate beyond the pool', aggregated, [pool('p', ['10.0.0.0/28'])], /invalid aggregation length 24/],
    ['BGPAdvertisement with another localPref for the same routes', bgpAdvertisement('b', { localPref: 2 }),
      [pool('p', ['10.0.0.0/24']), bgpAdvertisement('a', { localPref: 1 })], /invalid local preference 2: local preference 1 is already set/],
    ['BGPAdvertisement with rubbish for a community', bgpAdvertisement('g', { communities: ['1:70000'] }), [], /invalid community value/],
    ['BGPAdvertisement with a bad selector', bgpAdvertisement('g', badSelector), [], /"Near"/],
    ['BGPPeer with a router that another has', peer('b'), [peer('a')], /already exists.*duplicate BGPPeers selecting the same node/],
    ['BGPPeer with a password and a Secret for it', peer('b', { password: 'k', passwordSecret: { name: 's' } }), [], /both password and secret ref/],
    ['BGPPeer with a bad selector', peer('b', badSelector), [], /"Near"/],
    ['BGPPeer with disableMP, which skips no check', peer('b', { disableMP: true, myASN: 0 }), [], /missing local ASN/],
    ['BGPPeer with BFD echo for IPv6 addresses', peer('b', { bfdProfile: 'f' }),
      [bfdProfile('f', { echoMode: true }), pool('p', ['2001:db8::/64']), bgpAdvertisement('g')], /has bfd echo enabled, which is not possible/],
    ['BFDProfile that is wrong by itself', bfdProfile('f', { detectMultiplier: 1 }), [], /must be in 2-255 range/],
    ['Community with a name that another defines', community('c', { far: '1:2' }), [community('d', { far: '1:3' })], /duplicate definition of community/],
  ])('%s is refused', (_, object, existing, message) => {
    const verdict = create(object, ...existing);
    expect(verdict).toMatchObject({ allowed: false, message: expect.stringMatching(message) });
  });

  test.each<[string, object, object[], string]>([
    ['a BGPPeer whose BFDProfile is to come', peer('b', { bfdProfile: 'f' }), [], 'peer b referencing non existing bfd profile f'],
    ['a BGPAdvertisement whose Community is to come', bgpAdvertisement('g', { communities: ['far'] }), [], '"far" is neither a community nor a name'],
    ['a BGPPeer with disableMP', peer('b', { disableMP: true }), [], 'disableMP is deprecated'],
  ])('%s is allowed with a warning', (_, object, existing, warning) => {
    expect(create(object, ...existing)).toEqual({ allowed: true, warnings: [expect.stringContaining(warning)] });
  });

  test.each<[string, object]>([
    ['IPAddressPool', pool('p', ['10.0.0.0/24'], {}, { namespace: 'home' })], ['BGPPeer', peer('b', { disableMP: true }, { namespace: 'home' })],
    ['BFDProfile', bfdProfile('f', {}, { namespace: 'home' })], ['Community', community('c', {}, { namespace: 'home' })],
  ])('%s in another namespace is refused', (_, object) => {
    expect(create(object)).toMatchObject({ allowed: false, message: expect.stringContaining('resource must be created in metallb-system namespace') });
  });

  test('every problem is said, a line for each', () => {
    const { message } = create(pool('p', ['10.0.0.0/33', '1.2.3.4-1.2.3.1'], { serviceAllocation: { namespaces: ['a', 'a'] } }));
    expect(message!.split('\n')).toEqual([
      expect.stringContaining('spec.addresses[0]'), expect.stringContaining('spec.addresses[1]'), expect.stringContaining('spec.serviceAllocation.namespaces[1]'),
    ]);
  });

  test('is not refused for what is wrong elsewhere', () => {
    expect(create(pool('p', ['10.0.0.0/24']), pool('q', ['rubbish']), pool('r', ['10.1.0.0/24']), pool('s', ['10.1.0.0/24']))).toEqual(allowed);
  });
});

describe('UPDATE', () => {
  const [a, b] = [pool('a', ['10.0.0.0/24'], {}, day(1)), pool('b', ['10.0.0.0/24'], {}, day(2))];

  test.each<[string, object, object[]]>([
    ['of two that overlap, the younger is mended', pool('b', ['10.0.1.0/24'], {}, day(2)), [a, b]],
    ['of two that overlap, the older is mended', pool('a', ['10.0.1.0/24'], {}, day(1)), [b, a]],
    ['of two that overlap, the older gives up a half', pool('a', ['10.0.0.0/25'], {}, day(1)), [b, a]],
    ['of two that overlap, the younger gives up a half', pool('b', ['10.0.0.0/25'], {}, day(2)), [a, b]],
    ['of two mistakes, the second is mended', pool('p', ['rubbish']), [pool('p', ['rubbish', 'more'])]],
    ['of two mistakes, the first is mended', pool('p', ['more']), [pool('p', ['rubbish', 'more'])]],
    ['a wrong object gets a label that changes nothing', pool('p', ['rubbish'], {}, { labels: { x: 'y' } }), [pool('p', ['rubbish'])]],
    ['two peers with one router, one gets another router', peer('b', { peerAddress: '10.0.0.2' }), [peer('a'), peer('b')]],
    ['two advertisements of one route, one comes to agree', bgpAdvertisement('b', { localPref: 1 }),
      [pool('p', ['10.0.0.0/24']), bgpAdvertisement('a', { localPref: 1 }), bgpAdvertisement('b', { localPref: 2 })]],
    ['a pool swaps its entries', pool('p', ['10.0.1.0/24', '10.0.0.0/24']), [pool('p', ['10.0.0.0/24', '10.0.1.0/24'])]],
    ['a pool in another namespace, which nobody reads', pool('p', ['rubbish'], {}, { namespace: 'home' }), [pool('p', ['x'], {}, { namespace: 'home' })]],
  ])('%s: allowed', (_, object, existing) => {
    expect(update(object, ...existing)).toEqual(allowed);
  });

  test.each<[string, object, object[], RegExp]>([
    ['a pool grows into another', pool('a', ['10.0.0.0/23'], {}, day(1)), [pool('b', ['10.0.1.0/24'], {}, day(2)), a], /IPAddressPool metallb-system\/a, .*overlaps/],
    ['a pool shrinks below an aggregate', pool('p', ['10.0.0.0/28']), [aggregated, pool('p', ['10.0.0.0/24'])], /BGPAdvertisement metallb-system\/agg/],
    ['a pool gets IPv6 addresses, and is advertised to a peer with BFD echo', pool('p', ['10.0.0.0/24', '2001:db8::/64']),
      [bfdProfile('f', { echoMode: true }), peer('b', { bfdProfile: 'f' }), bgpAdvertisement('g'), pool('p', ['10.0.0.0/24'])], /bfd echo/],
    ['a BFDProfile gets echo, and its peer IPv6 addresses', bfdProfile('f', { echoMode: true }),
      [peer('b', { bfdProfile: 'f' }), bgpAdvertisement('g'), pool('p', ['2001:db8::/64']), bfdProfile('f')], /BGPPeer metallb-system\/b, .*bfd echo/],
    ['a wrong pool gets another mistake', pool('p', ['rubbish', 'more']), [pool('p', ['rubbish'])], /"more"/],
    ['a mistake is exchanged for another', pool('p', ['more']), [pool('p', ['rubbish'])], /"more"/],
    ['a peer is sent to the router of another', peer('b'), [peer('a'), peer('b', { peerAddress: '10.0.0.2' })], /already exists/],
  ])('%s: refused', (_, object, existing, message) => {
    expect(update(object, ...existing)).toMatchObject({ allowed: false, message: expect.stringMatching(message) });
  });

  test('of a Community that takes away a name in use only warns', () => {
    expect(update(community('c', {}), bgpAdvertisement('g', { communities: ['far'] }), community('c', { far: '1:2' })))
      .toEqual({ allowed: true, warnings: [expect.stringContaining('BGPAdvertisement metallb-system/g')] });
  });

  test('that changes no more than finalizers and annotations of others is not looked at', () => {
    const wrong = pool('p', ['rubbish'], {}, { finalizers: ['f'], annotations: { 'kubectl.kubernetes.io/last-applied-configuration': 'x' } });
    expect(update(pool('p', ['rubbish']), wrong)).toEqual(allowed);
  });

  test('of an annotation of our own group is looked at', () => {
    const annotations = { 'home-load-balancer.github.io/namespace-limit': 'many' };
    expect(update(pool('p', ['10.0.0.0/24'], {}, { annotations }), pool('p', ['10.0.0.0/24']))).toMatchObject({ allowed: false });
  });

  test.each([[1, false], [2, true]])('peers with one router contradict each other where they meet: racks %i, allowed %s', (rack, expected) => {
    const onRack = (n: number) => ({ nodeSelectors: [{ matchLabels: { rack: `${n}` } }, { matchLabels: { room: `${n}` } }] });
    const existing = { ...cluster(peer('a', onRack(1))), nodes: [1, 2].map((n) => ({ name: `n${n}`, labels: { rack: `${n}` } })) };
    expect(judge(propose('CREATE', peer('b', onRack(rack))), existing, NAMESPACE).allowed).toBe(expected);
  });
});

describe('DELETE', () => {
  test('of a BFDProfile in use is refused, with its users', () => {
    expect(remove(bfdProfile('f'), peer('b', { bfdProfile: 'f' }), peer('a', { bfdProfile: 'f' }), peer('c'))).toEqual({
      allowed: false, warnings: [], message: expect.stringContaining('failed to delete BFDProfile f, used by BGPPeer a, b'),
    });
  });

  test.each<[string, object, object[]]>([
    ['a BFDProfile that nobody names', bfdProfile('f'), [peer('b', { bfdProfile: 'g' })]],
    ['a pool in use', pool('p', ['10.0.0.0/24']), [advertisement('l', { ipAddressPools: ['p'] })]],
    ['a Community in use', community('c', { far: '1:2' }), [bgpAdvertisement('g', { communities: ['far'] })]],
    ['a peer in use', peer('b'), [bgpAdvertisement('g', { peers: ['b'] })]],
  ])('of %s is allowed', (_, object, existing) => {
    expect(remove(object, ...existing)).toEqual(allowed);
  });
});

test('whatever the objects are, it gives a verdict, with a reason when it refuses', () => {
  const json = fc.oneof(fc.jsonValue(), fc.constantFrom(undefined, null, {}, { metadata: { name: 'p' } }, pool('p', ['10.0.0.0/24'])));
  fc.assert(fc.property(fc.constantFrom(...Object.keys(INPUT_OF) as ResourceKind[]), fc.constantFrom('CREATE', 'UPDATE', 'DELETE'), json, json, fc.array(json), (
    kind, operation, object, oldObject, existing,
  ) => {
    const input = { ...cluster(), [INPUT_OF[kind]]: existing };
    const verdict = judge({ kind, operation: operation as Proposal['operation'], name: 'p', namespace: NAMESPACE, object, oldObject }, input, NAMESPACE);
    expect(verdict.allowed || verdict.message).toBeTruthy();
  }), { numRuns: 300 });
});
