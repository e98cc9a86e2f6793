import { parseConfig } from '../../src/config';
import {
  BFD_PROFILES, BGP_ADVERTISEMENTS, BGP_PEERS, COMMUNITIES, IP_ADDRESS_POOLS, L2_ADVERTISEMENTS, ResourceRef, SECRETS,
} from '../../src/kube';
import { createLogger, Metrics } from '../../src/observability';
import { Watches } from '../../src/role';
import { ConfigInputs } from '../../src/speaker/config-inputs';
import { PasswordSecrets } from '../../src/speaker/password-secrets';
import { Cluster, eventually, NAMESPACE } from '../controller/cluster';

let cluster: Cluster;
let watches: Watches;
let secrets: PasswordSecrets;
let inputs: ConfigInputs;
const changed = jest.fn();

beforeEach(async () => {
  cluster = await Cluster.start();
  changed.mockReset();
  const log = createLogger('none');
  watches = new Watches(cluster.client, log, new Metrics());
  secrets = new PasswordSecrets(cluster.client, NAMESPACE, changed, log);
  inputs = new ConfigInputs(watches, NAMESPACE, secrets, changed);
  await watches.start();
});
afterEach(async () => {
  await Promise.all([secrets.stop(), watches.stop()]);
  await cluster.stop();
});

const make = (resource: ResourceRef, name: string, spec: object) =>
  cluster.client.create(resource, { metadata: { name, namespace: NAMESPACE }, spec });
const peer = (name: string, spec: object = {}) => make(BGP_PEERS, name, { myASN: 64512, peerASN: 64513, peerAddress: `10.0.0.${name.length}`, ...spec });
const onRack = (rack: string) => ({ nodeSelectors: [{ matchLabels: { rack } }] });

/** The configuration of node n1, which is in rack a; undefined while something is still looked for. */
const config = async () => {
  const input = inputs.current('n1', { rack: 'a' });
  return input && parseConfig(input);
};

test('all six kinds are read; what their objects refer to is found', async () => {
  await make(IP_ADDRESS_POOLS, 'p', { addresses: ['10.0.0.0/24'] });
  await make(L2_ADVERTISEMENTS, 'l', { ipAddressPools: ['p'] });
  await make(COMMUNITIES, 'c', { communities: [{ name: 'far', value: '1:2' }] });
  await make(BGP_ADVERTISEMENTS, 'g', { communities: ['far'] });
  await make(BFD_PROFILES, 'f', {});
  await peer('b', { bfdProfile: 'f', passwordSecret: { name: 's' } });
  await cluster.client.create(SECRETS, {
    metadata: { name: 's', namespace: NAMESPACE }, type: 'kubernetes.io/basic-auth', data: { username: '', password: Buffer.from('key').toString('base64') },
  });
  await eventually(config, (result) => {
    expect(result?.problems).toEqual([]);
    const { pools, l2Advertisements, communities, bgpAdvertisements, bfdProfiles, bgpPeers } = result!.config;
    expect([pools, l2Advertisements, communities, bgpAdvertisements, bfdProfiles, bgpPeers].map((list) => list.length)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(bgpPeers[0].session.password?.reveal().toString()).toBe('key');
  });
});

test('peers and BGP advertisements of other nodes are left out, with what is wrong with them; L2 advertisements are not', async () => {
  await peer('mine', { ...onRack('a'), bfdProfile: 'none' });
  await peer('others', { ...onRack('b'), bfdProfile: 'none' });
  await make(BGP_ADVERTISEMENTS, 'others', { ...onRack('b'), communities: ['none'] });
  await make(L2_ADVERTISEMENTS, 'others', onRack('b'));
  await eventually(config, (result) => {
    expect(result?.problems.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['BGPPeer mine']);
    expect(result?.config.l2Advertisements).toHaveLength(1);
  });
});

test('a peer whose selector cannot be read is reported and left out, and what is made meanwhile counts', async () => {
  await peer('bad', { nodeSelectors: [{ matchExpressions: [{ key: 'a', operator: 'Near' }] }] });
  await peer('good');
  await make(IP_ADDRESS_POOLS, 'p', { addresses: ['10.0.0.0/24'] });
  await eventually(config, (result) => {
    expect(result?.problems.map(({ name, field }) => `${name} ${field}`)).toEqual(['bad spec.nodeSelectors[0].matchExpressions[0].operator']);
    expect(result?.config).toMatchObject({ pools: [{ name: 'p' }], bgpPeers: [{ name: 'good' }] });
  });
});

test('a Secret that is missing is reported, and found as soon as it is made; the one that nobody names is not looked at', async () => {
  await peer('b', { passwordSecret: { name: 's' } });
  await eventually(config, (result) => expect(result?.problems).toEqual([expect.objectContaining({ code: 'MissingReference', field: 'spec.passwordSecret.name' })]));
  changed.mockReset();
  for (const name of ['other', 's']) {
    await cluster.client.create(SECRETS, { metadata: { name, namespace: NAMESPACE }, type: 'kubernetes.io/basic-auth', data: { password: 'a2V5' } });
  }
  await eventually(async () => changed.mock.calls.length, (count) => expect(count).toBe(1));
  expect((await config())?.problems).toEqual([]);
  expect(inputs.current('n1', {})?.secrets).toHaveLength(1);
});

test('a Secret that may not be read is as one that is missing', async () => {
  cluster.server.faults.deny({ resource: 'secrets' });
  await peer('b', { passwordSecret: { name: 's' } });
  await eventually(config, (result) => expect(result?.problems).toEqual([expect.objectContaining({ code: 'MissingReference' })]));
});

test('the counters in the status of a pool change nothing', async () => {
  await make(IP_ADDRESS_POOLS, 'p', { addresses: ['10.0.0.0/24'] });
  await eventually(config, (result) => expect(result?.config.pools).toHaveLength(1));
  const count = changed.mock.calls.length;
  const status = { assignedIPv4: 1, assignedIPv6: 0, availableIPv4: 0, availableIPv6: 0 };
  await cluster.client.patch(IP_ADDRESS_POOLS, 'p', { status }, { namespace: NAMESPACE, subresource: 'status' });
  await make(IP_ADDRESS_POOLS, 'q', { addresses: ['10.0.1.0/24'] });
  await eventually(config, (result) => expect(result?.config.pools).toHaveLength(2));
  expect(changed).toHaveBeenCalledTimes(count + 1);
});

test('an event names an object by its kind and version', async () => {
  await peer('b');
  await eventually(async () => inputs.objectOf({ kind: 'BGPPeer', namespace: NAMESPACE, name: 'b' }), (object) => (
    expect(object).toMatchObject({ apiVersion: 'metallb.io/v1beta2', kind: 'BGPPeer', metadata: { name: 'b' } })
  ));
});
