import { AnyObject, createService, eventually, Fixture, Lines, ManualClock } from './support';
import { CONFIG_MAPS, EventRecorder, EventRecorderOptions, EVENTS, KubeClient, KubeObject, NODES } from '../../src/kube';

let fixture: Fixture, client: KubeClient, clock: ManualClock, service: KubeObject;

beforeEach(async () => {
  fixture = await Fixture.start();
  client = fixture.client();
  clock = new ManualClock();
  service = await createService(client, 'web');
});
afterEach(() => fixture.close());

const recorder = (options: Partial<EventRecorderOptions> = {}) =>
  new EventRecorder(client, { component: 'metallb-controller', host: 'node-a', clock, random: () => 0.5, ...options });

async function events(): Promise<AnyObject[]> {
  return (await client.list<AnyObject>(EVENTS)).items;
}

test('an event says what happened to which object, who says so, and when', async () => {
  const events1 = recorder();
  events1.record(service, 'Normal', 'IPAllocated', 'Assigned IP ["93.5.22.100"]');
  await events1.flush();
  const { uid, resourceVersion } = service.metadata;
  expect(await events()).toMatchObject([{
    metadata: { name: expect.stringMatching(/^web\.[0-9a-f]+$/), namespace: 'default' },
    involvedObject: { apiVersion: 'v1', kind: 'Service', namespace: 'default', name: 'web', uid, resourceVersion },
    type: 'Normal',
    reason: 'IPAllocated',
    message: 'Assigned IP ["93.5.22.100"]',
    count: 1,
    firstTimestamp: '2024-01-01T00:00:00Z',
    lastTimestamp: '2024-01-01T00:00:00Z',
    source: { component: 'metallb-controller', host: 'node-a' },
    reportingComponent: 'metallb-controller',
    reportingInstance: 'node-a',
  }]);
});

test('the same within ten minutes is counted, after that it is a new one', async () => {
  const same = recorder({ random: undefined });
  const happen = async () => {
    same.record(service, 'Warning', 'AllocationFailed', 'no address left');
    await same.flush();
  };
  await happen();
  clock.advance(60_000);
  await happen();
  clock.advance(539_000);
  await happen();
  expect(await events()).toMatchObject([{ count: 3, firstTimestamp: '2024-01-01T00:00:00Z', lastTimestamp: '2024-01-01T00:09:59Z' }]);
  clock.advance(2_000);
  await happen();
  expect((await events()).map(({ count }) => count as number).sort()).toEqual([1, 3]);
});

test.each<[string, Partial<{ type: 'Normal' | 'Warning'; reason: string; message: string; uid: string }>]>([
  ['type', { type: 'Normal' }], ['reason', { reason: 'other' }], ['message', { message: 'other' }], ['object', { uid: 'other' }],
])('another %s is another event', async (_what, difference) => {
  const both = recorder({ random: undefined });
  const { type = 'Warning', reason = 'r', message = 'm', uid = service.metadata.uid } = difference;
  both.record(service, 'Warning', 'r', 'm');
  both.record({ ...service, metadata: { ...service.metadata, uid } }, type, reason, message);
  await both.flush();
  expect((await events()).map(({ count }) => count as number)).toEqual([1, 1]);
});

test('many at once are one write', async () => {
  const many = recorder();
  for (let index = 0; index < 1000; index += 1) many.record(service, 'Normal', 'r', 'm');
  await many.flush();
  expect(await events()).toMatchObject([{ count: 1000 }]);
});

test('one that the server has removed meanwhile is written anew', async () => {
  const again = recorder({ random: undefined });
  again.record(service, 'Normal', 'r', 'm');
  await again.flush();
  const [{ metadata }] = await events();
  await client.delete(EVENTS, metadata.name, { namespace: 'default' });
  again.record(service, 'Normal', 'r', 'm');
  await again.flush();
  expect(await events()).toMatchObject([{ count: 2 }]);
});

