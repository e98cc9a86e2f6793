import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { App, Chart } from 'cdk8s';
import { Service } from 'cdk8s-plus-28';
import { HomeLoadBalancer } from '../src';
import { application, balancer } from './util';

let outdir: string;
beforeEach(() => {
  outdir = mkdtempSync(join(tmpdir(), 'dist-'));
  for (const name of ['first', 'home', 'old']) writeFileSync(join(outdir, `${name}.k8s.yaml`), `what is applied: ${name}\n`);
});
afterEach(() => rmSync(outdir, { recursive: true }));

const files = () => Object.fromEntries(readdirSync(outdir).sort().map((name) => [name, readFileSync(join(outdir, name), 'utf8')]));

test.each<[string, (chart: Chart) => void]>([
  ['the checks at the end', (chart) => balancer(chart, { addresses: ['10.0.0.1'] }).expose(application(chart, 'web', 80), { addresses: ['10.9.9.9'] })],
  ['a property', (chart) => new HomeLoadBalancer(chart, 'lb', { addresses: ['10.0.0.9-10.0.0.1'] })],
  ['a Service that cannot be rendered', (chart) => balancer(chart, { addresses: ['10.0.0.1'] }).bind(new Service(chart, 'web'))],
])('what was synthesized before is as it was when %s fails', (_, build) => {
  const before = files();
  expect(() => {
    const app = new App({ outdir });
    new Chart(app, 'first'); // would be written before the one that is wrong
    build(new Chart(app, 'home'));
    app.synth();
  }).toThrow();
  expect(files()).toEqual(before);
});
