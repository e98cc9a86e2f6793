import { LabError } from './errors';

/** Which of a node's addresses Kubernetes knows as its InternalIP. */
export type NodeAddress = 'lan' | 'management';

/** A host on the LAN. */
export interface Host {
  readonly name: string;
  /** On the LAN, 93.5.22.0/24. */
  readonly address: string;
  /** On the LAN, fd93:5:22::/64. */
  readonly address6: string;
  /** Of its interface on the LAN; the same after every boot. */
  readonly mac: string;
}

/** A node of the cluster. */
export interface NodeSpec extends Host {
  /** From 1. */
  readonly index: number;
  /** On the management network, 10.77.0.0/24. */
  readonly managementAddress: string;
  /** Kubernetes InternalIP: one of the two above. */
  readonly internalAddress: string;
  /** Range of its pods; other nodes reach it over the LAN. */
  readonly podCidr: string;
  /** Addresses of the pod that serves on it. */
  readonly podAddress: string;
  readonly podAddress6: string;
}

/** The LAN's virtual address in all examples: what the router forwards to. */
export const VIRTUAL_ADDRESS = '93.5.22.100';
export const CLIENT: Host = host('client', 10);
export const ROUTER: Host = host('router', 1);
/** Router's address on the internet side, to which the outside world connects. */
export const WAN_ADDRESS = '198.51.100.1';
/** A host in the internet. */
export const INTERNET_ADDRESS = '198.51.100.10';
/** Where the API server is: on the management network alone, so that a LAN cable can be pulled without cutting it off. */
export const CONTROL_PLANE_ADDRESS = '10.77.0.1';

/** The same host on the second LAN, with its interface eth1: 10.88.0.0/24 and fd88::/64, with the last number of its address on the first. */
export function onSecondLan({ name, address, mac }: Host): Host {
  const last = address.split('.')[3];
  return { name, address: `10.88.0.${last}`, address6: `fd88::${last}`, mac: mac.replace(/^02/, '06') };
}

const FIRST_NODE = 44;
const MOST_NODES = 50; // up to 93.5.22.93; the virtual addresses begin at .100

/**
 * The nodes: 93.5.22.44, .45 and so on.
 *
 * @param names their names, 1 to 50; letters, digits and hyphens, as for Kubernetes nodes
 * @throws LabError `INVALID_ARGUMENT`
 */
export function nodeSpecs(names: readonly string[], nodeAddress: NodeAddress): NodeSpec[] {
  if (names.length < 1 || names.length > MOST_NODES) {
    throw new LabError('INVALID_ARGUMENT', `${names.length} nodes: allowed are 1 to ${MOST_NODES}, the addresses below 93.5.22.94`);
  }
  const taken = new Set(PLACES as readonly string[]);
  return names.map((name, i) => {
    if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name) || taken.has(name)) {
      throw new LabError('INVALID_ARGUMENT', `node name '${name}': it must be unique, of lower-case letters, digits and hyphens, and none of ${PLACES.join(', ')}`);
    }
    taken.add(name);
    const onLan = host(name, FIRST_NODE + i);
    const managementAddress = `10.77.0.${FIRST_NODE + i}`;
    return {
      ...onLan,
      index: i + 1,
      managementAddress,
      internalAddress: nodeAddress === 'lan' ? onLan.address : managementAddress,
      podCidr: `10.244.${i + 1}.0/24`,
      podAddress: `10.244.${i + 1}.10`,
      podAddress6: `fd44:${i + 1}::10`,
    };
  });
}

/** Namespaces that are no node. */
export const PLACES = ['switch', 'client', 'router', 'internet', 'ctl'] as const;
export type Place = typeof PLACES[number];

function host(name: string, last: number): Host {
  return {
    name,
    address: `93.5.22.${last}`,
    address6: `fd93:5:22::${last}`,
    mac: `02:00:5d:05:16:${last.toString(16).padStart(2, '0')}`, // the address in hexadecimal, locally administered
  };
}
