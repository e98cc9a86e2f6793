import { execFileSync } from 'child_process';
import { mkdtempSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { lastRelease } from './compat';

let root: string;
const git = (...args: string[]) => execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], { cwd: root, stdio: 'pipe' });
const commit = (message: string) => git('commit', '--allow-empty', '--quiet', '-m', message);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'compat-test-'));
  git('init', '--quiet');
  commit('first');
});
afterEach(() => rmSync(root, { recursive: true }));

test('before the first release there is nothing to compare with', () => {
  git('tag', 'nightly');
  git('tag', 'values');
  expect(lastRelease(root)).toBeUndefined();
});

test('the last release is the highest version that the checkout descends from', () => {
  for (const tag of ['v0.9.0', 'v0.10.0', 'v0.2.0']) git('tag', tag);
  git('checkout', '--quiet', '-b', 'next');
  commit('of the next release');
  git('tag', 'v1.0.0');
  git('checkout', '--quiet', '-');
  commit('of this one');
  expect(lastRelease(root)).toBe('v0.10.0');
});
