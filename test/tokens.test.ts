import { ApiObject, Chart, JsonPatch, Testing } from 'cdk8s';
import { HomeLoadBalancer } from '../src';
import { namespace, object } from './manifests.cases';
import { balancer } from './util';

/** What stands in a manifest for a value that is known only when it is deployed: nothing can be said against it. */
const TEXT = '${Token[TOKEN.7]}';
const NUMBER = -1.8881545897087626e+289;
const selectors = [TEXT, [TEXT], [{ matchLabels: TEXT }], [{ matchLabels: { a: TEXT } }], [{ matchLabels: { [TEXT]: 'a' } }], [{ matchExpressions: TEXT }],
  [{ matchExpressions: [TEXT] }], [{ matchExpressions: [{ key: TEXT, operator: TEXT, values: TEXT }] }],
  [{ matchExpressions: [{ key: 'a', operator: 'In', values: [TEXT, TEXT] }] }], [TEXT, TEXT]];
const names = [TEXT, [TEXT], [TEXT, TEXT]];

const FIELDS: Record<string, { readonly right: object; readonly fields: Record<string, readonly unknown[]> }> = {
  IPAddressPool: {
    right: { addresses: ['10.0.0.0/24'] },
    fields: {
      addresses: [TEXT, [TEXT], ['10.0.0.1', TEXT]],
      autoAssign: [TEXT],
      avoidBuggyIPs: [TEXT],
      serviceAllocation: [
        TEXT, { priority: NUMBER }, ...names.map((namespaces) => ({ namespaces })),
        ...selectors.flatMap((list) => [{ namespaceSelectors: list }, { serviceSelectors: list }]),
      ],
    },
  },
  L2Advertisement: {
    right: {},
    fields: {
      ipAddressPools: names,
      ipAddressPoolSelectors: selectors,
      nodeSelectors: selectors,
      serviceSelectors: selectors,
      interfaces: names,
      preferredNodeSelectors: [TEXT, [TEXT], [{ weight: NUMBER, preference: TEXT }], [{ weight: 1, preference: { matchLabels: { a: TEXT } } }]],
    },
  },
  BGPAdvertisement: {
    right: {},
    fields: {
      ipAddressPools: names,
      ipAddressPoolSelectors: selectors,
      nodeSelectors: selectors,
      serviceSelectors: selectors,
      peers: names,
      communities: names,
      aggregationLength: [NUMBER],
      aggregationLengthV6: [NUMBER],
      localPref: [NUMBER],
      asPathPrepend: [NUMBER],
    },
  },
  BGPPeer: {
    right: { myASN: 64512, peerASN: 64513, peerAddress: '192.0.2.1' },
    fields: {
      ...Object.fromEntries(['myASN', 'peerASN', 'localASN', 'peerPort'].map((field) => [field, [NUMBER]])),
      ...Object.fromEntries(['peerAddress', 'sourceAddress', 'routerID', 'holdTime', 'keepaliveTime', 'connectTime', 'vrf', 'bfdProfile', 'password', 'passwordSecret',
        'ebgpMultiHop', 'enableGracefulRestart', 'disableMP', 'dualStackAddressFamily'].map((field) => [field, [TEXT]])),
      nodeSelectors: selectors,
    },
  },
  BFDProfile: {
    right: {},
    fields: {
      ...Object.fromEntries(['receiveInterval', 'transmitInterval', 'echoInterval', 'detectMultiplier', 'minimumTtl'].map((field) => [field, [NUMBER]])),
      echoMode: [TEXT],
      passiveMode: [TEXT],
    },
  },
  Community: { right: {}, fields: { communities: [TEXT, [TEXT], [{ name: TEXT, value: TEXT }], [{ name: TEXT, value: '1:2' }, { name: TEXT, value: '1:3' }]] } },
};

let chart: Chart;
let lb: HomeLoadBalancer;
beforeEach(() => {
  chart = Testing.chart();
  lb = balancer(chart, { namespace });
});

const synthesis = () => Testing.synth(chart);

/** Defines an object beside everything that the others need. */
function define(kind: string, spec: object): ApiObject {
  const others = ['IPAddressPool', 'BGPPeer'].filter((other) => other !== kind);
  others.forEach((other) => new ApiObject(chart, other, object(other, 'other', FIELDS[other].right) as any));
  return new ApiObject(chart, 'object', object(kind, 'object', spec) as any);
}

