import { inspect } from 'util';
import { bfdProfile, day, parse, peer, secret } from './fixtures';
import { BGPPeer, Config, ConfigInput, LabelledObject, problemText } from '../../src/config';

const one = (spec: object, more: Partial<ConfigInput> = {}) => parse({ bgpPeers: [peer('p', spec)], bfdProfiles: [], secrets: [], ...more });
const read = (spec: object, more: Partial<ConfigInput> = {}): BGPPeer => {
  const { config, problems } = one(spec, more);
  expect(problems).toEqual([]);
  return config.bgpPeers[0];
};
const sessionOf = (spec: object) => JSON.parse(JSON.stringify(read(spec).session)) as object;

describe('a valid BGPPeer', () => {
  const defaults = {
    myASN: 64512,
    peerASN: 64513,
    peerAddress: '93.5.22.1',
    peerPort: 179,
    holdTimeMs: 90_000,
    keepaliveTimeMs: 30_000,
    enableGracefulRestart: false,
    ebgpMultiHop: false,
    dualStackAddressFamily: false,
  };

  test('with the least that it needs has the defaults', () => {
    expect(sessionOf({})).toEqual(defaults);
    expect(read({})).toMatchObject({ name: 'p', namespace: 'metallb-system', nodeSelectors: [], target: '93.5.22.1' });
  });

  test('as converted from v1beta1 means what its author meant', () => {
    const unset = { sourceAddress: '', routerID: '', password: '', bfdProfile: '', vrf: '', interface: '', dynamicASN: '', passwordSecret: {}, peerPort: 0 };
    expect(sessionOf({ ...unset, nodeSelectors: null })).toEqual(defaults);
    expect(sessionOf({ ...unset, peerASN: 0, dynamicASN: 'external' })).toMatchObject({ peerASN: 'external' });
    expect(sessionOf({ ...unset, holdTime: '90s', keepaliveTime: '0s' })).toMatchObject({ holdTimeMs: 90_000, keepaliveTimeMs: 30_000 });
  });

  test('has everything that can be written', () => {
    const spec = {
      myASN: 4_294_967_295,
      peerASN: 65_536,
      localASN: 64_600,
      peerAddress: '2001:DB8::1',
      sourceAddress: '2001:db8::44',
      peerPort: 16_384,
      connectTime: '5s',
      routerID: '93.5.22.44',
      enableGracefulRestart: true,
      ebgpMultiHop: true,
      vrf: 'red',
      disableMP: true,
      dualStackAddressFamily: true,
    };
    expect(sessionOf(spec)).toMatchObject({
      myASN: 4_294_967_295,
      peerASN: 65_536,
      localASN: 64_600,
      peerAddress: '2001:db8::1',
      sourceAddress: '2001:db8::44',
      peerPort: 16_384,
      connectTimeMs: 5_000,
      routerID: '93.5.22.44',
      enableGracefulRestart: true,
      ebgpMultiHop: true,
      vrf: 'red',
      dualStackAddressFamily: true,
    });
    expect(read(spec).target).toBe('2001:db8::1 in VRF red');
  });

  test.each<[object, string, [boolean, boolean]]>([
    [{}, '93.5.22.1', [true, false]],
    [{ peerAddress: 'fd00::1' }, 'fd00::1', [false, true]],
    [{ dualStackAddressFamily: true }, '93.5.22.1', [true, true]],
    [{ peerAddress: undefined, interface: 'eth0' }, 'interface eth0', [true, true]],
  ])('%j is reached at %s and exchanges IPv4, IPv6: %j', (spec, target, families) => {
    const found = read(spec);
    expect([found.target, [found.exchanges('IPv4'), found.exchanges('IPv6')]]).toEqual([target, families]);
  });

  test('is for the nodes that one of its selectors matches', () => {
    const found = read({ nodeSelectors: [{ matchLabels: { rack: 'a' } }, { matchLabels: { rack: 'b' } }] });
    expect([found.matchesNode({ rack: 'b' }), found.matchesNode({ rack: 'c' }), read({}).matchesNode({})]).toEqual([true, false, true]);
  });

  test('goes on with its session when only its nodes change', () => {
    expect(read({}).sameSession(read({ nodeSelectors: [{}] }))).toBe(true);
    expect(read({}).sameSession(read({ holdTime: '30s' }))).toBe(false);
    expect(read({ password: 'a' }).sameSession(read({ password: 'b' }))).toBe(false);
    expect(read({ password: 'a' }).sameSession(read({ password: 'a' }))).toBe(true);
  });

  // Sessions are on their own here; it is FRR that has one router ID and one AS a VRF.
  test('may have another AS and router ID than its neighbour on the same node', () => {
    const { config, problems } = parse({
      bgpPeers: [
        peer('a', { routerID: '1.1.1.1' }), peer('b', { myASN: 64999, peerAddress: '93.5.22.2', routerID: '2.2.2.2' }), peer('c', { peerAddress: '93.5.22.3' }),
      ],
    });
    expect([problems, config.bgpPeers.length]).toEqual([[], 3]);
  });

  // What MetalLB's own BGP refuses.
  test('may have a BFD profile, timers, a VRF and an IPv6 address without further ado', () => {
    const spec = { bfdProfile: 'fast', keepaliveTime: '1s', vrf: 'red', connectTime: '1s', enableGracefulRestart: true, peerAddress: 'fd00::1' };
    expect(read(spec, { bfdProfiles: [bfdProfile('fast')] }).session.bfdProfile).toMatchObject({ name: 'fast', receiveIntervalMs: 300 });
  });
});

