import { readFileSync } from 'fs';

/**
 * The value of a parameter of this network namespace, `net.ipv4.conf.eth0.arp_ignore` by its path `ipv4/conf/eth0/arp_ignore`; undefined when there is none, or it cannot be read.
 * The kernel does not tell of changes: rtnetlink's RTM_NEWNETCONF covers forwarding, rp_filter, proxy_arp and a few more, of ARP's parameters none.
 */
export function readNetworkParameter(path: string, root = '/proc/sys/net'): number | undefined {
  let text: string;
  try {
    text = readFileSync(`${root}/${path}`, 'latin1');
  } catch {
    return undefined;
  }
  return /^-?\d+\s*$/.test(text) ? Number(text) : undefined;
}
