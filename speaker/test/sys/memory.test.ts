import * as fs from 'fs';
import { releaseMemory } from '../../src/sys';
import { executables } from '../../src/sys/memory';

const MAPS = `00400000-00747000 r--p 00000000 fe:00 2757   /usr/bin/node
00747000-00748000 r-xp 00346000 fe:00 2757   /usr/bin/node
02a00000-02e00000 r-xp 02600000 fe:00 2757   /opt/with space/node
06b55000-06b70000 rw-p 06754000 fe:00 2757   /usr/bin/node
7f0000000000-7f0000021000 r-xp 00000000 00:00 0
7ffd0c1f2000-7ffd0c1f4000 r-xp 00000000 00:00 0                          [vdso]
`;

describe('memory that is not used now', () => {
  test('is sought in executable mappings of files alone', () => {
    expect(executables(MAPS)).toEqual([
      { start: 0x00747000n, length: 0x1000n },
      { start: 0x02a00000n, length: 0x400000n },
    ]);
  });

  test('is given back, and what is needed again is read again', () => {
    const before = codeInMemory();
    releaseMemory();
    expect(codeInMemory()).toBeLessThan(before);
    expect(JSON.parse('{"a":[1,2.5,"three"]}')).toEqual({ a: [1, 2.5, 'three'] });
  });
});

/** Kilobytes of files' executable pages that this process has in memory. */
function codeInMemory(): number {
  const mappings = fs.readFileSync('/proc/self/smaps', 'latin1').split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/);
  return mappings.filter((text) => / r-xp .*\//.test(text.split('\n')[0])).reduce((sum, text) => sum + Number(/^Rss: +(\d+) kB/m.exec(text)![1]), 0);
}
