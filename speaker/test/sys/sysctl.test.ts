import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { readNetworkParameter } from '../../src/sys';

describe('a parameter of the kernel', () => {
  const root = mkdtempSync(join(tmpdir(), 'sysctl-'));
  afterAll(() => rmSync(root, { recursive: true }));

  test.each<[string, string, number | undefined]>([
    ['ends with a line feed', '1\n', 1],
    ['may be negative', '-1\n', -1],
    ['may be of several numbers, which are none', '4096\t131072\t6291456\n', undefined],
    ['may be a text', 'cubic\n', undefined],
    ['may be empty', '', undefined],
  ])('%s', (_, text, value) => {
    mkdirSync(join(root, 'ipv4'), { recursive: true });
    writeFileSync(join(root, 'ipv4/x'), text);
    expect(readNetworkParameter('ipv4/x', root)).toBe(value);
  });

  test('that is not there, or is a directory, has no value', () => {
    expect(readNetworkParameter('ipv4/conf/eth9/arp_ignore', root)).toBeUndefined();
    expect(readNetworkParameter('.', root)).toBeUndefined();
  });
});