describe('a BGPPeer is refused, naming field and value,', () => {
  const address = 'peerAddress';
  test.each<[string, object, string, string, string]>([
    ['no own AS', { myASN: undefined }, 'MissingValue', 'myASN', 'parsing peer p: missing local ASN'],
    ['own AS 0', { myASN: 0 }, 'MissingValue', 'myASN', 'missing local ASN'],
    ['an AS too high', { myASN: 4_294_967_296 }, 'InvalidValue', 'myASN', 'a whole number from 0 to 4294967295'],
    ['an AS as text', { peerASN: '64513' }, 'InvalidValue', 'peerASN', 'is "64513", not a whole number'],
    ['a local AS of 0', { localASN: 0 }, 'InvalidValue', 'localASN', 'a whole number from 1 to'],
    ['no peer AS', { peerASN: undefined }, 'MissingValue', 'peerASN', 'missing peer ASN and dynamicASN'],
    ['peer AS 0', { peerASN: 0 }, 'MissingValue', 'peerASN', 'missing peer ASN and dynamicASN'],
    ['two peer ASes', { dynamicASN: 'internal' }, 'ExclusiveFields', 'dynamicASN', 'both peer ASN and dynamicASN specified'],
    ['a wrong dynamic AS', { peerASN: undefined, dynamicASN: 'any' }, 'InvalidValue', 'dynamicASN', 'invalid dynamicASN "any"'],
    ['multi-hop inside an AS', { peerASN: 64512, ebgpMultiHop: true }, 'ExclusiveFields', 'ebgpMultiHop', 'invalid ebgp-multihop parameter set for an ibgp peer'],
    ['no router', { peerAddress: undefined }, 'MissingValue', address, 'peer has no Address or Interface specified'],
    ['an empty address', { peerAddress: '' }, 'MissingValue', address, 'peer has no Address or Interface specified'],
    ['two ways to the router', { interface: 'eth0' }, 'ExclusiveFields', 'interface', 'peer has both Address and Interface specified'],
    ['a bad address', { peerAddress: '93.5.22.256' }, 'InvalidAddress', address, 'invalid BGPPeer address "93.5.22.256"'],
    ['a prefix', { peerAddress: '93.5.22.1/32' }, 'InvalidAddress', address, 'invalid BGPPeer address "93.5.22.1/32"'],
    ['a mapped address', { peerAddress: '::ffff:1.2.3.4' }, 'Ipv4MappedAddress', address, 'invalid BGPPeer address'],
    ['a bad source', { sourceAddress: 'eth0' }, 'InvalidAddress', 'sourceAddress', 'invalid source IP "eth0"'],
    ['a bad router ID', { routerID: '1.2.3' }, 'InvalidAddress', 'routerID', 'invalid router ID "1.2.3"'],
    ['an IPv6 router ID', { routerID: '2001:db8::1' }, 'InvalidValue', 'routerID', 'invalid router ID "2001:db8::1"'],
    ['router ID 0', { routerID: '0.0.0.0' }, 'InvalidValue', 'routerID', 'invalid router ID "0.0.0.0"'],
    ['a port too high', { peerPort: 16_385 }, 'InvalidValue', 'peerPort', 'a whole number from 0 to 16384'],
    ['a node selector twice', { nodeSelectors: [{}, {}] }, 'DuplicateEntry', 'nodeSelectors[1]', 'duplicate definition of nodeSelectors'],
    ['an unknown operator', { nodeSelectors: [{ matchExpressions: [{ key: 'a', operator: 'Is' }] }] }, 'InvalidLabelSelector',
      'nodeSelectors[0].matchExpressions[0].operator', 'not a valid label selector operator'],
    ['a flag as text', { disableMP: 'no' }, 'InvalidValue', 'disableMP', 'not true or false'],
    ['a VRF as a number', { vrf: 7 }, 'InvalidValue', 'vrf', 'not text'],
  ])('with %s', (_, spec, code, field, message) => {
    const { config, problems } = parse({ bgpPeers: [peer('p', spec), peer('good', { peerAddress: '93.5.22.9' })] });
    expect(problems).toMatchObject([{ code, field: `spec.${field}`, kind: 'BGPPeer', name: 'p', message: expect.stringContaining(message), transient: false }]);
    expect(problems[0].fix).not.toBe('');
    expect(config.bgpPeers.map(({ name }) => name)).toEqual(['good']);
    expect(config.unusable).toEqual([{ kind: 'BGPPeer', name: 'p', ranges: [], rangesKnown: true }]);
  });

  test('with every problem at once, and without a spec', () => {
    expect(one({ myASN: 0, peerASN: 0, peerAddress: 'x', holdTime: '1s' }).problems.map(({ field }) => field))
      .toEqual(['spec.myASN', 'spec.peerASN', 'spec.peerAddress', 'spec.holdTime']);
    expect(parse({ bgpPeers: [{ metadata: { name: 'p' } }] }).problems.map(({ message }) => message)).toEqual([
      'parsing peer p: missing local ASN', 'parsing peer p: missing peer ASN and dynamicASN', 'parsing peer p: peer has no Address or Interface specified',
    ]);
  });

  test('when the name is taken', () => {
    expect(parse({ bgpPeers: [peer('p'), peer('p')] }).problems).toMatchObject([{ code: 'DuplicateName', message: expect.stringContaining('peer p already exists') }]);
    expect(parse({ bgpPeers: [{ spec: {} }] }).problems).toMatchObject([{ code: 'MissingName', message: expect.stringContaining('missing peer name') }]);
  });
});

