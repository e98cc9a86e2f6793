/**
 * What the image contains: three layers, from what seldom changes to what changes each time, so that an update downloads little.
 *
 *   libraries   the C and C++ libraries of Debian, the users, the name service
 *   node        Node.js
 *   program     the bundle, and the library through which it calls the kernel
 *
 * No shell, no package manager, no certificate authorities (the one of the cluster is mounted), no time zones.
 */
import * as fs from 'fs';
import * as path from 'path';
import { ImageError } from './error';
import { licences } from './licences';
import { Package, Packages } from './packages';
import { Entry } from './tar';

export interface Target {
  /** Name of the processor in Go, OCI and Debian. */
  architecture: 'amd64' | 'arm64';
  /** Its name in Node.js. */
  cpu: 'x64' | 'arm64';
  /** Its folder of libraries in Debian. */
  triplet: string;
  /** Path of the dynamic loader, which is written into each program. */
  loader: string;
  /** Integrity of the package with Node.js. */
  node: string;
}

export const NODE = '24.21.0';

export const TARGETS: Target[] = [
  {
    architecture: 'amd64',
    cpu: 'x64',
    triplet: 'x86_64-linux-gnu',
    loader: 'lib64/ld-linux-x86-64.so.2',
    node: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  {
    architecture: 'arm64',
    cpu: 'arm64',
    triplet: 'aarch64-linux-gnu',
    loader: 'lib/ld-linux-aarch64.so.1',
    node: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
];

/** Debian's packages, and of each the libraries that Node.js and koffi are linked against. */
const LIBRARIES: Record<string, string[]> = {
  'libc6': ['libc.so.6', 'libm.so.6', 'libdl.so.2', 'libpthread.so.0'],
  'libgcc-s1': ['libgcc_s.so.1'],
  'libstdc++6': ['libstdc++.so.6'],
};

/** The program runs as root, which needs no home and no shell. */
const ETC = {
  'passwd': 'root:x:0:0:root:/:/sbin/nologin\n',
  'group': 'root:x:0:\n',
  'nsswitch.conf': 'hosts: files dns\n',
};

/** A layer in the making, with what it was made from. */
export interface Contents {
  name: string;
  entries: Entry[];
  packages: Package[];
}

export function libraries(packages: Packages, { architecture, triplet, loader }: Target): Contents {
  const used = Object.keys(LIBRARIES).map((name) => packages.debian(name, architecture));
  // The licence of the compiler's libraries is in a package named after the compiler's version.
  const licence = used.map(({ control }) => /\bgcc-\d+-base\b/.exec(control.Depends ?? '')?.[0]).find(Boolean)!;
  const release = packages.debian('base-files', architecture);
  const all = [...used, packages.debian(licence, architecture), release];

  const library = (from: Package, file: string): Entry => {
    const found = ['lib', 'usr/lib'].map((folder) => path.join(from.folder, folder, triplet, file)).find((place) => fs.existsSync(place));
    if (!found) {
      throw new ImageError('ERR_IMAGE_FILE', `the Debian package ${from.name} ${from.version} has no ${file} for ${triplet}`);
    }
    return { path: `lib/${triplet}/${file}`, content: fs.readFileSync(found), executable: true };
  };
  const linker = path.basename(loader);
  return {
    name: 'libraries',
    packages: all,
    entries: [
      ...used.flatMap((from) => LIBRARIES[from.name].map((file) => library(from, file))),
      library(used[0], linker),
      ...(loader === `lib/${triplet}/${linker}` ? [] : [{ path: loader, link: `/lib/${triplet}/${linker}` }]),
      ...all.flatMap(({ name, folder, controlFile }) => [
        { path: `var/lib/dpkg/status.d/${name}`, content: controlFile }, // where scanners look for installed packages
        ...copyright(folder, name),
      ]),
      { path: 'etc/os-release', content: fs.readFileSync(path.join(release.folder, 'usr/lib/os-release')) },
      ...Object.entries(ETC).map(([name, text]) => ({ path: `etc/${name}`, content: Buffer.from(text) })),
    ],
  };
}

/** Packages of one source share a copyright file: all but one have a link to its folder. */
function copyright(folder: string, name: string): Entry[] {
  const place = `usr/share/doc/${name}`, documents = path.join(folder, place);
  const status = fs.lstatSync(documents);
  return status.isSymbolicLink()
    ? [{ path: place, link: fs.readlinkSync(documents) }]
    : [{ path: `${place}/copyright`, content: fs.readFileSync(path.join(documents, 'copyright')) }];
}

export function node(packages: Packages, target: Target): Contents {
  const used = packages.npm(`node-linux-${target.cpu}`, NODE, target.node);
  return {
    name: 'node',
    packages: [{ ...used, name: 'node' }],
    entries: [
      { path: 'bin/node', content: fs.readFileSync(path.join(used.folder, 'bin/node')), executable: true },
      { path: 'usr/share/doc/node/copyright', content: fs.readFileSync(path.join(used.folder, 'LICENSE')) },
    ],
  };
}

/**
 * @param bundle path of the program; other scripts beside it, such as workers, come along
 * @param root the checkout, whose lock file pins koffi
 */
export function program(packages: Packages, { cpu }: Target, bundle: string, root: string): Contents {
  const folder = path.dirname(bundle);
  const scripts = fs.readdirSync(folder).filter((file) => file.endsWith('.js'));
  const lock = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  const name = `@koromix/koffi-linux-${cpu}`, { version, integrity } = lock.packages[`node_modules/${name}`];
  const koffi = packages.npm(name, version, integrity);
  return {
    name: 'program',
    packages: [{ ...koffi, name: 'koffi' }],
    entries: [
      ...scripts.map((file) => ({ path: `app/${file === path.basename(bundle) ? 'main.js' : file}`, content: fs.readFileSync(path.join(folder, file)) })),
      ...['package.json', 'index.js', `linux_${cpu}/koffi.node`].map((file) => ({
        path: `app/node_modules/${name}/${file}`,
        content: fs.readFileSync(path.join(koffi.folder, file)),
      })),
      { path: 'app/LICENSE', content: fs.readFileSync(path.join(root, 'LICENSE')) },
      ...licences(path.join(root, 'speaker'), 'app/licences'),
    ],
  };
}
