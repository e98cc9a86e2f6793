import { mkdirSync, mkdtempSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { isWireless } from '../../src/sys';

const classes = mkdtempSync(join(tmpdir(), 'net-'));
beforeAll(() => ['wlan0/phy80211', 'ath0/wireless', 'eth0/statistics'].forEach((folder) => mkdirSync(join(classes, folder), { recursive: true })));
afterAll(() => rmSync(classes, { recursive: true }));

test.each([['wlan0', true], ['ath0', true], ['eth0', false], ['gone0', false]])('%s is wireless: %s', (name, expected) => {
  expect(isWireless(name, classes)).toBe(expected);
});