describe('the password of a BGPPeer', () => {
  const byReference = { passwordSecret: { name: 's', namespace: 'elsewhere' } };
  const keyOf = (found: BGPPeer) => found.session.password?.reveal().toString();

  test('is the one written, or the one in the Secret of the own namespace', () => {
    expect(keyOf(read({ password: 'in clear' }))).toBe('in clear');
    expect(keyOf(read(byReference, { secrets: [secret('s', 'from the Secret'), secret('t', 'x')] }))).toBe('from the Secret');
    expect(keyOf(read({}))).toBeUndefined();
  });

  test('is taken from a manifest, too, where stringData is laid over data', () => {
    expect(keyOf(read(byReference, { secrets: [{ ...secret('s', 'a'), stringData: { password: 'b' } }] }))).toBe('b');
  });

  test('is new when the Secret is', () => {
    const before = one(byReference, { secrets: [secret('s', 'a')] }).config;
    const after = parse({ bgpPeers: [peer('p', byReference)], bfdProfiles: [], secrets: [secret('s', 'b')] }, before).config;
    expect(keyOf(after.bgpPeers[0])).toBe('b');
    expect(after).not.toBe(before);
    expect(parse({ bgpPeers: [peer('p', byReference)], bfdProfiles: [], secrets: [secret('s', 'b')] }, after).config).toBe(after);
  });

  test('is shown nowhere', () => {
    const { config } = one({ password: 'hush-hush' });
    expect(config.bgpPeers[0].session.password).toBeDefined();
    const shown = [JSON.stringify(config), inspect(config, { depth: 9, showHidden: true }), `${config.bgpPeers[0].session.password}`, config.fingerprint];
    for (const text of shown) expect(text).not.toContain('hush-hush');
    const problems = [
      { password: 12345678 }, { password: ['hush-hush'] }, { password: 'hush-hush', passwordSecret: { name: 's' } }, { password: 'hush-hush'.repeat(10) },
    ].flatMap((spec) => one(spec).problems).concat(parse({ bgpPeers: [{ metadata: { name: 'p' }, spec: [{ password: 'hush-hush' }] }] }).problems);
    expect(problems.length).toBeGreaterThan(4);
    for (const problem of problems) expect(`${problemText(problem)} ${problem.value}`).not.toMatch(/hush|12345678/);
  });

  test.each<[string, object, object[], string, string, boolean]>([
    ['written twice', { password: 'a', ...byReference }, [secret('s', 'a')], 'ExclusiveFields', 'can not have both password and secret ref set', false],
    ['in no Secret', byReference, [secret('t', 'a')], 'MissingReference', 'secret ref not found', true],
    ['in a Secret of another type', byReference, [secret('s', 'a', 'Opaque')], 'UnusableSecret', 'secret type mismatch', false],
    ['in a Secret without a type', byReference, [secret('s', 'a', null)], 'UnusableSecret', 'secret type mismatch', false],
    ['not in the Secret', byReference, [secret('s', undefined)], 'UnusableSecret', 'password not specified in the secret', false],
    ['empty', byReference, [secret('s', '')], 'UnusableSecret', 'password not specified in the secret', false],
    ['longer than Linux takes', byReference, [secret('s', 'x'.repeat(81))], 'InvalidValue', 'the password has 81 bytes', false],
    ['no text', { password: 7 }, [], 'InvalidValue', 'spec.password is not text', false],
  ])('%s is a problem', (_, spec, secrets, code, message, transient) => {
    expect(one(spec, { secrets }).problems).toMatchObject([{ code, message: expect.stringContaining(message), transient }]);
  });

  test('may be 80 bytes long, and need not be UTF-8', () => {
    expect(keyOf(read({ password: 'x'.repeat(80) }))).toHaveLength(80);
    const bytes = Buffer.from([0xff, 0x00, 0xfe]);
    expect(read(byReference, { secrets: [{ ...secret('s', ''), data: { password: bytes.toString('base64') } }] }).session.password!.reveal()).toEqual(bytes);
  });

  test('is not looked up where Secrets are not looked at', () => {
    const { config, problems } = parse({ bgpPeers: [peer('p', byReference)] });
    expect([problems, config.bgpPeers[0].session.password, config.bgpPeers[0].session.passwordSecret]).toEqual([[], undefined, 's']);
  });

  test('stays when the Secret goes', () => {
    const before = one(byReference, { secrets: [secret('s', 'a')] }).config;
    const { config, problems } = parse({ bgpPeers: [peer('p', byReference)], bfdProfiles: [], secrets: [] }, before);
    expect([keyOf(config.bgpPeers[0]), problems.map(({ code }) => code)]).toEqual(['a', ['MissingReference']]);
  });
});

