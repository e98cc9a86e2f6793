/** Objects that the API accepts and refuses; `crds.test.ts` tries them on the schemas, the end-to-end test on an API server. */

export interface ApiObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec?: unknown;
}

/** What the reference user writes. */
export const HOME: ApiObject[] = [
  object('IPAddressPool', 'workstation-ip-pool', { addresses: ['93.5.22.100'] }),
  object('L2Advertisement', 'workstation-l2adv', { ipAddressPools: ['workstation-ip-pool'] }),
];

const selector = {
  matchLabels: { zone: 'attic' },
  matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['node-a', 'node-b'] }, { key: 'wired', operator: 'Exists' }],
};

/** At least one for each kind and version; the second of a kind uses every field. */
export const VALID: ApiObject[] = [
  ...HOME,
  object('IPAddressPool', 'every-field', {
    addresses: ['192.0.2.0/28', '192.0.2.32-192.0.2.40', '192.0.2.50 - 192.0.2.60', '2001:db8::/124', '2001:db8::100'],
    autoAssign: false,
    avoidBuggyIPs: true,
    serviceAllocation: { priority: 50, namespaces: ['media'], namespaceSelectors: [selector], serviceSelectors: [{}] },
  }),
  object('L2Advertisement', 'nothing', undefined),
  object('L2Advertisement', 'every-field', {
    ipAddressPools: ['every-field'],
    ipAddressPoolSelectors: [selector],
    nodeSelectors: [selector],
    preferredNodeSelectors: [{ weight: 1, preference: {} }, { weight: 100, preference: selector }],
    interfaces: ['eth0'],
    serviceSelectors: [selector],
  }),
  object('BGPAdvertisement', 'empty', {}),
  object('BGPAdvertisement', 'every-field', {
    aggregationLength: 32,
    aggregationLengthV6: 128,
    localPref: 100,
    asPathPrepend: 10,
    communities: ['64512:100', 'large:64512:1:100', 'no-export'],
    ipAddressPools: ['every-field'],
    ipAddressPoolSelectors: [selector],
    nodeSelectors: [selector],
    peers: ['router'],
    serviceSelectors: [selector],
  }),
  object('BGPAdvertisement', 'aggregated', { aggregationLength: 24, aggregationLengthV6: 64, serviceSelectors: [] }),
  peer('router', { myASN: 64512, peerASN: 64513, peerAddress: '192.0.2.1' }),
  peer('every-field', {
    myASN: 4294967295,
    peerASN: 1,
    localASN: 4200000000,
    peerAddress: '2001:db8::1',
    sourceAddress: '2001:db8::2',
    peerPort: 16384,
    holdTime: '1m30s',
    keepaliveTime: '30s',
    connectTime: '65535s',
    routerID: '192.0.2.44',
    nodeSelectors: [selector],
    passwordSecret: { name: 'router', namespace: 'metallb-system' },
    bfdProfile: 'fast',
    enableGracefulRestart: true,
    ebgpMultiHop: true,
    vrf: 'red',
    disableMP: true,
    dualStackAddressFamily: true,
  }),
  peer('unnumbered', { myASN: 64512, dynamicASN: 'external', interface: 'eth1', holdTime: '0', password: 'plain' }),
  peer('zeros-are-unset', { myASN: 64512, peerASN: 0, dynamicASN: 'internal', peerAddress: '192.0.2.1', interface: '' }),
  peer('old', { myASN: 64512, peerASN: 64513, peerAddress: '192.0.2.1' }, 'v1beta1'),
  peer('old-every-field', {
    myASN: 64512,
    peerASN: 64513,
    peerAddress: '192.0.2.1',
    peerPort: 0,
    holdTime: '90s',
    keepaliveTime: '1500ms',
    routerID: '192.0.2.44',
    sourceAddress: '192.0.2.44',
    password: 'plain',
    bfdProfile: 'fast',
    ebgpMultiHop: true,
    nodeSelectors: [{ matchLabels: { zone: 'attic' }, matchExpressions: [{ key: 'zone', operator: 'In', values: ['attic'] }] }],
  }, 'v1beta1'),
  object('BFDProfile', 'defaults', {}),
  object('BFDProfile', 'fast', {
    receiveInterval: 10,
    transmitInterval: 60000,
    detectMultiplier: 2,
    echoInterval: 10,
    echoMode: true,
    passiveMode: true,
    minimumTtl: 254,
  }),
  object('Community', 'names', { communities: [{ name: 'no-export', value: '65535:65281' }, { name: 'big', value: 'large:64512:1:100' }] }),
  object('ServiceL2Status', 'l2-x', {}),
  object('ServiceBGPStatus', 'bgp-x', {}),
  object('ConfigurationState', 'controller', undefined),
];

