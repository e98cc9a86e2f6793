import { BEST_ADDRESS, SILENT, effective, type Exposure, type KernelFinding, type Parameter } from '../dataplane';

/** At most so many addresses are named in one text. */
const NAMED = 5;

export interface FixContext {
  readonly node: string;
  /** The Node's own addresses (InternalIP): they are not to be removed, whatever else is. */
  readonly nodeAddresses: readonly string[];
}

/** What a finding means and what to change, for the log and for events; the values are those found. */
export function describeFinding(finding: KernelFinding, { node, nodeAddresses }: FixContext): string {
  const { cause, on, interfaces, addresses } = finding;
  const where = interfaces.map(({ name }) => name).join(', ');
  if (cause === 'ipvs') {
    const does = finding.answers
      ? `answers for them on ${where}, whichever node announces them`
      : `may ask for others in their name on ${where}, which draws clients away from the node that announces them`;
    return `kube-proxy runs in IPVS mode without strictARP: the kernel of ${node} has the addresses of Services on ${on} and ${does} (${found(finding)}). `
      + 'Set ipvs.strictARP: true in ConfigMap kube-system/kube-proxy, then kubectl -n kube-system rollout restart daemonset kube-proxy '
      + `(k3s, RKE2, microk8s: kube-proxy's argument ipvs-strict-arp=true). Until then, on each node: sysctl -w ${settings(interfaces)}`;
  }
  const own = addresses.filter((cidr) => nodeAddresses.includes(addressOf(cidr))), texts: string[] = [];
  if (own.length > 0) {
    texts.push(`${named(own)} is the address of ${node} itself, so its kernel answers for it on ${where}, whichever node announces it: take it out of the IPAddressPool`);
  }
  const left = addresses.filter((cidr) => !own.includes(cidr));
  if (left.length > 0) texts.push(describeLeft({ ...finding, addresses: left }, node, where));
  return texts.join('; ');
}

/** Of addresses that somebody or something has put on an interface. */
function describeLeft(finding: KernelFinding, node: string, where: string): string {
  const { cause, on, addresses, answers } = finding;
  const does = answers
    ? `answers for ${named(addresses)} on ${where}, whichever node announces it, because ${on}${cause === 'sameInterface' ? ' itself' : ''} has it`
    : `may ask for others in the name of ${named(addresses)} on ${where}, which draws clients away from the node that announces it, because ${on} has it`;
  if (cause === 'sameInterface') {
    return `the kernel of ${node} ${does}; no sysctl is made for that. Remove it (keepalived and kube-vip leave such addresses): ${removal(finding)}. `
      + 'Or, if the node needs it, take it out of the IPAddressPool';
  }
  return `the kernel of ${node} ${does} (${found(finding)}). If nothing needs it there (keepalived and kube-vip leave such addresses), remove it: ${removal(finding)}. `
    + `If something does: sysctl -w ${settings(finding.interfaces)}`;
}

/** What an end of it is told by. */
export function describeEnd({ cause, on, addresses }: KernelFinding, node: string): string {
  const what = cause === 'ipvs' ? 'addresses of Services' : addresses.join(', ');
  return `the kernel of ${node} no longer answers for, or speaks in the name of, ${what} on ${on}`;
}

function addressOf(cidr: string): string {
  return cidr.slice(0, cidr.indexOf('/'));
}

function named(addresses: readonly string[]): string {
  const more = addresses.length - NAMED;
  return addresses.slice(0, NAMED).map(addressOf).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function removal({ on, addresses }: KernelFinding): string {
  return addresses.slice(0, NAMED).map((cidr) => `ip address del ${cidr} dev ${on}`).join('; ');
}

/** `net.ipv4.conf.all.arp_ignore=0, …`: the values that are wrong, of the two that count. */
function found({ answers, interfaces }: KernelFinding): string {
  const texts = new Set<string>();
  for (const { name, arpIgnore, arpAnnounce } of interfaces) {
    const parameter = answers ? 'arp_ignore' : 'arp_announce', { all, own } = answers ? arpIgnore : arpAnnounce;
    texts.add(`${key('all', parameter)}=${all}`);
    texts.add(`${key(name, parameter)}=${own}`);
  }
  return `${[...texts].join(', ')}; the higher of the two counts, and should be ${answers ? 1 : BEST_ADDRESS}`;
}

/** What to set, so that the higher value of each pair is the right one. Those that are right already are left alone. */
function settings(interfaces: readonly Exposure[]): string {
  const wanted = new Map<string, number>();
  const settle = (name: string, parameter: string, { all, own }: Parameter, value: number, isRight: (value: number) => boolean) => {
    if (isRight(effective({ all, own }))) return;
    const common = isRight(all) ? all : value;
    if (common !== all) wanted.set(key('all', parameter), common);
    if (!isRight(Math.max(common, own))) wanted.set(key(name, parameter), value);
  };
  for (const { name, arpIgnore, arpAnnounce } of interfaces) {
    settle(name, 'arp_ignore', arpIgnore, 1, (value) => SILENT.has(value));
    settle(name, 'arp_announce', arpAnnounce, BEST_ADDRESS, (value) => value === BEST_ADDRESS);
  }
  return [...wanted].map(([parameter, value]) => `${parameter}=${value}`).join(' ');
}

/** A parameter as sysctl(8) takes it: a dot in the name of an interface would be taken for a separator, so slashes separate then. */
function key(scope: string, parameter: string): string {
  return scope.includes('.') ? `net/ipv4/conf/${scope}/${parameter}` : `net.ipv4.conf.${scope}.${parameter}`;
}
