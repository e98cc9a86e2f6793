import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { compare, documented, expected } from './languages/apps';
import { Shell } from './languages/command';
import { App } from './languages/language';

const ROOT = path.resolve(__dirname, '..');
const text = (file: string) => fs.readFileSync(path.join(ROOT, file), 'utf8');
const version = (name: string): string => JSON.parse(text(`node_modules/${name}/package.json`)).version;

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'languages-test-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

describe('docs/languages.md', () => {
  test.each(['ts', 'python', 'java', 'go', 'csharp'])('has an app in %s, and it can be mistaken', (fence) => {
    const sources = documented(ROOT, fence);
    expect(sources[App.DOCUMENTED].trimEnd().split('\n').length).toBeLessThan(20);
    expect(sources[App.MISTAKEN]).toBe(sources[App.DOCUMENTED].replace('93.5.22.100', '93.5.22.110-93.5.22.100'));
  });

  test('has none in a language that is not there', () => {
    expect(() => documented(ROOT, 'cobol')).toThrow('docs/languages.md has no app fenced as cobol with the address 93.5.22.100');
  });

  test('quotes the error that TypeScript gives', async () => {
    const log = path.join(folder, 'log');
    const wanted = await expected(ROOT, folder, JSON.parse(text('package.json')).version, new Shell(log));
    expect(text('docs/languages.md').split('\n')).toContain(wanted[App.MISTAKEN]);
    expect([...wanted[App.DOCUMENTED].keys()]).toEqual(['home.k8s.yaml']);
    expect([...wanted[App.EXAMPLE].keys()]).toEqual(['home-crds.k8s.yaml', 'home.k8s.yaml']);
  }, 60_000);
});

describe('examples/languages', () => {
  const files = {
    'python/requirements.txt': (name: string) => `${name}==${version(name)}\n`,
    'java/pom.xml': (name: string) => `<artifactId>${name}</artifactId>\n      <version>${version(name)}</version>`,
    'go/go.mod': (name: string) => ` v${version(name)}\n`,
  };
  test.each(Object.keys(files) as (keyof typeof files)[])('%s wants the versions that examples/home is synthesized with', (file) => {
    for (const name of ['cdk8s', 'cdk8s-plus-28', 'constructs']) {
      expect(text(`examples/languages/${file}`)).toContain(files[file](name));
    }
  });
});

describe('comparing', () => {
  const wanted = new Map([['a.yaml', 'kind: A\nname: a\n'], ['b.yaml', 'kind: B\n']]);

  test('accepts what is identical', () => {
    expect(() => compare(new Map(wanted), wanted)).not.toThrow();
  });

  test.each([
    ['a file is missing', [['a.yaml', 'kind: A\nname: a\n']], 'it makes the files a.yaml instead of a.yaml, b.yaml'],
    ['there is nothing', [], 'it makes the files (none) instead of a.yaml, b.yaml'],
    ['a line differs', [['a.yaml', 'kind: A\nname: b\n'], ['b.yaml', 'kind: B\n']], "a.yaml differs from TypeScript's in line 2: 'name: b' instead of 'name: a'"],
    ['a line is too much', [['a.yaml', 'kind: A\nname: a\n'], ['b.yaml', 'kind: B\nz']], "b.yaml differs from TypeScript's in line 2: 'z' instead of ''"],
    ['a file is cut', [['a.yaml', 'kind: A\nname: a'], ['b.yaml', 'kind: B\n']], "a.yaml differs from TypeScript's in line 3: '' instead of ''"],
  ])('refuses when %s', (_, actual, message) => {
    expect(() => compare(new Map(actual as [string, string][]), wanted)).toThrow(message);
  });
});

describe('a command', () => {
  const shell = () => new Shell(path.join(folder, 'logs/a.log'));
  const node = (script: string, mayFail = false) => shell().run(process.execPath, ['-e', script], { cwd: folder, mayFail });

  test('gives what it wrote, and logs it', async () => {
    expect(await node('console.log(1); console.error(2)')).toEqual({ status: 0, output: expect.stringMatching(/^(1\n2\n|2\n1\n)$/) });
    expect(fs.readFileSync(path.join(folder, 'logs/a.log'), 'utf8')).toContain('1\n');
  });

  test('that fails is an error with the end of its output, unless it may fail', async () => {
    await expect(node('console.error("no disk"); process.exit(3)')).rejects.toMatchObject({
      code: 'ERR_LANGUAGE_COMMAND',
      message: expect.stringMatching(/node -e failed with 3; everything it wrote is in .*a\.log, and its last lines are\n {4}no disk$/),
    });
    expect(await node('process.exit(3)', true)).toEqual({ status: 3, output: '' });
  });

  test('that is not there is an error with its name', async () => {
    await expect(shell().run('no-such-command', [], { cwd: folder })).rejects.toMatchObject({
      code: 'ERR_LANGUAGE_COMMAND',
      message: expect.stringContaining('no-such-command cannot be run'),
    });
  });
});
