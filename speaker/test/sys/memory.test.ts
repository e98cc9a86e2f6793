import * as fs from 'fs';
import { releaseMemory } from '../../src/sys';
import { sameAsFile } from '../../src/sys/memory';

function mapping(head: string, anonymous: number): string {
  return `${head}\nSize:               4096 kB\nRss:                1024 kB\nAnonymous:      ${anonymous} kB\nLazyFree:              0 kB\nVmFlags: rd mr mw me\n`;
}

describe('memory that is not used now', () => {
  test.each([
    ['code of a program', '00747000-00748000 r-xp 00346000 fe:00 2757   /usr/bin/node', 0, true],
    ['its constants', '00400000-00747000 r--p 00000000 fe:00 2757   /opt/with space/node', 0, true],
    ['what the dynamic linker wrote into, before it made it read-only', '00400000-00747000 r--p 00000000 fe:00 2757   /usr/bin/node', 12, false],
    ['its variables', '06b55000-06b70000 rw-p 06754000 fe:00 2757   /usr/bin/node', 0, false],
    ['code that was made at run time', '7f0000000000-7f0000021000 r-xp 00000000 00:00 0', 0, false],
    ['what the kernel maps', '7ffd0c1f2000-7ffd0c1f4000 r-xp 00000000 00:00 0                          [vdso]', 0, false],
  ])('%s', (_, head, anonymous, given) => {
    const [from, to] = head.split(' ')[0].split('-').map((text) => BigInt(`0x${text}`));
    const others = mapping('7f1000000000-7f1000001000 rw-p 00000000 00:00 0', 0);
    expect(sameAsFile(others + mapping(head, anonymous) + others)).toEqual(given ? [{ start: from, length: to - from }] : []);
  });

  test('is given back, and what is needed again is read again', () => {
    const before = filesInMemory();
    releaseMemory();
    expect(filesInMemory()).toBeLessThan(before);
    expect(JSON.parse('{"a":[1,2.5,"three"]}')).toEqual({ a: [1, 2.5, 'three'] });
    expect(new Intl.NumberFormat('en').format(1234567.5)).toBe('1,234,567.5');
  });
});

/** Kilobytes of files that this process has mapped and in memory. */
function filesInMemory(): number {
  return Number(/^RssFile:\s+(\d+) kB/m.exec(fs.readFileSync('/proc/self/status', 'latin1'))![1]);
}
