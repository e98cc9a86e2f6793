import * as fs from 'fs';
import { libc } from './libc';

const MADV_DONTNEED = 4;

/**
 * Gives memory back that the process has and does not use now: what the C library keeps for later, and the pages of programs and libraries that only
 * the start needed (that of Node reads 40 MB which it never reads again).
 *
 * The pages stay in the kernel's cache as long as memory is free, so one that is needed again after all costs a microsecond.
 *
 * @throws SysError `ENOSYS` where there is no Linux
 */
export function releaseMemory(): void {
  const { madvise, malloc_trim } = libc();
  malloc_trim?.(0);
  for (const { start, length } of sameAsFile(fs.readFileSync('/proc/self/smaps', 'latin1'))) madvise(start, length, MADV_DONTNEED); // to be refused is no error
}

/**
 * Mappings whose memory is the same as their file: not writable, and without a page that was ever written, as the dynamic linker does to some.
 *
 * @param smaps text of `/proc/PID/smaps` (proc(5))
 */
export function sameAsFile(smaps: string): { readonly start: bigint; readonly length: bigint }[] {
  return smaps.split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/).flatMap((mapping) => {
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ [1-9]\d* +\/[^]*^Anonymous: +0 kB$/m.exec(mapping) ?? [];
    return from === undefined ? [] : [{ start: BigInt(`0x${from}`), length: BigInt(`0x${to}`) - BigInt(`0x${from}`) }];
  });
}
