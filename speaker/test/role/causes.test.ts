import { SERVICES } from '../../src/kube';
import { Metrics } from '../../src/observability';
import { Causes, Watches } from '../../src/role';
import { eventually, Fixture } from '../kube/support';

const error = (code: string) => Object.assign(new Error('what happened'), { code });

test('a cause is new once, until something works again', () => {
  const causes = new Causes();
  expect([causes.isNew(error('ECONNREFUSED')), causes.isNew(error('ECONNREFUSED')), causes.isNew(error('ETIMEDOUT'))]).toEqual([true, false, true]);
  expect([causes.over(), causes.over()]).toEqual([true, false]);
  expect(causes.isNew(error('ECONNREFUSED'))).toBe(true);
});

test('a watch tells an outage once, and its end', async () => {
  const fixture = await Fixture.start();
  try {
    const lines: string[] = [];
    const keep = (level: string) => (_fields: object, message: string) => { lines.push(`${level}: ${message}`); };
    const log = { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };
    const watches = new Watches(fixture.client(), log, new Metrics());
    watches.add({ resource: SERVICES });
    await watches.start();
    const end = fixture.server.faults.deny({ resource: 'services' });
    fixture.server.dropConnections();
    await eventually(() => expect(lines.filter((line) => line.startsWith('debug: cannot watch services')).length).toBeGreaterThan(1));
    end();
    await eventually(() => expect(lines).toContain('info: watching services again'));
    const warnings = lines.filter((line) => line.startsWith('warn')).map((line) => line.replace(/:.*?:/, ''));
    expect(new Set(warnings).size).toBe(warnings.length);
    await watches.stop();
  } finally {
    await fixture.close();
  }
});
