import { parseConfig, type Config } from '../config';
import { DataPlane } from '../dataplane';
import { EventRecorder, type Secret } from '../kube';
import type { SpeakerMetrics } from '../observability';
import { ConfigurationState, HEARTBEAT_SECRET, Watches, ownPod, type Role, type RoleContext } from '../role';
import { Announcing } from './announcing';
import { BgpNotice } from './bgp-notice';
import { ConflictConditions } from './conflict-condition';
import { collectDataPlane } from './dataplane-metrics';
import { Inputs } from './inputs';
import { KernelNotice } from './kernel-notice';
import { L2Statuses } from './l2-status';
import { logLanEvent } from './log-event';
import { NotAnnounced } from './not-announced';
import { Pacer } from './pacer';
import { recordPeerEvent } from './peer-events';
import { Planner } from './planner';
import type { SpeakerOptions } from './run';

/** The status objects are tidied up at the end for at most this long, in milliseconds: the addresses are silent by then. */
const TIDY_MS = 1_500;

type Options = SpeakerOptions & RoleContext & { readonly metrics: SpeakerMetrics };

/**
 * The speaker of one node: keeps the data plane's plan current, and tells the cluster what the data plane does.
 *
 *     watches ─► Inputs ─► Planner ─► DataPlane.setPlan        (paced: one run for all that changed)
 *                                         │ events
 *     event, ServiceL2Status, metric ◄─ Announcing
 */
export class Speaker implements Role {
  /** Opens the sockets, then starts the watches; the first plan follows once every watch has brought its list. */
  static async start(options: Options): Promise<Speaker> {
    const { client, namespace, podName, log } = options;
    const owner = await ownPod(client, namespace, podName, log);
    const dataPlane = await DataPlane.start({
      node: options.nodeName,
      heartbeatPort: options.heartbeatPort,
      heartbeatIntervalMs: options.heartbeatInterval,
      heartbeatMultiplier: options.heartbeatMultiplier,
      fastDetection: options.fastDetection === 'on',
      excludeInterfaces: options.excludeInterfaces,
      promiscuousInterfaces: options.promiscuousInterfaces,
      conflictDetection: options.conflictDetection === 'on',
      failback: options.failback === 'hold-down' ? { mode: 'hold-down', holdDownMs: options.failbackHoldDown * 1000 } : { mode: options.failback },
      gratuitousIntervalMs: options.gratuitousArpInterval * 1000,
      log,
    });
    options.metrics.heartbeats.set(options.heartbeats === 'on' ? 1 : 0);
    if (options.heartbeats === 'off') {
      log.warn({}, 'heartbeats are off: every node counts as alive, so an address stays with its first candidate, and is dark when that node dies');
    }
    const speaker = new Speaker(options, dataPlane, owner);
    speaker.watches.start().then(() => {
      speaker.synced = true;
      speaker.flush();
    }).catch((error: Error) => log.debug({ error }, 'stopped before the first plan'));
    return speaker;
  }

  readonly alive: Role['alive'] = {};
  readonly ready: Role['ready'];

  private readonly watches: Watches;
  private readonly planner: Planner;
  private readonly inputs: Inputs;
  private readonly state: ConfigurationState;
  private readonly statuses: L2Statuses;
  private readonly bgpNotice: BgpNotice;
  private readonly conflicts: ConflictConditions;
  private readonly announcing: Announcing;
  private readonly notAnnounced: NotAnnounced;
  private readonly kernelNotice: KernelNotice;
  /** Nodes whose speakers are heard. */
  private readonly peersUp = new Set<string>();
  private readonly pacer = new Pacer(() => this.flush());
  private config?: Config;
  private synced = false;
  private key?: Buffer;

