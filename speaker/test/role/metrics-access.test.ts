import { createLogger } from '../../src/observability';
import { MetricsAccess } from '../../src/role/metrics-access';

const PROMETHEUS = { username: 'system:serviceaccount:monitoring:prometheus', uid: 'u', groups: ['system:authenticated'], extra: { pod: ['p'] } };
let now: number;
let allowed: boolean;
const create = jest.fn();

beforeEach(() => {
  now = 0;
  allowed = true;
  create.mockReset().mockImplementation(async ({ kind }: { kind: string }, { spec }: { spec: { token: string } }) => (
    kind === 'TokenReview' ? { status: spec.token === 'good' ? { authenticated: true, user: PROMETHEUS } : { error: 'unknown' } } : { status: { allowed } }
  ));
});

const access = (client: { create: typeof create } | undefined = { create }) => new MetricsAccess(() => client, createLogger('none'), () => now);
const calls = () => create.mock.calls.map(([{ kind }]) => kind as string);

test.each<[string, string | undefined]>([
  ['no header', undefined], ['an empty one', ''], ['another scheme', 'Basic Z29vZA=='], ['no token', 'Bearer '], ['two', 'Bearer a b'],
])('%s: 401, and the API server is not asked', async (_, header) => {
  expect(await access().check(header)).toMatchObject({ status: 401 });
  expect(create).not.toHaveBeenCalled();
});

test('a token that the API server does not know: 401', async () => {
  expect(await access().check('Bearer bad')).toEqual({ status: 401, message: expect.stringContaining('does not know the token') });
  expect(calls()).toEqual(['TokenReview']);
});

test('a user who may get /metrics: 200; the API server is asked about the whole user', async () => {
  expect(await access().check('bearer good')).toMatchObject({ status: 200 });
  expect(create.mock.calls[1][1]).toEqual({
    spec: { user: PROMETHEUS.username, uid: 'u', groups: PROMETHEUS.groups, extra: PROMETHEUS.extra, nonResourceAttributes: { path: '/metrics', verb: 'get' } },
  });
});

test('a user who may not: 403, which says what gives the right', async () => {
  allowed = false;
  expect(await access().check('Bearer good')).toEqual({ status: 403, message: expect.stringMatching(/prometheus may not get \/metrics.*nonResourceURLs/) });
});

test.each<[string, string, boolean, number]>([['a yes', 'good', true, 60_000], ['a no', 'good', false, 10_000], ['an unknown token', 'bad', true, 10_000]])(
  '%s is remembered for a while', async (_, token, answer, milliseconds) => {
    allowed = answer;
    const checked = access();
    const first = await checked.check(`Bearer ${token}`);
    const count = calls().length;
    now = milliseconds - 1;
    expect(await checked.check(`Bearer ${token}`)).toEqual(first);
    expect(calls()).toHaveLength(count);
    now = milliseconds;
    await checked.check(`Bearer ${token}`);
    expect(calls()).toHaveLength(count * 2);
  });

test('those who ask at one time ask once', async () => {
  const checked = access();
  await Promise.all([1, 2, 3].map(() => checked.check('Bearer good')));
  expect(calls()).toEqual(['TokenReview', 'SubjectAccessReview']);
});

test('an API server that does not answer: 500, and it is asked again', async () => {
  create.mockRejectedValueOnce(new Error('connection refused'));
  const checked = access();
  expect(await checked.check('Bearer good')).toEqual({ status: 500, message: expect.stringContaining('connection refused') });
  expect(await checked.check('Bearer good')).toMatchObject({ status: 200 });
});

test('before there is a connection to the API server: 500', async () => {
  expect(await new MetricsAccess(() => undefined, createLogger('none')).check('Bearer good')).toMatchObject({ status: 500 });
});

test('of many tokens only the newest are remembered', async () => {
  const checked = access();
  await checked.check('Bearer first');
  for (let i = 0; i < 128; i += 1) await checked.check(`Bearer ${i}`);
  const count = calls().length;
  await checked.check('Bearer 127');
  expect(calls()).toHaveLength(count);
  await checked.check('Bearer first');
  expect(calls()).toHaveLength(count + 1);
});
