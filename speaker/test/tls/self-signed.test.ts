import { X509Certificate } from 'crypto';
import { SelfSignedCertificate } from '../../src/tls';
import * as certificates from '../../src/tls/certificates';

const HOUR = 3_600_000, DAY = 24 * HOUR;
const START = Date.parse('2026-05-01T12:00:00Z');

let now: number;
beforeEach(() => { now = START; });

test.each<[string, number, boolean]>([
  ['no time', 0, true],
  ['an hour', HOUR, true],
  ['an hour back', -HOUR, true],
  ['more than an hour back, before which it is not good', -HOUR - 1_000, false],
  ['ten years back', -3650 * DAY, false],
  ['334 days', 334 * DAY, true],
  ['336 days, when a month is left', 336 * DAY, false],
  ['ten years', 3650 * DAY, false],
])('after %s on the wall clock, it is the same: %s', async (_, step, same) => {
  const certificate = new SelfSignedCertificate('metrics', ['localhost'], () => now);
  const first = await certificate.current();
  now += step;
  const second = await certificate.current();
  expect(second === first).toBe(same);
  const { validFrom, validTo } = new X509Certificate(second.cert);
  expect([Date.parse(validFrom) <= now, now < Date.parse(validTo)]).toEqual([true, true]);
  expect(await certificate.current()).toBe(second);
});

test('who asks while it is made gets the same one', async () => {
  const certificate = new SelfSignedCertificate('metrics', ['localhost'], () => now);
  const [first, second] = await Promise.all([certificate.current(), certificate.current()]);
  expect(second).toBe(first);
});

test('one that could not be made is tried again by the next who asks', async () => {
  const certificate = new SelfSignedCertificate('metrics', ['localhost'], () => now);
  jest.spyOn(certificates, 'selfSignedCertificate').mockRejectedValueOnce(new Error('no thread'));
  await expect(certificate.current()).rejects.toThrow('no thread');
  expect((await certificate.current()).cert).toContain('BEGIN CERTIFICATE');
});
