import { exec, ipBatch, setSysctls } from './netns';
import { CLIENT, CONTROL_PLANE_ADDRESS, Host, INTERNET_ADDRESS, NodeSpec, Place, PLACES, ROUTER, VIRTUAL_ADDRESS, WAN_ADDRESS } from './topology';

/** Kernel parameters as on a node of a cluster; a new namespace inherits the IPv4 ones of the machine, whatever these are. */
const HOST_SYSCTLS = {
  ...Object.fromEntries(['all', 'default'].flatMap((scope) => [
    [`net.ipv4.conf.${scope}.rp_filter`, 0],
    [`net.ipv4.conf.${scope}.arp_ignore`, 0],
    [`net.ipv4.conf.${scope}.arp_announce`, 0],
    [`net.ipv4.conf.${scope}.arp_notify`, 0],
    [`net.ipv4.conf.${scope}.proxy_arp`, 0],
    [`net.ipv6.conf.${scope}.accept_dad`, 0], // else addresses are unusable for a second
    [`net.ipv6.conf.${scope}.accept_ra`, 0],
  ])),
  'net.ipv6.conf.default.dad_transmits': 0,
};
const ROUTING_SYSCTLS = { ...HOST_SYSCTLS, 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 };
const SWITCH_SYSCTLS = { 'net.ipv6.conf.all.disable_ipv6': 1, 'net.ipv6.conf.default.disable_ipv6': 1 };

/** Lays the cables of the LAN, and sets its hosts up; see the drawing in `network.ts`. */
export class Wiring {
  /** @param prefix of the names of namespaces */
  constructor(private readonly prefix: string, private readonly nodes: readonly NodeSpec[]) {}

  /** Name of the network namespace of a node or place. */
  namespace(place: string): string {
    return this.prefix + place;
  }

  async build(): Promise<void> {
    await ipBatch([...PLACES, ...this.nodes.map((node) => node.name)].map((place) => `netns add ${this.namespace(place)}`));
    await this.prepare('switch', SWITCH_SYSCTLS);
    await ipBatch(['lan', 'far', 'mgmt', 'wan'].map((bridge) => `link add ${bridge} up type bridge mcast_snooping 0`), this.namespace('switch'));
    await Promise.all([
      this.buildHost(CLIENT, HOST_SYSCTLS, [`route add default via ${ROUTER.address}`, `route add ::/0 via ${ROUTER.address6}`]),
      this.buildRouter(),
      this.buildControlPlane(),
      ...this.nodes.map(async (node) => this.buildNode(node)),
    ]);
  }

  /** A host with one leg on the LAN. */
  private async buildHost(host: Host, sysctls: Record<string, string | number>, more: string[] = []): Promise<void> {
    await this.prepare(host.name, sysctls);
    await this.connect(host.name, 'l', 'lan', 'eth0', host.mac);
    await ipBatch([`addr add ${host.address}/24 dev eth0`, `addr add ${host.address6}/64 dev eth0 nodad`, ...more], this.namespace(host.name));
  }

  async buildNode(node: NodeSpec): Promise<void> {
    await this.prepare(node.name, ROUTING_SYSCTLS);
    await this.connect(node.name, 'm', 'mgmt', 'mgmt0');
    await this.buildHost(node, {}, [
      `addr add ${node.managementAddress}/24 dev mgmt0`,
      `route add default via ${ROUTER.address}`, // without one, nothing here could connect to a Service's address
      `route add ::/0 via ${ROUTER.address6}`,
      'link add cni0 up type bridge', // where a container network attaches its pods
      `addr add ${node.podCidr.replace('.0/', '.1/')} dev cni0`,
      `addr add ${node.podAddress}/24 dev cni0`,
      `addr add ${node.podAddress6}/64 dev cni0 nodad`,
      ...this.nodes.filter((other) => other !== node).flatMap((other) => [
        `route add ${other.podCidr} via ${other.address}`, `route add ${other.podAddress6}/128 via ${other.address6}`,
      ]),
    ]);
  }

  private async buildControlPlane(): Promise<void> {
    await this.prepare('ctl', HOST_SYSCTLS);
    await this.connect('ctl', 'm', 'mgmt', 'mgmt0');
    await ipBatch([`addr add ${CONTROL_PLANE_ADDRESS}/24 dev mgmt0`, `route add default via ${this.nodes[0].managementAddress}`], this.namespace('ctl'));
  }

  /** A home's router: forwards the ports of the web to one address and hides the LAN behind its own. */
  private async buildRouter(): Promise<void> {
    await this.prepare('internet', HOST_SYSCTLS);
    await this.connect('internet', 'i', 'wan', 'eth0');
    await ipBatch([`addr add ${INTERNET_ADDRESS}/24 dev eth0`], this.namespace('internet'));
    await this.buildHost(ROUTER, ROUTING_SYSCTLS);
    await this.connect('router', 'w', 'wan', 'wan0');
    await ipBatch([`addr add ${WAN_ADDRESS}/24 dev wan0`], this.namespace('router'));
    await exec(this.namespace('router'), ['nft', '-f', '-'], {
      input: `table ip forwarding {
        chain prerouting {
          type nat hook prerouting priority dstnat
          iifname "wan0" tcp dport { 80, 443 } dnat to ${VIRTUAL_ADDRESS}
        }
        chain postrouting {
          type nat hook postrouting priority srcnat
          oifname "wan0" masquerade
        }
      }`,
    });
  }

  private async prepare(place: string, sysctls: Record<string, string | number>): Promise<void> {
    if (Object.keys(sysctls).length === 0) return;
    await Promise.all([setSysctls(this.namespace(place), sysctls), ipBatch(['link set lo up'], this.namespace(place))]);
  }

  /** A cable from a bridge of the switch to an interface of a place. */
  async connect(place: string, cable: string, bridge: string, name: string, mac?: string): Promise<void> {
    const port = `${cable}-${this.port(place)}`, namespace = this.namespace(place);
    await ipBatch([
      `link add ${port} type veth peer name ${name} ${mac ? `address ${mac}` : ''} netns ${namespace}`,
      `link set ${port} master ${bridge} up`,
    ], this.namespace('switch'));
    await ipBatch([`link set ${name} up`], namespace);
  }

  /** End of the names of a place's switch ports: interface names have 15 characters at most, node names more. */
  port(place: string): string {
    return (PLACES as readonly string[]).includes(place) ? place as Place : String(this.nodes.find((node) => node.name === place)!.index);
  }
}
