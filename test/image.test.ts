/** The container image: what must be the same for the same sources, byte for byte. */
import { execFileSync } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { gunzipSync } from 'zlib';
import { Layout, sha256 } from '../projenrc/image/layout';
import { licences } from '../projenrc/image/licences';
import { Entry, tar } from '../projenrc/image/tar';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'image-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

const LONG = `${'deep/'.repeat(29)}${'n'.repeat(100)}`;
const ENTRIES: Entry[] = [
  { path: 'bin/node', content: Buffer.from('program'), executable: true },
  { path: 'etc/passwd', content: Buffer.from('root:x:0:0\n') },
  { path: 'etc/empty' },
  { path: 'lib64/loader', link: '/lib/loader' },
  { path: LONG, content: Buffer.alloc(512, 'x') },
];

describe('an archive', () => {
  test('has the same bytes in whatever order the files come', () => {
    expect(sha256(tar([...ENTRIES].reverse()))).toBe(sha256(tar(ENTRIES)));
    expect(sha256(tar([{ path: 'a', content: Buffer.from('a') }]))).toBe(sha256(tar([{ path: 'a', content: Buffer.from('a') }])));
    expect(sha256(tar([{ path: 'a', content: Buffer.from('a') }]))).not.toBe(sha256(tar([{ path: 'a', content: Buffer.from('b') }])));
  });

  test('is what tar reads: owner, mode, size, time, name', () => {
    const list = execFileSync('tar', ['--list', '--verbose', '--numeric-owner', '--utc', '--full-time', '-f', '-'], { input: tar(ENTRIES), encoding: 'utf8' });
    const rows = list.trim().split('\n').map((row) => row.replace(/ +/g, ' ')).filter((row) => !row.includes(' deep/') || row.includes('nnn'));
    expect(rows).toEqual([
      'drwxr-xr-x 0/0 0 1970-01-01 00:00:00 bin/',
      '-rwxr-xr-x 0/0 7 1970-01-01 00:00:00 bin/node',
      `-rw-r--r-- 0/0 512 1970-01-01 00:00:00 ${LONG}`,
      'drwxr-xr-x 0/0 0 1970-01-01 00:00:00 etc/',
      '-rw-r--r-- 0/0 0 1970-01-01 00:00:00 etc/empty',
      '-rw-r--r-- 0/0 11 1970-01-01 00:00:00 etc/passwd',
      'drwxr-xr-x 0/0 0 1970-01-01 00:00:00 lib64/',
      'lrwxrwxrwx 0/0 0 1970-01-01 00:00:00 lib64/loader -> /lib/loader',
    ]);
    expect(execFileSync('tar', ['-x', '-O', '-f', '-', 'bin/node'], { input: tar(ENTRIES), encoding: 'utf8' })).toBe('program');
  });

  test.each<[string, Entry[], RegExp]>([
    ['absolute', [{ path: '/etc/passwd' }], /'\/etc\/passwd' is absolute; leave the first slash away/],
    ['outside', [{ path: 'etc/../../passwd' }], /has an empty, \. or \.\. part/],
    ['empty', [{ path: '' }], /has an empty/],
    ['there twice', [{ path: 'a' }, { path: 'a' }], /'a' occurs twice/],
    ['both a file and a folder', [{ path: 'a/b' }, { path: 'a' }], /'a' occurs twice/],
    ['too long', [{ path: 'n'.repeat(101) }], /too long: at most 155 bytes, a slash, and 100 bytes/],
    ['a link to something too long', [{ path: 'a', link: 'n'.repeat(101) }], /longer than the 100 bytes/],
  ])('refuses a path that is %s', (_, entries, message) => {
    expect(() => tar(entries)).toThrow(message);
    expect(() => tar(entries)).toThrow(expect.objectContaining({ code: 'ERR_IMAGE_PATH' }));
  });
});

