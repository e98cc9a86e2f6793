import { inspect, renew, type CertificateSet } from '../../src/admission/certificate-set';
import { Certificates } from '../../src/admission/certificates';
import { SECRETS, type Secret } from '../../src/kube';
import { ControllerMetrics, createLogger } from '../../src/observability';
import { Watches } from '../../src/role';
import { Cluster, eventually, NAMESPACE } from '../controller/cluster';
import { ManualClock } from '../kube/support';

/* The time of a certificate is that of the wall clock, whoever sets it. */

const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const MADE = Date.parse('2026-05-01T12:00:00Z');
const NAMES = ['webhook.metallb-system.svc'];

describe('certificates made now', () => {
  let set: CertificateSet;
  beforeAll(async () => { set = await renew(undefined, 'everything', NAMES, MADE); });

  test.each<[string, number, 'serving' | 'everything' | undefined]>([
    ['0', 0, undefined],
    ['-1 h', -HOUR, undefined],
    ['+1 h', HOUR, undefined],
    ['-1 h 1 s, before which they are not good', -HOUR - 1_000, 'everything'],
    ['-10 years', -3650 * DAY, 'everything'],
    ['+243 days', 243 * DAY, undefined],
    ['+244 days, when a third of its time is left to the serving one', 244 * DAY, 'serving'],
    ['+3284 days', 3284 * DAY, 'serving'],
    ['+3286 days, when the authority would end before a certificate that it signs', 3286 * DAY, 'everything'],
  ])('with a wall clock set by %s', (_, step, anew) => {
    expect(inspect(set, NAMES, MADE + step)?.anew).toBe(anew);
  });

  test.each([-3650 * DAY, -2 * HOUR, 244 * DAY, 3650 * DAY])('are replaced by such as are good, when the wall clock is set by %i ms, and again when it is set back', async (step) => {
    const first = await renew(set, inspect(set, NAMES, MADE + step)!.anew, NAMES, MADE + step);
    expect(inspect(first, NAMES, MADE + step)).toBeUndefined();
    const defect = inspect(first, NAMES, MADE);
    const second = defect ? await renew(first, defect.anew, NAMES, MADE) : first;
    expect(inspect(second, NAMES, MADE)).toBeUndefined();
  });
});

test('certificates of a wall clock that was ahead are made anew within a minute after it is set right', async () => {
  const cluster = await Cluster.start();
  const clock = new ManualClock(MADE + 2 * DAY);
  const log = createLogger('none');
  const watches = new Watches(cluster.client, log, new ControllerMetrics());
  const certificates = new Certificates({ client: cluster.client, namespace: NAMESPACE, secret: 'cert', service: 'webhook', log, clock }, watches);
  await watches.start();
  await eventually(async () => certificates.check(), (problem) => expect(problem).toBeUndefined());
  const first = certificates.current();
  clock.step(-2 * DAY);
  clock.advance(MINUTE);
  await eventually(async () => certificates.current(), (pair) => expect(pair).not.toBe(first));
  const stored = await cluster.client.get<Secret>(SECRETS, 'cert', { namespace: NAMESPACE });
  expect(Buffer.from(stored.data!['tls.crt'], 'base64').toString()).toBe(certificates.current().cert);
  certificates.stop();
  await watches.stop();
  await cluster.stop();
});
