import { HttpEndpoints, SpeakerMetrics } from '../../src/observability';

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
