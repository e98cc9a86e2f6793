import { Command } from 'commander';
import { addRoles } from '../../src/cli/roles';
import { runController, type ControllerOptions } from '../../src/controller';

jest.mock('../../src/controller', () => ({ runController: jest.fn() }));
jest.mock('../../src/cli/footprint', () => ({ keepSmall: jest.fn() }));

/** What the command line makes of flags of the controller. */
async function controller(...flags: string[]): Promise<ControllerOptions> {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  addRoles(program);
  program.commands.forEach((command) => command.exitOverride().configureOutput({ writeErr: () => undefined }));
  await program.parseAsync(['node', 'hlb', 'controller', ...flags]);
  return jest.mocked(runController).mock.lastCall![0];
}

test('without flags it is as MetalLB: metrics over HTTPS with TLS 1.3 on 9120, probes on 17472', async () => {
  expect(await controller()).toMatchObject({ port: 9120, metricsInsecure: false, tlsMinVersion: 'VersionTLS13', healthProbePort: 17472 });
});

test('without flags the webhook is served on 9443, under the names of MetalLB', async () => {
  expect(await controller()).toMatchObject({
    webhookMode: 'enabled', webhookPort: 9443, certServiceName: 'metallb-webhook-service', webhookSecret: 'metallb-webhook-cert', disableCertRotation: false,
  });
});

test.each<[string, string[], object]>([
  ['metrics in clear', ['--metrics-insecure'], { metricsInsecure: true }],
  ['a certificate', ['--metrics-cert-dir', '/certs'], { metricsCertDir: '/certs' }],
  ['TLS 1.2', ['--tls-min-version', 'VersionTLS12'], { tlsMinVersion: 'VersionTLS12' }],
  ['cipher suites', ['--tls-cipher-suites', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256'],
    { tlsCipherSuites: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLS_AES_128_GCM_SHA256'] }],
  ['curves', ['--tls-curve-preferences', '29,23'], { tlsCurvePreferences: [29, 23] }],
  ['a webhook alone', ['--webhook-mode', 'onlywebhook', '--webhook-port', '19443'], { webhookMode: 'onlywebhook', webhookPort: 19443 }],
])('%s', async (_, flags, expected) => {
  expect(await controller(...flags)).toMatchObject(expected);
});

test.each<[string, string[], RegExp]>([
  ['a version that is too old', ['--tls-min-version', 'VersionTLS10'], /Allowed choices are VersionTLS12, VersionTLS13/],
  ['a cipher suite that is unknown', ['--tls-cipher-suites', 'RC4'], /RC4 is not a cipher suite that is known; allowed: TLS_AES/],
  ['a curve twice', ['--tls-curve-preferences', '29,29'], /29 is named twice/],
  ['a curve that is unknown', ['--tls-curve-preferences', '0'], /0 is not a curve that is known; allowed: 23, 24/],
  ['a port that is none', ['--port', '65536'], /allowed: a whole number from 0 to 65535/],
])('%s is refused, with what is allowed', async (_, flags, message) => {
  await expect(controller(...flags)).rejects.toThrow(message);
});
