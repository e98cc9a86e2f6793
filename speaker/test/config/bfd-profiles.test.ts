import { bfdProfile, bgpAdvertisement, parse, peer, pool } from './fixtures';

describe('a BFDProfile', () => {
  test('has the defaults of FRR', () => {
    const { config, problems } = parse({ bfdProfiles: [bfdProfile('fast')] });
    expect(problems).toEqual([]);
    expect(config.bfdProfiles).toEqual([{
      name: 'fast',
      namespace: 'metallb-system',
      uid: undefined,
      generation: undefined,
      receiveIntervalMs: 300,
      transmitIntervalMs: 300,
      detectMultiplier: 3,
      echoIntervalMs: 50,
      echoMode: false,
      passiveMode: false,
      minimumTtl: 254,
    }]);
  });

  const fields: [string, string, number, number][] = [
    ['receiveInterval', 'receiveIntervalMs', 10, 60_000], ['transmitInterval', 'transmitIntervalMs', 10, 60_000],
    ['detectMultiplier', 'detectMultiplier', 2, 255], ['echoInterval', 'echoIntervalMs', 10, 60_000], ['minimumTtl', 'minimumTtl', 1, 254],
  ];
  test.each(fields)('has %s from min to max and nothing else', (field, compiled, min, max) => {
    for (const value of [min, max]) expect(parse({ bfdProfiles: [bfdProfile('p', { [field]: value })] }).config.bfdProfiles).toMatchObject([{ [compiled]: value }]);
    for (const value of [min - 1, max + 1]) {
      const { config, problems } = parse({ bfdProfiles: [bfdProfile('p', { [field]: value }), bfdProfile('q')] });
      const message = `invalid value ${value}, must be in ${min}-${max} range`;
      expect(problems).toMatchObject([{ code: 'InvalidValue', kind: 'BFDProfile', name: 'p', field: `spec.${field}`, message: expect.stringContaining(message) }]);
      expect([config.bfdProfiles.map(({ name }) => name), config.unusable]).toMatchObject([['q'], [{ kind: 'BFDProfile', name: 'p' }]]);
    }
    for (const value of ['300', 30.5, true]) expect(parse({ bfdProfiles: [bfdProfile('p', { [field]: value })] }).problems).toMatchObject([{ code: 'InvalidValue' }]);
  });

  test('needs a name of its own', () => {
    expect(parse({ bfdProfiles: [bfdProfile('p'), bfdProfile('p'), {}] }).problems.map(({ code }) => code)).toEqual(['MissingName', 'DuplicateName']);
  });
});

describe('a BGPPeer that names a BFDProfile', () => {
  const bgpPeers = [peer('p', { bfdProfile: 'fast' })];
  const fast = bfdProfile('fast', { receiveInterval: 100 });
  const profileOf = (result: ReturnType<typeof parse>) => result.config.bgpPeers[0]?.session.bfdProfile;

  test.each<[string, object[] | undefined, string[]]>([
    ['is there', [fast], []],
    ['is not there', [], ['p MissingReference true']],
    ['is wrong', [bfdProfile('fast', { minimumTtl: 0 })], ['fast InvalidValue false', 'p MissingReference true']],
    ['is not looked at', undefined, []],
  ])('that %s', (_, bfdProfiles, expected) => {
    const { problems } = parse({ bgpPeers, bfdProfiles });
    expect(problems.map(({ name, code, transient }) => `${name} ${code} ${transient}`)).toEqual(expected);
    for (const { message } of problems.filter(({ transient }) => transient)) expect(message).toContain('peer p referencing non existing bfd profile fast');
  });

  test('has it as it is now, and the last good one when it is wrong or gone', () => {
    const before = parse({ bgpPeers, bfdProfiles: [fast] });
    expect(profileOf(before)).toMatchObject({ receiveIntervalMs: 100 });
    expect(profileOf(parse({ bgpPeers, bfdProfiles: [bfdProfile('fast')] }, before.config))).toMatchObject({ receiveIntervalMs: 300 });
    expect(profileOf(parse({ bgpPeers, bfdProfiles: [bfdProfile('fast', { minimumTtl: 0 })] }, before.config))).toMatchObject({ receiveIntervalMs: 100 });
    expect(profileOf(parse({ bgpPeers, bfdProfiles: [] }, before.config))).toMatchObject({ receiveIntervalMs: 100 });
  });
});

describe('BFD echo', () => {
  const four = pool('four', ['10.0.0.0/24']);
  const both = pool('both', ['10.0.1.0/24', 'fd00::/64'], {}, { labels: { x: 'y' } });
  const bgpPeers = [peer('a', { bfdProfile: 'echo' }), peer('b', { bfdProfile: 'plain', peerAddress: '93.5.22.2' })];
  const bfdProfiles = [bfdProfile('echo', { echoMode: true }), bfdProfile('plain')];

  test.each<[string, object, boolean]>([
    ['no IPv6 pool', { ipAddressPools: ['four'] }, true],
    ['an IPv6 pool by name', { ipAddressPools: ['both'] }, false],
    ['an IPv6 pool by selector', { ipAddressPoolSelectors: [{ matchLabels: { x: 'y' } }] }, false],
    ['every pool', {}, false],
    ['every pool to this peer', { peers: ['a'] }, false],
    ['every pool to another peer', { peers: ['b'] }, true],
  ])('with an advertisement of %s', (_, spec, echoes) => {
    const { config, problems } = parse({ ipAddressPools: [four, both], bgpPeers, bfdProfiles, bgpAdvertisements: [bgpAdvertisement('adv', spec)] });
    expect(problems).toMatchObject(echoes ? [] : [{
      code: 'EchoNotPossible',
      kind: 'BGPPeer',
      name: 'a',
      field: 'spec.bfdProfile',
      value: '"echo"',
      message: expect.stringContaining('peer a has bfd echo enabled, which is not possible'),
    }]);
    // The session goes on, with what of BFD is possible.
    expect(config.bgpPeers.map(({ session }) => session.bfdProfile!.echoMode)).toEqual([echoes, false]);
    expect(config.unusable).toEqual([]);
  });
});