describe('a layout', () => {
  const REFERENCE = 'localhost/home-load-balancer:1.2.3';
  function build(name: string, content = 'program'): [string, string] {
    const out = path.join(folder, name), layout = new Layout(out);
    for (const architecture of ['amd64', 'arm64']) {
      const layers = [layout.layer(ENTRIES), layout.layer([{ path: `app/${architecture}`, content: Buffer.from(content) }])];
      layout.image({ architecture, os: 'linux' }, layers, '1970-01-01T00:00:00.000Z', { Entrypoint: ['/bin/node'] });
    }
    return [layout.finish(REFERENCE, { 'org.opencontainers.image.title': 'x' }), out];
  }
  const [digest, out] = build('first');
  const json = (file: string) => JSON.parse(fs.readFileSync(path.join(out, file), 'utf8'));
  const blob = (of: { digest: string }) => fs.readFileSync(path.join(out, 'blobs', of.digest.replace(':', '/')));

  test('has the same digest for the same contents, and another one for others', () => {
    expect(build('second')[0]).toBe(digest);
    expect(build('third', 'another program')[0]).not.toBe(digest);
  });

  test('names one index, in the words of podman and of containerd', () => {
    expect(json('oci-layout')).toEqual({ imageLayoutVersion: '1.0.0' });
    expect(json('index.json').manifests).toEqual([{
      mediaType: 'application/vnd.oci.image.index.v1+json',
      digest,
      size: expect.any(Number),
      annotations: { 'org.opencontainers.image.ref.name': REFERENCE, 'io.containerd.image.name': REFERENCE },
    }]);
  });

  test('holds what each descriptor says: digest, size, and the digests of the unpacked layers', () => {
    const index = JSON.parse(blob({ digest }).toString());
    expect(index.manifests.map(({ platform }: { platform: object }) => platform)).toEqual([
      { architecture: 'amd64', os: 'linux' }, { architecture: 'arm64', os: 'linux' },
    ]);
    for (const each of index.manifests) {
      const manifest = JSON.parse(blob(each).toString()), config = JSON.parse(blob(manifest.config).toString());
      for (const descriptor of [each, manifest.config, ...manifest.layers]) {
        expect([sha256(blob(descriptor)), blob(descriptor).length]).toEqual([descriptor.digest, descriptor.size]);
      }
      expect(config.rootfs.diff_ids).toEqual(manifest.layers.map((layer: { digest: string }) => sha256(gunzipSync(blob(layer)))));
      expect(config).toMatchObject({ ...each.platform, config: { Entrypoint: ['/bin/node'] } });
    }
  });

  test('stores a layer that two images share once', () => {
    expect(fs.readdirSync(path.join(out, 'blobs/sha256'))).toHaveLength(3 + 2 + 2 + 1); // layers, configs, manifests, index
  });
});

test('the licence of each package in the bundle is kept, whatever the file is called', () => {
  const file = (name: string, text: string) => {
    fs.mkdirSync(path.dirname(path.join(folder, 'tree', name)), { recursive: true });
    fs.writeFileSync(path.join(folder, 'tree', name), text);
  };
  file('program/package.json', '{"name":"program","version":"1.0.0","dependencies":{"a":"^1.0.0","b":"^1.0.0"}}');
  file('node_modules/a/package.json', '{"name":"a","version":"1.0.0","dependencies":{"b":"^2.0.0"},"devDependencies":{"c":"^1.0.0"}}');
  file('node_modules/a/LICENCE.md', 'of a');
  file('node_modules/a/node_modules/b/package.json', '{"name":"b","version":"2.0.0"}');
  file('node_modules/a/node_modules/b/COPYING', 'of b 2');
  file('node_modules/b/package.json', '{"name":"b","version":"1.0.0","license":"MIT","dependencies":{"a":"^1.0.0"}}');
  const found = licences(path.join(folder, 'tree/program'), 'app/licences').map((entry) => [entry.path, String(entry.content)]);
  expect(found.sort()).toEqual([
    ['app/licences/a-1.0.0/LICENCE.md', 'of a'],
    ['app/licences/b-1.0.0/LICENSE', 'b 1.0.0, licence MIT\n'],
    ['app/licences/b-2.0.0/COPYING', 'of b 2'],
  ]);
});