const cases = Object.entries(FIELDS).flatMap(([kind, { right, fields }]) => (
  Object.entries(fields).map(([field, values]) => ({ kind, field, values, right }))
));

test.each(cases)('$kind: $field that is known only later is accepted', ({ kind, field, values, right }) => {
  for (const value of values) {
    chart = Testing.chart();
    lb = balancer(chart, { namespace });
    define(kind, { ...right, [field]: value });
    expect(synthesis).not.toThrow();
  }
});

test.each(cases.filter(({ right, field }) => !(field in right)))('$kind: $field that is null is the same as absent', ({ kind, field, right }) => {
  // A patch, for cdk8s leaves nulls out of everything else.
  define(kind, right).addJsonPatch(JsonPatch.add(`/spec/${field}`, null));
  expect(synthesis).not.toThrow();
});

describe('what depends on something that is known only later is not judged', () => {
  const service = (name: string, annotations: Record<string, string> = {}) => lb.bind(new ApiObject(chart, name, {
    apiVersion: 'v1', kind: 'Service', metadata: { name, annotations }, spec: { ports: [{ port: 80 }] },
  }));
  const pool = (addresses: unknown[]) => define('IPAddressPool', { addresses });

  test('a Service that asks for a pool', () => {
    pool(['10.0.0.1']);
    service('web', { 'metallb.io/address-pool': TEXT });
    expect(synthesis).not.toThrow();
  });

  test('Services of a pool that may have more than one address', () => {
    pool(['10.0.0.1', TEXT]);
    service('a');
    service('b');
    expect(synthesis).not.toThrow();
  });

  test('a pool that an advertisement chooses', () => {
    pool(['10.0.0.0/24']);
    new ApiObject(chart, 'l2', object('L2Advertisement', 'l2', { ipAddressPools: [TEXT], serviceSelectors: [{ matchLabels: { public: 'yes' } }] }) as any);
    service('web');
    expect(synthesis).toThrow(/would not be announced/); // it is about every pool then, this one included
  });

  test('two routers that may be one, and preferences that may be equal', () => {
    const bgp = (name: string, spec: object) => new ApiObject(chart, name, object('BGPAdvertisement', name, spec) as any);
    pool(['10.0.0.0/24']);
    ['a', 'b'].forEach((name) => new ApiObject(chart, name, object('BGPPeer', name, { myASN: 1, peerASN: 2, peerAddress: TEXT }) as any));
    ['c', 'd'].forEach((name) => new ApiObject(chart, name, object('BGPPeer', name, {
      myASN: 1, peerASN: 2, peerAddress: '192.0.2.9', nodeSelectors: [{ matchLabels: { rack: TEXT } }],
    }) as any));
    bgp('one', { localPref: 1 });
    bgp('two', { localPref: NUMBER });
    expect(synthesis).not.toThrow();
  });

  test('the key of a session', () => {
    new ApiObject(chart, 'key', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key', namespace }, ...{ type: TEXT, stringData: { password: 'x' } } });
    new ApiObject(chart, 'long', {
      apiVersion: 'v1', kind: 'Secret', metadata: { name: 'long', namespace }, ...{ type: 'kubernetes.io/basic-auth', stringData: { password: `${TEXT}${'x'.repeat(80)}` } },
    });
    ['key', 'long'].forEach((name, i) => new ApiObject(chart, `peer-${name}`, object('BGPPeer', name, {
      myASN: 1, peerASN: 2, peerAddress: `192.0.2.${10 + i}`, passwordSecret: { name },
    }) as any));
    pool(['10.0.0.0/24']);
    expect(synthesis).not.toThrow();
  });

  test('whether a Service has the labels that a pool is for', () => {
    define('IPAddressPool', { addresses: ['10.0.0.1'], serviceAllocation: { serviceSelectors: [{ matchLabels: { public: 'yes' } }] } });
    lb.bind(new ApiObject(chart, 'web', { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', labels: { public: TEXT } }, spec: { ports: [{ port: 80 }] } }));
    expect(synthesis).not.toThrow();
  });
});
