import { Network } from './network';
import { NodeSpec } from './topology';
import { ENDPOINT_SLICES, KubeClient, KubeObject, ObjectMeta, Reflector, SERVICES, StoredObject } from '../speaker/src/kube';

/*
 * What kube-proxy does for addresses of load balancers, and nothing else of it: in each node, packets to such an address and port go
 * to one of the Service's ready endpoints. With externalTrafficPolicy Cluster the node puts its own address in as the sender, so that
 * answers come back through it; with Local only endpoints on the same node are used and the client's address is kept.
 */

interface ServicePort {
  readonly name?: string;
  readonly port: number;
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP';
}

type Service = StoredObject & {
  readonly spec: { readonly ports?: readonly ServicePort[]; readonly externalTrafficPolicy?: string };
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] } };
};

type Slice = StoredObject & {
  readonly metadata: ObjectMeta;
  readonly addressType: string;
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[] | null;
  readonly endpoints?: readonly {
    readonly addresses: readonly string[];
    readonly conditions?: { readonly ready?: boolean };
    readonly nodeName?: string;
  }[] | null;
};

const SNAT_MARK = '0x4000';
const QUIET_MS = 10;

/** The nftables rules of one node. */
export function rulesOf(node: NodeSpec, services: readonly Service[], slices: readonly Slice[]): string {
  const rules = services.flatMap((service) => {
    const local = service.spec.externalTrafficPolicy === 'Local';
    const own = slices.filter((slice) => slice.metadata.namespace === service.metadata.namespace
      && slice.metadata.labels?.['kubernetes.io/service-name'] === service.metadata.name);
    return (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (service.spec.ports ?? []).map((port) => {
      if (ip === undefined) return '';
      const family = ip.includes(':') ? 'IPv6' : 'IPv4';
      const targets = own.filter((slice) => slice.addressType === family).flatMap((slice) => {
        const target = (slice.ports ?? []).find(({ name }) => (name ?? '') === (port.name ?? ''))?.port;
        return target === undefined ? [] : (slice.endpoints ?? [])
          .filter((endpoint) => endpoint.conditions?.ready !== false && (!local || endpoint.nodeName === node.name))
          .map((endpoint) => `${endpoint.addresses[0]} . ${target}`);
      });
      const version = family === 'IPv6' ? 'ip6' : 'ip';
      const match = `${version} daddr ${ip} ${(port.protocol ?? 'TCP').toLowerCase()} dport ${port.port}`;
      if (targets.length === 0) return `${match} drop`;
      const map = targets.map((target, i) => `${i} : ${target}`).join(', ');
      return `${match} ${local ? '' : `meta mark set ${SNAT_MARK} `}dnat ${version} to numgen random mod ${targets.length} map { ${map} }`;
    }));
  });
  return `table inet balancer\ndelete table inet balancer\ntable inet balancer {
    chain services {
      ${rules.filter(Boolean).join('\n      ')}
    }
    chain prerouting {
      type nat hook prerouting priority dstnat
      jump services
    }
    chain output {
      type nat hook output priority -100
      jump services
    }
    chain postrouting {
      type nat hook postrouting priority srcnat
      meta mark & ${SNAT_MARK} == ${SNAT_MARK} masquerade
    }
  }\n`;
}

/** Keeps the rules of all nodes that are switched on in step with the API. */
export class Balancer {
  private readonly services: Reflector<Service>;
  private readonly slices: Reflector<Slice>;
  private timer?: NodeJS.Timeout;
  private writing: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly network: Network, client: KubeClient) {
    const project = <T extends StoredObject>(raw: KubeObject): T => raw as unknown as T; // whole: we read the ports of endpoints
    const onChange = () => this.soon();
    this.services = new Reflector<Service>(client, { resource: SERVICES, project, onChange });
    this.slices = new Reflector<Slice>(client, { resource: ENDPOINT_SLICES, project, onChange });
  }

  async start(): Promise<void> {
    this.services.start();
    this.slices.start();
    await Promise.all([this.services.synced, this.slices.synced]);
    await this.write();
  }

  /** Writes the rules of these nodes now; a node that has just booted has none. */
  async write(nodes: readonly NodeSpec[] = this.network.nodes): Promise<void> {
    const services = this.services.store.snapshot(), slices = this.slices.store.snapshot();
    this.writing = this.writing.then(async () => {
      if (this.stopped) return;
      await Promise.all(nodes.filter((node) => this.network.isPowered(node.name)).map(async (node) => {
        await this.network.exec(node.name, ['nft', '-f', '-'], { input: rulesOf(node, services, slices) }).catch((error) => {
          if (this.network.isPowered(node.name)) throw error; // else its power was cut in the middle of it
        });
      }));
    });
    await this.writing;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await Promise.all([this.services.stop(), this.slices.stop(), this.writing]);
  }

  /** Changes come in bursts. */
  private soon(): void {
    if (this.stopped) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.write();
    }, QUIET_MS);
  }
}
