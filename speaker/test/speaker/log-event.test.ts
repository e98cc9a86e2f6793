import type { LanEvent } from '../../src/lan';
import { logLanEvent, withoutInterfaces } from '../../src/speaker/log-event';

function lineOf(event: LanEvent): string {
  const lines: string[] = [];
  const level = (name: string) => (_: object, text: string) => { lines.push(`${name}: ${text}`); };
  logLanEvent({ debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') }, event);
  expect(lines).toHaveLength(1);
  return lines[0];
}

const acquired = { code: 'addressAcquired', address: '93.5.22.100', interfaces: ['eth0', 'wlan0'], reason: 'holderDown' } as const;

test.each<[LanEvent, string]>([
  [acquired, 'info: answering for 93.5.22.100 on eth0, wlan0 (holderDown)'],
  [{ ...acquired, from: 'n2', darkMs: 299.6 }, 'info: answering for 93.5.22.100 on eth0, wlan0 (holderDown, before: n2, dark for 300 ms at most)'],
  [{ ...acquired, offLink: true },
    'info: answering for 93.5.22.100 on eth0, wlan0 (holderDown); none of these has an address in its subnet, so only hosts that have one there, or a route, look for it here'],
  [{ code: 'interfacesChanged', address: '93.5.22.100', interfaces: ['eth0'] }, 'info: answering for 93.5.22.100 on eth0 from now on'],
  [{ code: 'addressLost', address: '93.5.22.100', reason: 'outranked', to: 'n2' }, 'info: no longer answering for 93.5.22.100, which n2 has now'],
  [{ code: 'addressConflict', address: '93.5.22.100', mac: '52:54:00:00:00:66', interface: 'eth0', held: false, defended: false },
    'error: 52:54:00:00:00:66 (a virtual machine of QEMU or KVM) on eth0 uses 93.5.22.100, so it is not announced: give that device another address, or take this one out of the pool'],
])('%j is told', (event, line) => {
  expect(lineOf(event)).toBe(line);
});

test('of many interfaces that a node has instead, ten are named; of none, none', () => {
  const event = { code: 'interfacesMissing', address: '93.5.22.100', wanted: ['eth9'] } as const;
  const present = Array.from({ length: 12 }, (_, i) => `veth${i}`);
  expect(withoutInterfaces({ ...event, present })).toContain('; it has veth0, veth1, veth2, veth3, veth4, veth5, veth6, veth7, veth8, veth9, 2 more, not counting');
  expect(withoutInterfaces({ ...event, present: [] })).toContain('; it has none, not counting');
});
