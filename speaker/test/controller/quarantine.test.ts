import { Cluster, NAMESPACE, eventually } from './cluster';
import { IP_ADDRESS_POOLS, KubeObject, SERVICES, Service } from '../../src/kube';

/** An address that a foreign host uses. Tests wait for what they expect, however slow the machine is: ten seconds for each thing. */
jest.setTimeout(60_000);

let cluster: Cluster;

beforeEach(async () => { cluster = await Cluster.start(); });
afterEach(() => cluster.stop());

const at = { namespace: 'home' };
const has = (name: string, addresses: string[] | undefined) => eventually(() => cluster.addresses(name), (value) => expect(value).toEqual(addresses));
const pool = (name: string, addresses: string[], annotations: Record<string, string>) => cluster.client.create(IP_ADDRESS_POOLS, {
  metadata: { name, namespace: NAMESPACE, annotations: Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`home-load-balancer.github.io/${key}`, value])) },
  spec: { addresses },
});
const condition = async (name: string) => {
  const { status } = await cluster.client.get<Service>(SERVICES, name, at);
  return status?.conditions?.find(({ type }) => type === 'home-load-balancer.github.io/AddressAssigned');
};
const remove = async (name: string) => {
  await cluster.client.delete(SERVICES, name, at);
  await has(name, undefined);
};
const CONFLICT = 'home-load-balancer.github.io/AddressConflict';
const HOST = 'the host 02:00:00:00:00:01 (vendor prefix 02:00:00) on eth0 of n1 uses it';
/** As a speaker writes it. */
const conflict = async (name: string, addresses: string[]) => {
  const message = addresses.map((address) => `${address} is answered for nevertheless: ${HOST}; give that host another address`).join('\n');
  const shown = { type: CONFLICT, status: addresses.length > 0 ? 'True' : 'False', reason: 'X', message, lastTransitionTime: '2026-01-01T00:00:00Z' };
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name, ...at }, status: { conditions: [shown] } } as KubeObject;
  await cluster.client.apply(SERVICES, service, { fieldManager: 'speaker', force: true, ...at, subresource: 'status' });
};
const says = (name: string, shown: object) => eventually(() => condition(name), (value) => expect(value).toMatchObject(shown));
const wish = (address: string) => ({ annotations: { 'metallb.io/loadBalancerIPs': address } });
/** A controller, and Service web, whose address 93.5.22.100 a foreign host uses. */
const contested = async () => {
  const controller = await cluster.startController();
  await cluster.service('web');
  await has('web', ['93.5.22.100']);
  await conflict('web', ['93.5.22.100']);
  await says('web', { reason: 'AddressQuarantined' });
  return controller;
};
const available = (count: number) => eventually(async () => (
  (await cluster.client.get<KubeObject & { status?: object }>(IP_ADDRESS_POOLS, 'home', { namespace: NAMESPACE })).status
), (value) => expect(value).toMatchObject({ availableIPv4: count }));

test('stays with the Service that has it, which is told, and goes to nobody after it is gone, not even by asking', async () => {
  await pool('home', ['93.5.22.100-93.5.22.101'], { quarantine: '1h' });
  await cluster.startController();
  await cluster.service('web');
  await has('web', ['93.5.22.100']);
  await conflict('web', ['93.5.22.100']);
  await says('web', { status: 'True', reason: 'AddressQuarantined', message: expect.stringContaining(HOST) });
  await has('web', ['93.5.22.100']);
  await remove('web');
  await cluster.service('next');
  await has('next', ['93.5.22.101']);
  await cluster.service('late');
  await says('late', { status: 'False', reason: 'NoAvailableIPs', message: expect.stringContaining('held back: 93.5.22.100 in quarantine') });
  await cluster.service('wish', wish('93.5.22.100'));
  await says('wish', { status: 'False', reason: 'AddressQuarantined', message: expect.stringContaining(`${HOST}, or did so until lately; it is held back until 2`) });
  await available(0);
});

test('goes to nobody when its Service moves, though the condition stands and nobody takes it back; it does when the time has passed', async () => {
  await pool('home', ['93.5.22.100-93.5.22.101'], { quarantine: '1500ms' });
  await contested();
  await cluster.service('late', wish('93.5.22.100'));
  await says('late', { status: 'False', reason: 'AddressQuarantined' });
  await cluster.client.patch(SERVICES, 'web', { metadata: wish('93.5.22.101') }, at);
  await has('web', ['93.5.22.101']);
  await says('web', { status: 'True', reason: 'Assigned' });
  await eventually(() => cluster.events('late'), (events) => expect(events.join('\n')).toContain('until lately'));
  await has('late', ['93.5.22.100']);
  await says('late', { status: 'True', reason: 'Assigned' });
});

test('is kept from others when the condition is False', async () => {
  await pool('home', ['93.5.22.100'], { quarantine: '1h' });
  await contested();
  await conflict('web', []);
  await says('web', { reason: 'AddressQuarantined', message: expect.stringContaining('until lately') });
  await remove('web');
  await cluster.service('next');
  await says('next', { status: 'False', reason: 'NoAvailableIPs' });
});

test('is well again, and its Service is told so, when the condition is False and the time has passed', async () => {
  await pool('home', ['93.5.22.100'], { quarantine: '1s' });
  await contested();
  await conflict('web', []);
  await says('web', { status: 'True', reason: 'Assigned' });
  await has('web', ['93.5.22.100']);
});

test('is in quarantine after a restart as long as a Service says so', async () => {
  await pool('home', ['93.5.22.100-93.5.22.101'], { quarantine: '1h', sharing: 'automatic' });
  const controller = await contested();
  await cluster.stopController(controller);
  await cluster.service('other', { spec: { ports: [{ port: 443 }] } });
  await cluster.startController();
  await has('other', ['93.5.22.101']);
  await remove('web');
  await cluster.service('wish', wish('93.5.22.100'));
  await says('wish', { status: 'False', reason: 'AddressQuarantined' });
});

test('is given again at once where the pool says nothing of quarantine, or no more', async () => {
  await pool('home', ['93.5.22.100'], { quarantine: '1h' });
  await contested();
  await cluster.client.patch(IP_ADDRESS_POOLS, 'home', { metadata: { annotations: { 'home-load-balancer.github.io/quarantine': null } } }, { namespace: NAMESPACE });
  await says('web', { status: 'True', reason: 'Assigned' });
  await conflict('web', ['93.5.22.100', 'fe80::1']);
  await remove('web');
  await cluster.service('next');
  await has('next', ['93.5.22.100']);
});

test('is taken at its word only for an address that the Service has', async () => {
  await pool('home', ['93.5.22.100-93.5.22.102'], { quarantine: '1h' });
  await cluster.startController();
  await cluster.service('web');
  await has('web', ['93.5.22.100']);
  await conflict('web', ['no address', '93.5.22.101', '93.5.22.100', '']);
  await says('web', { reason: 'AddressQuarantined' });
  await cluster.service('next');
  await has('next', ['93.5.22.101']);
});
