import type { Config, L2Advertisement, Pool } from '../config';
import { IpAddress } from '../ip';
import { electionOrder } from './election';
import type { AnnouncedService, Decision, Endpoint, NodeView, Withdrawal, WithdrawalCause, WithdrawalReason } from './types';

/** Label by which a node says that it takes no part, whatever its value. */
const EXCLUDE_LABEL = 'node.kubernetes.io/exclude-from-external-load-balancers';

export interface AnnouncerOptions {
  /** This node: its advertisements say on which interfaces it announces. */
  readonly node: string;
  /** Let nodes with the exclude label announce all the same (`--ignore-exclude-lb`). */
  readonly ignoreExcludeLabel: boolean;
}

/** What an advertisement means for the nodes there are: worked out once for each configuration and set of nodes. */
interface Reach {
  readonly advertisement: L2Advertisement;
  /** Eligible nodes with their preference score. */
  readonly scores: ReadonlyMap<string, number>;
  /** Nodes that it selects and that may not announce. */
  readonly refused: readonly NodeView[];
  /** Whether this node is among those selected, eligible or not. */
  readonly here: boolean;
}

/**
 * Decides for one Service at a time, against the configuration and the nodes it was built with.
 *
 * The order of the checks is MetalLB's. A decision costs O(advertisements + endpoints + nodes log nodes) and does not depend on the
 * number of Services.
 */
export class Announcer {
  private readonly reach = new Map<string, Reach[]>();

  constructor(private readonly config: Config, private readonly nodes: readonly NodeView[], private readonly options: AnnouncerOptions) {
    const eligible = nodes.filter((node) => !this.isRefused(node)), refused = nodes.filter((node) => this.isRefused(node));
    const self = nodes.find(({ name }) => name === options.node);
    for (const pool of config.pools) {
      this.reach.set(pool.name, config.l2Advertisements.filter((advertisement) => advertisement.matchesPool(pool)).map((advertisement) => ({
        advertisement,
        scores: new Map(eligible.filter(({ labels }) => advertisement.matchesNode(labels))
          .map(({ name, labels }) => [name, advertisement.nodeScore(labels)])),
        refused: refused.filter(({ labels }) => advertisement.matchesNode(labels)),
        here: self !== undefined && advertisement.matchesNode(self.labels),
      })));
    }
  }

  /** Whether, by whom and where `service` is to be announced. */
  decide(service: AnnouncedService, endpoints: readonly Endpoint[]): Decision {
    if (service.type !== 'LoadBalancer') {
      return no('notLoadBalancer', `type is ${service.type}`, 'set spec.type to LoadBalancer');
    }
    if (service.ingress.length === 0) {
      return no('noIPAllocated', 'no address is assigned', 'see the events of the Service for why');
    }
    const addresses = service.ingress.map((text) => IpAddress.tryParse(text));
    if (addresses.includes(undefined)) {
      return no('invalidIP', `ingress ${JSON.stringify(service.ingress)} holds an entry that is no IP address`, 'remove what another program wrote there');
    }
    return this.decideFor(service, addresses as IpAddress[], endpoints);
  }

  private decideFor(service: AnnouncedService, addresses: IpAddress[], endpoints: readonly Endpoint[]): Decision {
    const pool = this.config.pools.find(({ ranges }) => addresses.every((address) => ranges.some((range) => range.contains(address))));
    if (!pool) {
      return no('ipNotAllowed', `no pool contains ${addresses.join(' and ')}`, 'add the address to an IPAddressPool, or release it');
    }
    const serving = endpoints.filter(canServe);
    if (serving.length === 0) {
      return no('notOwner', `none of ${endpoints.length} endpoints can serve`, 'look at the readiness of the pods that the Service selects', 'noServingEndpoint');
    }
    const reach = this.reach.get(pool.name)!.filter(({ advertisement }) => advertisement.matchesService(service.labels));
    if (service.allowsSharing && reach.some(({ advertisement }) => advertisement.serviceSelectors.length > 0)) {
      return no('sharedIPWithServiceSelector', 'the Service may share its address and an L2Advertisement selects by Service',
        'remove allow-shared-ip, or the serviceSelectors');
    }
    const candidates = this.candidates(service, addresses[0], serving, reach);
    if (candidates.length === 0) {
      return this.nobody(service, pool, reach);
    }
    const here = reach.filter((entry) => entry.here).map(({ advertisement }) => advertisement.interfaces);
    const interfaces = here.length > 0 && here.every((names) => names.length > 0) ? [...new Set(here.flat())].sort() : undefined;
    return { announced: true, addresses, pool: pool.name, candidates, ...(interfaces && { interfaces }) };
  }

