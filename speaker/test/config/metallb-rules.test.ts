/**
 * MetalLB's rules for the configuration, by the words that it says when one is broken, which people and their alerts look for. What each rule is in detail is
 * in the tests of its kind; here is the list, so that none is missing.
 */
import { advertisement, bfdProfile, bgpAdvertisement, community, parse, peer, pool, secret } from './fixtures';
import type { ConfigInput } from '../../src/config';

type Row = [text: string, input: Partial<ConfigInput>];

const ipv4 = pool('p', ['10.0.0.0/24']);
const allocation = (serviceAllocation: object): Partial<ConfigInput> => ({ ipAddressPools: [pool('p', ['10.0.0.0/24'], { serviceAllocation })] });
const addresses = (...list: string[]): Partial<ConfigInput> => ({ ipAddressPools: [pool('p', list)] });
const l2 = (spec: object): Partial<ConfigInput> => ({ l2Advertisements: [advertisement('l', spec)] });
const bgp = (spec: object, more: Partial<ConfigInput> = {}): Partial<ConfigInput> => ({ bgpAdvertisements: [bgpAdvertisement('g', spec)], ...more });
const router = (spec: object, more: Partial<ConfigInput> = {}): Partial<ConfigInput> => ({ bgpPeers: [peer('x', spec)], ...more });
const names = (...values: [string, string][]): Partial<ConfigInput> => ({ communities: values.map(([name, value], i) => community(`c${i}`, { [name]: value })) });
const expression = (more: object) => [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'], ...more }] }];

describe.each<[string, Row[]]>([
  ['pools', [
    ['missing pool name', { ipAddressPools: [{ metadata: {}, spec: { addresses: ['10.0.0.0/24'] } }] }],
    ['pool has no prefixes defined', addresses()],
    ['parsing address pool p: ', addresses()],
    ['invalid CIDR "10.0.0.0/240"', addresses('10.0.0.0/240')],
    ['invalid IP range', addresses('10.0.0.1-10.0.0.x')],
    ['invalid start IP', addresses('10.0.0.x-10.0.0.1')],
    ['invalid end IP', addresses('10.0.0.1-10.0.0.x')],
    ['is after the end IP', addresses('10.0.0.9-10.0.0.1')],
    ['start and end IPs must be the same family', addresses('1.2.3.4-1000::1')],
    ['overlaps with already defined CIDR', addresses('10.0.0.0/24', '10.0.0.7/32')],
    ['CIDR "10.0.0.0/24" in pool "q" overlaps with already defined CIDR "10.0.0.0/16"', { ipAddressPools: [pool('p', ['10.0.0.0/16']), pool('q', ['10.0.0.0/24'])] }],
    ['duplicate definition of pool', { ipAddressPools: [ipv4, ipv4] }],
    ['duplicate definition in namespaces field', allocation({ namespaces: ['a', 'a'] })],
    ['duplicate definition of namespaceSelectors', allocation({ namespaceSelectors: [{}, {}] })],
    ['duplicate definition of serviceSelectors', allocation({ serviceSelectors: [{}, {}] })],
    ['duplicate definition of matchExpressions', allocation({
      serviceSelectors: [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b', 'c'] }, { key: 'a', operator: 'In', values: ['c', 'b'] }] }],
    })],
    ['duplicate definition of values', allocation({ serviceSelectors: expression({ values: ['b', 'b'] }) })],
  ]],
  ['advertisements', [
    ['duplicate definition of ipAddressPools', l2({ ipAddressPools: ['a', 'a'] })],
    ['duplicate definition of ipAddressPools', bgp({ ipAddressPools: ['a', 'a'] })],
    ['duplicate definition of ipAddressPoolSelectors', l2({ ipAddressPoolSelectors: [{}, {}] })],
    ['duplicate definition of nodeSelectors', l2({ nodeSelectors: [{}, {}] })],
    ['duplicate definition of serviceSelectors', l2({ serviceSelectors: [{}, {}] })],
    ['duplicate definition of peers', bgp({ peers: ['a', 'a'] })],
    ['duplicate definition of community', bgp({ communities: ['1:1', '1:1'] })],
    ['duplicate definition of bgpadvertisements', { bgpAdvertisements: [bgpAdvertisement('g'), bgpAdvertisement('g')] }],
    ['invalid label selector', l2({ nodeSelectors: expression({ operator: 'Near' }) })],
    ['invalid label selector', bgp({ nodeSelectors: expression({ key: '' }) })],
    ['invalid aggregation length 33 for IPv4', bgp({ aggregationLength: 33 })],
    ['invalid aggregation length 129 for IPv6', bgp({ aggregationLengthV6: 129 })],
    ['invalid aggregation length 26: prefix 28 in this pool is more specific than the aggregation length for addresses 1.1.1.0/28',
      bgp({ aggregationLength: 26 }, addresses('1.1.1.0/28'))],
    ['serviceSelectors and aggregationLength are mutually exclusive', bgp({ serviceSelectors: [{}], aggregationLength: 24 })],
    ['serviceSelectors and aggregationLengthV6 are mutually exclusive', bgp({ serviceSelectors: [{}], aggregationLengthV6: 64 })],
    ['invalid local preference', { ...addresses('10.0.0.0/24'), bgpAdvertisements: [bgpAdvertisement('a', { localPref: 1 }), bgpAdvertisement('b', { localPref: 2 })] }],
    ['already set for the same type of BGP update', {
      ...addresses('10.0.0.0/24'), bgpAdvertisements: [bgpAdvertisement('a', { localPref: 1 }), bgpAdvertisement('b', { localPref: 2 })],
    }],
    ['invalid as path prepend', {
      ...addresses('10.0.0.0/24'), bgpAdvertisements: [bgpAdvertisement('a', { asPathPrepend: 1 }), bgpAdvertisement('b', { asPathPrepend: 2 })],
    }],
    ['spec.preferredNodeSelectors[0].weight is 101, not a whole number from 1 to 100', l2({ preferredNodeSelectors: [{ weight: 101, preference: {} }] })],
  ]],
  ['communities', [
    ['invalid community value: invalid section', names(['a', '1:65536'])],
    ['invalid community value: invalid section', bgp({ communities: ['1:65536'] })],
    ['invalid community value: invalid marker for large community, expected community to be of format large:<uint32>:<uint32>:<uint32>', names(['a', 'huge:1:2:3'])],
    ['invalid community format: ', names(['a', '1'])],
    ['invalid community format: ', bgp({ communities: ['none'] }, { communities: [] })],
    ['duplicate definition of community', names(['a', '1:1'], ['a', '1:2'])],
  ]],
  ['peers', [
    ['parsing peer x', router({ myASN: 0 })],
    ['missing local ASN', router({ myASN: 0 })],
    ['missing peer ASN and dynamicASN', router({ peerASN: 0 })],
    ['both peer ASN and dynamicASN specified', router({ dynamicASN: 'internal' })],
    ['invalid dynamicASN', router({ peerASN: undefined, dynamicASN: 'any' })],
    ['invalid ebgp-multihop parameter set for an ibgp peer', router({ peerASN: 64512, ebgpMultiHop: true })],
    ['peer has no Address or Interface specified', router({ peerAddress: undefined })],
    ['peer has both Address and Interface specified', router({ interface: 'eth0' })],
    ['invalid BGPPeer address', router({ peerAddress: 'x' })],
    ['invalid router ID', router({ routerID: 'x' })],
    ['invalid source IP', router({ sourceAddress: 'x' })],
    ['duplicate definition of nodeSelectors', router({ nodeSelectors: [{}, {}] })],
    ['can not have both password and secret ref set', router({ password: 'k', passwordSecret: { name: 's' } })],
    ['secret ref not found', router({ passwordSecret: { name: 's' } }, { secrets: [] })],
    ['secret type mismatch', router({ passwordSecret: { name: 's' } }, { secrets: [secret('s', 'k', 'Opaque')] })],
    ['password not specified in the secret', router({ passwordSecret: { name: 's' } }, { secrets: [secret('s', undefined)] })],
    ['peer x referencing non existing bfd profile y', router({ bfdProfile: 'y' }, { bfdProfiles: [] })],
    ['peer x already exists', { bgpPeers: [peer('x'), peer('x')] }],
    ['duplicate BGPPeers selecting the same node', { bgpPeers: [peer('x'), peer('y')] }],
    ['must be 0 or >=3s', router({ holdTime: '2s' })],
    ['must be lower than holdTime', router({ holdTime: '30s', keepaliveTime: '31s' })],
    ['connect time should be', router({ connectTime: '0s' })],
    ['has bfd echo enabled, which is not possible', router({ bfdProfile: 'f' }, {
      bfdProfiles: [bfdProfile('f', { echoMode: true })], ...bgp({}, { ipAddressPools: [pool('p', ['2001:db8::/64'])] }),
    })],
  ]],
  ['BFD profiles', [
    ['missing BFD profile name', { bfdProfiles: [{ metadata: {}, spec: {} }] }],
    ['duplicate definition of BFD profile', { bfdProfiles: [bfdProfile('f'), bfdProfile('f')] }],
    ['invalid value 9, must be in 10-60000 range', { bfdProfiles: [bfdProfile('f', { receiveInterval: 9 })] }],
    ['invalid value 256, must be in 2-255 range', { bfdProfiles: [bfdProfile('f', { detectMultiplier: 256 })] }],
    ['invalid value 255, must be in 1-254 range', { bfdProfiles: [bfdProfile('f', { minimumTtl: 255 })] }],
  ]],
])('of %s', (_, rows) => {
  test.each(rows)('"%s"', (text, input) => {
    const { problems } = parse(input);
    expect(problems.map(({ message }) => message)).toContainEqual(expect.stringContaining(text));
  });
});

describe('and what breaks none', () => {
  test.each<Row>([
    ['host bits of a CIDR are masked off', addresses('10.20.30.40/24')],
    ['blanks around the dash of a range', addresses('10.0.0.1 - 10.0.0.9')],
    ['serviceAllocation with nothing in it', allocation({})],
    ['pools and peers that do not exist', { ...l2({ ipAddressPools: ['none'] }), ...bgp({ ipAddressPools: ['none'], peers: ['none'] }) }],
    ['a pool by name and by selector', { ...addresses('10.0.0.0/24'), ...bgp({ ipAddressPools: ['p'], ipAddressPoolSelectors: [{}] }) }],
    ['aggregates of a range: its shortest mask counts, 26 is allowed', bgp({ aggregationLength: 26 }, addresses('3.3.3.2-3.3.3.254'))],
    ['the same preference twice, and an empty one', l2({ preferredNodeSelectors: [{ weight: 1, preference: {} }, { weight: 1, preference: {} }] })],
    ['timers 0 and 0', router({ holdTime: '0s', keepaliveTime: '0s' })],
    ['a Secret in another namespace by its field, which is not looked at', router({ passwordSecret: { name: 's', namespace: 'elsewhere' } }, { secrets: [secret('s', 'k')] })],
  ])('%s', (_, input) => {
    expect(parse(input).problems).toEqual([]);
  });

  test('aggregates of a range: 24 is not', () => {
    expect(parse(bgp({ aggregationLength: 24 }, addresses('3.3.3.2-3.3.3.254'))).problems).toMatchObject([{ message: expect.stringContaining('prefix 26') }]);
  });
});
