import { originOf } from '../../src/speaker/hardware-origin';

const HIDDEN = 'locally administered: a virtual machine, a container, or a device that hides its own address';

test.each([
  ['f4:f5:e8:01:02:03', 'vendor prefix f4:f5:e8'],
  ['b8:27:eb:01:02:03', 'vendor prefix b8:27:eb, a Raspberry Pi'],
  ['bc:24:11:01:02:03', 'vendor prefix bc:24:11, a virtual machine or container of Proxmox VE'],
  ['00:00:5e:00:01:33', 'vendor prefix 00:00:5e, VRRP: keepalived, or a router that shares the address with another'],
  ['00:00:5e:00:53:01', 'vendor prefix 00:00:5e'],
  ['52:54:00:00:00:66', 'a virtual machine of QEMU or KVM'],
  ['02:42:ac:11:00:02', 'a container of Docker'],
  ['02:00:00:00:00:66', HIDDEN],
  ['fe:00:00:00:00:66', HIDDEN],
])('%s is %s', (mac, origin) => {
  expect(originOf(mac)).toBe(origin);
});
