import { version } from '../../package.json';
import { bootTime } from '../sys';

/**
 * Name, version and platform in one line.
 *
 * It makes one system call through the foreign function interface, so that asking an image for its version shows that its native part loads.
 */
export function versionText(): string {
  return `home-load-balancer ${version} (node ${process.versions.node}, ${process.platform}-${process.arch}, ${nativePart()})`;
}

function nativePart(): string {
  try {
    bootTime();
    return 'native calls work';
  } catch (error) {
    return `no native calls: ${(error as Error).message}`;
  }
}
