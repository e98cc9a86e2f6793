import { spawnSync } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { listNamespaces } from '../netns';

const ROOT = path.resolve(__dirname, '../..');
const DEMO = [process.execPath, '--require', require.resolve('tsx/cjs'), path.join(ROOT, 'lab/demo.ts')];

function demo(argv: string[], env: NodeJS.ProcessEnv = {}, prefix: string[] = []): { status: number | null; text: string } {
  const [command, ...rest] = [...prefix, ...DEMO, ...argv];
  const { status, stdout, stderr } = spawnSync(command, rest, { cwd: ROOT, encoding: 'utf8', env: { ...process.env, ...env }, timeout: 110_000 });
  return { status, text: stdout + stderr };
}

/** Milliseconds in the line of the summary that begins with a word. */
function dark(text: string, word: string): number {
  return Number(new RegExp(`^  ${word}\\s+dark for (\\d+) ms`, 'm').exec(text)?.[1]);
}

const AS_USER = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

test.each([
  ['root', [] as string[]],
  ['a user who is nobody', AS_USER],
])('the demo goes from synth to failover, as %s', (_, prefix) => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'hlb-test-'));
  fs.chmodSync(home, 0o777);
  const { status, text } = demo([], { HOME: home, XDG_CACHE_HOME: home, TMPDIR: home }, prefix);
  expect(text).toMatch(/Services have their address: 93\.5\.22\.100$/m);
  expect(text).toMatch(/power cut of workstation(-\d)?: workstation(-\d)? answers now$/m);
  expect(dark(text, 'ARP')).toBeGreaterThan(0);
  expect(dark(text, 'ARP')).toBeLessThan(2_000);
  expect(dark(text, 'HTTP')).toBeLessThan(3_000);
  expect(status).toBe(0);
  expect(listNamespaces().filter((name) => name.endsWith('-workstation'))).toEqual([]);
  expect(fs.readdirSync(home).filter((name) => name.startsWith('hlb-'))).toEqual([]);
  fs.rmSync(home, { recursive: true });
});

test('where namespaces cannot be made, it shows what it can, says what is missing and ends with 69', () => {
  const { status, text } = demo([], {}, [...AS_USER, 'unshare', '--user', 'sh', '-c', 'exec "$@"', 'sh']);
  expect(text).toMatch(/synth of examples\/home: \d+ objects/);
  expect(text).toMatch(/It stops here: .*Run it as root/);
  expect(status).toBe(69);
});

test('a wrong option is refused with 2', () => {
  expect(demo(['--api', 'none'])).toEqual({ status: 2, text: expect.stringContaining('--api none: allowed are embedded and real') });
});
