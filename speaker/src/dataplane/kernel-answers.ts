/**
 * Whether the kernel of this node answers by itself for addresses that the speakers announce: then every node that has the address answers, and clients reach now one, now another.
 *
 * A kernel has an address of a Service when kube-proxy runs in IPVS mode (it puts the addresses of all Services on `kube-ipvs0`, on every node), or when keepalived, kube-vip
 * or somebody by hand has put it on an interface. What it then does is a matter of two parameters, of each of which the higher value of `conf/all` and of the interface counts
 * (Documentation/networking/ip-sysctl.rst); the interface is the one on which the question comes in, or the packet goes out. Whether the interface that has the address is up is of no
 * importance: `kube-ipvs0` never is.
 *
 * `arp_ignore`, for an address of another interface than the one that was asked on:
 *
 *     0, 3, 4 to 7, above 8   answered (3: unless its scope is host; the others are reserved)
 *     1, 2, 8                 not answered
 *
 * An address of the very interface is answered for at any value but 8. `arp_announce` says whose name the kernel's own questions bear: a packet from the address of a
 * Service, as IPVS sends them, is asked for in the name of that address, which takes clients away from the node that announces it. 2 forbids that; 1 does not where the address is
 * in the LAN's subnet.
 *
 * IPv6 has no such parameters. The kernel answers a Neighbor Solicitation for an address of the receiving interface alone (`ndisc_recv_ns`), so `kube-ipvs0` does no harm, and only an
 * address of the very interface does.
 */
import { NetworkLink } from '../sys';

/** A parameter of the kernel: the value for all interfaces, and that of the one. */
export interface Parameter {
  readonly all: number;
  readonly own: number;
}

/** An interface on which the kernel answers for, or speaks in the name of, addresses that are announced by speakers. */
export interface Exposure {
  readonly name: string;
  readonly arpIgnore: Parameter;
  readonly arpAnnounce: Parameter;
}

/** Why the kernel has the addresses: kube-proxy put them there; they are on another interface than the one that is asked on; or on that one. */
export type KernelCause = 'ipvs' | 'otherInterface' | 'sameInterface';

/** What the kernel of this node does, or will do as soon as it has an address, that it should not. */
export interface KernelFinding {
  readonly cause: KernelCause;
  /** The interface that has the addresses. */
  readonly on: string;
  /** Announced addresses that are there, with prefix length, sorted. Of `kube-ipvs0` there may be none yet. */
  readonly addresses: readonly string[];
  /** Whether it answers. If not, it speaks in the name of the addresses. */
  readonly answers: boolean;
  /** Where; for an IPv6 address without parameters that matter. */
  readonly interfaces: readonly Exposure[];
}

export interface KernelView {
  readonly links: readonly NetworkLink[];
  /** Addresses that are announced in the cluster, whichever node does. */
  readonly announced: ReadonlySet<string>;
  readonly excludeInterfaces?: RegExp;
  /** Reads `net.ipv4.conf.SCOPE.PARAMETER`; undefined when that cannot be read. */
  readonly parameter: (scope: string, name: 'arp_ignore' | 'arp_announce') => number | undefined;
}

/** The interface on which kube-proxy in IPVS mode has the addresses of Services. */
export const IPVS_INTERFACE = 'kube-ipvs0';

/** Values of `arp_ignore` with which a question for an address of another interface is not answered. */
export const SILENT: ReadonlySet<number> = new Set([1, 2, 8]);
const SILENT_ALTOGETHER = 8;
/** The value of `arp_announce` with which the kernel asks in the name of an address of the outgoing interface alone. */
export const BEST_ADDRESS = 2;

export const effective = ({ all, own }: Parameter): number => Math.max(all, own);

/** What is wrong on this node. Of the same view always the same, in the same order. */
export function kernelFindings(view: KernelView): KernelFinding[] {
  const exposures = exposuresOf(view);
  return exposures.length === 0 ? [] : view.links.flatMap((link) => findingsOn(link, view, exposures));
}

/** Every interface that hears questions from the LAN, also those that nothing is announced on: the kernel knows nothing of an L2Advertisement. */
function exposuresOf({ links, excludeInterfaces, parameter }: KernelView): Exposure[] {
  const read = (scope: string) => ({ arpIgnore: parameter(scope, 'arp_ignore'), arpAnnounce: parameter(scope, 'arp_announce') });
  const listening = links.filter(({ name, ethernet, up, broadcast, noArp, enslaved, loopback }) => (
    ethernet && up && broadcast && !noArp && !enslaved && !loopback && name !== IPVS_INTERFACE && !isExcluded(name, excludeInterfaces)
  ));
  const all = listening.length === 0 ? undefined : read('all');
  if (all?.arpIgnore === undefined || all.arpAnnounce === undefined) return [];
  return listening.flatMap(({ name }) => {
    const own = read(name);
    if (own.arpIgnore === undefined || own.arpAnnounce === undefined) return []; // it has just gone
    return [{ name, arpIgnore: { all: all.arpIgnore!, own: own.arpIgnore }, arpAnnounce: { all: all.arpAnnounce!, own: own.arpAnnounce } }];
  });
}

function findingsOn({ name: on, addresses }: NetworkLink, { announced }: KernelView, exposures: readonly Exposure[]): KernelFinding[] {
  const there = addresses.filter((cidr) => announced.has(cidr.slice(0, cidr.indexOf('/'))));
  const four = there.filter((cidr) => !cidr.includes(':')), six = there.filter((cidr) => cidr.includes(':'));
  const findings: KernelFinding[] = [];
  const itself = exposures.filter(({ name }) => name === on), others = exposures.filter(({ name }) => name !== on);
  const find = (cause: KernelCause, found: readonly string[], answers: boolean, interfaces: readonly Exposure[]) => {
    if (interfaces.length > 0) findings.push({ cause, on, addresses: found, answers, interfaces });
  };
  if (four.length > 0) find('sameInterface', four, true, itself.filter(({ arpIgnore }) => effective(arpIgnore) !== SILENT_ALTOGETHER));
  if (six.length > 0) find('sameInterface', six, true, itself);
  if (four.length > 0 || on === IPVS_INTERFACE) {
    const cause = on === IPVS_INTERFACE ? 'ipvs' : 'otherInterface';
    const answering = others.filter(({ arpIgnore }) => !SILENT.has(effective(arpIgnore)));
    find(cause, four, true, answering);
    find(cause, four, false, others.filter((exposure) => !answering.includes(exposure) && effective(exposure.arpAnnounce) !== BEST_ADDRESS));
  }
  return findings;
}

function isExcluded(name: string, expression: RegExp | undefined): boolean {
  if (expression === undefined) return false;
  expression.lastIndex = 0; // an expression with the g or y flag remembers where it stopped
  return expression.test(name);
}