test('those of objects without a namespace are in the namespace default', async () => {
  const node = await client.create<KubeObject>(NODES, { metadata: { name: 'node-a' } });
  const some = recorder();
  some.record(node, 'Normal', 'r', 'm');
  await some.flush();
  expect(await events()).toMatchObject([{ metadata: { namespace: 'default' }, involvedObject: { kind: 'Node', name: 'node-a' } }]);
});

test('names and texts keep within the limits of the API, and characters stay whole', async () => {
  const long = await client.create<KubeObject>(CONFIG_MAPS, { metadata: { name: `${'a'.repeat(230)}.${'b'.repeat(22)}`, namespace: 'default' } });
  const some = recorder();
  some.record(long, 'Normal', 'r'.repeat(500), '🏠'.repeat(1000));
  await some.flush();
  const [{ metadata, message, reason }] = await events();
  expect(metadata.name.length).toBeLessThanOrEqual(253);
  expect(reason).toHaveLength(128);
  expect(Buffer.byteLength(message as string)).toBeLessThanOrEqual(1024);
  expect(message).toMatch(/^(🏠)+\.\.\.$/u);
});

test('what cannot be written never troubles the reporter', async () => {
  const log = new Lines();
  const refused = recorder({ log });
  const allow = fixture.server.faults.deny({ verb: 'create', resource: 'events' });
  refused.record(service, 'Normal', 'r', 'm');
  await refused.flush();
  expect([refused.dropped, log.lines]).toEqual([1, ['warn: an event could not be written']]);
  allow();
  refused.record(service, 'Normal', 'r', 'm');
  await refused.flush();
  expect(await events()).toMatchObject([{ count: 2 }]);
});

test('too many that wait are dropped, the oldest first', async () => {
  const log = new Lines();
  const few = recorder({ queueLimit: 3, concurrency: 1, log, random: undefined });
  const release = fixture.server.faults.hold({ verb: 'create', resource: 'events' });
  for (let index = 0; index < 10; index += 1) few.record(service, 'Normal', 'r', `message ${index}`);
  expect(few.dropped).toBe(6); // one is being written, three wait
  release();
  await few.flush();
  expect((await events()).map(({ message }) => message as string).sort()).toEqual(['message 0', 'message 7', 'message 8', 'message 9']);
});

test('flush waits for what was recorded before, and for nothing if there is nothing', async () => {
  const some = recorder();
  await some.flush();
  const release = fixture.server.faults.hold({ verb: 'create', resource: 'events' });
  some.record(service, 'Normal', 'r', 'm');
  let flushed = false;
  const flushing = some.flush().then(() => { flushed = true; });
  await client.version();
  expect(flushed).toBe(false);
  release();
  await flushing;
  await eventually(async () => expect(await events()).toHaveLength(1));
});

test('25 writes about one object follow each other, then one in five minutes tells how often it happened', async () => {
  const events1 = recorder();
  const happen = async (times: number, message = 'no address left', about = service) => {
    for (let i = 0; i < times; i += 1) {
      events1.record(about, 'Warning', 'AllocationFailed', message);
      await events1.flush();
    }
  };
  const counts = async () => (await events()).map(({ count, involvedObject }) => `${(involvedObject as KubeObject['metadata']).name} ${count as number}`);
  await happen(40);
  expect(await counts()).toEqual(['web 25']);
  await happen(1, 'another message');
  expect(await counts()).toEqual(['web 25']);
  await happen(1, 'no address left', await createService(client, 'other'));
  expect(await counts()).toEqual(expect.arrayContaining(['web 25', 'other 1']));
  clock.advance(5 * 60_000);
  await happen(2);
  expect(await counts()).toEqual(expect.arrayContaining(['web 41', 'other 1']));
});

test('one that is stopped writes nothing more', async () => {
  const release = fixture.server.faults.hold({ verb: 'create', resource: 'events' });
  const events1 = recorder({ concurrency: 1 });
  events1.record(service, 'Normal', 'first', 'is under way');
  events1.record(service, 'Normal', 'second', 'waits');
  events1.stop();
  events1.record(service, 'Normal', 'third', 'comes later');
  release();
  await events1.flush();
  expect((await events()).map(({ reason }) => reason)).toEqual(['first']);
});
