import { eventually, Fixture, Lines, ManualClock } from './support';
import { ApiError } from '../../../lab/apiserver';
import { KubeClient, KubeLog, LeaderElection, Lease, LEASES } from '../../src/kube';

let fixture: Fixture, clock: ManualClock, elections: LeaderElection[], log: string[];

beforeEach(async () => {
  fixture = await Fixture.start();
  clock = new ManualClock();
  elections = [];
  log = [];
});
afterEach(async () => {
  await Promise.all(elections.map((election) => election.stop()));
  await fixture.close();
});

function candidate(identity: string, client: KubeClient = fixture.client(), lines?: KubeLog): LeaderElection {
  const election = new LeaderElection(client, {
    namespace: 'default',
    name: 'controller',
    identity,
    clock,
    log: lines,
    random: () => 0,
    onLead: (signal) => {
      log.push(`${identity} leads`);
      signal.addEventListener('abort', () => log.push(`${identity} ends`));
    },
    onFollow: (leader) => log.push(`${identity} follows ${leader}`),
  });
  elections.push(election);
  election.start();
  return election;
}

const lease = () => fixture.client().get<Lease>(LEASES, 'controller', { namespace: 'default' });

/** Lets time pass in steps, with a pause in each for the requests that it causes. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 500) {
    clock.advance(500);
    await new Promise((resolve) => { setTimeout(resolve, 10); });
  }
}

test('the first candidate leads, and the second follows', async () => {
  const a = candidate('a');
  await eventually(() => expect(a.leading).toBe(true));
  const b = candidate('b');
  await eventually(() => expect(log).toEqual(['a leads', 'b follows a']));
  await pass(60_000);
  expect([a.leading, b.leading, log]).toEqual([true, false, ['a leads', 'b follows a']]);
  expect((await lease()).spec).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 0, acquireTime: '2024-01-01T00:00:00.000000Z' });
});

test('a leader that stops hands over at once', async () => {
  const a = candidate('a');
  await eventually(() => expect(a.leading).toBe(true));
  const b = candidate('b');
  await eventually(() => expect(log).toContain('b follows a'));
  await a.stop();
  await pass(2_500);
  await eventually(() => expect(log).toEqual(['a leads', 'b follows a', 'a ends', 'b leads']));
  expect((await lease()).spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  expect(b.leading).toBe(true);
});

test('a leader that cannot renew gives up before another begins', async () => {
  const clientOfA = fixture.client();
  const a = candidate('a', clientOfA);
  await eventually(() => expect(a.leading).toBe(true));
  const b = candidate('b');
  await eventually(() => expect(log).toContain('b follows a'));
  const call = clientOfA.get.bind(clientOfA);
  clientOfA.get = (async () => { throw new ApiError(500, 'InternalError', 'cut off'); }) as typeof call;
  await pass(20_000);
  await eventually(() => expect(b.leading).toBe(true));
  expect(log).toEqual(['a leads', 'b follows a', 'a ends', 'b leads']);
  clientOfA.get = call;
  await pass(3_000);
  await eventually(() => expect(log).toEqual(['a leads', 'b follows a', 'a ends', 'b leads', 'a follows b']));
});

test('a candidate that was suspended does not lead on with an old lease', async () => {
  const a = candidate('a');
  await eventually(() => expect(a.leading).toBe(true));
  const b = candidate('b');
  await eventually(() => expect(log).toContain('b follows a'));
  const release = fixture.server.faults.hold({ verb: 'get', resource: 'leases' });
  clock.advance(3_600_000);
  release();
  await pass(20_000);
  await eventually(() => expect([a.leading, b.leading].filter(Boolean)).toHaveLength(1));
  expect(log.filter((line) => line === 'a ends')).toHaveLength(1);
});

test('somebody else writing to the lease does not end a term', async () => {
  const a = candidate('a');
  await eventually(() => expect(a.leading).toBe(true));
  await fixture.client().patch(LEASES, 'controller', { metadata: { labels: { touched: 'yes' } } }, { namespace: 'default' });
  await pass(10_000);
  expect([a.leading, log]).toEqual([true, ['a leads']]);
});

test('somebody who labels the lease all the time does not make a dead leader look alive', async () => {
  const clientOfA = fixture.client();
  candidate('a', clientOfA);
  await eventually(() => expect(log).toEqual(['a leads']));
  const b = candidate('b');
  await eventually(() => expect(log).toContain('b follows a'));
  clientOfA.get = async () => { throw new ApiError(500, 'InternalError', 'cut off'); };
  for (let second = 0; second < 20 && !b.leading; second += 1) {
    await fixture.client().patch(LEASES, 'controller', { metadata: { labels: { second: `${second}` } } }, { namespace: 'default' });
    await pass(1_000);
  }
  await eventually(() => expect(b.leading).toBe(true));
});

test('an outage is told once', async () => {
  const lines = new Lines();
  candidate('a', fixture.client(), lines);
  await eventually(() => expect(log).toEqual(['a leads']));
  const end = fixture.server.faults.deny({ resource: 'leases' });
  await pass(9_000);
  end();
  await pass(3_000);
  expect(lines.lines.filter((line) => line.startsWith('warn'))).toEqual([
    expect.stringMatching(/^warn: the Lease controller could not be read or written, and is tried again: .*verbs \["get","create","patch"\]/),
  ]);
});

test('times that would let two lead at once are refused', () => {
  const options = { namespace: 'default', name: 'controller', identity: 'a', onLead: () => undefined };
  expect(() => new LeaderElection(fixture.client(), { ...options, leaseDurationMs: 10_000, renewDeadlineMs: 10_000 })).toThrow(
    'leader election: the retry time (2000 ms, and up to a fifth more) must be shorter than the renew deadline (10000 ms), and that shorter than the lease duration (10000 ms)');
});
