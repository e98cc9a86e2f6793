/** What can be asked of pools beyond MetalLB, on a real API server, under the rights of the manifests: kept through the death of the controller. */
import * as path from 'path';
import { Cluster, readManifests, Role } from '..';
import { addressPool, CRDS, eventually, eventsOf, getService, logOf, NAMESPACE, service, wants } from './support';
import { IP_ADDRESS_POOLS, SERVICES } from '../../speaker/src/kube';

const HOME = path.resolve(__dirname, '../../examples/home/home.k8s.yaml');
const RIGHTS = ['ServiceAccount', 'Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'];
const GROUP = 'home-load-balancer.github.io/';
const CONDITION = `${GROUP}AddressAssigned`;

const own = (annotations: Record<string, string>) => Object.fromEntries(Object.entries(annotations).map(([name, value]) => [GROUP + name, value]));
const pool = (name: string, addresses: string[], annotations: Record<string, string>, spec = {}) => {
  const made = addressPool(name, addresses, spec) as { metadata: object };
  return { ...made, metadata: { ...made.metadata, annotations: own(annotations) } };
};

let cluster: Cluster;
let controller: Role;

const start = async () => cluster.startController({ identity: 'serviceAccount', metrics: 'secure' });
const remove = async (name: string) => {
  await cluster.client.delete(SERVICES, name, { namespace: 'default' });
  await eventually(async () => expect(await cluster.client.get(SERVICES, name, { namespace: 'default' }).catch(({ code }) => code)).toBe('NotFound'));
};
const condition = async (name: string) => (await getService(cluster, name)).status?.conditions?.find(({ type }) => type === CONDITION);

beforeAll(async () => {
  cluster = await Cluster.start({ api: 'real', nodes: 1 });
  await cluster.apply(CRDS, ...readManifests(HOME).filter(({ kind }) => RIGHTS.includes(kind)));
  controller = await start();
});
afterAll(async () => cluster?.stop());

test('kubectl waits for the address, and is told why there is none', async () => {
  await cluster.apply(pool('home', ['93.5.22.100'], {}), service('web'), service('late'));
  await cluster.kubectl('wait', 'service/web', `--for=condition=${CONDITION}`, '--timeout=20s');
  expect(await condition('web')).toMatchObject({ status: 'True', reason: 'Assigned' });
  await cluster.kubectl('wait', 'service/late', `--for=condition=${CONDITION}=False`, '--timeout=20s');
  const { reason, message } = (await condition('late'))!;
  expect(reason).toBe('NoAvailableIPs');
  await eventually(async () => expect((await eventsOf(cluster, 'late')).map((event) => event.message).join()).toContain(`${message} (${reason})`));
  const { metadata: { resourceVersion } } = await getService(cluster, 'late');
  await cluster.apply(service('later'));
  await cluster.kubectl('wait', 'service/later', `--for=condition=${CONDITION}=False`, '--timeout=20s');
  expect((await getService(cluster, 'late')).metadata.resourceVersion).toBe(resourceVersion);
  await remove('web');
  await eventually(async () => expect(await cluster.addressesOf({ name: 'late' })).toEqual(['93.5.22.100']));
  await Promise.all(['late', 'later'].map(remove));
});

test('a sticky address survives the deletion of its Service while the controller is dead', async () => {
  await cluster.apply(pool('sticky', ['93.5.22.110-93.5.22.119'], { sticky: '1h' }), service('other', { annotations: wants('93.5.22.110') }));
  await cluster.apply(service('jellyfin', { annotations: { 'metallb.io/address-pool': 'sticky' } }));
  expect(await cluster.addressesOf({ name: 'jellyfin' })).toEqual(['93.5.22.111']);
  const memory = async () => cluster.kubectl('get', 'configmap', 'home-load-balancer-reservations', '-n', NAMESPACE, '-o', 'jsonpath={.data.default_jellyfin}');
  await eventually(async () => expect(JSON.parse(await memory())).toEqual({ ips: ['93.5.22.111'], pool: 'sticky' }));
  controller.process.kill('SIGKILL');
  await controller.process.exited;
  await remove('jellyfin');
  controller = await start();
  const asks = { annotations: { 'metallb.io/address-pool': 'sticky' } };
  await cluster.apply(service('next', asks));
  expect(await cluster.addressesOf({ name: 'next' })).toEqual(['93.5.22.112']);
  await cluster.apply(service('jellyfin', asks));
  expect(await cluster.addressesOf({ name: 'jellyfin' })).toEqual(['93.5.22.111']);
  await Promise.all(['other', 'next', 'jellyfin'].map(remove));
});

test('the addresses of nodes are not given where the pool excludes them', async () => {
  const { internalAddress } = cluster.nodes[0];
  await cluster.apply(pool('nodes', [`${internalAddress}/32`, '93.5.22.130'], { 'excluded-addresses': 'nodes' }, { autoAssign: false }));
  await cluster.apply(service('aside', { annotations: { 'metallb.io/address-pool': 'nodes' } }), service('node', { annotations: wants(internalAddress) }));
  expect(await cluster.addressesOf({ name: 'aside' })).toEqual(['93.5.22.130']);
  await eventually(async () => expect(await condition('node')).toMatchObject({ status: 'False', reason: 'AddressExcluded' }));
});

test('counters reach to the end of an int64, exactly', async () => {
  await cluster.apply(pool('six', ['2001:db8::/64'], {}, { autoAssign: false }));
  await eventually(async () => {
    expect(await cluster.kubectl('get', 'ipaddresspool', 'six', '-n', NAMESPACE, '-o', 'jsonpath={.status.availableIPv6}')).toBe('9223372036854775807');
  });
});

test('nothing of this was refused, or went wrong', async () => {
  await cluster.client.delete(IP_ADDRESS_POOLS, 'nodes', { namespace: NAMESPACE });
  expect(logOf(controller).filter(({ level, msg }) => level === 'error' || msg.startsWith('cannot'))).toEqual([]);
});
