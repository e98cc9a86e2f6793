/**
 * Prefixes that say what kind of thing it is that uses an address: virtual machines, by what runs them, programs that share an address among hosts, and the small computer that
 * stands in most such homes. Of other devices the prefix is told, by which the list of the IEEE has the vendor: the whole list is too large (half a megabyte packed) for what is
 * needed once in a year, and out of date in a month.
 */
const KNOWN: readonly (readonly [prefix: string, what: string])[] = [
  ['00:00:5e:00:01:', 'VRRP: keepalived, or a router that shares the address with another'],
  ['00:00:5e:00:02:', 'VRRP: keepalived, or a router that shares the address with another'],
  ['00:05:69:', 'a virtual machine of VMware'],
  ['00:0c:29:', 'a virtual machine of VMware'],
  ['00:15:5d:', 'a virtual machine of Hyper-V'],
  ['00:16:3e:', 'a virtual machine of Xen, or a container of LXC'],
  ['00:1c:14:', 'a virtual machine of VMware'],
  ['00:1c:42:', 'a virtual machine of Parallels'],
  ['00:50:56:', 'a virtual machine of VMware'],
  ['02:42:', 'a container of Docker'],
  ['08:00:27:', 'a virtual machine of VirtualBox'],
  ['28:cd:c1:', 'a Raspberry Pi'],
  ['2c:cf:67:', 'a Raspberry Pi'],
  ['52:54:00:', 'a virtual machine of QEMU or KVM'],
  ['88:a2:9e:', 'a Raspberry Pi'],
  ['b8:27:eb:', 'a Raspberry Pi'],
  ['bc:24:11:', 'a virtual machine or container of Proxmox VE'],
  ['d8:3a:dd:', 'a Raspberry Pi'],
  ['dc:a6:32:', 'a Raspberry Pi'],
  ['e4:5f:01:', 'a Raspberry Pi'],
];

/** What a hardware address tells of its owner. Locally administered ones (IEEE 802 §8.2) are anybody's. */
export function originOf(mac: string): string {
  const what = KNOWN.find(([prefix]) => mac.startsWith(prefix))?.[1];
  const local = Math.floor(parseInt(mac.slice(0, 2), 16) / 2) % 2 === 1;
  if (local) {
    return what ?? 'locally administered: a virtual machine, a container, or a device that hides its own address';
  }
  return `vendor prefix ${mac.slice(0, 8)}${what === undefined ? '' : `, ${what}`}`;
}