export interface Refused {
  /** What is wrong, for the name of the test. */
  why: string;
  object: ApiObject;
  /** Where, as the API server writes it. */
  field: string;
  /** Part of what the API server says. */
  message: string;
  /** Whether a CEL rule refuses it, rather than the schema alone. */
  rule?: true;
}

export const REFUSED: Refused[] = [
  { why: 'a pool without a spec', object: object('IPAddressPool', 'x', undefined), field: 'spec', message: 'Required value' },
  { why: 'a pool without addresses', object: object('IPAddressPool', 'x', {}), field: 'spec.addresses', message: 'Required value' },
  {
    why: 'addresses that are no list',
    object: object('IPAddressPool', 'x', { addresses: '93.5.22.100' }),
    field: 'spec.addresses',
    message: 'must be of type array',
  },
  {
    why: 'a selector expression without an operator',
    object: object('L2Advertisement', 'x', { nodeSelectors: [{ matchExpressions: [{ key: 'a' }] }] }),
    field: 'spec.nodeSelectors[0].matchExpressions[0].operator',
    message: 'Required value',
  },
  ...[0, 101].map((weight) => ({
    why: `a weight of ${weight}`,
    object: object('L2Advertisement', 'x', { preferredNodeSelectors: [{ weight, preference: {} }] }),
    field: 'spec.preferredNodeSelectors[0].weight',
    message: weight ? 'should be less than or equal to 100' : 'should be greater than or equal to 1',
  })),
  {
    why: 'a preference without a weight',
    object: object('L2Advertisement', 'x', { preferredNodeSelectors: [{ preference: {} }] }),
    field: 'spec.preferredNodeSelectors[0].weight',
    message: 'Required value',
  },
  {
    why: 'a pool whose list of addresses is empty',
    object: object('IPAddressPool', 'x', { addresses: [] }),
    field: 'spec',
    message: 'pool has no prefixes defined',
    rule: true,
  },
  ...['1', '1:2:3', 'large:1:2', 'no-export'].map((value) => ({
    why: `a community ${value}`,
    object: object('Community', 'x', { communities: [{ name: 'a', value }] }),
    field: 'spec.communities[0].value',
    message: 'should match',
  })),
  outside('BGPAdvertisement', {}, 'aggregationLength', { min: 1 }),
  outside('BGPAdvertisement', {}, 'aggregationLength', { max: 32 }),
  outside('BGPAdvertisement', {}, 'aggregationLengthV6', { min: 1 }),
  outside('BGPAdvertisement', {}, 'aggregationLengthV6', { max: 128 }),
  outside('BGPAdvertisement', {}, 'asPathPrepend', { min: 1 }),
  outside('BGPAdvertisement', {}, 'asPathPrepend', { max: 10 }),
  ...[{ aggregationLength: 24 }, { aggregationLengthV6: 64 }, { aggregationLength: 24, aggregationLengthV6: 64 }].map((lengths) => ({
    why: `serviceSelectors with ${Object.keys(lengths).join(' and ')}`,
    object: object('BGPAdvertisement', 'x', { ...lengths, serviceSelectors: [selector] }),
    field: 'spec',
    message: 'serviceSelectors and aggregationLength are mutually exclusive',
    rule: true as const,
  })),
  ...['v1beta2', 'v1beta1'].flatMap((version) => refusedPeers(version)),
  outside('BGPPeer', { myASN: 1 }, 'peerPort', { min: 1 }),
  ...['receiveInterval', 'transmitInterval', 'echoInterval'].flatMap((field) => [
    outside('BFDProfile', {}, field, { min: 10 }),
    outside('BFDProfile', {}, field, { max: 60000 }),
  ]),
  outside('BFDProfile', {}, 'detectMultiplier', { min: 2 }),
  outside('BFDProfile', {}, 'detectMultiplier', { max: 255 }),
  outside('BFDProfile', {}, 'minimumTtl', { min: 1 }),
  outside('BFDProfile', {}, 'minimumTtl', { max: 254 }),
];

