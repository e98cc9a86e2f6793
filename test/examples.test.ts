import { execFileSync } from 'child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { Yaml } from 'cdk8s';

const root = join(__dirname, '..');
const folder = join(root, 'examples');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const examples = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'main.ts'))).sort();

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

test('there is one for each way to use it', () => {
  expect(examples).toEqual(['adopting-metallb', 'bgp', 'dual-stack', 'home', 'k3s', 'three-nodes']);
});

// To renew: (cd examples/NAME; npx cdk8s synth; cp dist/NAME.k8s.yaml dist/plan.md .), with version 0.0.0
test.each(examples)('examples/%s makes the manifests, and the plan, beside it', (example) => {
  synth(example);
  const manifests = readFileSync(join(outdir, `${example}.k8s.yaml`), 'utf8');
  expect(manifests.replaceAll(`home-load-balancer:${version}`, 'home-load-balancer:0.0.0'))
    .toBe(readFileSync(join(folder, example, `${example}.k8s.yaml`), 'utf8'));
  expect(Yaml.load(join(outdir, `${example}-crds.k8s.yaml`))).toEqual(Yaml.load(join(root, 'crds/metallb.io.yaml')));
  for (const plan of readdirSync(outdir).filter((file) => file === 'plan.md')) {
    expect(readFileSync(join(outdir, plan), 'utf8')).toBe(readFileSync(join(folder, example, plan), 'utf8'));
  }
});
