import { createServer } from 'net';
import { Access, HttpEndpoints, SpeakerMetrics } from '../../src/observability';
import { selfSignedCertificate } from '../../src/tls';
import { getSecurely } from '../tls/support';

async function get(port: number, path: string) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, body: await response.text() };
}

describe('health endpoints', () => {
  let sick: string | undefined;
  let endpoints: HttpEndpoints;

  beforeAll(async () => {
    endpoints = await HttpEndpoints.listen({
      healthPort: 0,
      healthHost: '127.0.0.1',
      metricsPort: 0,
      metrics: new SpeakerMetrics(),
      alive: { dataplane: () => undefined },
      ready: { watch: () => sick },
    });
  });
  afterAll(() => endpoints.close());

  test.each([
    ['/healthz', undefined, 200, 'ok\n'],
    ['/readyz', undefined, 200, 'ok\n'],
    ['/readyz', 'services: connection refused', 503, 'watch: services: connection refused\n'],
    ['/healthz', 'services: connection refused', 200, 'ok\n'],
    ['/metrics', undefined, 404, 'not found\n'],
  ])('%s with %p says %i', async (path, problem, status, body) => {
    sick = problem;
    expect(await get(endpoints.healthPort, path)).toEqual({ status, body });
  });

  test('a taken port is named together with the flag that changes it', async () => {
    await expect(HttpEndpoints.listen({
      healthPort: endpoints.healthPort, healthHost: '127.0.0.1', metricsPort: 0, metrics: new SpeakerMetrics(), alive: {}, ready: {},
    })).rejects.toThrow(/port \d+ is in use by another process: choose another with --health-probe-port/);
  });
});

test('metrics are collected at the scrape and carry the names of MetalLB', async () => {
  const metrics = new SpeakerMetrics();
  metrics.beforeScrape(() => { metrics.announced.set({ service: 'media/jellyfin', protocol: 'layer2', node: 'n1', ip: '93.5.22.100' }, 1); });
  expect(await metrics.text()).toContain('metallb_speaker_announced{service="media/jellyfin",protocol="layer2",node="n1",ip="93.5.22.100"} 1');
});

describe('secure metrics', () => {
  const access = jest.fn<Promise<Access>, [string | undefined]>();
  let port: number;
  let endpoints: HttpEndpoints;
  const ask = (path: string) => getSecurely(port, { path, headers: { authorization: 'Bearer t' } });

  beforeAll(async () => {
    port = await freePort();
    const pair = selfSignedCertificate('metrics', [], 1);
    endpoints = await HttpEndpoints.listen({
      healthPort: 0,
      healthHost: '127.0.0.1',
      metricsPort: port,
      metrics: new SpeakerMetrics(),
      alive: {},
      ready: {},
      secure: { settings: {}, certificate: () => pair, access, failed: jest.fn() },
    });
  });
  afterAll(() => endpoints.close());

  test('are given to who may read them', async () => {
    access.mockResolvedValue({ status: 200, message: '' });
    expect(await ask('/metrics')).toMatchObject({ status: 200, body: expect.stringContaining('metallb_k8s_client_updates_total 0') });
    expect(await ask('/other')).toMatchObject({ status: 404 });
    expect(access).toHaveBeenCalledWith('Bearer t');
  });

  test.each([[401, 'who?', 'Bearer'], [403, 'no', undefined], [500, 'it could not be found out', undefined]] as const)('%i is said with the reason, whatever is asked for', async (status, message, challenge) => {
    access.mockResolvedValue({ status, message });
    for (const path of ['/metrics', '/other']) expect(await ask(path)).toMatchObject({ status, body: `${message}\n`, challenge });
  });

  test('are not given in clear', async () => {
    await expect(get(port, '/metrics')).rejects.toThrow();
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
