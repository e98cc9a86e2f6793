import { CommandOptions, CommandResult } from './command';
import { LabError } from './errors';
import { exec, ipBatch, kill, namespaceFile, processesIn, removeNamespaces } from './netns';
import { LabProcess, ProcessOptions } from './process';
import { Run } from './run';
import { CLIENT, NodeAddress, NodeSpec, nodeSpecs, onSecondLan, PLACES } from './topology';
import { Wiring } from './wiring';

/*
 *              internet 198.51.100.10                        ctl 10.77.0.1 (API server)
 *                  │ wan0 198.51.100.1                         │
 *   client .10   router .1   (80, 443 → 93.5.22.100)           │
 *      │            │                                          │
 *   ═══╧════════════╧══ lan 93.5.22.0/24 ══╤═══╤═══╤═══     ═══╧═ mgmt 10.77.0.0/24 ═╤═══╤═══╤═══
 *                                     eth0 n1  n2  n3                          mgmt0 n1  n2  n3
 *
 * Both switches are bridges in a namespace of their own, so pulling a cable is what it is in life: the switch's port goes
 * down and the host at the other end sees its carrier go. A second bridge `far` is for cutting the LAN in two.
 */

/** How the LAN is made. */
export interface NetworkOptions {
  /** How many nodes (n1, n2, …) or their names. Default 3. */
  readonly nodes?: number | readonly string[];
  /** Which address Kubernetes knows of each node. Default `lan`. */
  readonly nodeAddress?: NodeAddress;
}

/** The LAN that every host is on by eth0, or the one that {@link Network.addSecondLan} makes, by eth1. */
export type Lan = 'first' | 'second';

/** What may not pass. */
export interface Blockade {
  /** Sending node. */
  readonly from: string;
  /** Receiving node. */
  readonly to: string;
  /** Default: `udp`. */
  readonly protocol?: 'udp' | 'tcp';
  /** Destination port. Default: all. */
  readonly port?: number;
}

/** A LAN with a cluster's nodes, a client, a router with the internet behind it, and a control plane apart. */
export class Network {
  /** Builds it in a run of its own, or in the one given. */
  static async create(options: NetworkOptions = {}, run: Run = Run.begin()): Promise<Network> {
    const { nodes = 3, nodeAddress = 'lan' } = options;
    const names = typeof nodes === 'number' ? Array.from({ length: nodes }, (_, i) => `n${i + 1}`) : nodes;
    const network = new Network(run, nodeSpecs(names, nodeAddress));
    try {
      await network.wiring.build();
    } catch (error) {
      await run.end();
      throw error;
    }
    return network;
  }

  private readonly wiring: Wiring;
  private readonly powered: Set<string>;
  private blockades: Blockade[] = [];
  private ports = 0;

  private constructor(readonly run: Run, readonly nodes: readonly NodeSpec[]) {
    this.wiring = new Wiring(run.prefix, nodes);
    this.powered = new Set(nodes.map((node) => node.name));
  }

  /** The node of that name. */
  node(name: string): NodeSpec {
    const found = this.nodes.find((node) => node.name === name);
    if (!found) throw new LabError('INVALID_ARGUMENT', `there is no node '${name}'; there are ${this.nodes.map((node) => node.name).join(', ')}`);
    return found;
  }

  /** Whether the node is switched on. */
  isPowered(name: string): boolean {
    return this.powered.has(this.node(name).name);
  }

  /** Name of the network namespace of a node or place. */
  namespace(place: string): string {
    if (!(PLACES as readonly string[]).includes(place)) this.node(place);
    return this.wiring.namespace(place);
  }

  /** Runs a command to its end in a node or place. */
  async exec(place: string, argv: readonly string[], options?: CommandOptions): Promise<CommandResult> {
    return exec(this.namespace(place), argv, options);
  }

  /** Starts a process in a node or place. */
  start(place: string, options: Omit<ProcessOptions, 'namespace' | 'directory'>): LabProcess {
    return this.run.spawn({ ...options, namespace: this.namespace(place) });
  }

  /** Pulls the LAN cable of a node, of `client` or of `router`: its interface has no carrier. */
  async pullCable(place: string, lan: Lan = 'first'): Promise<void> {
    await this.switchPort(`${lan === 'first' ? 'l' : 's'}-${this.port(place)}`, 'down');
  }

  async plugCable(place: string, lan: Lan = 'first'): Promise<void> {
    await this.switchPort(`${lan === 'first' ? 'l' : 's'}-${this.port(place)}`, 'up');
  }

  /** Lays a second LAN, with the client and all nodes on it; see {@link onSecondLan}. */
  async addSecondLan(): Promise<void> {
    await ipBatch(['link add lan2 up type bridge mcast_snooping 0'], this.namespace('switch'));
    await Promise.all([CLIENT, ...this.nodes].map(async ({ name }) => this.joinSecondLan(name)));
  }

  /** Plugs a card for the second LAN into a host that has none, as {@link removeInterface} leaves it. */
  async joinSecondLan(place: string): Promise<void> {
    const { address, address6, mac } = onSecondLan(place === CLIENT.name ? CLIENT : this.node(place));
    await this.wiring.connect(place, 's', 'lan2', 'eth1', mac);
    await ipBatch([`addr add ${address}/24 dev eth1`, `addr add ${address6}/64 dev eth1 nodad`], this.namespace(place));
  }

