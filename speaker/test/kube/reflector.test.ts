import fc from 'fast-check';
import { createService, eventually, Fixture, Lines } from './support';
import { ApiError } from '../../../lab/apiserver';
import {
  Backoff, Delta, KubeClient, KubeObject, projectService, projectWhole, Reflector, ReflectorOptions, ReflectorState, Service, SERVICES, Stored,
} from '../../src/kube';

type Kept = Stored<Service>;

let fixture: Fixture, writer: KubeClient, reflector: Reflector<Kept>;
let deltas: Array<Delta<Kept>>, states: ReflectorState[];

beforeEach(async () => {
  fixture = await Fixture.start();
  writer = fixture.client();
  deltas = [];
  states = [];
});
afterEach(async () => {
  await reflector?.stop();
  await fixture.close();
});

function reflect(options: Partial<ReflectorOptions<Kept>> = {}, client = fixture.client()): Reflector<Kept> {
  reflector = new Reflector<Kept>(client, {
    resource: SERVICES,
    namespace: 'default',
    labelSelector: '!component', // without the Service "kubernetes"
    project: projectService,
    onChange: (delta) => deltas.push(delta),
    onState: (state) => states.push(state),
    backoff: new Backoff({ initialMs: 5, maxMs: 20 }),
    ...options,
  });
  reflector.start();
  return reflector;
}

const names = (count: number, prefix = 's') => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const told = () => deltas.map(({ type, object }) => `${type} ${object.metadata.name}`);
const label = (name: string, value: string) => writer.patch(SERVICES, name, { metadata: { labels: { value } } }, { namespace: 'default' });
const remove = (name: string) => writer.delete(SERVICES, name, { namespace: 'default' });
const errors = () => states.flatMap(({ error }) => (error ? [error.code] : []));