  private candidates(service: AnnouncedService, address: IpAddress, serving: readonly Endpoint[], reach: readonly Reach[]): string[] {
    const scores = new Map<string, number>();
    for (const { scores: each } of reach) {
      each.forEach((score, node) => scores.set(node, (scores.get(node) ?? 0) + score));
    }
    if (service.externalTrafficPolicy === 'Local') {
      const local = new Set(serving.map(({ nodeName }) => nodeName));
      [...scores.keys()].filter((node) => !local.has(node)).forEach((node) => scores.delete(node));
    }
    return electionOrder(address.toString(), scores.keys(), (node) => scores.get(node)!);
  }

  private isRefused(node: NodeView): boolean {
    return node.networkUnavailable || this.isExcluded(node);
  }

  private isExcluded({ labels }: NodeView): boolean {
    return !this.options.ignoreExcludeLabel && EXCLUDE_LABEL in labels;
  }

  private nobody(service: AnnouncedService, pool: Pool, reach: readonly Reach[]): Withdrawal {
    if (reach.length === 0) {
      return no('noMatchingAdvertisement', `no L2Advertisement covers pool ${pool.name} for this Service`,
        `create an L2Advertisement in whose ipAddressPools ${pool.name} stands, or one without ipAddressPools`, 'noAdvertisement');
    }
    if (reach.some(({ scores }) => scores.size > 0)) {
      return no('notOwner', 'externalTrafficPolicy is Local and no node that may announce has an endpoint that can serve',
        `let a pod run on one of them, or set externalTrafficPolicy of ${service.key} to Cluster`, 'noLocalEndpoint');
    }
    const refused = [...new Set(reach.flatMap((each) => each.refused))];
    return refused.length === 0
      ? no('noMatchingAdvertisement', `the nodeSelectors of ${reach.map(({ advertisement: { name } }) => name).join(', ')} match no node`,
        'change the nodeSelectors or label a node', 'noNodeSelected')
      : this.allRefused(refused);
  }

  /** Common in clusters of one node: kubeadm and others put the label on nodes of the control plane. */
  private allRefused(refused: readonly NodeView[]): Withdrawal {
    const excluded = refused.filter((node) => this.isExcluded(node));
    const who = refused.map((node) => `${node.name} (${node.networkUnavailable ? 'condition NetworkUnavailable' : `label ${EXCLUDE_LABEL}`})`).join(', ');
    const message = `${this.nodes.length === 1 ? 'the only node' : 'every node that could'} may not announce: ${who}`;
    if (excluded.length === 0) {
      return no('notOwner', message, 'look at what the network plugin says on these nodes', 'nodesWithoutNetwork');
    }
    return no('notOwner', message, `run kubectl label node ${excluded.map(({ name }) => name).join(' ')} ${EXCLUDE_LABEL}-, or start the speakers with --ignore-exclude-lb`,
      'nodesExcluded');
  }
}

/** `ready` is asked before `serving`, and absent means ready: so `publishNotReadyAddresses` works, and a terminating pod still serves. */
function canServe({ ready, serving }: Endpoint): boolean {
  return ready === undefined || ready || serving === true;
}

function no(reason: Exclude<WithdrawalReason, 'notOwner' | 'noMatchingAdvertisement'>, message: string, fix: string): Withdrawal;
function no(reason: WithdrawalReason, message: string, fix: string, cause: WithdrawalCause): Withdrawal;
function no(reason: WithdrawalReason, message: string, fix: string, cause = reason as WithdrawalCause): Withdrawal {
  return { announced: false, reason, cause, message, fix };
}