/** Both versions of a peer refuse the same. */
function refusedPeers(version: string): Refused[] {
  const good = { myASN: 64512, peerASN: 64513, peerAddress: '192.0.2.1' };
  const refused = (change: object, field: string, message: string, rule?: true): Refused => ({
    why: `a ${version} peer ${Object.entries(change).map(([key, value]) => value === undefined ? `without ${key}` : `with ${key} ${JSON.stringify(value)}`).join(' ')}`,
    object: peer('x', { ...good, ...change }, version),
    field,
    message,
    rule,
  });
  return [
    refused({ myASN: undefined }, 'spec.myASN', 'Required value'),
    outside('BGPPeer', good, 'myASN', { min: 0 }, version),
    outside('BGPPeer', good, 'myASN', { max: 4294967295 }, version),
    outside('BGPPeer', good, 'peerASN', { min: 0 }, version),
    outside('BGPPeer', good, 'peerASN', { max: 4294967295 }, version),
    outside('BGPPeer', good, 'localASN', { min: 1 }, version),
    outside('BGPPeer', good, 'localASN', { max: 4294967295 }, version),
    outside('BGPPeer', good, 'peerPort', { max: 16384 }, version),
    refused({ dynamicASN: 'both', peerASN: undefined }, 'spec.dynamicASN', 'supported values: "internal", "external"'),
    refused({ dynamicASN: 'internal' }, 'spec', 'both peer ASN and dynamicASN specified', true),
    refused({ peerASN: undefined }, 'spec', 'missing peer ASN and dynamicASN', true),
    refused({ peerASN: 0 }, 'spec', 'missing peer ASN and dynamicASN', true),
    refused({ interface: 'eth0' }, 'spec', 'peer has both Address and Interface specified', true),
    refused({ peerAddress: undefined }, 'spec', 'peer has no Address or Interface specified', true),
    refused({ peerAddress: '', interface: '' }, 'spec', 'peer has no Address or Interface specified', true),
    refused({ myASN: 0 }, 'spec', 'missing local ASN', true),
    refused({ peerASN: 64512, ebgpMultiHop: true }, 'spec', 'invalid ebgp-multihop parameter set for an ibgp peer', true),
    refused({ password: 'plain', passwordSecret: { name: 'router' } }, 'spec', 'can not have both password and secret ref set', true),
    refused({ holdTime: '2s' }, 'spec.holdTime', 'must be 0 or >=3s', true),
    refused({ holdTime: '-3s' }, 'spec.holdTime', 'must be 0 or >=3s', true),
    refused({ holdTime: 90 }, 'spec.holdTime', 'must be of type string'),
    refused({ holdTime: '90' }, 'spec.holdTime', 'must be a duration with a unit', true),
    refused({ keepaliveTime: '30 s' }, 'spec.keepaliveTime', 'must be a duration with a unit', true),
    refused({ connectTime: '0s' }, 'spec.connectTime', 'connect time should be between 1 seconds to 65535', true),
    refused({ connectTime: '65536s' }, 'spec.connectTime', 'connect time should be between 1 seconds to 65535', true),
    refused({ connectTime: '1500ms' }, 'spec.connectTime', 'connect time should contain a whole number of seconds', true),
  ];
}

/** One below or above what a number may be. */
function outside(kind: string, spec: object, field: string, { min, max }: { min?: number; max?: number }, version?: string): Refused {
  const value = min === undefined ? max! + 1 : min - 1;
  return {
    why: `a ${version ?? ''} ${kind} with ${field} ${value}`.replace('  ', ' '),
    object: { ...object(kind, 'x', { ...spec, [field]: value }), ...(kind === 'BGPPeer' && { apiVersion: `metallb.io/${version ?? 'v1beta2'}` }) },
    field: `spec.${field}`,
    message: min === undefined ? `should be less than or equal to ${max}` : `should be greater than or equal to ${min}`,
  };
}

function object(kind: string, name: string, spec: unknown): ApiObject {
  return { apiVersion: 'metallb.io/v1beta1', kind, metadata: { name }, ...(spec === undefined ? {} : { spec: JSON.parse(JSON.stringify(spec)) }) };
}

function peer(name: string, spec: object, version = 'v1beta2'): ApiObject {
  return { ...object('BGPPeer', name, spec), apiVersion: `metallb.io/${version}` };
}
