/** Every example on a real API server, as its reader applies it: the definitions first, then the rest; nothing is stored but the definitions. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { kubeBinaries, RealApiServer, startRealApiServer } from '../apiserver';
import { CommandOptions, run } from '../command';

const ROOT = path.join(__dirname, '../..');
const EXAMPLES = readdirSync(path.join(ROOT, 'examples')).filter((name) => existsSync(path.join(ROOT, 'examples', name, 'main.ts'))).sort();

/** Kinds of the Prometheus operator, which brings their definitions. */
const MONITORING = ['PodMonitor', 'PrometheusRule'].map((kind) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${kind.toLowerCase()}s.monitoring.coreos.com` },
  spec: {
    group: 'monitoring.coreos.com',
    scope: 'Namespaced',
    names: { kind, listKind: `${kind}List`, plural: `${kind.toLowerCase()}s`, singular: kind.toLowerCase() },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { 'type': 'object', 'x-kubernetes-preserve-unknown-fields': true } } }],
  },
}));

let server: RealApiServer;
let outdir: string;

beforeAll(async () => {
  outdir = mkdtempSync(path.join(tmpdir(), 'examples-'));
  server = await startRealApiServer({ serviceClusterIpRanges: ['10.96.0.0/16', 'fd00:10:96::/112'] }); // examples/dual-stack needs both families
  await kubectl(['create', 'namespace', 'metallb-system']);
  await kubectl(['apply', '--server-side', '-f', '-'], { input: MONITORING.map((definition) => JSON.stringify(definition)).join('\n---\n') });
});
afterAll(async () => {
  await server?.stop();
  rmSync(outdir, { recursive: true, force: true });
});

async function kubectl(args: string[], options?: CommandOptions) {
  const { kubeconfig, directory } = server;
  return run([path.join(kubeBinaries(), 'kubectl'), '--kubeconfig', kubeconfig, '--cache-dir', path.join(directory, 'kubectl'), ...args], options);
}

test.each(EXAMPLES)('%s is accepted, without a word of warning', async (example) => {
  const args = [require.resolve('tsx/cli'), '--tsconfig', 'examples/tsconfig.json', `examples/${example}/main.ts`];
  execFileSync(process.execPath, args, { cwd: ROOT, env: { ...process.env, CDK8S_OUTDIR: outdir } });
  const definitions = path.join(outdir, `${example}-crds.k8s.yaml`);
  await kubectl(['apply', '--server-side', '-f', definitions]);
  await kubectl(['wait', '--for=condition=Established', '--timeout=30s', '-f', definitions]);

  const manifests = path.join(outdir, `${example}.k8s.yaml`);
  const { stdout, stderr } = await kubectl(['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', manifests]);
  expect(stderr).toBe('');
  expect(stdout.trim().split('\n').every((line) => line.endsWith('serverside-applied (server dry run)'))).toBe(true);
  expect(stdout).toMatch(/^deployment\.apps\/controller /m);
});
