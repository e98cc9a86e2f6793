import { existsSync } from 'fs';
import { join } from 'path';

/** Whether an interface of this machine is a wireless one, as its driver tells in sysfs (older drivers by `wireless`, those of cfg80211 by `phy80211`). */
export function isWireless(name: string, classes = '/sys/class/net'): boolean {
  return ['wireless', 'phy80211'].some((entry) => existsSync(join(classes, name, entry)));
}
