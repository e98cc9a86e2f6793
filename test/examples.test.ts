import { execFileSync } from 'child_process';
import { mkdtempSync, readFileSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { Yaml } from 'cdk8s';

const root = join(__dirname, '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

let outdir: string;
beforeEach(() => {
  outdir = mkdtempSync(join(tmpdir(), 'example-'));
});
afterEach(() => rmSync(outdir, { recursive: true }));

/** Runs an example as its reader would. */
function synth(example: string): void {
  const args = [require.resolve('tsx/cli'), '--tsconfig', 'examples/tsconfig.json', `examples/${example}/main.ts`];
  execFileSync(process.execPath, args, { cwd: root, env: { ...process.env, CDK8S_OUTDIR: outdir } });
}

test('examples/home makes the manifests beside it', () => {
  synth('home');
  const manifests = readFileSync(join(outdir, 'home.k8s.yaml'), 'utf8');
  // To renew: (cd examples/home; npx cdk8s synth; cp dist/home.k8s.yaml .)
  expect(manifests.replaceAll(`home-load-balancer:${version}`, 'home-load-balancer:0.0.0'))
    .toBe(readFileSync(join(root, 'examples/home/home.k8s.yaml'), 'utf8'));
  expect(Yaml.load(join(outdir, 'home-crds.k8s.yaml'))).toEqual(Yaml.load(join(root, 'crds/metallb.io.yaml')));
});