/** Waits until the store is what the server has. */
async function settled(): Promise<void> {
  await eventually(async () => {
    const { items } = await writer.list<Kept>(SERVICES, { namespace: 'default', labelSelector: '!component' });
    const versions = (objects: readonly Kept[]) => objects.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`).sort();
    expect(versions(reflector.store.snapshot())).toEqual(versions(items));
    expect(reflector.healthy).toBe(true);
  });
}

describe('a reflector', () => {
  test('reads a list in pages, then follows it', async () => {
    await Promise.all(names(23).map((name) => createService(writer, name)));
    reflect({ pageSize: 5 });
    await reflector.synced;
    expect([...told()].sort()).toEqual(names(23).map((name) => `added ${name}`).sort());
    deltas = [];
    await createService(writer, 'web');
    await label('web', 'x');
    await remove('web');
    await eventually(() => expect(told()).toEqual(['added web', 'modified web', 'deleted web']));
    expect(deltas[1]).toMatchObject({ object: { metadata: { labels: { value: 'x' } } }, previous: { metadata: { name: 'web' } } });
    expect(states.map(({ phase }) => phase)).toEqual(['listing', 'watching']);
    expect(reflector.store.size).toBe(23);
    expect(reflector.store.get('default/s7')?.spec.type).toBe('LoadBalancer');
  });

  test('is healthy while its watch is open, and knows when it last heard', async () => {
    reflect();
    expect([reflector.healthy, reflector.age()]).toEqual([false, Infinity]);
    await eventually(() => expect(reflector.healthy).toBe(true));
    expect(reflector.age()).toBeLessThan(60_000);
    const now = reflector.age(1e9) - reflector.age(0);
    expect(now).toBe(1e9);
  });

  test('keeps only what its projection keeps', async () => {
    await createService(writer, 'web');
    reflect();
    await reflector.synced;
    const [kept] = reflector.store.snapshot();
    const raw = await writer.get(SERVICES, 'web', { namespace: 'default' });
    expect(JSON.stringify(raw)).toContain('managedFields');
    expect(JSON.stringify(kept)).not.toContain('managedFields');
  });

  test('goes on without a pause when the server ends its watch in time', async () => {
    reflect({ watchSeconds: [1, 1] });
    await eventually(() => expect(states.filter(({ phase }) => phase === 'watching').length).toBeGreaterThan(1));
    await createService(writer, 'web');
    await eventually(() => expect(told()).toEqual(['added web']));
    expect(states.map(({ phase }) => phase)).not.toContain('waiting');
  });

  test('that is stopped tells nothing more', async () => {
    reflect();
    await reflector.synced;
    await reflector.stop();
    await createService(writer, 'web');
    expect([told(), reflector.state]).toEqual([[], { phase: 'stopped', healthy: false }]);
  });

  test('that is stopped before it was complete says so to who waits for it', async () => {
    fixture.server.faults.hold({ verb: 'list', resource: 'services' });
    reflect();
    const waiting = expect(reflector.synced).rejects.toMatchObject({ code: 'Closed', message: expect.stringContaining('reflector of services') });
    await reflector.stop();
    await waiting;
  });
});

describe('after an outage', () => {
  /** Cuts the connection, lets `change` happen unseen, and ends the outage. */
  async function outage(change: () => Promise<unknown>): Promise<void> {
    const end = fixture.server.faults.hold({ verb: 'watch', resource: 'services' });
    fixture.server.dropConnections();
    await eventually(() => expect(states.some(({ phase }) => phase === 'waiting')).toBe(true));
    deltas = [];
    await eventually(change, 1); // the writer's first call may hit the cut connection
    end();
  }

  /** Twenty change, fifteen go, fifteen come, five go and come again as other objects. */
  async function fiftyChanges(): Promise<string[]> {
    const all = names(50);
    await Promise.all([
      ...all.slice(0, 20).map((name) => label(name, 'changed')),
      ...all.slice(20, 35).map(remove),
      ...all.slice(35, 40).map(async (name) => {
        await remove(name);
        await createService(writer, name);
      }),
      ...names(15, 'new').map((name) => createService(writer, name)),
    ]);
    return [
      ...all.slice(0, 20).map((name) => `modified ${name}`), ...all.slice(20, 40).map((name) => `deleted ${name}`),
      ...all.slice(35, 40).map((name) => `added ${name}`), ...names(15, 'new').map((name) => `added ${name}`),
    ].sort();
  }

  beforeEach(async () => {
    await Promise.all(names(50).map((name) => createService(writer, name)));
  });

  test.each<[string, () => void]>([
    ['the watch goes on where it was', () => undefined],
    ['a compacted history (told by an event) is replaced by a list', () => fixture.server.compact()],
    ['a compacted history (told by status 410) is replaced by a list', () => {
      fixture.server.faults.goneAs = 'status';
      fixture.server.compact();
    }],
  ])('%s: fifty changes are each told once', async (_name, compact) => {
    reflect({ pageSize: 20 });
    await reflector.synced;
    let expected: string[] = [];
    await outage(async () => {
      await writer.version();
      expected = await fiftyChanges();
      compact();
    });
    await settled();
    expect([...told()].sort()).toEqual(expected);
    const uids = deltas.filter(({ object }) => object.metadata.name === 's37').map(({ type, object }) => [type, object.metadata.uid]);
    expect(uids.map(([type]) => type)).toEqual(['deleted', 'added']);
    expect(new Set(uids.map(([, uid]) => uid)).size).toBe(2);
  });

  test('a list that was compacted between its pages is read in one piece', async () => {
    const client = fixture.client();
    const listPages = client.listPages.bind(client);
    const limits: Array<number | undefined> = [];
    client.listPages = async function* (resource, options) {
      limits.push(options?.limit);
      for await (const page of listPages(resource, options)) {
        yield page as never;
        if (limits.length > 1) continue;
        await label('s0', 'changed-between-pages');
        fixture.server.compact();
      }
    };
    reflect({ pageSize: 20 }, client);
    await settled();
    expect(limits).toEqual([20, 0]);
    expect(errors()).toEqual(['Gone']);
  });

  test('frozen without a word, the server is found out, and what it did meanwhile is seen', async () => {
    reflect({}, fixture.client({ pingIntervalMs: 20, pingTimeoutMs: 100, connectTimeoutMs: 200 }));
    await reflector.synced;
    fixture.server.freeze();
    await eventually(() => expect(errors()).toContain('ConnectionLost'));
    expect(reflector.store.size).toBe(50);
    fixture.server.thaw();
    await eventually(() => label('s3', 'thawed'));
    await settled();
    expect(reflector.store.get('default/s3')!.metadata.labels).toEqual({ value: 'thawed' });
  });
});

describe('trouble does not end a reflector', () => {
  test('a right that is missing: it says which, keeps what it has, and goes on when it gets it', async () => {
    await createService(writer, 'web');
    reflect();
    await eventually(() => expect(reflector.healthy).toBe(true));
    const allow = fixture.server.faults.deny({ verb: 'watch', resource: 'services' });
    fixture.server.dropConnections();
    await eventually(() => expect(errors().filter((code) => code === 'Forbidden').length).toBeGreaterThan(3));
    const error = states.map((state) => state.error).find((candidate) => candidate?.code === 'Forbidden');
    expect(error!.message).toContain('verbs ["list","watch"]'); // verbs that are needed together are named together
    expect([reflector.healthy, reflector.store.size]).toEqual([false, 1]);
    allow();
    await eventually(() => createService(writer, 'again'));
    await settled();
  });

  test('a token that expired before its file was renewed', async () => {
    const tokenFile = fixture.file('token', JSON.parse(fixture.server.kubeconfig()).users[0].user.token as string);
    reflect({}, fixture.client({}, fixture.file('by-file', fixture.server.kubeconfig({ tokenFile }))));
    await reflector.synced;
    const token = fixture.server.rotateToken();
    fixture.server.dropConnections();
    await eventually(() => expect(errors()).toContain('Unauthorized'));
    fixture.file('token', token);
    await eventually(() => expect(reflector.healthy).toBe(true));
  });

  test('lines that are no JSON: after a few it lists again', async () => {
    reflect();
    await reflector.synced;
    fixture.server.faults.splitLines = () => [Buffer.from('{"type":"ADDED","object":\n')];
    await createService(writer, 'web');
    await eventually(() => expect(errors().filter((code) => code === 'BadResponse').length).toBeGreaterThanOrEqual(3));
    await settled();
    expect(told()).toEqual(['added web']);
    fixture.server.faults.splitLines = undefined;
    await createService(writer, 'more');
    await settled();
  });

  test('a server of another history: its refusal, or its silence, leads to a list', async () => {
    const tooLarge = new ApiError(504, 'Timeout', 'Too large resource version: 9, current: 1', { causes: [{ reason: 'ResourceVersionTooLarge', message: 'x' }] });
    reflect({ silenceMs: 100 });
    await reflector.synced;
    fixture.server.faults.fail({ verb: 'watch', resource: 'services' }, tooLarge);
    await eventually(() => expect(errors()).toContain('Timeout'));
    await eventually(() => expect(states.filter(({ phase }) => phase === 'listing').length).toBeGreaterThanOrEqual(3));
    await createService(writer, 'web');
    await settled();
    expect(states.find(({ error }) => error?.code === 'Timeout')!.error!.message).toBe(
      'watch services: nothing was heard for 0.1 s, not even a bookmark; listing again');
    expect(errors()).toContain('ServerError');
  });

  test('failures in a row wait longer and longer; progress starts over', async () => {
    const backoff = new Backoff({ initialMs: 5, maxMs: 20 });
    fixture.server.faults.fail({ verb: 'list', resource: 'services' }, new ApiError(500, 'InternalError', 'etcdserver: leader changed'), 4);
    reflect({ backoff });
    await reflector.synced;
    expect(backoff.failures).toBe(4); // a list alone is no progress: what fails may be the watch
    expect(errors()).toEqual(Array(4).fill('ServerError'));
    await createService(writer, 'web');
    await eventually(() => expect(backoff.failures).toBe(0));
  });

  test('callbacks and projections that throw', async () => {
    const log = new Lines();
    await Promise.all(['good', 'bad'].map((name) => createService(writer, name)));
    reflect({
      log,
      project: (raw) => {
        if (raw.metadata.name === 'bad') throw new Error('unreadable');
        return projectWhole<Service>(raw);
      },
      onChange: (delta) => {
        deltas.push(delta);
        throw new Error('a defect');
      },
    });
    await reflector.synced;
    await label('good', 'x');
    await eventually(() => expect(told()).toEqual(['added good', 'modified good']));
    expect(log.lines).toEqual(expect.arrayContaining(['error: a callback of the reflector failed', 'error: an object could not be read and is kept as it was']));
    expect(reflector.healthy).toBe(true);
  });
});

test('events are whole wherever the server cuts its lines', async () => {
  const annotation = 'wäschküche 🏠 — 洗衣房';
  reflect();
  await reflector.synced;
  let round = 0;
  await fc.assert(fc.asyncProperty(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }), async (cuts) => {
    fixture.server.faults.splitLines = (line) => {
      const points = [...new Set([0, ...cuts.map((cut) => Math.floor(cut * line.length)), line.length])].sort((a, b) => a - b);
      return points.slice(1).map((point, index) => line.subarray(points[index], point));
    };
    const name = `cut-${round += 1}`;
    await writer.create(SERVICES, { metadata: { name, namespace: 'default', annotations: { a: annotation } }, spec: { ports: [{ port: 80 }] } });
    await eventually(() => expect(reflector.store.get(`default/${name}`)?.metadata.annotations).toEqual({ a: annotation }));
  }), { numRuns: 50 });
  expect(states.map(({ phase }) => phase)).toEqual(['listing', 'watching']);
});

test('six reflectors share one connection, and all come back after it was lost', async () => {
  const client = fixture.client();
  const options = () => ({ resource: SERVICES, project: projectWhole, backoff: new Backoff({ initialMs: 5 }) });
  const all = Array.from({ length: 6 }, () => new Reflector<Stored<KubeObject>>(client, options()));
  all.forEach((one) => one.start());
  await Promise.all(all.map(({ synced }) => synced));
  await eventually(() => expect(all.every(({ healthy }) => healthy)).toBe(true));
  expect(fixture.server.connections).toBe(1);
  fixture.server.dropConnections();
  await eventually(() => createService(writer, 'web'));
  await eventually(() => expect(all.map(({ store }) => store.size)).toEqual(Array(6).fill(2)));
  await Promise.all(all.map((one) => one.stop()));
  reflect();
});
