/** Downloads what the image is made of, once, into a cache: packages of npm and of Debian, for any processor, without root. */
import { execFileSync } from 'child_process';
import { createHash } from 'crypto';
import * as fs from 'fs';
import * as path from 'path';
import { ImageError } from './error';

export interface Package {
  name: string;
  version: string;
  /** Where it is unpacked. */
  folder: string;
}

export interface DebianPackage extends Package {
  /** The fields of its control file. */
  control: Record<string, string>;
  /** The control file itself. */
  controlFile: Buffer;
}

export class Packages {
  /** @param cache folder for archives, lists and unpacked packages; may be shared by builds */
  constructor(private readonly cache: string) {
    fs.mkdirSync(cache, { recursive: true });
  }

  /**
   * A package of npm.
   * @param integrity sha512 of its archive, as lock files have it
   * @throws ImageError ERR_IMAGE_INTEGRITY
   */
  npm(name: string, version: string, integrity: string): Package {
    const archive = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`; // as npm calls it
    const folder = this.unpacked(archive, (to) => {
      execFileSync('npm', ['pack', '--silent', `${name}@${version}`], { cwd: this.cache, stdio: ['ignore', 'ignore', 'inherit'] });
      const found = 'sha512-' + createHash('sha512').update(fs.readFileSync(path.join(this.cache, archive))).digest('base64');
      if (found !== integrity) {
        throw new ImageError('ERR_IMAGE_INTEGRITY', `${name}@${version} has the integrity ${found}, not ${integrity}; if the change is meant, pin the new one`);
      }
      execFileSync('tar', ['-xzf', path.join(this.cache, archive), '-C', to, '--strip-components=1', '--no-same-owner']);
    });
    return { name, version, folder };
  }

  /** A package of the Debian release that this machine has its sources for, in the version that the lists say; apt checks its signature. */
  debian(name: string, architecture: string): DebianPackage {
    const uris = this.apt(architecture, this.state(architecture), 'download', '--print-uris', name); // 'URI' FILE SIZE HASH, unless FILE is there
    const archive = uris.trim().split(' ')[1];
    const folder = this.unpacked(archive, (to) => {
      this.apt(architecture, this.cache, 'download', name);
      execFileSync('dpkg-deb', ['--raw-extract', path.join(this.cache, archive), to]);
    });
    const controlFile = fs.readFileSync(path.join(folder, 'DEBIAN/control'));
    const control = Object.fromEntries([...controlFile.toString().matchAll(/^([\w-]+): (.*)$/gm)].map(([, key, value]) => [key, value]));
    return { name, version: control.Version, folder, control, controlFile };
  }

  /** Asks the sources for new versions of the Debian packages. */
  update(architecture: string): void {
    fs.rmSync(this.state(architecture), { recursive: true, force: true });
  }

  private state(architecture: string): string {
    return path.join(this.cache, `apt-${architecture}`);
  }

  /** Runs apt-get with lists of its own, so that it needs no root, and no `dpkg --add-architecture`. */
  private apt(architecture: string, folder: string, ...args: string[]): string {
    const state = this.state(architecture);
    const options = [
      `APT::Architecture=${architecture}`, `APT::Architectures=${architecture}`, `Dir::State=${state}`, 'Dir::State::status=/dev/null',
      `Dir::Cache=${state}`,
      'APT::Sandbox::User=root', // the sandbox user may not write to the cache
    ].flatMap((option) => ['-o', option]);
    const run = (cwd: string, ...command: string[]) => execFileSync('apt-get', ['-qq', ...options, ...command], {
      cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (!fs.existsSync(path.join(state, 'complete'))) {
      fs.mkdirSync(path.join(state, 'lists/partial'), { recursive: true });
      fs.mkdirSync(path.join(state, 'archives/partial'), { recursive: true });
      run(state, 'update');
      fs.writeFileSync(path.join(state, 'complete'), '');
    }
    return run(folder, ...args);
  }

  /** The folder that `fill` has filled, now or earlier; half-filled ones are not kept. */
  private unpacked(archive: string, fill: (folder: string) => void): string {
    const folder = path.join(this.cache, 'unpacked', archive);
    if (!fs.existsSync(folder)) {
      const partial = `${folder}.${process.pid}`;
      fs.mkdirSync(partial, { recursive: true });
      try {
        fill(partial);
        fs.renameSync(partial, folder);
      } finally {
        fs.rmSync(partial, { recursive: true, force: true });
      }
    }
    return folder;
  }
}
