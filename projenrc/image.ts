/**
 * Writes the container image, for amd64 and arm64, as an OCI layout: no daemon, no root, no base image.
 *
 *   tsx projenrc/image.ts [TAG] [--load] [--update] [--bundle FILE] [--out FOLDER]
 *
 *   TAG       a version, or a whole reference such as registry.example/me/home-load-balancer:1.2.3; default 0.0.0
 *   --load    also loads it into podman
 *   --update  takes the newest versions of the Debian packages, rather than those of the last build on this machine
 *   --bundle  the program; default speaker/dist/main.js
 *   --out     the folder to write; default dist/image
 *
 * Then `podman run … localhost/home-load-balancer:TAG`, `skopeo copy --all oci:dist/image:REFERENCE docker://REFERENCE`, or
 * `tar -C dist/image -c . | ctr --namespace k8s.io images import -`.
 *
 * The same sources give the same digest: Node.js and koffi are pinned with their hashes; the versions of the Debian packages, which get
 * security fixes under us, are printed and kept in the label `io.github.home-load-balancer.packages`; the layers are dated 1970. (The
 * compressed bytes also depend on the zlib of the Node.js that builds.) SOURCE_DATE_EPOCH dates the image, in seconds; default 0.
 */
import { execFileSync } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { parseArgs } from 'util';
import { Contents, libraries, node, program, Target, TARGETS } from './image/contents';
import { ImageError } from './image/error';
import { gzip, Layer, Layout, sha256 } from './image/layout';
import { Packages } from './image/packages';

const ROOT = path.resolve(__dirname, '..');
const REFERENCE = /^([a-z0-9.-]+(:\d+)?\/)?[a-z0-9]+([._/-]+[a-z0-9]+)*:\w[\w.-]{0,127}$/;

const cache = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'home-load-balancer/image');

/** Compresses a layer once for each version of zlib, since its best level takes a while. */
function compress(archive: Buffer): Buffer {
  const file = path.join(cache, 'layers', `${sha256(archive).slice('sha256:'.length)}-zlib-${process.versions.zlib}.tar.gz`);
  if (!fs.existsSync(file)) {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(`${file}.${process.pid}`, gzip(archive));
    fs.renameSync(`${file}.${process.pid}`, file);
  }
  return fs.readFileSync(file);
}

/** The whole reference that a tag stands for. */
function reference(tag: string): string {
  const whole = /[/:]/.test(tag) ? tag : `localhost/home-load-balancer:${tag}`;
  if (!REFERENCE.test(whole)) {
    throw new ImageError('ERR_IMAGE_REFERENCE', `'${tag}' names no image; use a tag such as 1.2.3, or a reference such as localhost/home-load-balancer:1.2.3`);
  }
  return whole;
}

function check(bundle: string): void {
  if (!fs.existsSync(bundle)) {
    throw new ImageError('ERR_IMAGE_BUNDLE', `there is no bundle at ${bundle}; make it by 'npx projen bundle' in speaker/, or name another one by --bundle`);
  }
}

function labels(version: string): Record<string, string> {
  const { repository, license } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  const { description } = JSON.parse(fs.readFileSync(path.join(ROOT, 'speaker/package.json'), 'utf8'));
  return {
    'org.opencontainers.image.title': 'home-load-balancer',
    'org.opencontainers.image.description': description,
    'org.opencontainers.image.version': version,
    'org.opencontainers.image.source': repository.url.replace(/\.git$/, ''),
    'org.opencontainers.image.licenses': license,
  };
}

/** Makes the image of one target, and gives the rows of the table and the versions used. */
function build(layout: Layout, packages: Packages, target: Target, bundle: string, common: Record<string, string>) {
  const parts: [Contents, Layer][] = [libraries(packages, target), node(packages, target), program(packages, target, bundle, ROOT)]
    .map((contents) => [contents, layout.layer(contents.entries)]);
  const versions = parts.flatMap(([contents]) => contents.packages).map(({ name, version }) => `${name}=${version}`).join(' ');
  const created = new Date(Number(process.env.SOURCE_DATE_EPOCH ?? 0) * 1000).toISOString();
  layout.image({ architecture: target.architecture, os: 'linux' }, parts.map(([, layer]) => layer), created, {
    User: '0',
    Env: ['PATH=/bin', 'NODE_ENV=production'],
    Entrypoint: ['/bin/node', '/app/main.js'],
    WorkingDir: '/app',
    Labels: { ...common, 'io.github.home-load-balancer.packages': versions },
  });
  const sum = (of: (layer: Layer) => number) => parts.reduce((total, [, layer]) => total + of(layer), 0);
  const rows: [string, number, number][] = [
    ...parts.map(([{ name }, layer]): [string, number, number] => [name, layer.descriptor.size, layer.unpacked]),
    ['total', sum((layer) => layer.descriptor.size), sum((layer) => layer.unpacked)],
  ];
  return { versions, rows };
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      load: { type: 'boolean' },
      update: { type: 'boolean' },
      bundle: { type: 'string', default: path.join(ROOT, 'speaker/dist/main.js') },
      out: { type: 'string', default: path.join(ROOT, 'dist/image') },
    },
  });
  const name = reference(positionals[0] ?? '0.0.0');
  check(values.bundle);
  const common = labels(name.slice(name.lastIndexOf(':') + 1));
  const packages = new Packages(cache);
  const layout = new Layout(values.out, compress);

  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`.padStart(12);
  console.log('platform      layer      compressed    unpacked');
  for (const target of TARGETS) {
    if (values.update) {
      packages.update(target.architecture);
    }
    const { versions, rows } = build(layout, packages, target, values.bundle, common);
    for (const [layer, compressed, unpacked] of rows) {
      console.log(`linux/${target.architecture}   ${layer.padEnd(10)}${megabytes(compressed)}${megabytes(unpacked)}`);
    }
    console.log(`              ${versions}`);
  }
  console.log(`${name} ${layout.finish(name, common)}`);
  if (values.load) {
    // As one file: of a folder, podman would take the path for the name.
    const archive = execFileSync('tar', ['-C', values.out, '-c', '.'], { maxBuffer: 2 ** 30 });
    execFileSync('podman', ['load', '--quiet'], { input: archive, stdio: ['pipe', 'inherit', 'inherit'] });
  }
}

try {
  main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