  /**
   * Says which processors take frames in at the ends of a node's LAN cable, each as a mask of `rps_cpus`: they are woken by an interrupt, as by a network card. 0, as it is at first:
   * the one that sends does the receiver's work within its own system call.
   */
  async setReceivers(node: string, masks: { readonly node: number; readonly switch: number }): Promise<void> {
    const set = async (namespace: string, name: string, mask: number) => exec(namespace, ['sh', '-c', `echo ${mask} >/sys/class/net/${name}/queues/rx-0/rps_cpus`]);
    await set(this.namespace(node), 'eth0', masks.node);
    await set(this.namespace('switch'), `l-${this.port(node)}`, masks.switch);
  }

  /** Pulls the management cable of a node or of `ctl`: no API server, while the LAN lives. */
  async pullManagement(place: string): Promise<void> {
    await this.switchPort(`m-${this.port(place)}`, 'down');
  }

  async plugManagement(place: string): Promise<void> {
    await this.switchPort(`m-${this.port(place)}`, 'up');
  }

  /** Gives a node a further interface on the LAN while it runs, as plugging in a card does. */
  async addInterface(node: string, name: string, addresses: readonly string[] = []): Promise<void> {
    const namespace = this.namespace(node), port = `x-${++this.ports}`;
    await ipBatch([`link add ${port} type veth peer name ${name} netns ${namespace}`, `link set ${port} master lan up`], this.namespace('switch'));
    await ipBatch([`link set ${name} up`, ...addresses.map((address) => `addr add ${address} dev ${name}`)], namespace);
  }

  async removeInterface(node: string, name: string): Promise<void> {
    await ipBatch([`link del ${name}`], this.namespace(node));
  }

  /** Cuts the LAN in two: these nodes and places on one side, the others on the other. Nobody loses carrier. */
  async cutLan(places: readonly string[]): Promise<void> {
    await ipBatch(places.map((place) => `link set l-${this.port(place)} master far`), this.namespace('switch'));
  }

  /** Makes it one LAN again. */
  async healLan(): Promise<void> {
    const places = ['client', 'router', ...this.nodes.filter((node) => this.powered.has(node.name)).map((node) => node.name)];
    await ipBatch(places.map((place) => `link set l-${this.port(place)} master lan`), this.namespace('switch'));
  }

  /** Drops packets between two nodes, in one direction, at the receiver; ARP and neighbour discovery pass. */
  async block(...blockades: readonly Blockade[]): Promise<void> {
    this.blockades.push(...blockades);
    await this.applyBlockades(blockades.map((blockade) => blockade.to));
  }

  /** Blocks the heartbeats between these nodes, each pair in both directions. */
  async blockHeartbeats(nodes: readonly string[] = this.nodes.map((node) => node.name), port = 7946): Promise<void> {
    await this.block(...nodes.flatMap((from) => nodes.filter((to) => to !== from).map((to) => ({ from, to, port }))));
  }

  /** Lets everything pass again. */
  async unblock(): Promise<void> {
    const receivers = this.blockades.map((blockade) => blockade.to);
    this.blockades = [];
    await this.applyBlockades(receivers);
  }

  /**
   * A power cut: every process of the node is gone at once, and so are its links. Frozen first, so that nothing reacts to the
   * links; killed last, so that no kernel says goodbye to the peers of its connections.
   */
  async powerOff(node: string): Promise<void> {
    const namespace = this.namespace(node);
    this.powered.delete(node);
    for (const pid of processesIn(namespace)) kill(pid, 'SIGSTOP');
    await ipBatch([`link set l-${this.port(node)} down`, `link set m-${this.port(node)} down`], this.namespace('switch'));
    for (const pid of processesIn(namespace)) kill(pid, 'SIGKILL');
  }

  /** A cold boot after `powerOff`: the same addresses, nothing else of what it knew. Its processes are for the caller to start. */
  async powerOn(name: string): Promise<void> {
    if (this.isPowered(name)) throw new LabError('INVALID_ARGUMENT', `node '${name}' is on; powerOff comes first`);
    // A removed namespace takes its interfaces with it only a while later, and their other ends are in the way of new ones.
    await ipBatch(['l', 'm'].map((cable) => `link del ${cable}-${this.port(name)}`), this.namespace('switch'));
    removeNamespaces([this.namespace(name)]);
    await ipBatch([`netns add ${this.namespace(name)}`]);
    this.powered.add(name);
    await this.wiring.buildNode(this.node(name));
    await this.applyBlockades([name]);
  }

  /** Ends everything and removes the LAN. */
  async destroy(): Promise<void> {
    await this.run.end();
  }

  /** File of a place's namespace. */
  namespaceFile(place: string): string {
    return namespaceFile(this.namespace(place));
  }

  /** End of the names of a place's switch ports. */
  private port(place: string): string {
    this.namespace(place); // throws for one that there is not
    return this.wiring.port(place);
  }

  private async switchPort(port: string, state: 'up' | 'down'): Promise<void> {
    await ipBatch([`link set ${port} ${state}`], this.namespace('switch'));
  }

  private async applyBlockades(receivers: readonly string[]): Promise<void> {
    await Promise.all([...new Set(receivers)].map(async (to) => {
      const rules = this.blockades.filter((blockade) => blockade.to === to).map(({ from, protocol = 'udp', port }) => {
        const { address, managementAddress } = this.node(from);
        return `ip saddr { ${address}, ${managementAddress} } ${port ? `${protocol} dport ${port}` : `meta l4proto ${protocol}`} drop`;
      });
      await this.exec(to, ['nft', '-f', '-'], {
        input: `table inet blockade\ndelete table inet blockade\ntable inet blockade {
          chain input {
            type filter hook input priority -300
            ${rules.join('\n')}
          }
        }`,
      });
    }));
  }
}
