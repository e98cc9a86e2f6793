/**
 * Archives in the ustar format (POSIX.1-1988), the same bytes for the same files: sorted, owned by root, dated 1970, with plain modes.
 *
 * Own code, because what `tar` writes depends on its version and its flavour, and the digest of a layer is over these bytes.
 */
import { ImageError } from './error';

/** A file or a symbolic link; folders come by themselves. */
export interface Entry {
  /** Path from the root, without a slash in front. */
  path: string;
  content?: Buffer;
  executable?: boolean;
  /** Where the symbolic link points to. */
  link?: string;
}

const BLOCK = 512;
const TYPE = { file: '0', link: '2', folder: '5' };
const DIRECTORY = 0o755, EXECUTABLE = 0o755, FILE = 0o644, LINK = 0o777;

/**
 * Packs the entries, in whatever order they are.
 * @throws ImageError ERR_IMAGE_PATH for a path that is absolute, leaves the root, occurs twice (or is a folder of another), or is too long for the format.
 */
export function tar(entries: Entry[]): Buffer {
  const files = new Map<string, Buffer[]>(), folders = new Map<string, Buffer[]>();
  for (const { path, content = Buffer.alloc(0), executable, link } of entries) {
    check(path, files.has(path));
    for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      folders.set(path.slice(0, slash), [header(path.slice(0, slash) + '/', DIRECTORY, 0, TYPE.folder)]);
    }
    files.set(path, link === undefined
      ? [header(path, executable ? EXECUTABLE : FILE, content.length, TYPE.file), content, Buffer.alloc((BLOCK - content.length % BLOCK) % BLOCK)]
      : [header(path, LINK, 0, TYPE.link, link)]);
  }
  [...files.keys()].forEach((path) => check(path, folders.has(path)));
  const sorted = [...files, ...folders].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return Buffer.concat([...sorted.flatMap(([, blocks]) => blocks), Buffer.alloc(2 * BLOCK)]);
}

function check(path: string, twice: boolean) {
  const problem = twice ? 'occurs twice'
    : path.startsWith('/') ? 'is absolute; leave the first slash away'
      : path.split('/').some((part) => ['', '.', '..'].includes(part)) ? 'has an empty, . or .. part'
        : undefined;
  if (problem) {
    throw new ImageError('ERR_IMAGE_PATH', `the path '${path}' ${problem}`);
  }
}

function header(path: string, mode: number, size: number, type: string, link = ''): Buffer {
  const block = Buffer.alloc(BLOCK);
  const [prefix, name] = split(path);
  const octal = (value: number, digits: number, offset: number) => block.write(value.toString(8).padStart(digits, '0'), offset, 'latin1');
  block.write(name, 0);
  octal(mode, 7, 100);
  octal(0, 7, 108); // owner
  octal(0, 7, 116); // group
  octal(size, 11, 124);
  octal(0, 11, 136); // time
  block.write(' '.repeat(8), 148); // the checksum counts as blanks while it is computed
  block.write(type, 156);
  block.write(link, 157);
  block.write('ustar\0' + '00', 257);
  block.write(prefix, 345);
  if (Buffer.byteLength(link) > 100) {
    throw new ImageError('ERR_IMAGE_PATH', `the link ${path} to '${link}' is longer than the 100 bytes that the format allows`);
  }
  octal(block.reduce((sum, byte) => sum + byte, 0), 6, 148);
  block.write('\0 ', 154, 'latin1');
  return block;
}

/** Long paths are kept in two fields, cut at a slash. */
function split(path: string): [string, string] {
  if (Buffer.byteLength(path) <= 100) {
    return ['', path];
  }
  for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
    const [prefix, name] = [path.slice(0, slash), path.slice(slash + 1)];
    if (name && Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(name) <= 100) {
      return [prefix, name];
    }
  }
  throw new ImageError('ERR_IMAGE_PATH', `the path '${path}' is too long: at most 155 bytes, a slash, and 100 bytes`);
}
