import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { CommandResult, run } from '../command';

/*
 * The npm package as it is published: packed, and installed as npm does, but for what it depends on, which is taken from here. `npx home-load-balancer` runs it.
 */

const ROOT = path.resolve(__dirname, '../..');
const NPM = ['npm', '--offline', '--ignore-scripts', '--no-fund', '--no-audit'];

let folder: string;
let files: string[];

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'package-'));
  const { stdout } = await run([...NPM, 'pack', '--json', '--workspace', 'home-load-balancer', '--pack-destination', folder], { cwd: ROOT });
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  files = packed.files.map((file) => file.path).sort();
  const home = path.join(folder, 'node_modules/home-load-balancer'), bin = path.join(folder, 'node_modules/.bin');
  for (const each of [home, bin]) fs.mkdirSync(each, { recursive: true });
  await run(['tar', '-xzf', path.join(folder, packed.filename), '--strip-components', '1', '-C', home]);
  const { dependencies } = JSON.parse(fs.readFileSync(path.join(home, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
  // What npm would install: the dependencies, and the native part that one of them brings.
  for (const name of new Set([...Object.keys(dependencies), '@koromix'].map((each) => each.split('/')[0]))) {
    fs.symlinkSync(path.join(ROOT, 'node_modules', name), path.join(folder, 'node_modules', name));
  }
  const { bin: commands } = JSON.parse(fs.readFileSync(path.join(home, 'package.json'), 'utf8')) as { bin: Record<string, string> };
  for (const [name, file] of Object.entries(commands)) {
    fs.chmodSync(path.join(home, file), 0o755); // as npm does with whatever a package calls a command
    fs.symlinkSync(path.join(home, file), path.join(bin, name));
  }
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'somebody', version: '1.0.0', private: true }));
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

const hlb = async (...argv: string[]): Promise<CommandResult> => run([path.join(folder, 'node_modules/.bin/hlb'), ...argv], { cwd: folder, check: false });

test('has the program, and nothing but it', () => {
  expect(files).toEqual(['LICENSE', 'README.md', 'dist/certificate-maker.js', 'dist/main.js', 'package.json']);
});

test('says its version, and its native part works', async () => {
  expect(await hlb('--version')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^home-load-balancer \d+\.\d+\.\d+ \(node .+, native calls work\)\n$/) });
});

test('is found by npx under the name of the package', async () => {
  const { stdout } = await run(['npx', '--offline', '--no', '--', 'home-load-balancer', '--version'], { cwd: folder });
  expect(stdout).toMatch(/^home-load-balancer \d/);
});

test.each(['controller', 'speaker', 'check'])('explains %s', async (command) => {
  expect((await hlb('--help')).stdout).toContain(command);
  expect(await hlb(command, '--help')).toMatchObject({ code: 0, stdout: expect.stringContaining(`Usage: hlb ${command}`) });
});

test('checks manifests, and says by its status what came of it', async () => {
  const pool = (address: string) => ({ apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', metadata: { name: 'home', namespace: 'metallb-system' }, spec: { addresses: [address] } });
  const advertisement = { apiVersion: 'metallb.io/v1beta1', kind: 'L2Advertisement', metadata: { name: 'home', namespace: 'metallb-system' } };
  for (const [address, code] of [['93.5.22.100', 0], ['93.5.22.300', 1]] as const) {
    fs.writeFileSync(path.join(folder, 'home.yaml'), [pool(address), advertisement].map((object) => JSON.stringify(object)).join('\n---\n'));
    expect([address, (await hlb('check', 'home.yaml')).code]).toEqual([address, code]);
  }
});
