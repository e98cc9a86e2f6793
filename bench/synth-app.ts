/**
 * One app with as many Services as the first argument says, made and synthesized in a process of its own, as its author would; writes what the steps took, in
 * milliseconds, as JSON. Every second Service asks for an address that all of them share, and all are checked against each other.
 */
import { mkdtempSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { App, Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { HomeLoadBalancer } from '../src';

const count = Number(process.argv[2]);
const outdir = mkdtempSync(join(tmpdir(), 'synth-'));

const started = performance.now();
const app = new App({ outdir });
const chart = new Chart(app, 'app');
const lb = new HomeLoadBalancer(chart, 'lb', { addresses: ['10.0.0.0-10.0.255.255'] });
for (let i = 0; i < count; i++) {
  const service = new k8s.KubeService(chart, `service${i}`, { spec: { ports: [{ port: 1 + i }], selector: { app: `app${i}` } } });
  lb.bind(service, i % 2 === 0 ? { addresses: ['10.0.0.7'] } : {});
}
const constructed = performance.now();
const problems = app.node.findAll().flatMap((construct) => construct.node.validate());
const validated = performance.now();
app.synth();
const synthesized = performance.now();

rmSync(outdir, { recursive: true });
if (problems.length > 0) throw new Error(problems.join('\n'));
console.log(JSON.stringify({ construct: constructed - started, validate: validated - constructed, synthesize: synthesized - validated }));