  private constructor(private readonly options: Options, private readonly dataPlane: DataPlane, owner: Awaited<ReturnType<typeof ownPod>>) {
    const { client, log, metrics, namespace, nodeName: node, lbClass } = options;
    this.watches = new Watches(client, log, metrics);
    this.planner = new Planner({ node, ignoreExcludeLabel: options.ignoreExcludeLb });
    this.inputs = new Inputs(this.watches, {
      client,
      log,
      namespace,
      node,
      lbClass,
      planner: this.planner,
      onChange: () => this.pacer.request(),
      onSecret: (secret) => this.setKey(secret),
    });
    this.statuses = new L2Statuses({
      client,
      namespace,
      node,
      owner,
      log,
      isUp: (name) => options.heartbeats === 'off' || !this.key || this.peersUp.has(name),
      isSpokesman: () => this.isSpokesman(),
    }, this.watches);
    const recorder = new EventRecorder(client, { component: 'metallb-speaker', host: node, log, queueLimit: 10_000 });
    this.bgpNotice = new BgpNotice({ recorder, log, objectOf: (peer) => this.inputs.resourceOf({ kind: 'BGPPeer', ...peer }) });
    this.state = new ConfigurationState({
      client,
      namespace,
      log,
      metrics,
      owner,
      name: `speaker-${node}`,
      labels: { 'metallb.io/component-type': 'speaker', 'metallb.io/node-name': node },
      condition: 'configReconcilerValid',
      recorder,
      // The controller reads pools and communities itself, and says what is wrong with them.
      objectOf: (problem) => (['IPAddressPool', 'Community'].includes(problem.kind) ? undefined : this.inputs.resourceOf(problem)),
    }, this.watches);
    const objectOf = (service: string) => this.inputs.objectOf(service);
    this.conflicts = new ConflictConditions({ client, node, log, recorder, objectOf, shownOf: (service) => this.inputs.conflictOf(service) });
    this.announcing = new Announcing({
      node,
      log,
      metrics,
      recorder,
      objectOf,
      statuses: this.statuses,
      conflicts: this.conflicts,
    });
    this.notAnnounced = new NotAnnounced({
      log,
      metrics,
      recorder,
      objectOf,
      isSpokesman: () => this.isSpokesman(),
    });
    this.kernelNotice = new KernelNotice({
      node,
      log,
      metrics,
      recorder,
      nodeObject: () => this.inputs.nodeOf(node),
      nodeAddresses: () => this.inputs.nodes.find(({ view }) => view.name === node)?.internalAddresses ?? [],
      servicesOf: (address) => this.announcing.servicesOf(address),
      holds: (address) => this.announcing.holds(address),
    });
    this.ready = { watches: this.watches.check, plan: () => (this.synced ? undefined : 'no plan yet') };
    dataPlane.on('event', (event) => {
      if (event.code === 'peerUp') {
        this.peersUp.add(event.node);
      } else if (event.code === 'peerDown') {
        this.peersUp.delete(event.node);
        this.statuses.nodeDown(event.node);
      }
      if (options.heartbeats === 'on' || event.code !== 'heartbeatKeyMissing') {
        logLanEvent(log, event);
      }
      recordPeerEvent(recorder, (name) => this.inputs.nodeOf(name), node, event);
      this.announcing.heard(event);
      if (event.code === 'addressAcquired') {
        this.kernelNotice.acquired(event.address);
      }
    });
    dataPlane.on('kernel', (report) => this.kernelNotice.look(report));
    dataPlane.on('failed', options.fail);
    collectDataPlane(metrics, dataPlane);
  }

  async stop(): Promise<void> {
    this.pacer.stop();
    this.notAnnounced.stop();
    await this.dataPlane.stop();
    this.options.log.info({}, 'withdrew every address');
    this.state.stop();
    await Promise.race([
      Promise.allSettled([this.statuses.stop(), this.conflicts.stop(), this.inputs.stop(), this.watches.stop()]),
      new Promise((resolve) => setTimeout(resolve, TIDY_MS)),
    ]);
  }

  private setKey({ data }: Secret): void {
    if (this.options.heartbeats === 'off') {
      return;
    }
    const key = Buffer.from(data?.secretkey ?? '', 'base64');
    if (key.length === 0) {
      this.options.log.error({}, `Secret ${HEARTBEAT_SECRET} has no entry secretkey: delete the Secret, and the controller makes it anew`);
      return;
    }
    if (this.key?.equals(key)) {
      return; // the data plane knows by itself when the former one is not needed any more
    }
    // The former key stays good for what others still sign with it.
    this.dataPlane.setKeys(this.key ? [key, this.key] : [key]);
    this.key = key;
  }

  /** Brings the data plane's plan up to date. */
  private flush(): void {
    if (!this.synced) {
      return; // half the objects would make a plan that withdraws what the other half wants
    }
    const { nodes } = this.inputs;
    const context = this.inputs.takeContext();
    if (context) {
      const { config, problems } = parseConfig(context, this.config);
      this.config = config;
      this.planner.setContext(config, nodes.map(({ view }) => view));
      this.state.report({ problems });
      this.bgpNotice.look(config);
    }
    const plan = this.planner.update();
    if (!plan) {
      return; // a part of the first configuration is still to come
    }
    const { addresses, decisions, changed } = plan;
    this.dataPlane.setPlan({
      node: this.options.nodeName,
      addresses,
      peers: nodes.filter(({ view }) => view.name !== this.options.nodeName)
        .map(({ view, internalAddresses }) => ({ node: view.name, addresses: internalAddresses })),
      revision: this.inputs.revision,
    });
    for (const service of changed) {
      this.announcing.decided(service, decisions.get(service));
      this.notAnnounced.decided(service, decisions.get(service));
    }
  }

  /** Whether this node is the first of those whose speakers are up, or without heartbeats of all. */
  private isSpokesman(): boolean {
    const others = this.options.heartbeats === 'on' ? [...this.peersUp] : this.inputs.nodes.map(({ view }) => view.name);
    return others.every((name) => name >= this.options.nodeName);
  }
}
