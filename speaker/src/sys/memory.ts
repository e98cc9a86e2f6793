import * as fs from 'fs';
import { libc } from './libc';

const MADV_DONTNEED = 4;

/**
 * Gives memory back that the process has and does not use now: what the C library keeps for later, and the pages of executables that only the
 * start needed (Node's start reads 20 MB of its own code that it never runs again).
 *
 * The pages stay in the kernel's cache as long as memory is free, so one that is needed again after all costs a microsecond. Only executable mappings
 * are touched: they are the same as the file, whereas the dynamic linker has written into others.
 *
 * @throws SysError `ENOSYS` where there is no Linux
 */
export function releaseMemory(): void {
  const { madvise, malloc_trim } = libc();
  malloc_trim?.(0);
  for (const { start, length } of executables(fs.readFileSync('/proc/self/maps', 'latin1'))) madvise(start, length, MADV_DONTNEED); // advice: to be refused is no error
}

/** Mappings of files that can be executed and not written, from the text of `/proc/PID/maps` (proc(5)). */
export function executables(maps: string): { readonly start: bigint; readonly length: bigint }[] {
  return [...maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) r-xp \S+ \S+ [1-9]\d* +\/.*$/gm)].map(([, from, to]) => {
    const start = BigInt(`0x${from}`);
    return { start, length: BigInt(`0x${to}`) - start };
  });
}