describe('two BGPPeers with one router', () => {
  const rack = (name: string) => ({ nodeSelectors: [{ matchLabels: { rack: name } }] });
  const nodes: LabelledObject[] = [{ name: 'n1', labels: { rack: 'a' } }, { name: 'n2', labels: { rack: 'b', edge: 'yes' } }];
  const edge = { nodeSelectors: [{ matchLabels: { edge: 'yes' } }] };
  const names = (config: Config) => config.bgpPeers.map(({ name }) => name);

  test.each<[string, object, object, boolean]>([
    ['on every node', {}, {}, true],
    ['on different ports', {}, { peerPort: 1179 }, true],
    ['on one node', rack('b'), edge, true],
    ['on no common node', rack('a'), edge, false],
    ['on no node', rack('z'), rack('z'), false],
    ['in two VRFs', {}, { vrf: 'red' }, false],
    ['in one VRF', { vrf: 'red' }, { vrf: 'red' }, true],
    ['at two addresses', {}, { peerAddress: '93.5.22.2' }, false],
    ['at one address written twice', { peerAddress: 'FD00:0::1' }, { peerAddress: 'fd00::1' }, true],
    ['behind one interface', { peerAddress: '', interface: 'eth0' }, { peerAddress: '', interface: 'eth0' }, true],
    ['behind two interfaces', { peerAddress: '', interface: 'eth0' }, { peerAddress: '', interface: 'eth1' }, false],
  ])('%s', (_, a, b, refused) => {
    const { config, problems } = parse({ bgpPeers: [peer('a', a, day(2)), peer('b', b, day(1))], nodes });
    expect(names(config)).toEqual(refused ? ['b'] : ['a', 'b']);
    expect(problems.map(({ name, code }) => `${name} ${code}`)).toEqual(refused ? ['a DuplicatePeer'] : []);
    for (const { message } of problems) expect(message).toMatch(/already exists.*duplicate BGPPeers selecting the same node/);
  });

  test('are taken to meet when no node is known, unless each has a selector of its own', () => {
    expect(names(parse({ bgpPeers: [peer('a', rack('a')), peer('b')] }).config)).toEqual(['a']);
    expect(names(parse({ bgpPeers: [peer('a', rack('a')), peer('b', rack('a'))] }).config)).toEqual(['a']);
    expect(names(parse({ bgpPeers: [peer('a', rack('a')), peer('b', rack('b'))] }).config)).toEqual(['a', 'b']);
  });

  test('the one that had it keeps it; one changed goes back', () => {
    const other = { peerAddress: '93.5.22.2' };
    const before = parse({ bgpPeers: [peer('a', {}, day(9)), peer('b', other, day(1))] }).config;
    const { config, problems } = parse({ bgpPeers: [peer('a', {}, day(9)), peer('b', {}, day(1)), peer('c', {}, day(1))] }, before);
    expect(config.bgpPeers.map(({ name, target }) => `${name} ${target}`)).toEqual(['a 93.5.22.1', 'b 93.5.22.2']);
    expect(problems.map(({ name, code }) => `${name} ${code}`)).toEqual(['b DuplicatePeer', 'c DuplicatePeer']);
  });

  test('one that took the place of one that must go back gives way', () => {
    const at = (n: number) => ({ peerAddress: `93.5.22.${n}` });
    const before = parse({ bgpPeers: [peer('a', at(1)), peer('b', at(2)), peer('c', at(3))] }).config;
    const { config } = parse({ bgpPeers: [peer('a', at(2)), peer('b', at(3)), peer('c', at(3))] }, before);
    expect(config.bgpPeers.map(({ target }) => target)).toEqual(['93.5.22.1', '93.5.22.2', '93.5.22.3']);
  });

  test('may swap routers in one change', () => {
    const before = parse({ bgpPeers: [peer('a'), peer('b', { peerAddress: '93.5.22.2' })] }).config;
    const { config, problems } = parse({ bgpPeers: [peer('a', { peerAddress: '93.5.22.2' }), peer('b')] }, before);
    expect([config.bgpPeers.map(({ target }) => target), problems]).toEqual([['93.5.22.2', '93.5.22.1'], []]);
  });

  test('that come to share a node because its labels change: the older keeps it', () => {
    const bgpPeers = [peer('a', rack('a'), day(2)), peer('b', edge, day(1))];
    const before = parse({ bgpPeers, nodes }).config;
    expect(names(before)).toEqual(['a', 'b']);
    const after = parse({ bgpPeers, nodes: [{ name: 'n1', labels: { rack: 'a', edge: 'yes' } }] }, before);
    expect([names(after.config), after.problems.map(({ name }) => name)]).toEqual([['b'], ['a']]);
  });
});
